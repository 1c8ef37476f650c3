import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  MysqlDialect,
  MysqlDriver,
  type QueryResult,
  sql
} from 'kysely'
import t, { type Test } from 'tap'
import { columnTypes } from '../../../lib/store/column-types.ts'
import { createDatabase, type Database, openDatabase } from '../../../lib/store/database.ts'
import { migrateToLatest, migrationStatus } from '../../../lib/store/migrate.ts'
import { migrations } from '../../../lib/store/migrations/index.ts'
import type { Tables } from '../../../lib/store/schema.ts'
import { testMariadb } from '../../helpers/mariadb.ts'

const NAMES = migrations.map(({ name }) => name)
/** What a database had seen before tenants had several registrations. */
const OLDER = NAMES.slice(0, 3)
const APP_KEY = 'contract-app'

t.test('MariaDB', async (t) => {
  const mariadb = await testMariadb(t)
  if (mariadb === null) return

  t.test('a migration that is cut off after any of its statements goes on from there', async (t) => {
    const cuts = await cutEverywhere(t, () => mariadb.freshDatabase(), OLDER)
    t.ok(cuts > 8)
  })

  t.test('tenants of an older database are whole, wherever their migration was cut off', async (t) => {
    const cuts = await cutEverywhere(
      t,
      async () => {
        const url = await mariadb.freshDatabase()
        await fillOlder(url)
        return url
      },
      NAMES
    )
    t.ok(cuts > 30)
  })
})

/**
 * Cuts a migration off after its first change, its second and so on until these steps are done, each time in a new
 * database. Returns how many cuts that were.
 */
async function cutEverywhere(
  t: Test,
  databaseBefore: () => Promise<string>,
  steps: readonly string[]
): Promise<number> {
  const whole = await openDatabase(await databaseBefore())
  await migrateToLatest(whole)
  const expected = await contentOf(whole)
  await whole.close()
  for (let cuts = 1; ; cuts += 1) {
    const url = await databaseBefore()
    const { database, end } = await cutAfter(url, cuts)
    await migrateToLatest(database).catch(() => {})
    await end()
    const again = await openDatabase(url)
    try {
      const { executed } = await migrationStatus(again)
      if (steps.every((name) => executed.includes(name))) return cuts - 1
      await migrateToLatest(again)
      t.same(await contentOf(again), expected, `cut after ${cuts}`)
    } finally {
      await again.close()
    }
  }
}

/** The older steps, and two tenants as they were kept then. */
async function fillOlder(url: string): Promise<void> {
  const { kysely, tables, close } = await openDatabase(url)
  const types = await columnTypes(tables, 'mysql')
  await tables.transaction().execute(async (transaction) => {
    for (const { name, up } of migrations) {
      if (OLDER.includes(name)) await up(transaction.$omitTables<keyof Tables>(), 'mysql', types)
    }
  })
  await sql`create table atl_migrations (name ${types.name(255)} primary key, executed_at_ms bigint not null)`.execute(
    kysely
  )
  await tables
    .insertInto('atl_migrations')
    .values(OLDER.map((name) => ({ name, executed_at_ms: 1 })))
    .execute()
  for (const [index, tenant] of ['one', 'two'].entries()) {
    await sql`insert into atl_tenants (tenant_id, app_key, client_key, cloud_id, product, base_url, display_url,
      shared_secret, secret_version, last_install_iat_seconds, install_tokens, status, created_at_ms, updated_at_ms, version)
      values (${tenant}, ${APP_KEY}, ${`client-of-${tenant}`}, ${`cloud-of-${tenant}`}, 'confluence',
      ${`https://${tenant}.atlassian.net/wiki`}, 'https://wiki.example.com', 'sealed', 1, 1, '[]', 'installed', ${index}, 5, 1)`.execute(
      kysely
    )
    await sql`insert into atl_installations (id, tenant_id, position, platform, installation_id, environment_id, state,
      enabled, installed_at_ms) values (${tenant}, ${tenant}, 0, 'connect', ${`connect:${tenant}`}, '', 'installed', 1, 1)`.execute(
      kysely
    )
  }
  await close()
}

/** The schema, which steps it has seen, and every row, in words. */
async function contentOf(database: Database): Promise<string[]> {
  const { executed, pending } = await migrationStatus(database)
  const rows: string[] = []
  for (const table of ['atl_tenants', 'atl_connects', 'atl_names', 'atl_installations'] as const) {
    const all = await database.tables.selectFrom(table).selectAll().execute()
    rows.push(...all.map((row) => `${table} ${JSON.stringify(row)}`))
  }
  return [...executed, ...pending.map((name) => `not yet ${name}`), ...(await schemaOf(database)), ...rows.sort()]
}

/** Every column, key and reference, in words. */
async function schemaOf(database: Database): Promise<string[]> {
  const { rows } = await sql<{ part: string }>`
    select concat_ws(' ', table_name, column_name, column_type, is_nullable, collation_name) as part
      from information_schema.columns where table_schema = database()
    union all select concat_ws(' ', table_name, index_name, non_unique, seq_in_index, column_name)
      from information_schema.statistics where table_schema = database()
    union all select concat_ws(' ', table_name, constraint_name, referenced_table_name, referenced_column_name)
      from information_schema.key_column_usage where table_schema = database()
    order by part`.execute(database.kysely)
  return rows.map(({ part }) => part)
}

/** A database whose connection ends after so many changes of the schema, before anybody hears that they were made. */
async function cutAfter(url: string, changes: number) {
  const { createPool } = await import('mysql2')
  const config = { pool: createPool({ uri: url, connectionLimit: 1 }) }
  const dialect = new MysqlDialect(config)
  const kysely = new Kysely<unknown>({
    dialect: {
      createDriver: () => cutDriver(new MysqlDriver(config), changes),
      createAdapter: () => dialect.createAdapter(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createQueryCompiler: () => dialect.createQueryCompiler()
    }
  })
  return { database: createDatabase({ dialect: 'mysql', kysely }), end: () => kysely.destroy() }
}

/** Runs so many changes of the schema or of rows, and then neither answers nor runs anything. */
function cutDriver(driver: Driver, changes: number): Driver {
  let left = changes
  async function execute<Row>(connection: DatabaseConnection, query: CompiledQuery): Promise<QueryResult<Row>> {
    if (left <= 0) throw new Error('cut off')
    const result = await connection.executeQuery<Row>(query)
    const isChange = /^(create|alter|drop|insert into|update) (?!`atl_migrations`)/.test(query.sql.trim())
    if (isChange && !query.sql.includes('if not exists')) left -= 1
    if (left <= 0) throw new Error('cut off')
    return result
  }
  const real = new WeakMap<DatabaseConnection, DatabaseConnection>()
  return {
    init: (options) => driver.init(options),
    async acquireConnection() {
      const connection = await driver.acquireConnection()
      const cut: DatabaseConnection = {
        streamQuery: (query, size) => connection.streamQuery(query, size),
        executeQuery: (query) => execute(connection, query)
      }
      real.set(cut, connection)
      return cut
    },
    async releaseConnection(cut) {
      const connection = real.get(cut)
      if (connection !== undefined) await driver.releaseConnection(connection)
    },
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: (connection) => driver.commitTransaction(connection),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    destroy: () => driver.destroy()
  }
}
