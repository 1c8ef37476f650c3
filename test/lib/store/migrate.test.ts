import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openDatabase } from '../../../lib/store/database.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { migrateToLatest, migrationStatus } from '../../../lib/store/migrate.ts'
import { migrations } from '../../../lib/store/migrations/index.ts'
import { newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testMariadb } from '../../helpers/mariadb.ts'
import { testPostgres } from '../../helpers/postgres.ts'

const NAMES = migrations.map(({ name }) => name)
const APP_KEY = 'contract-app'

t.test('the migrations are numbered in order', async (t) => {
  t.same(NAMES, [...NAMES].sort())
  t.equal(new Set(NAMES).size, NAMES.length)
  for (const name of NAMES) t.match(name, /^\d{4}-[a-z-]+$/)
})

t.test('SQLite', async (t) => {
  let files = 0
  const freshDatabase = async () => {
    files += 1
    return join(t.testdirName, `${files}.sqlite`)
  }
  t.testdir()
  await migrationTests(t, freshDatabase)

  t.test('the store migrates an empty file when it opens, and only looks when nothing is to do', async (t) => {
    const url = await freshDatabase()
    for (const opening of [1, 2]) {
      const store = createKyselyTenantStore({ appKey: APP_KEY, database: url, encryption: testEncryption })
      await store.open()
      await store.save(newTenant(), null)
      t.equal((await store.list({ limit: 10 })).length, opening)
      await store.close()
    }
  })

  t.test('with "migrate: false" the store refuses an empty file and changes nothing in it', async (t) => {
    const url = await freshDatabase()
    const store = createKyselyTenantStore({
      appKey: APP_KEY,
      database: url,
      migrate: false,
      encryption: testEncryption
    })
    await t.rejects(store.open(), { code: 'ATL_MIGRATION_NEEDED' })
    const database = await openDatabase(url)
    t.same(await migrationStatus(database), { executed: [], pending: NAMES, unknown: [] })
    await database.close()
  })
})

t.test('PostgreSQL', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  await migrationTests(t, () => postgres.freshDatabase())

  t.test('the store refuses an old schema and names both ways to migrate', async (t) => {
    const database = await postgres.freshDatabase()
    const refusing = createKyselyTenantStore({ appKey: APP_KEY, database, encryption: testEncryption })
    await t.rejects(refusing.open(), {
      code: 'ATL_MIGRATION_NEEDED',
      message: /0001-tenants.*migrateToLatest.*migrate: true/
    })
    const migrating = createKyselyTenantStore({ appKey: APP_KEY, database, migrate: true, encryption: testEncryption })
    await migrating.open()
    await migrating.close()
    await refusing.open()
    t.same(await refusing.list({ limit: 1 }), [])
    await refusing.close()
  })

  t.test('tables of the same names in another schema of the database are left alone', async (t) => {
    const url = new URL(await postgres.freshDatabase())
    const first = await openDatabase(url.href)
    await migrateToLatest(first)
    await sql`create schema second`.execute(first.kysely)
    url.searchParams.set('options', '-c search_path=second')
    const second = await openDatabase(url.href)
    t.same((await migrationStatus(second)).pending, NAMES)
    t.same(await migrateToLatest(second), NAMES)
    await Promise.all([first.close(), second.close()])
  })

  t.test('a tenant walk has byte order, whatever the locale of the database', async (t) => {
    const database = await openDatabase(await postgres.freshDatabase())
    await migrateToLatest(database)
    const { rows } = await sql<{ column_name: string }>`
      select column_name from information_schema.columns
      where table_name like 'atl\\_%' and data_type = 'text' and collation_name is distinct from 'C'`.execute(
      database.kysely
    )
    t.same(rows, [])
    await database.close()
  })
})

