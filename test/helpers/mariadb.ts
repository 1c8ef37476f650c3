import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)

/** What the shell around a server says when it ended. */
const SELF_ENDED = 'the server ended'

/** A real MariaDB or MySQL server for one test file. */
export interface TestMariadb {
  /** Where it came from, for the name of a test. */
  readonly kind: string
  /** Makes an empty database and gives its address; `stop` removes it. */
  freshDatabase(): Promise<string>
  /** Runs statements as the administrator of the server. */
  administer(...statements: string[]): Promise<void>
  /** Ends the server, or drops the databases where the server is not ours. */
  stop(): Promise<void>
}

/**
 * A server that ends with the test: the one of MARIADB_URL, whose user may make databases, else one started from the
 * system's binaries. `null` and a skipped test with the reason when there is none (with REQUIRE_MARIADB=1 an error), and
 * outside of the suite for further stores.
 */
export async function testMariadb(t: Test): Promise<TestMariadb | null> {
  // The quick suite has to stay quick; this server alone takes a minute.
  if (process.env.STORES !== 'all') {
    t.pass('MariaDB', { skip: 'npm run test:stores tries it on MariaDB' })
    return null
  }
  try {
    const server = await findServer(t)
    t.teardown(() => server.stop())
    return server
  } catch (error) {
    const reason = `MariaDB is not tested: ${error instanceof Error ? error.message : error}`
    if (process.env.REQUIRE_MARIADB === '1') throw new Error(reason)
    t.pass('MariaDB', { skip: reason })
    return null
  }
}

async function findServer(t: Test): Promise<TestMariadb> {
  const url = process.env.MARIADB_URL
  if (url !== undefined && /^(mysql|mariadb):/.test(url)) return onServer('MARIADB_URL', url, async () => {})
  for (const program of ['mariadbd', 'mariadb-install-db']) {
    const { stdout } = await run('sh', ['-c', `PATH=$PATH:/usr/sbin; command -v ${program}`]).catch(() => ({
      stdout: ''
    }))
    if (stdout === '') throw new Error(`no MARIADB_URL, and no ${program} in the system`)
  }
  return startServer(t)
}

async function startServer(t: Test): Promise<TestMariadb> {
  const owner = await ownerOfServer()
  const directory = await mkdtemp(join(tmpdir(), 'atl-mariadb-'))
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, LC_ALL: 'C', TZ: 'UTC' }
  const options = { ...owner, cwd: directory, env }
  const data = join(directory, 'data')
  try {
    if (owner !== null) await chown(directory, owner.uid, owner.gid)
    await run(
      'mariadb-install-db',
      ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
      options
    )
    const port = await freePort()
    const server = spawn(
      'sh',
      // The server ends and its files go when our end of standard input closes, so also when we are killed: then nobody
      // hears what the shell says of it, and saying it would end the shell.
      [
        '-c',
        `directory=$1; shift; "$@" & server=$!; (while kill -0 $server 2> /dev/null; do sleep 0.2; done; echo "${SELF_ENDED}" >&2) & cat > /dev/null; exec 2> /dev/null; kill -KILL $server; wait $server; rm -rf "$directory"`,
        'sh',
        directory,
        ...['mariadbd', '--no-defaults', `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1'],
        ...[`--socket=${join(directory, 'socket')}`, `--pid-file=${join(directory, 'pid')}`, '--skip-name-resolve'],
        ...['--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M'],
        // Several of them run side by side on small machines, some of whose kernels refuse io_uring.
        ...['--innodb-use-native-aio=0', '--key-buffer-size=1M', '--aria-pagecache-buffer-size=8M'],
        // What an operator may leave as it is: our sessions have to set what they need.
        ...['--character-set-server=latin1', '--sql-mode=', '--transaction-isolation=REPEATABLE-READ']
      ],
      { ...options, detached: true, stdio: ['pipe', 'ignore', 'pipe'] }
    )
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
    let log = ''
    let stopping = false
    server.stderr?.on('data', (chunk) => {
      log = `${log}${chunk}`.slice(-12000)
      // Tests see refused connections only; the reason stands here.
      if (!stopping && log.includes(SELF_ENDED)) t.comment(`MariaDB ended by itself: ${log}`)
    })
    const stop = async () => {
      stopping = true
      server.stdin?.end()
      await ended
    }
    const url = `mariadb://root@127.0.0.1:${port}/mysql`
    try {
      await ready(url, () => log)
    } catch (error) {
      await stop()
      throw error
    }
    return onServer('system MariaDB', url, stop)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** MariaDB does not like to run as root. */
async function ownerOfServer(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null
  for (const user of ['mysql', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])]).catch(() => null)
    if (ids !== null) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) }
  }
  throw new Error('root cannot run it, and there is no user mysql or nobody')
}

/** Resolves when this server says that it is ready, and answers; one that does not within 20 s has failed. */
async function ready(url: string, log: () => string): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await wait(50)) {
    try {
      // Another server may have taken the port in the meantime, and would answer too.
      if (!log().includes('ready for connections')) throw new Error('it did not say that it is ready')
      return await administer(url, ['select 1'])
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') throw error
      if (Date.now() > deadline) throw new Error(`not ready after 20 s: ${error} ${log()}`)
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

async function administer(url: string, statements: readonly string[]): Promise<void> {
  const { createConnection } = await import('mysql2/promise')
  const client = await createConnection(url)
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

function onServer(kind: string, url: string, stop: () => Promise<void>): TestMariadb {
  const created: string[] = []
  return {
    kind,
    async freshDatabase() {
      const name = `atl_test_${randomUUID().replaceAll('-', '')}`
      await administer(url, [`create database ${name}`])
      created.push(name)
      const address = new URL(url)
      address.pathname = `/${name}`
      return address.href
    },
    administer: (...statements) => administer(url, statements),
    async stop() {
      await administer(
        url,
        created.splice(0).map((name) => `drop database if exists ${name}`)
      )
      await stop()
    }
  }
}
