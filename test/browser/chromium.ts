import { access } from 'node:fs/promises'
import { type Browser, chromium } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

// It runs as root in a container, and must not speak to anybody but us.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** Starts the Chromium of the system, or the one of CHROMIUM_PATH. Throws a sentence that says how to get one. */
export async function launchChromium(): Promise<Browser> {
  const wanted = process.env.CHROMIUM_PATH
  for (const executablePath of wanted === undefined ? places : [wanted]) {
    const exists = await access(executablePath).then(
      () => true,
      () => false
    )
    if (exists) return await chromium.launch({ executablePath, args })
  }
  throw new Error(
    `There is no Chromium at ${wanted ?? places.join(', ')}. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.`
  )
}