t.test('MariaDB', async (t) => {
  const mariadb = await testMariadb(t)
  if (mariadb === null) return
  await migrationTests(t, () => mariadb.freshDatabase())

  t.test('a table of ours that somebody else made is not taken for ours, however often one tries', async (t) => {
    const database = await openDatabase(await mariadb.freshDatabase())
    await sql`create table atl_installations (id integer)`.execute(database.kysely)
    for (let tries = 0; tries < 3; tries += 1)
      await t.rejects(migrateToLatest(database), { code: 'ER_TABLE_EXISTS_ERROR' })
    await database.close()
  })

  t.test('every text in the database is compared byte by byte, blanks at the end included', async (t) => {
    const database = await openDatabase(await mariadb.freshDatabase())
    await migrateToLatest(database)
    const { rows } = await sql<{ name: string }>`
      select distinct collation_name as name from information_schema.columns
      where table_schema = database() and character_set_name is not null`.execute(database.kysely)
    t.match(rows, [{ name: /^utf8mb4_(nopad|0900)_bin$/ }])
    await database.close()
  })
})

async function migrationTests(t: Test, freshDatabase: () => Promise<string>): Promise<void> {
  t.test('an empty database is migrated once, and says what it has', async (t) => {
    const database = await openDatabase(await freshDatabase())
    t.same(await migrationStatus(database), { executed: [], pending: NAMES, unknown: [] })
    t.same(await migrateToLatest(database, () => 1_700_000_000_000), NAMES)
    t.same(await migrationStatus(database), { executed: NAMES, pending: [], unknown: [] })
    t.same(await migrateToLatest(database), [])
    const row = await database.kysely.selectFrom('atl_migrations').selectAll().executeTakeFirstOrThrow()
    t.equal(Number(row.executed_at_ms), 1_700_000_000_000)
    await database.close()
  })

  t.test('a database of a newer version is neither opened nor migrated', async (t) => {
    const database = await openDatabase(await freshDatabase())
    await migrateToLatest(database)
    await database.kysely.insertInto('atl_migrations').values({ name: '9999-future', executed_at_ms: 1 }).execute()
    const refusal = { code: 'ATL_MIGRATION_NEEDED', message: /newer version of fastify-atlassian.*9999-future/ }
    await t.rejects(migrateToLatest(database), refusal)
    for (const migrate of [true, false, undefined]) {
      await t.rejects(
        createKyselyTenantStore({ appKey: APP_KEY, database, migrate, encryption: testEncryption }).open(),
        refusal
      )
    }
    t.same((await migrationStatus(database)).unknown, ['9999-future'])
    await database.close()
  })

  t.test('a migration that fails leaves nothing behind', async (t) => {
    const database = await openDatabase(await freshDatabase())
    await sql`create table atl_deliveries (id integer)`.execute(database.kysely)
    await t.rejects(migrateToLatest(database))
    t.same(await migrationStatus(database), { executed: [], pending: NAMES, unknown: [] })
    await sql`drop table atl_deliveries`.execute(database.kysely)
    t.same(await migrateToLatest(database), NAMES)
    await database.close()
  })

  t.test('three processes that start at once all succeed, and each step runs once', async (t) => {
    const url = await freshDatabase()
    const processes = await Promise.all([1, 2, 3].map(() => startMigrating(url)))
    for (const { go } of processes) go()
    const results = await Promise.all(processes.map(({ result }) => result))
    t.same(
      results.map(({ code }) => code),
      [0, 0, 0]
    )
    t.same(
      results.flatMap(({ executed }) => executed),
      NAMES
    )
  })
}

async function startMigrating(url: string) {
  const child = spawn(
    process.execPath,
    ['--conditions=fastify-atlassian-source', join(import.meta.dirname, 'migrate-now.ts'), url],
    { stdio: ['pipe', 'pipe', 'inherit'] }
  )
  await once(child.stdout, 'data')
  const result = Promise.all([text(child.stdout), once(child, 'exit')]).then(([output, [code]]) => {
    const executed: string[] = JSON.parse(output || '[]')
    return { code, executed }
  })
  return { go: () => child.stdin.end(), result }
}
