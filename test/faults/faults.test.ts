import { randomInt } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createKyselyTenantStore, openDatabase } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { testEncryption } from '../helpers/encryption.ts'
import { findConnect } from '../helpers/find-connect.ts'
import { testPostgres } from '../helpers/postgres.ts'
import { migrate, startNode } from './nodes.ts'
import { createProxy } from './proxy.ts'

// The full run (`npm run test:faults`) and the small one inside `npm test` differ in these only.
const full = process.env.FAULTS === 'full'
const OUTAGE_MS = full ? 10_000 : 1500
const KILLS = full ? 20 : 3
const INSTALLS = full ? 200 : 12

const jwt = createRequire(import.meta.url)('atlassian-jwt')

async function simulatedSite(t: Test) {
  const host = await createHostSimulator({ sites: [{ name: 'site', product: 'jira' }] })
  t.teardown(() => host.close())
  return { host, site: host.site() }
}

async function page(address: string, clientKey: string, secret: string) {
  const now = Math.floor(Date.now() / 1000)
  const qsh = jwt.createQueryStringHash(jwt.fromMethodAndUrl('GET', '/page'))
  const token = jwt.encodeSymmetric({ iss: clientKey, iat: now, exp: now + 60, qsh }, secret)
  return fetch(`${address}/page?jwt=${token}`)
}

async function storedTenant(database: string, clientKey: string) {
  const store = createKyselyTenantStore({ appKey: 'team-app', database, encryption: testEncryption })
  await store.open()
  try {
    return await findConnect(store, { clientKey })
  } finally {
    await store.close()
  }
}

t.test(
  'the database is down for a while: 503 with retry-after, never 401 and never a pass, and the pool recovers',
  async (t) => {
    const postgres = await testPostgres(t)
    if (postgres === null) return
    if (postgres.outage === undefined) {
      t.pass('outage', { skip: 'the server of DATABASE_URL is not ours to stop' })
      return
    }
    const database = await postgres.freshDatabase()
    await migrate(database)
    const { host, site } = await simulatedSite(t)
    const node = await startNode(t, host, database, { FRESH_MS: '100' })
    t.equal((await host.install(node.address)).status, 204)
    const secret = site.sharedSecret
    t.equal((await page(node.address, site.clientKey, secret)).status, 200)

    const outage = postgres.outage(OUTAGE_MS)
    await pause(500)
    const statuses = new Set<number>()
    for (let i = 0; i < 5; i++) {
      const answer = await page(node.address, site.clientKey, secret)
      statuses.add(answer.status)
      t.ok(answer.headers.has('retry-after'))
      statuses.add((await page(node.address, 'stranger', 'guess')).status)
    }
    t.strictSame([...statuses], [503])
    const refused = await host.rotateSecret()
    t.equal(refused.status, 503, 'a rotation that cannot be written is not accepted')
    await outage

    t.equal(await untilStatus(() => page(node.address, site.clientKey, secret), 200), 200, 'no restart was needed')
    t.equal((await host.rotateSecret()).status, 204)
    t.equal((await page(node.address, site.clientKey, site.sharedSecret)).status, 200)
    node.child.kill('SIGTERM')
    t.equal(await node.ended, 0, 'a graceful stop ends with 0')
  }
)

