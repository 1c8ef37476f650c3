import BetterSqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import t from 'tap'
import { type DatabaseHandle, openDatabase } from '../../../lib/store/database.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { createMemoryTenantStore } from '../../../lib/store/memory-tenant-store.ts'
import type { Tables } from '../../../lib/store/schema.ts'
import { newDelivery, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'

const APP_KEY = 'contract-app'

t.test('a store without an app key is not made', async (t) => {
  t.throws(() => createKyselyTenantStore({ appKey: '', database: ':memory:' }), {
    code: 'ATL_OPTION',
    message: /"appKey"/
  })
  t.throws(() => createMemoryTenantStore({ appKey: '' }), { code: 'ATL_OPTION', message: /"appKey"/ })
})

t.test('a store that is not open says so, before and after', async (t) => {
  const store = createKyselyTenantStore({ appKey: APP_KEY, database: ':memory:' })
  await t.rejects(store.find({ clientKey: 'any' }), /call open\(\) first/)
  await store.open()
  t.equal(await store.find({ clientKey: 'any' }), null)
  await store.close()
  await t.rejects(store.find({ clientKey: 'any' }), /call open\(\) first/)
  await store.close()
})

t.test('a database that was handed in stays open, unless the store owns it', async (t) => {
  const database = await openDatabase(':memory:')
  for (const ownsDatabase of [undefined, false, true]) {
    const store = createKyselyTenantStore({ appKey: APP_KEY, database, ownsDatabase })
    await store.open()
    t.same(await database.kysely.selectFrom('atl_tenants').selectAll().execute(), [])
    await store.close()
  }
  await t.rejects(database.kysely.selectFrom('atl_tenants').selectAll().execute())
})

t.test('a lookup by any name is one statement, and a claim too', async (t) => {
  const statements: string[] = []
  const tables = new Kysely<Tables>({
    dialect: new SqliteDialect({ database: new BetterSqlite(':memory:') }),
    log({ query }) {
      statements.push(query.sql)
    }
  })
  const database: DatabaseHandle = { dialect: 'sqlite', file: null, tables, close: () => tables.destroy() }
  const store = createKyselyTenantStore({ appKey: APP_KEY, database, ownsDatabase: true })
  await store.open()
  const { tenantId, clientKey } = await store.save(newTenant(), null)
  const delivery = newDelivery(tenantId)
  await store.inbox.add(delivery)
  const claim = { nowMs: delivery.dueAtMs, leaseMs: 1000, limit: 10 }
  for (const ask of [
    (): Promise<unknown> => store.find({ tenantId }),
    () => store.find({ clientKey }),
    () => store.find({ installationId: `connect:${tenantId}`, environmentId: '' }),
    () => store.inbox.claim(claim)
  ]) {
    statements.length = 0
    t.ok(await ask())
    t.equal(statements.length, 1)
  }
  await store.close()
})

t.test('the names that are looked up, listed and claimed by have an index', async (t) => {
  const file = new BetterSqlite(':memory:')
  const statements: string[] = []
  const tables = new Kysely<Tables>({
    dialect: new SqliteDialect({ database: file }),
    log({ query }) {
      statements.push(query.sql)
    }
  })
  const store = createKyselyTenantStore({
    appKey: APP_KEY,
    database: { dialect: 'sqlite', file: null, tables, close: () => tables.destroy() },
    ownsDatabase: true
  })
  await store.open()
  statements.length = 0
  await store.find({ tenantId: 'a' })
  await store.find({ clientKey: 'a' })
  await store.find({ installationId: 'a' })
  await store.findByBaseUrl('a')
  await store.list({ limit: 1, after: 'a' })
  await store.list({ limit: 1, after: 'a', status: 'installed' })
  await store.inbox.claim({ nowMs: 1, leaseMs: 1, limit: 1 })
  for (const statement of statements) {
    const parameters = Array((statement.match(/\?/g) ?? []).length).fill(1)
    const plan = file.prepare<unknown[], { detail: string }>(`explain query plan ${statement}`).all(...parameters)
    t.notOk(
      plan.some(({ detail }) => /^SCAN atl_/.test(detail)),
      statement
    )
  }
  await store.close()
})
