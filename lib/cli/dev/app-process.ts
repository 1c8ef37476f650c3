import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { execArgv, execPath, platform } from 'node:process'

/** Which program is started, and how. */
export interface AppProcessOptions {
  readonly entry: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The app's own output goes to standard error, so that standard output stays one JSON object a line. */
  readonly json: boolean
}

/** The app while it runs. */
export interface AppProcess {
  /** How it ended, in words; resolves once. */
  readonly ended: Promise<string>
  /** Asks it to end, and ends it when it does not. */
  stop(): Promise<void>
}

const STOP_MS = 5000

/** Ends the app when the process that watches it is gone, however that went. */
const guard = `data:text/javascript,${encodeURIComponent(
  'process.once("disconnect",()=>{process.kill(process.pid,"SIGTERM");setTimeout(()=>process.exit(1),3000).unref()});process.channel?.unref()'
)}`

/**
 * Starts the app with this Node and its options. It gets a process group of its own: Ctrl-C reaches only us, because
 * the app still has work to do, such as hearing `uninstalled`.
 */
export function startApp({ entry, cwd, env, json }: AppProcessOptions): AppProcess {
  const child = spawn(execPath, [...execArgv, '--import', guard, entry], {
    cwd,
    env: { ...env },
    stdio: ['ignore', json ? 2 : 'inherit', 'inherit', 'ipc'],
    detached: platform !== 'win32'
  })
  const ended = endOf(child)
  return {
    ended,
    async stop() {
      if (hasEnded(child)) return
      const timer = setTimeout(() => killGroup(child), STOP_MS)
      child.kill('SIGTERM')
      await ended
      clearTimeout(timer)
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'exit')
    return signal === null ? `ended with code ${code}` : `was ended by ${signal}`
  } catch (error) {
    return `could not be started: ${error instanceof Error ? error.message : 'unknown reason'}`
  }
}

/** The app and what it started. */
function killGroup(child: ChildProcess): void {
  try {
    if (platform === 'win32' || child.pid === undefined) child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended in this moment.
  }
}