t.test('a connection cut in the middle of an install leaves the old record whole', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const database = await postgres.freshDatabase()
  await migrate(database)
  const proxy = await createProxy(t, database)
  const { host, site } = await simulatedSite(t)
  const node = await startNode(t, host, proxy.url, { POLL: '1' })
  await host.install(node.address)
  const before = await storedTenant(database, site.clientKey)

  for (const statement of ['update "atl_tenants"', 'insert into "atl_deliveries"', 'commit']) {
    proxy.cutWhen((chunk) => chunk.toString('latin1').includes(statement))
    const exchange = await host.rotateSecret()
    proxy.cutWhen(null)
    t.equal(exchange.status, 503, statement)
    const after = await storedTenant(database, site.clientKey)
    t.equal(after.sharedSecret.reveal(), before.sharedSecret.reveal())
    t.equal(after.version, before.version)
  }
  t.equal(await untilStatus(() => page(node.address, site.clientKey, site.sharedSecret), 200), 200)
  t.equal((await host.rotateSecret()).status, 204)
})

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  t.test(
    `${kind}: a node killed at random points of installs and rotations loses no tenant that was told to be installed`,
    async (t) => {
      const postgres = kind === 'PostgreSQL' ? await testPostgres(t) : null
      if (kind === 'PostgreSQL' && postgres === null) return
      const database = postgres === null ? join(t.testdir(), 'tenants.sqlite') : await postgres.freshDatabase()
      await migrate(database)
      const { host, site } = await simulatedSite(t)
      let accepted: string | null = null
      let installs = 0
      for (let kill = 0; kill < KILLS; kill++) {
        const node = await startNode(t, host, database)
        if (accepted === null && (await host.install(node.address)).status === 204) {
          accepted = site.sharedSecret
          installs++
        }
        const timer = setTimeout(() => node.child.kill('SIGKILL'), randomInt(20, 400))
        while (node.child.exitCode === null && node.child.signalCode === null && installs < INSTALLS * (kill + 1)) {
          const exchange = await host.rotateSecret()
          if (exchange.status === 204) {
            accepted = site.sharedSecret
            installs++
          } else if (exchange.status === 0) break
          else t.equal(exchange.status, 503)
        }
        node.child.kill('SIGKILL')
        clearTimeout(timer)
        await node.ended
        // What was answered with 204 is there.
        const tenant = await storedTenant(database, site.clientKey)
        // An answer that was lost on its way may have been written: then the accepted secret is the previous one.
        const secrets = [tenant.sharedSecret.reveal(), tenant.previousSecret?.reveal()]
        t.ok(secrets.includes(accepted ?? ''), 'with the secret that was accepted last')
      }
      t.ok(installs > 0, `${installs} installs were accepted`)
    }
  )
}

t.test('a full disk and a read-only file of SQLite refuse an install and keep the old record', async (t) => {
  const database = await openDatabase(join(t.testdir(), 'tenants.sqlite'))
  t.teardown(() => database.close())
  const store = createKyselyTenantStore({ appKey: 'team-app', database, encryption: testEncryption })
  await store.open()
  const { newTenant } = await import('../../lib/testing/store-contract-fixtures.ts')
  const saved = await store.save({ ...newTenant(), appKey: 'team-app' }, null)
  const { sql } = await import('kysely')
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.kysely)
  await sql.raw(`pragma max_page_count = ${rows[0]?.page_count ?? 1}`).execute(database.kysely)
  const big = Array.from({ length: 100 }, (_, i) => ({
    token: `${i}`.repeat(60),
    body: `${i}`.repeat(60),
    expSeconds: 1
  }))
  await t.rejects(store.save({ ...saved, installTokens: big, updatedAtMs: 1 }, saved.version), { code: 'SQLITE_FULL' })
  t.equal((await store.find({ tenantId: saved.tenantId }))?.version, saved.version)
  await sql`pragma max_page_count = 1073741823`.execute(database.kysely)
  await sql`pragma query_only = on`.execute(database.kysely)
  await t.rejects(store.save({ ...saved, updatedAtMs: 2 }, saved.version), { code: 'SQLITE_READONLY' })
  t.same((await store.find({ tenantId: saved.tenantId }))?.updatedAtMs, saved.updatedAtMs)
  await sql`pragma query_only = off`.execute(database.kysely)
  t.equal((await store.save({ ...saved, updatedAtMs: 3 }, saved.version)).version, saved.version + 1)
})

t.test('two nodes that install one tenant at once end in one whole record', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const database = await postgres.freshDatabase()
  await migrate(database)
  const { host, site } = await simulatedSite(t)
  const nodes = await Promise.all([startNode(t, host, database), startNode(t, host, database)])
  const exchanges = await Promise.all(nodes.map(({ address }) => host.install(address)))
  t.strictSame(
    exchanges.map(({ status }) => status),
    [204, 204]
  )
  const tenant = await storedTenant(database, site.clientKey)
  t.equal(tenant.sharedSecret.reveal(), site.sharedSecret)
  for (const { address } of nodes) t.equal((await page(address, site.clientKey, site.sharedSecret)).status, 200)
})

async function untilStatus(ask: () => Promise<Response>, wanted: number): Promise<number> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const { status } = await ask()
    if (status === wanted || Date.now() > deadline) return status
    await pause(100)
  }
}
