import BetterSqlite from 'better-sqlite3'
import { CamelCasePlugin, Kysely, SqliteDialect, sql } from 'kysely'
import t, { type Test } from 'tap'
import { createDatabase, type Database, openDatabase } from '../../../lib/store/database.ts'
import type { DatabaseOptions } from '../../../lib/store/database-options.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { migrateToLatest, migrationStatus } from '../../../lib/store/migrate.ts'
import { migrations } from '../../../lib/store/migrations/index.ts'
import { newDelivery, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { tenantStoreContract } from '../../../lib/testing/tenant-store-contract.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testMariadb } from '../../helpers/mariadb.ts'
import { testPostgres } from '../../helpers/postgres.ts'

const APP_KEY = 'contract-app'
const NAMES = migrations.map(({ name }) => name)

t.test('a wrong option is named, with what it must be', async (t) => {
  const wrong: [DatabaseOptions, RegExp][] = [
    [{ tablePrefix: '' }, /"tablePrefix"/],
    [{ tablePrefix: 'Upper_' }, /"tablePrefix"/],
    [{ tablePrefix: 'a"; drop' }, /"tablePrefix"/],
    [{ tablePrefix: 'sqlite_' }, /"tablePrefix"/],
    [{ tablePrefix: 'a'.repeat(21) }, /"tablePrefix"/],
    [{ schema: 'mine' }, /"schema".*only PostgreSQL has schemas/],
    [{ pool: { max: 0 } }, /"pool\.max"/],
    [{ pool: { idleTimeoutMs: 1.5 } }, /"pool\.idleTimeoutMs"/],
    [{ pool: { connectionTimeoutMs: Number.NaN } }, /"pool\.connectionTimeoutMs"/]
  ]
  for (const [options, message] of wrong) {
    await t.rejects(openDatabase(':memory:', options), { code: 'ATL_OPTION', message })
  }
  for (const schema of ['', 'a.b', '"', '1a', 'a'.repeat(64)]) {
    await t.rejects(openDatabase('postgres://localhost/db', { schema }), { code: 'ATL_OPTION', message: /"schema"/ })
  }
  await t.rejects(openDatabase('mysql://localhost/db', { schema: 'mine' }), { message: /only PostgreSQL/ })
})

t.test('the hook hears of every statement, and of no value', async (t) => {
  const heard: { sql: string; durationMs: number }[] = []
  const database = await openDatabase(':memory:', { onQuery: (event) => heard.push(event) })
  const store = createKyselyTenantStore({ appKey: APP_KEY, database, ownsDatabase: true })
  await store.open()
  await store.save(newTenant({ clientKey: 'hunter2' }), null)
  await store.find({ clientKey: 'hunter2' })
  await t.rejects(sql`insert into missing values (${'hunter2'})`.execute(database.kysely))
  t.ok(heard.some((event) => event.sql.startsWith('insert into "atl_tenants"')))
  t.equal(heard.at(-1)?.sql, 'insert into missing values (?)')
  for (const event of heard) {
    t.same(Object.keys(event), ['sql', 'durationMs'])
    t.ok(event.durationMs >= 0)
  }
  t.notMatch(JSON.stringify(heard), 'hunter2')
  await store.close()
})

t.test('a hook that throws fails no query', async (t) => {
  const database = await openDatabase(':memory:', {
    onQuery() {
      throw new Error('the log is full')
    }
  })
  t.same((await sql`select 1 as one`.execute(database.kysely)).rows, [{ one: 1 }])
  await database.close()
})

t.test('SQLite', async (t) => {
  t.testdir()
  await namesTests(t, async () => `${t.testdirName}/${Math.random()}.sqlite`)
})

t.test('PostgreSQL', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  await namesTests(t, () => postgres.freshDatabase())

  t.test('a schema is made by the migration, and holds every table', async (t) => {
    const url = await postgres.freshDatabase()
    const database = await openDatabase(url, { schema: 'Atlassian', tablePrefix: 'connect_' })
    t.same(await migrateToLatest(database), NAMES)
    t.same(await migrateToLatest(database), [])
    const { rows } = await sql<{ place: string }>`
      select distinct schemaname || '.' || split_part(tablename, '_', 1) as place from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`.execute(database.kysely)
    t.same(rows, [{ place: 'Atlassian.connect' }])
    const plain = await openDatabase(url)
    t.same((await migrationStatus(plain)).pending, NAMES)
    await Promise.all([database.close(), plain.close()])
  })

  t.test('a schema that is there already needs no right to make schemas', async (t) => {
    const url = new URL(await postgres.freshDatabase())
    const owner = await openDatabase(url.href)
    const role = `atl_${url.pathname.slice(-12)}`
    await sql`create role ${sql.id(role)} login`.execute(owner.kysely)
    await sql`create schema mine authorization ${sql.id(role)}`.execute(owner.kysely)
    url.username = role
    const database = await openDatabase(url.href, { schema: 'mine' })
    t.same(await migrateToLatest(database), NAMES)
    await database.close()
    await sql`drop owned by ${sql.id(role)}`.execute(owner.kysely)
    await sql`drop role ${sql.id(role)}`.execute(owner.kysely)
    await owner.close()
  })

  t.test('a store in a schema of its own keeps every promise of the port', async (t) => {
    const names = { schema: 'mine', tablePrefix: 'connect_' }
    const database = await openDatabase(await postgres.freshDatabase(), names)
    t.teardown(() => database.close())
    await migrateToLatest(database)
    tenantStoreContract({
      test: (name, run) => t.test(name, run),
      async createStore({ appKey }) {
        await sql`truncate ${sql.table('atl_tenants')}, ${sql.table('atl_accounts')} cascade`.execute(database.kysely)
        const store = createKyselyTenantStore({ appKey, database, encryption: testEncryption })
        await store.open()
        return { store, dispose: () => store.close() }
      }
    })
  })
})

