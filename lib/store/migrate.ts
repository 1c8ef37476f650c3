import { type Kysely, sql } from 'kysely'
import { AtlassianError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { DatabaseDialect, DatabaseHandle } from './database.ts'
import { migrations } from './migrations/index.ts'
import type { Tables } from './schema.ts'

/** How the schema of a database stands to this version of the package. */
export interface MigrationStatus {
  /** Names of the steps that this database has seen, in order. */
  readonly executed: readonly string[]
  /** Names of the steps that it still needs, in order. */
  readonly pending: readonly string[]
  /** Steps of a newer version of this package, which this version must not touch. */
  readonly unknown: readonly string[]
}

/** Any number that no other program is likely to lock in the same database. */
const POSTGRES_LOCK = sql.lit(4_807_117_233)

/** What the database has and what it lacks. Reads only, and works on an empty database too. */
export async function migrationStatus(database: DatabaseHandle): Promise<MigrationStatus> {
  return statusOf(await executedNames(database.tables, database.dialect))
}

/**
 * Brings the tables of this package to the newest schema and returns the names of the steps that ran. All of them
 * happen in one transaction. Several processes may call it at once: one migrates, the others wait and find nothing
 * to do. Throws `ATL_MIGRATION_NEEDED` and changes nothing if the database is newer than this version.
 */
export async function migrateToLatest(database: DatabaseHandle, now: Clock = Date.now): Promise<readonly string[]> {
  const { tables, dialect } = database
  const before = await migrationStatus(database)
  refuseNewer(before)
  if (before.pending.length === 0) return []
  return tables.transaction().execute(async (transaction) => {
    await lock(transaction, dialect)
    const status = statusOf(await executedNames(transaction, dialect))
    refuseNewer(status)
    for (const migration of migrations) {
      if (!status.pending.includes(migration.name)) continue
      await migration.up(transaction.$omitTables<keyof Tables>(), dialect)
      await transaction.insertInto('atl_migrations').values({ name: migration.name, executed_at_ms: now() }).execute()
    }
    return status.pending
  })
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

async function executedNames(db: Kysely<Tables>, dialect: DatabaseDialect): Promise<string[]> {
  // Not by introspection, which reads every table of every schema, and finds a namesake in a foreign one.
  const table =
    dialect === 'postgres'
      ? sql<{ name: string | null }>`select to_regclass('atl_migrations')::text as name`
      : sql<{ name: string | null }>`select name from sqlite_master where type = 'table' and name = 'atl_migrations'`
  const { rows } = await table.execute(db)
  if ((rows[0]?.name ?? null) === null) return []
  const executed = await db.selectFrom('atl_migrations').select('name').orderBy('name').execute()
  return executed.map(({ name }) => name)
}

/** On SQLite the transaction itself is the lock, since it begins as a writer. */
async function lock(transaction: Kysely<Tables>, dialect: DatabaseDialect): Promise<void> {
  if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${POSTGRES_LOCK})`.execute(transaction)
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`
  await transaction.schema
    .createTable('atl_migrations')
    .ifNotExists()
    .addColumn('name', text, (column) => column.primaryKey())
    .addColumn('executed_at_ms', 'bigint', (column) => column.notNull())
    .execute()
}
