import { spawn } from 'node:child_process'
import { platform } from 'node:process'

/** Opens an address of ours in the browser of the developer. Whether that worked, only they can see. */
export function openBrowser(url: string): void {
  const [command, ...args] =
    platform === 'darwin' ? ['open', url] : platform === 'win32' ? ['cmd', '/c', 'start', '', url] : ['xdg-open', url]
  const child = spawn(command ?? '', args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
