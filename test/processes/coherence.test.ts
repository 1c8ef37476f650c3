import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { createKyselyTenantStore, openDatabase } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { testEncryption } from '../helpers/encryption.ts'
import { testPostgres } from '../helpers/postgres.ts'

const node = new URL('./node.ts', import.meta.url).pathname
const jwt = createRequire(import.meta.url)('atlassian-jwt')

async function startNode(
  t: Test,
  host: HostSimulator,
  database: string,
  extra: NodeJS.ProcessEnv = {}
): Promise<string> {
  const child: ChildProcess = fork(node, {
    execArgv: ['--conditions=fastify-atlassian-source'],
    env: {
      ...process.env,
      NODE_ENV: 'test',
      DATABASE: database,
      OPTIONS: JSON.stringify(host.connectOptions()),
      ...extra
    }
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.teardown(async () => {
    if (child.connected) child.disconnect()
    await ended
  })
  return new Promise((resolve, reject) => {
    child.once('message', (message: { address: string }) => resolve(message.address))
    child.once('exit', (code) => reject(new Error(`the node ended with ${code}`)))
  })
}

async function team(t: Test, database: string, extra: NodeJS.ProcessEnv = {}) {
  const migrating = createKyselyTenantStore({ appKey: 'team-app', database, migrate: true, encryption: testEncryption })
  await migrating.open()
  await migrating.close()
  const host = await createHostSimulator({ sites: [{ name: 'site', product: 'jira' }] })
  t.teardown(() => host.close())
  const [a, b] = await Promise.all([startNode(t, host, database, extra), startNode(t, host, database, extra)])
  return { host, a, b }
}

/** Opens the page at a node with a token made by hand, so that an old secret can be used on purpose. */
async function page(address: string, clientKey: string, secret: string): Promise<number> {
  const now = Math.floor(Date.now() / 1000)
  const qsh = jwt.createQueryStringHash(jwt.fromMethodAndUrl('GET', '/page'))
  const token = jwt.encodeSymmetric({ iss: clientKey, iat: now, exp: now + 60, qsh }, secret)
  return (await fetch(`${address}/page?jwt=${token}`)).status
}

t.test('with LISTEN, an install, a rotation and an uninstall on one node are known to the other at once', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const database = await postgres.freshDatabase()
  const { host, a, b } = await team(t, database)
  const site = host.site()

  t.equal(await page(b, site.clientKey, 'guess'), 401, 'the tenant is unknown, and remembered as such')
  t.equal((await host.install(a)).status, 204)
  const first = site.sharedSecret
  t.equal(await page(b, site.clientKey, first), 200, 'installed on A, opened on B')

  await host.rotateSecret()
  const second = site.sharedSecret
  t.equal(await page(b, site.clientKey, second), 200, 'rotated on A, the new secret on B')
  t.equal(await page(b, site.clientKey, first), 401, 'the old secret is over on B, within a freshness of a minute')

  const handle = await openDatabase(database)
  const broken = await listeners(handle)
  for (const pid of broken) await sql`select pg_terminate_backend(${pid}::int)`.execute(handle.kysely)
  await host.rotateSecret()
  t.equal(await page(b, site.clientKey, site.sharedSecret), 200, 'a lost connection forgets everything')
  t.equal(await page(b, site.clientKey, second), 401)
  await waitUntil(async () => (await listeners(handle)).filter((pid) => !broken.includes(pid)).length === 2)
  await host.rotateSecret()
  const before = site.sharedSecret
  t.equal(await page(b, site.clientKey, before), 200)
  await host.uninstall()
  // B has heard it when the note has come to it, which is not bound to be before the next request does.
  const uninstalledAt = Date.now()
  await waitUntil(async () => (await page(b, site.clientKey, before)) === 401)
  t.ok(Date.now() - uninstalledAt < 5000, 'the connection was made again and hears of the uninstall')
  await handle.close()
})

t.test('without LISTEN, the other node accepts an old secret no longer than the staleness bound', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const { host, a, b } = await team(t, await postgres.freshDatabase(), { POLL: '1', FRESH_MS: '300' })
  const site = host.site()
  await host.install(a)
  const first = site.sharedSecret
  t.equal(await page(b, site.clientKey, first), 200)
  await host.rotateSecret()
  const rotatedAt = Date.now()
  t.equal(
    await page(b, site.clientKey, site.sharedSecret),
    200,
    'the new secret passes at once: a wrong signature re-reads'
  )
  let status = 200
  while (status === 200 && Date.now() - rotatedAt < 5000) status = await page(b, site.clientKey, first)
  t.equal(status, 401)
  t.ok(Date.now() - rotatedAt < 1500, `the old secret ended after ${Date.now() - rotatedAt} ms`)
})

/** Backends that have done their LISTEN. */
async function listeners(handle: Awaited<ReturnType<typeof openDatabase>>): Promise<number[]> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity
    where query like 'listen %' and state = 'idle' and datname = current_database()`.execute(handle.kysely)
  return rows.map(({ pid }) => pid)
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen within 5 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
