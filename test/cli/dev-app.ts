import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'

const bin = join(import.meta.dirname, '../../bin/fastify-atlassian.cjs')

export const descriptor = {
  key: 'com.example.dev',
  name: 'First',
  authentication: { type: 'jwt' },
  scopes: ['READ'],
  lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
  modules: { generalPages: [{ key: 'hello', name: { value: 'Hello' }, url: '/hello' }] }
}

/** A small app, as `new` would make it: what the command tells it comes by the environment. */
export const source = (greeting = 'one', options = '...told') => `
import Fastify from 'fastify'
import { connectPlugin } from 'fastify-atlassian'

const told = JSON.parse(process.env.FASTIFY_ATLASSIAN_DEV ?? '{}').options
const app = Fastify()
await app.register(connectPlugin, {
  descriptor: import.meta.dirname + '/atlassian-connect.json',
  store: ':memory:',
  ${options}
})
app.get('/hello', async () => '${greeting}')
app.get('/pid', app.atlassian.protect('none'), async () => ({ pid: process.pid, greeting: '${greeting}', tenants: (await app.atlassian.tenants.list()).length }))
process.once('SIGTERM', () => app.close())
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
`

export interface DevEvent {
  readonly type: string
  readonly text: string
  readonly [member: string]: unknown
}

export interface Dev {
  readonly folder: string
  readonly child: ChildProcess
  readonly events: DevEvent[]
  /** Everything that was printed on both streams. */
  output(): string
  write(name: string, content: unknown): void
  /** The next event from now on, or one that nobody waited for yet, of this type and with this text. */
  next(type: string, text?: RegExp): Promise<DevEvent>
  /** Sends the signal and gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface DevOptions {
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, unknown>>
  /** One that is there already; nothing is written to it. */
  readonly folder?: string
}

/** Ports of parallel test files must not meet. */
export function somePort(): number {
  return 20_000 + Math.floor(Math.random() * 20_000)
}

/** Starts the real command in a folder with a small app. */
export function startDev(t: Test, { argv = [], env = {}, files = {}, folder: given }: DevOptions = {}): Dev {
  const folder = given ?? t.testdir({})
  const write = (name: string, content: unknown) => {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o755 })
  }
  for (const [name, content] of Object.entries({
    'server.ts': source(),
    'atlassian-connect.json': descriptor,
    ...files
  })) {
    if (content !== null && given === undefined) write(name, content)
  }
  const port = somePort()
  const child = spawn(
    // Without what tap adds to every child: it reads TypeScript in a way of its own.
    'sh',
    [
      '-c',
      'unset NODE_OPTIONS; exec "$@"',
      'sh',
      process.execPath,
      '--conditions=fastify-atlassian-source',
      '--disable-warning=ExperimentalWarning',
      bin,
      'dev',
      '--json',
      '--port',
      String(port),
      '--host-port',
      String(port + 10),
      ...argv
    ],
    { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }
  )
  const events: DevEvent[] = []
  let printed = ''
  let taken = 0
  const ended = once(child, 'exit')
  child.stderr.on('data', (chunk) => {
    printed += chunk
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    printed += `${line}\n`
    events.push(JSON.parse(line))
  })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return {
    folder,
    child,
    events,
    output: () => printed,
    write,
    async next(type, text = /^/) {
      for (let tries = 0; tries < 2500; tries++) {
        for (; taken < events.length; taken++) {
          const event = events[taken]
          if (event?.type === type && text.test(event.text ?? '')) {
            taken += 1
            return event
          }
        }
        if (child.exitCode !== null) break
        await pause(10)
      }
      throw new Error(`No event ${type} ${text}; printed was:\n${printed}`)
    },
    async stop(signal = 'SIGINT') {
      child.kill(signal)
      const [code] = await ended
      return code
    }
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
