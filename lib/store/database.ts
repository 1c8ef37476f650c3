import type { Kysely } from 'kysely'
import { parseDatabaseUrl } from './database-url.ts'
import { openPostgres } from './postgres-database.ts'
import type { Tables } from './schema.ts'
import { openSqlite } from './sqlite-database.ts'

/** The databases that the store speaks. */
export type DatabaseDialect = 'sqlite' | 'postgres'

/** An open database as the store and the migrations need it. */
export interface DatabaseHandle {
  readonly dialect: DatabaseDialect
  /** The tables of this package. */
  readonly tables: Kysely<Tables>
  /** Ends every connection. Calling it twice does no harm. */
  close(): Promise<void>
}

/** An open database whose other tables belong to the app. */
export interface Database<AppTables = unknown> extends DatabaseHandle {
  /** The same connections, with the app's own tables beside those of this package. */
  readonly kysely: Kysely<AppTables & Tables>
}

/**
 * Opens a database for the tenants and, if it likes, the app's own tables: `openDatabase<MyTables>(url)`.
 *
 * `sqlite:path`, `file:path`, a path that ends in `.sqlite` or `.sqlite3`, and `:memory:` need the package
 * `better-sqlite3`; a new file can be read by its owner only. `postgres://` and `postgresql://` need `pg` and connect
 * with the first query. Throws MissingPackageError, `ATL_OPTION` for an address of another kind, and
 * `ATL_STORE_UNAVAILABLE` for a file that cannot be opened for writing; no message holds a password.
 *
 * SQLite has one connection: inside a transaction of your own, waiting for the tenant store waits forever.
 */
export async function openDatabase<AppTables = unknown>(url: string): Promise<Database<AppTables>>
// Which tables an app has is told to the compiler only; at run time both views are the same object.
export async function openDatabase(url: string): Promise<object> {
  const address = parseDatabaseUrl(url)
  const tables = address.dialect === 'sqlite' ? await openSqlite(address.path) : await openPostgres(address)
  return {
    dialect: address.dialect,
    tables,
    kysely: tables,
    close: () => tables.destroy()
  }
}
