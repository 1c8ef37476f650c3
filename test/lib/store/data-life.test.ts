import { join } from 'node:path'
import { CamelCasePlugin, sql } from 'kysely'
import t, { type Test } from 'tap'
import { silentLog } from '../../../lib/ports.ts'
import { createDatabase, type Database, openDatabase } from '../../../lib/store/database.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { migrateToLatest } from '../../../lib/store/migrate.ts'
import { tenantForeignKey } from '../../../lib/store/tenant-foreign-key.ts'
import { transactionOf } from '../../../lib/store/transaction-of.ts'
import { type Tenant, timeOfDeath } from '../../../lib/tenant/tenant.ts'
import { type PurgeOptions, purgeTenants } from '../../../lib/tenant/tenant-purge.ts'
import type { TenantStore } from '../../../lib/tenant/tenant-store.ts'
import { connectInstallation, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testMariadb } from '../../helpers/mariadb.ts'
import { testPostgres } from '../../helpers/postgres.ts'

const DEATH = 1_700_000_000_000

/** The tables of an app, for the compiler. */
interface Tables {
  readonly cups: { readonly id: string; readonly tenant_id: string }
  readonly saucers: { readonly id: string; readonly owner: string }
}

interface TeaTables {
  readonly teaCups: { readonly tenantId: string }
}

t.test('SQLite', async (t) => {
  t.testdir()
  let files = 0
  await dataLife(t, async () => {
    files += 1
    return join(t.testdirName, `${files}.sqlite`)
  })
})

t.test('PostgreSQL', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres !== null) await dataLife(t, () => postgres.freshDatabase())
})

t.test('MariaDB', async (t) => {
  const mariadb = await testMariadb(t)
  if (mariadb !== null) await dataLife(t, () => mariadb.freshDatabase())
})

t.test("an app's handler finds its tables as its own view of the database knows them", async (t) => {
  const plain = await openDatabase<TeaTables>(':memory:', { tablePrefix: 'tea_' })
  const database = createDatabase<TeaTables>({
    dialect: 'sqlite',
    kysely: plain.kysely.withoutPlugins().withPlugin(new CamelCasePlugin()),
    tablePrefix: 'tea_'
  })
  await migrateToLatest(database)
  await sql`create table tea_cups (tenant_id text)`.execute(plain.kysely)
  const store = createKyselyTenantStore({ appKey: 'contract-app', database, encryption: testEncryption })
  await store.open()
  const tenant = await saveDead(store)
  await database.kysely.insertInto('teaCups').values({ tenantId: tenant.tenantId }).execute()
  const { tenantIds } = await purge(store, async (event) => {
    const db = transactionOf<TeaTables>(event)
    t.same(await db.selectFrom('teaCups').selectAll().execute(), [{ tenantId: tenant.tenantId }])
    await db.deleteFrom('teaCups').where('tenantId', '=', event.tenant.tenantId).execute()
  })
  t.same(tenantIds, [tenant.tenantId])
  t.same(await database.kysely.selectFrom('teaCups').selectAll().execute(), [])
  await plain.close()
})

t.test('an event without a transaction of Kysely is told so', async (t) => {
  for (const transaction of [null, {}, { isTransaction: false }])
    t.throws(() => transactionOf({ transaction }), TypeError)
})

