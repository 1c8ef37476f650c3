import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type CaseName, site } from './cases.ts'
import type { LoadOrder, LoadResult } from './load.ts'

const START_MS = 60_000
const source = '--conditions=fastify-atlassian-source'

export interface Server {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

export interface Load {
  readonly pid: number
  run(order: LoadOrder): Promise<LoadResult>
  stop(): void
}

export const pinned = availableParallelism() > 1 && hasTaskset()

/** Starts the server of a case on the first core and waits for its port. */
export async function startServer(name: CaseName, directory: string, profile: string | null): Promise<Server> {
  const ace = name === 'aceDefault' || name === 'aceMap'
  const flags =
    profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`]
  const script = ace
    ? ['server.js', JSON.stringify({ ...site, map: name === 'aceMap' })]
    : [source, join(import.meta.dirname, 'server.ts'), name, directory]
  return startProcess(name, [...flags, ...script], ace ? join(import.meta.dirname, 'ace') : process.cwd())
}

/** Starts one of our own servers, which prints its port and ends with its standard input. */
export function startForgeServer(args: readonly string[], flags: readonly string[] = []): Promise<Server> {
  const script = join(import.meta.dirname, 'forge-server.ts')
  return startProcess(args[0] ?? '', [...flags, source, script, ...args], process.cwd())
}

async function startProcess(name: string, args: readonly string[], cwd: string): Promise<Server> {
  const child = start(0, args, {
    cwd,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    port: await portOf(child, name),
    pid: child.pid ?? 0,
    async stop() {
      child.stdin?.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(timer)
    }
  }
}

/** Starts the process that sends the requests, on the last core. */
export function startLoad(): Load {
  const child = start(availableParallelism() - 1, [join(import.meta.dirname, 'load.ts')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  return {
    pid: child.pid ?? 0,
    run: (order) =>
      new Promise((resolve, reject) => {
        const fail = () => reject(new Error('the load process ended'))
        child.once('exit', fail)
        child.once('message', (result: LoadResult | { error: string }) => {
          child.off('exit', fail)
          if ('error' in result) reject(new Error(result.error))
          else resolve(result)
        })
        child.send(order)
      }),
    stop: () => child.disconnect()
  }
}

/** `taskset` replaces itself by Node, so the process id is that of Node. */
function start(core: number, args: readonly string[], options: SpawnOptions): ChildProcess {
  return pinned
    ? spawn('taskset', ['--cpu-list', String(core), process.execPath, ...args], options)
    : spawn(process.execPath, args, options)
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function portOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = () => reject(new Error(`the server of "${name}" did not start\n${text}`))
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
    child.once('exit', fail)
    child.stdout?.on('data', (chunk) => {
      text += chunk
      const port = /^port (\d+)$/m.exec(text)?.[1]
      if (port === undefined) return
      clearTimeout(timer)
      child.off('exit', fail)
      resolve(Number(port))
    })
  })
}
