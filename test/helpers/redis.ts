import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import type { Test } from 'tap'

const run = promisify(execFile)

/** A real Redis for one test file. */
export interface TestRedis {
  readonly url: string
  /** Where it came from, for the name of a test. */
  readonly kind: string
  /** Names for keys that nobody has; they are removed with the test. */
  freshPrefix(): string
}

/** A Redis that belongs to the test alone, which may hurt it. */
export interface TestRedisServer {
  readonly url: string
  readonly port: number
  /** Where it keeps its files. */
  readonly directory: string
  /** Starts it, again on the same port and files after it ended. */
  start(): Promise<void>
  /** Sends a signal to the server. After one that ends it, resolves when it has ended. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/**
 * A Redis that ends with the test: the one of REDIS_URL, else a `redis-server` of the system. `null` and a skipped test
 * with the reason when there is none; with REQUIRE_REDIS=1 an error.
 */
export async function testRedis(t: Test): Promise<TestRedis | null> {
  const given = process.env.REDIS_URL
  const url = given !== undefined && given !== '' ? given : (await testRedisServer(t))?.url
  if (url === undefined) return null
  const prefixes: string[] = []
  t.teardown(() => removeKeys(url, prefixes))
  return {
    url,
    kind: url === given ? 'REDIS_URL' : 'system Redis',
    freshPrefix() {
      const prefix = `atl-test-${randomUUID()}`
      prefixes.push(prefix)
      return prefix
    }
  }
}

/** A server of its own that ends with the test, with these settings; `null` as `testRedis`. */
export async function testRedisServer(t: Test, settings: readonly string[] = []): Promise<TestRedisServer | null> {
  const version = await run('redis-server', ['--version']).catch(() => null)
  if (version === null) {
    const reason = 'Redis is not tested: there is no REDIS_URL for all of it, and no redis-server in the system'
    if (process.env.REQUIRE_REDIS === '1') throw new Error(reason)
    t.pass('Redis', { skip: reason })
    return null
  }
  const directory = await mkdtemp(join(tmpdir(), 'atl-redis-'))
  const port = await freePort()
  let server: ChildProcess | undefined
  let pid = 0

  async function end(): Promise<void> {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.stdin?.end()
    await ended
  }

  async function start(): Promise<void> {
    const starting = spawn(
      'sh',
      // The server ends when our end of standard input closes, so also when we are killed. It has a moment for it.
      [
        '-c',
        '"$@" & server=$!; echo "pid $server"; (while kill -0 $server 2> /dev/null; do sleep 0.1; done; kill $$ 2> /dev/null) & ' +
          'cat > /dev/null; kill -CONT $server 2> /dev/null; kill -KILL $server 2> /dev/null; wait $server; exit 0',
        'sh',
        'redis-server',
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--daemonize', 'no'],
        ...settings
      ],
      { stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: process.env.PATH, LC_ALL: 'C' } }
    )
    server = starting
    pid = await ready(starting)
  }

  t.teardown(async () => {
    await end()
    await rm(directory, { recursive: true, force: true })
  })
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    directory,
    start,
    async signal(signal) {
      const ended = server === undefined ? undefined : once(server, 'exit')
      process.kill(pid, signal)
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await ended
    }
  }
}

/** Resolves with its process when it says so; a server that does not say it within 20 s has failed. */
function ready(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    const failed = () => reject(new Error(`Redis did not start: ${text.slice(-500)}`))
    const timer = setTimeout(failed, 20_000)
    server.once('exit', failed)
    server.stdout?.on('data', (chunk) => {
      text += chunk
      if (!text.includes('Ready to accept connections')) return
      clearTimeout(timer)
      server.stdout?.removeAllListeners('data').resume()
      resolve(Number(/pid (\d+)/.exec(text)?.[1]))
    })
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

async function removeKeys(url: string, prefixes: readonly string[]): Promise<void> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  for (const prefix of prefixes) {
    for await (const keys of client.scanIterator({ MATCH: `{${prefix}}:*`, COUNT: 1000 })) {
      if (keys.length > 0) await client.unlink(keys)
    }
  }
  client.destroy()
}
