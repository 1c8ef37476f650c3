import { statSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { migrateToLatest, openDatabase } from 'fastify-atlassian/store'
import pg from 'pg'
import type { TestPostgres } from '../helpers/postgres.ts'

/** The app of this bench. */
export const APP_KEY = 'bench-app'
export const encryption = { keys: [{ id: 'bench', key: Buffer.alloc(32, 1) }] }

/** A migrated database with a connection of its own for statements as they are. */
export interface OpenBase {
  readonly dialect: 'sqlite' | 'postgres'
  readonly url: string
  /** The tables of the package. */
  readonly tables: readonly string[]
  run(statement: string): Promise<Record<string, unknown>[]>
  bytes(): Promise<number>
  close(): Promise<void>
}

export async function openBase(
  dialect: OpenBase['dialect'],
  folder: string,
  postgres: TestPostgres | null
): Promise<OpenBase> {
  const url = postgres === null ? join(folder, `${process.hrtime.bigint()}.sqlite`) : await postgres.freshDatabase()
  const database = await openDatabase(url)
  await migrateToLatest(database)
  await database.close()
  const base = dialect === 'sqlite' ? sqliteBase(url) : await postgresBase(url)
  const names = {
    sqlite: "select name from sqlite_master where type = 'table' and name like 'atl%' order by rowid",
    postgres:
      "select oid::regclass::text as name from pg_class where relkind = 'r' and relname like 'atl%' order by oid"
  }
  const tables = (await base.run(names[dialect])).map(({ name }) => String(name))
  return { dialect, url, tables, ...base }
}

function sqliteBase(path: string): Pick<OpenBase, 'run' | 'bytes' | 'close'> {
  const file = new BetterSqlite(path)
  // Filling may lose everything when the machine stops.
  for (const pragma of ['synchronous = off', 'cache_size = -500000', 'temp_store = memory']) file.pragma(pragma)
  return {
    async run(statement) {
      const prepared = file.prepare<[], Record<string, unknown>>(statement)
      if (prepared.reader) return prepared.all()
      prepared.run()
      return []
    },
    async bytes() {
      file.pragma('wal_checkpoint(truncate)')
      return statSync(path).size
    },
    async close() {
      file.close()
    }
  }
}

async function postgresBase(url: string): Promise<Pick<OpenBase, 'run' | 'bytes' | 'close'>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query("set maintenance_work_mem = '512MB'; set work_mem = '128MB'")
  return {
    run: async (statement) => (await client.query<Record<string, unknown>>(statement)).rows,
    bytes: async () =>
      Number((await client.query('select pg_database_size(current_database()) as size')).rows[0]?.size),
    close: () => client.end()
  }
}
