import { type Kysely, sql } from 'kysely'
import { AtlassianError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { type ColumnTypes, columnTypes } from './column-types.ts'
import type { DatabaseHandle } from './database.ts'
import { type Migration, migrations } from './migrations/index.ts'
import { runMysqlStep, withMysqlLock } from './mysql-migrate.ts'
import type { Tables } from './schema.ts'
import { DEFAULT_PREFIX, nameOf, type TableNames } from './table-names.ts'

/** How the schema of a database stands to this version of the package. */
export interface MigrationStatus {
  /** Names of the steps that this database has seen, in order. */
  readonly executed: readonly string[]
  /** Names of the steps that it still needs, in order. */
  readonly pending: readonly string[]
  /** Steps of a newer version of this package, which this version must not touch. */
  readonly unknown: readonly string[]
}

/** Any number that no other program is likely to lock with in the same database. */
const POSTGRES_LOCK = sql.lit(4_807_117_233)

/** What the database has and what it lacks. Reads only, and works on an empty database too. */
export async function migrationStatus(database: DatabaseHandle): Promise<MigrationStatus> {
  return statusOf(await executedNames(database.tables, database))
}

/**
 * Brings the tables of this package to the newest schema and returns the names of the steps that ran. All of them
 * happen in one transaction; on MySQL, which has none for a schema, a step that is cut off goes on where it stopped.
 * Several processes may call it at once: one migrates, the others wait and find nothing
 * to do. Throws `ATL_MIGRATION_NEEDED` and changes nothing if the database is newer than this version.
 */
export async function migrateToLatest(database: DatabaseHandle, now: Clock = Date.now): Promise<readonly string[]> {
  const { tables, dialect } = database
  const before = await migrationStatus(database)
  refuseNewer(before)
  if (before.pending.length === 0) return []
  if (dialect === 'mysql') {
    return withMysqlLock(tables, namesOf(database), (connection) =>
      runPending(connection, database, (migration, types) => runMysqlStep(connection, migration, types, now))
    )
  }
  return tables.transaction().execute(async (transaction) => {
    await lock(transaction, database)
    return runPending(transaction, database, async (migration, types) => {
      await migration.up(transaction.$omitTables<keyof Tables>(), dialect, types)
      await transaction.insertInto('atl_migrations').values({ name: migration.name, executed_at_ms: now() }).execute()
    })
  })
}

async function runPending(
  db: Kysely<Tables>,
  database: DatabaseHandle,
  run: (migration: Migration, types: ColumnTypes) => Promise<void>
): Promise<readonly string[]> {
  const types = await columnTypes(db, database.dialect)
  await createMigrationTable(db, types)
  const status = statusOf(await executedNames(db, database))
  refuseNewer(status)
  for (const migration of migrations) {
    if (status.pending.includes(migration.name)) await run(migration, types)
  }
  return status.pending
}

/** Resolves only if the schema is exactly the one this version works with; else throws `ATL_MIGRATION_NEEDED`. */
export async function requireLatestSchema(database: DatabaseHandle): Promise<void> {
  const status = await migrationStatus(database)
  refuseNewer(status)
  if (status.pending.length === 0) return
  throw migrationNeeded(
    'schema-older',
    `The database lacks the migrations ${status.pending.join(', ')} of fastify-atlassian. ` +
      'Run migrateToLatest(database) from "fastify-atlassian/store" before the app starts, ' +
      'or give the store the option "migrate: true"'
  )
}

function refuseNewer({ unknown }: MigrationStatus): void {
  if (unknown.length === 0) return
  throw migrationNeeded(
    'schema-newer',
    `The database was migrated by a newer version of fastify-atlassian (it has ${unknown.join(', ')}). ` +
      'Start that version of the package or a later one'
  )
}

function migrationNeeded(reason: string, message: string): AtlassianError {
  return new AtlassianError('ATL_MIGRATION_NEEDED', reason, {}, { message })
}

function statusOf(executed: readonly string[]): MigrationStatus {
  const known = migrations.map(({ name }) => name)
  return {
    executed,
    pending: known.filter((name) => !executed.includes(name)),
    unknown: executed.filter((name) => !known.includes(name))
  }
}

async function executedNames(db: Kysely<Tables>, database: DatabaseHandle): Promise<string[]> {
  if (!(await hasMigrationTable(db, database))) return []
  const executed = await db
    .selectFrom('atl_migrations')
    .select('name')
    // Of a step that is under way, or was cut off, MySQL keeps how far it has come.
    .where('executed_at_ms', '>', 0)
    .orderBy('name')
    .execute()
  return executed.map(({ name }) => name)
}

/** Not by introspection, which reads every table of every schema, and finds a namesake in a foreign one. */
async function hasMigrationTable(db: Kysely<Tables>, database: DatabaseHandle): Promise<boolean> {
  const names = namesOf(database)
  const name = nameOf('atl_migrations', names)
  const found = {
    sqlite: sql`select name from sqlite_master where type = 'table' and name = ${name}`,
    postgres: sql`select 1 where to_regclass(${names.schema === null ? name : `"${names.schema}".${name}`}) is not null`,
    mysql: sql`select 1 from information_schema.tables where table_schema = database() and table_name = ${name}`
  }
  const { rows } = await found[database.dialect].execute(db)
  return rows.length > 0
}

/** On SQLite the transaction itself is the lock, since it begins as a writer. */
async function lock(transaction: Kysely<Tables>, database: DatabaseHandle): Promise<void> {
  if (database.dialect !== 'postgres') return
  const { prefix, schema } = namesOf(database)
  await sql`select pg_advisory_xact_lock(
    hashtextextended(coalesce(${schema}::text, current_schema(), '') || '.' || ${prefix}, ${POSTGRES_LOCK}))`.execute(
    transaction
  )
  if (schema === null) return
  // Not "if not exists" alone, which needs the right to make schemas even where there is nothing to make.
  const { rows } = await sql`select 1 where to_regnamespace(${`"${schema}"`}) is not null`.execute(transaction)
  if (rows.length === 0) await transaction.schema.createSchema(schema).execute()
}

async function createMigrationTable(db: Kysely<Tables>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('atl_migrations')
    .ifNotExists()
    .addColumn('name', types.name(255), (column) => column.primaryKey())
    .addColumn('executed_at_ms', 'bigint', (column) => column.notNull())
    .modifyEnd(types.tableEnd)
    .execute()
}

function namesOf({ names = { prefix: DEFAULT_PREFIX, schema: null } }: DatabaseHandle): TableNames {
  return names
}
