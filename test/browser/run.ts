import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { launchChromium } from './chromium.ts'
import { createReport } from './report.ts'
import { openStage } from './stage.ts'
import { accessibilitySteps } from './steps/accessibility.ts'
import { checklistSteps } from './steps/checklist.ts'
import { clientSteps } from './steps/client.ts'
import { crossOriginSteps } from './steps/cross-origin.ts'
import { examplePlatformSteps } from './steps/example-platforms.ts'
import { framingSteps } from './steps/framing.ts'
import { keyboardSteps } from './steps/keyboard.ts'
import { lifecycleSteps } from './steps/lifecycle.ts'
import { platformSteps } from './steps/platforms.ts'

// The example app in the simulator, driven by Chromium. Pictures are left in `artefacts`.

const pictures = join(import.meta.dirname, '../../artefacts')
const report = createReport(pictures)

const browser = await launchChromium().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
await mkdir(pictures, { recursive: true })
const stage = await openStage(browser, pictures)
try {
  for (const steps of [
    checklistSteps,
    lifecycleSteps,
    accessibilitySteps,
    keyboardSteps,
    framingSteps,
    clientSteps,
    platformSteps,
    crossOriginSteps,
    examplePlatformSteps
  ]) {
    await steps(report, stage)
    await report.check(`the browser has nothing to complain about (${steps.name})`, stage.page, async () => {
      const complaints = stage.complaints()
      if (complaints.length > 0) throw new Error(complaints.join('\n'))
    })
  }
} finally {
  await stage.close()
  await browser.close()
}
process.exitCode = report.finish() ? 0 : 1