t.test('MariaDB', async (t) => {
  const mariadb = await testMariadb(t)
  if (mariadb === null) return
  await namesTests(t, () => mariadb.freshDatabase())
})

async function namesTests(t: Test, freshDatabase: () => Promise<string>): Promise<void> {
  t.test('two prefixes in one database know nothing of each other', async (t) => {
    const url = await freshDatabase()
    const databases = await Promise.all([
      openDatabase(url),
      openDatabase(url, { tablePrefix: 'one_' }),
      openDatabase(url, { tablePrefix: 'two_' })
    ])
    const migrated = await Promise.all(databases.map((database) => migrateToLatest(database)))
    t.same(migrated, [NAMES, NAMES, NAMES])
    const tenant = newTenant()
    for (const database of databases) await saveAndClaim(t, database, tenant)
    for (const database of databases) {
      const { count } = await database.kysely
        .selectFrom('atl_tenants')
        .select((eb) => eb.fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      t.equal(Number(count), 1)
      await database.close()
    }
  })

  t.test('an app writes the names of our tables as they are in code, whatever the prefix', async (t) => {
    interface AppTables {
      checklist: { tenant_id: string; title: string }
    }
    const database = await openDatabase<AppTables>(await freshDatabase(), { tablePrefix: 'other_' })
    await migrateToLatest(database)
    const store = createKyselyTenantStore({ appKey: APP_KEY, database, encryption: testEncryption })
    await store.open()
    const { tenantId, clientKey } = await store.save(newTenant(), null)
    await database.kysely.schema
      .createTable('checklist')
      .addColumn('tenant_id', 'varchar(50)')
      .addColumn('title', 'varchar(50)')
      .execute()
    await database.kysely.insertInto('checklist').values({ tenant_id: tenantId, title: 'atl_tenants' }).execute()
    const rows = await database.kysely
      .selectFrom('atl_tenants as owner')
      .innerJoin('checklist', 'checklist.tenant_id', 'owner.tenant_id')
      .innerJoin('atl_connects', 'atl_connects.tenant_id', 'owner.tenant_id')
      .select(['checklist.title as atl_installations', 'atl_connects.client_key'])
      .execute()
    t.same(rows, [{ atl_installations: 'atl_tenants', client_key: clientKey }])
    await database.close()
  })
}

async function saveAndClaim(t: Test, database: Database, tenant: ReturnType<typeof newTenant>): Promise<void> {
  const store = createKyselyTenantStore({ appKey: APP_KEY, database, encryption: testEncryption })
  await store.open()
  const delivery = newDelivery(tenant.tenantId)
  await store.save(tenant, null, [delivery])
  t.equal((await store.find({ clientKey: tenant.clientKey }))?.version, 1)
  const claimed = await store.inbox.claim({ nowMs: delivery.dueAtMs, leaseMs: 1, limit: 5 })
  t.equal(claimed.length, 1)
  t.equal(await store.inbox.add(delivery), false)
  await store.close()
}

t.test('a Kysely instance of the app serves a store, stays open, and keeps its own plugins', async (t) => {
  const kysely = new Kysely<{ ownTable: { ownColumn: number } }>({
    dialect: new SqliteDialect({ database: new BetterSqlite(':memory:') }),
    plugins: [new CamelCasePlugin()]
  })
  const database = createDatabase({ dialect: 'sqlite', kysely, tablePrefix: 'app_' })
  await t.rejects(createKyselyTenantStore({ appKey: APP_KEY, database, migrate: true }).open(), {
    code: 'ATL_OPTION',
    message: /encryption/
  })
  const store = createKyselyTenantStore({
    appKey: APP_KEY,
    database,
    encryption: testEncryption,
    ownsDatabase: true
  })
  await store.open()
  const saved = await store.save(newTenant(), null)
  t.equal((await store.find({ tenantId: saved.tenantId }))?.clientKey, saved.clientKey)
  await store.close()
  await sql`create table own_table (own_column integer)`.execute(database.kysely)
  await database.kysely.insertInto('ownTable').values({ ownColumn: 1 }).execute()
  t.same(await kysely.selectFrom('ownTable').selectAll().execute(), [{ ownColumn: 1 }])
  t.same((await sql`select count(*) as n from app_tenants`.execute(kysely)).rows, [{ n: 1 }])
  await kysely.destroy()
})

t.test('a Kysely dialect of the app is opened and closed with the database', async (t) => {
  const file = new BetterSqlite(':memory:')
  const database = createDatabase({ dialect: 'sqlite', kysely: new SqliteDialect({ database: file }) })
  t.same(await migrateToLatest(database), NAMES)
  await database.close()
  t.notOk(file.open)
})

t.test('what is no database is refused', async (t) => {
  const kysely = new SqliteDialect({ database: new BetterSqlite(':memory:') })
  t.throws(() => Reflect.apply(createDatabase, null, [{ dialect: 'oracle', kysely }]), { message: /"dialect"/ })
  for (const given of [null, 'sqlite', {}]) {
    t.throws(() => Reflect.apply(createDatabase, null, [{ dialect: 'sqlite', kysely: given }]), { message: /"kysely"/ })
  }
})
