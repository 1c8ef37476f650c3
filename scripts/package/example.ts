import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Project, root } from './project.ts'

const START_MS = 60_000
const STOP_MS = 15_000

/** Copies the example app out of the repository, starts it against the tarball, looks at a page and stops it. */
export async function checkExampleApp(project: Project): Promise<void> {
  await cp(join(root, 'example-app'), join(project.directory, 'example-app'), {
    recursive: true,
    filter: (source) => !/\.sqlite(-wal|-shm)?$/.test(source)
  })
  const port = await freePorts(1)
  const simulatorPort = await freePorts(5)
  const { NODE_ENV: _, NODE_OPTIONS: __, DATABASE_URL: ___, ...environment } = process.env
  const app = spawn(process.execPath, ['example-app/start.ts'], {
    cwd: project.directory,
    env: { ...environment, PORT: String(port), SIMULATOR_PORT: String(simulatorPort) },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ended = once(app, 'exit')
  const output = collect(app)
  const address = `http://127.0.0.1:${simulatorPort}`
  try {
    await output.until((text) => text.includes(address), START_MS)
    const page = await fetch(address, { signal: AbortSignal.timeout(10_000) })
    assert.equal(page.status, 200, `the simulator answers ${page.status}`)
    assert.match(await page.text(), /<html/i, 'the simulator shows a page')
    const descriptor = await fetch(`http://127.0.0.1:${port}/atlassian-connect.json`, {
      signal: AbortSignal.timeout(10_000)
    })
    assert.equal(descriptor.status, 200, `the app serves its descriptor (${descriptor.status})`)
    app.kill('SIGTERM')
    const timer = setTimeout(() => app.kill('SIGKILL'), STOP_MS)
    const [code, signal] = await ended
    clearTimeout(timer)
    assert.deepEqual([code, signal], [0, null], `the example app stops cleanly on SIGTERM\n${output.text()}`)
  } finally {
    app.kill('SIGKILL')
  }
}

function collect(child: ChildProcess) {
  let text = ''
  const wake = new Set<() => void>()
  const add = (chunk: Buffer) => {
    text += chunk
    for (const notify of wake) notify()
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return {
    text: () => text,
    until: (found: (text: string) => boolean, limitMs: number) =>
      new Promise<void>((resolve, reject) => {
        const fail = (why: string) => reject(new Error(`the example app ${why}\n${text}`))
        const timer = setTimeout(() => fail('did not print the address of the simulator'), limitMs)
        const look = () => {
          if (!found(text)) return
          clearTimeout(timer)
          wake.delete(look)
          resolve()
        }
        wake.add(look)
        child.once('exit', () => fail('ended before it printed the address of the simulator'))
        look()
      })
  }
}

/** The first of so many neighbouring ports of the loopback interface that are free now. */
async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    const free = await Promise.all(ports.map(isFree))
    if (free.every(Boolean)) return first
  }
  throw new Error('no free ports')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