async function dataLife(t: Test, freshDatabase: () => Promise<string>): Promise<void> {
  t.test("the app's rows go in the transaction that removes the tenant, or stay with it", async (t) => {
    const { database, store } = await open(t, await freshDatabase())
    const [gone, kept] = [await saveDead(store), await saveDead(store)]
    for (const { tenantId } of [gone, kept]) {
      await database.kysely.insertInto('saucers').values({ id: tenantId, owner: tenantId }).execute()
    }
    const result = await purge(store, async (event) => {
      const { tenantId } = event.tenant
      await transactionOf<Tables>(event).deleteFrom('saucers').where('owner', '=', tenantId).execute()
      if (tenantId === kept.tenantId) throw new Error('not this one')
    })
    t.same(result, {
      tenantIds: [gone.tenantId],
      kept: [{ tenantId: kept.tenantId, reason: 'not this one' }],
      more: false
    })
    t.same(await database.kysely.selectFrom('saucers').select('owner').execute(), [{ owner: kept.tenantId }])
    t.equal((await store.find({ tenantId: kept.tenantId }))?.version, kept.version)
  })

  t.test('rows that refer to their tenant go with it', async (t) => {
    const { database, store } = await open(t, await freshDatabase())
    const [gone, alive] = [await saveDead(store), await store.save(newTenant(), null)]
    for (const { tenantId } of [gone, alive]) {
      await database.kysely.insertInto('cups').values({ id: tenantId, tenant_id: tenantId }).execute()
    }
    await t.rejects(database.kysely.insertInto('cups').values({ id: 'x', tenant_id: 'nobody' }).execute())
    t.same((await purge(store)).tenantIds, [gone.tenantId])
    t.same(await database.kysely.selectFrom('cups').select('tenant_id').execute(), [{ tenant_id: alive.tenantId }])
  })

  t.test('rows that restrict keep their tenant until the app deletes them', async (t) => {
    const { database, store } = await open(t, await freshDatabase())
    await database.kysely.schema
      .createTable('spoons')
      .addColumn('id', sql`varchar(255)`)
      .$call(await tenantForeignKey(database, { column: 'owner', onDelete: 'restrict' }))
      .execute()
    const { tenantId } = await saveDead(store)
    const insert = sql`insert into spoons (id, owner) values ('1', ${tenantId})`
    await insert.execute(database.kysely)
    const refused = await purge(store)
    t.same([refused.tenantIds, refused.kept.map((one) => one.tenantId)], [[], [tenantId]])
    t.ok(await store.find({ tenantId }))
    t.equal((await store.find({ tenantId }))?.installations.length, 1, 'nothing of it was deleted')
    const { tenantIds } = await purge(store, async (event) => {
      await sql`delete from spoons where owner = ${event.tenant.tenantId}`.execute(transactionOf(event))
    })
    t.same(tenantIds, [tenantId])
  })

  t.test('an install that comes while the handler runs waits, and finds a tenant that is gone', async (t) => {
    const url = await freshDatabase()
    const { store } = await open(t, url)
    const other = createKyselyTenantStore({ appKey: 'contract-app', database: url, encryption: testEncryption })
    await other.open()
    t.teardown(() => other.close())
    const tenant = await saveDead(store)
    const back = { ...tenant, installations: [connectInstallation(tenant.tenantId)] }
    let install: Promise<unknown> | undefined
    const { tenantIds } = await purge(store, async () => {
      install = other.save(back, tenant.version).catch((error) => error)
    })
    t.same(tenantIds, [tenant.tenantId])
    t.match(await install, { code: 'ATL_STORE_CONFLICT' })
    t.equal(await other.find({ tenantId: tenant.tenantId }), null)
    t.equal((await other.save({ ...back, version: 0 }, null)).version, 1)
  })

  t.test('a database of the version before learns when its tenants died', async (t) => {
    const { database, store } = await open(t, await freshDatabase())
    const tenants = [
      await store.save(newTenant(), null),
      await saveDead(store),
      await store.save(newTenant({ installations: [], updatedAtMs: DEATH + 5 }), null),
      await saveDead(store, DEATH + 9)
    ]
    const { schema } = database.kysely
    await schema.dropTable('atl_settings').execute()
    const index = schema.dropIndex('atl_tenants_dead')
    await (database.dialect === 'mysql' ? index.on('atl_tenants') : index).execute()
    await schema.alterTable('atl_tenants').dropColumn('dead_at_ms').execute()
    await database.kysely.deleteFrom('atl_migrations').where('name', '=', '0003-settings').execute()
    t.same(await migrateToLatest(database), ['0003-settings'])
    const rows = await database.kysely.selectFrom('atl_tenants').select(['tenant_id', 'dead_at_ms']).execute()
    t.same(
      new Map(rows.map((row) => [row.tenant_id, row.dead_at_ms === null ? null : Number(row.dead_at_ms)])),
      new Map(tenants.map((tenant) => [tenant.tenantId, timeOfDeath(tenant)]))
    )
    t.equal((await purge(store)).tenantIds.length, 3)
  })
}

async function open(t: Test, url: string): Promise<{ database: Database<Tables>; store: TenantStore }> {
  const database = await openDatabase<Tables>(url)
  await migrateToLatest(database)
  const id = sql`varchar(255)`
  await database.kysely.schema
    .createTable('cups')
    .addColumn('id', id, (column) => column.primaryKey())
    .$call(await tenantForeignKey(database))
    .execute()
  await database.kysely.schema.createTable('saucers').addColumn('id', id).addColumn('owner', id).execute()
  const store = createKyselyTenantStore({ appKey: 'contract-app', database, encryption: testEncryption })
  await store.open()
  t.teardown(async () => {
    await store.close()
    await database.close()
  })
  return { database, store }
}

async function saveDead(store: TenantStore, endedAtMs = DEATH): Promise<Tenant> {
  const tenant = newTenant()
  const installations = [connectInstallation(tenant.tenantId, { state: 'uninstalled', endedAtMs })]
  return store.save({ ...tenant, installations }, null)
}

function purge(store: TenantStore, beforePurge: NonNullable<PurgeOptions['beforePurge']> = async () => {}) {
  return purgeTenants({ store, log: silentLog, nowMs: DEATH + 86_400_000, retentionDays: 0, beforePurge })
}
