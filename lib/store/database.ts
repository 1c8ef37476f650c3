import { type Dialect, Kysely } from 'kysely'
import { OptionError } from '../errors.ts'
import { type DatabaseOptions, poolSettings, queryLogger } from './database-options.ts'
import { parseDatabaseUrl } from './database-url.ts'
import type { ListeningConnection } from './listening-connection.ts'
import { openMysql } from './mysql-database.ts'
import { openPostgres } from './postgres-database.ts'
import type { Tables } from './schema.ts'
import { openSqlite } from './sqlite-database.ts'
import { type TableNames, tableNames, tableNamesPlugin } from './table-names.ts'

/** `mysql` is MySQL and MariaDB. */
export type DatabaseDialect = 'sqlite' | 'postgres' | 'mysql'

/** An open database as the store and the migrations need it. */
export interface DatabaseHandle {
  readonly dialect: DatabaseDialect
  /** The SQLite file; `null` for a database in memory or on a server, and where only the app knows. */
  readonly file: string | null
  /** Made by the app, so that nobody knows whether it outlives this process: its secrets need keys of their own. */
  readonly handedIn?: boolean
  /** How the tables are called in the database. Left out: as in code. */
  readonly names?: TableNames
  /** A PostgreSQL connection of its own, to this server or the one at `url`. Only where the database can listen. */
  readonly connect?: (url?: string) => Promise<ListeningConnection>
  /** The tables of this package, by their names in code. */
  readonly tables: Kysely<Tables>
  /** Ends every connection. Calling it twice does no harm. */
  close(): Promise<void>
}

/** An open database whose other tables belong to the app. */
export interface Database<AppTables = unknown> extends DatabaseHandle {
  /**
   * The same connections, with the app's own tables beside those of this package, which are called `atl_tenants` and
   * so on whatever prefix and schema they have.
   */
  readonly kysely: Kysely<AppTables & Tables>
}

/**
 * Opens a database for the tenants and, if it likes, the app's own tables: `openDatabase<MyTables>(url)`.
 *
 * `sqlite:path`, `file:path`, a path that ends in `.sqlite` or `.sqlite3`, and `:memory:` need the package
 * `better-sqlite3`; a new file can be read by its owner only. `postgres://` and `postgresql://` need `pg`, `mysql://`
 * and `mariadb://` need `mysql2`; they connect with the first query. Throws MissingPackageError, `ATL_OPTION` for an
 * address of another kind or a wrong option, and `ATL_STORE_UNAVAILABLE` for a file that cannot be opened for writing;
 * no message holds a password.
 *
 * SQLite has one connection: inside a transaction of your own, waiting for the tenant store waits forever.
 */
export async function openDatabase<AppTables = unknown>(
  url: string,
  options?: DatabaseOptions
): Promise<Database<AppTables>>
// Which tables an app has is told to the compiler only; at run time both views are the same object.
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<object> {
  const address = parseDatabaseUrl(url)
  const names = tableNames(address.dialect, options)
  const settings = poolSettings(options.pool)
  const log = queryLogger(options.onQuery)
  if (address.dialect === 'sqlite') {
    const file = address.path === ':memory:' ? null : address.path
    return { dialect: 'sqlite', file, ...views(await openSqlite(address.path, log), names) }
  }
  if (address.dialect === 'mysql') {
    return { dialect: 'mysql', file: null, ...views(await openMysql(address, settings, log), names) }
  }
  const { tables, connect } = await openPostgres(address, settings, log)
  return { dialect: 'postgres', file: null, connect, ...views(tables, names) }
}

/** A database that the app opens in its own way. */
export interface CreateDatabaseOptions<AppTables = unknown> extends Pick<DatabaseOptions, 'tablePrefix' | 'schema'> {
  /** Which SQL the database speaks. */
  readonly dialect: DatabaseDialect
  /** A Kysely instance, which stays the app's to close; or a Kysely dialect, which is opened and closed here. */
  readonly kysely: Kysely<AppTables> | Dialect
}

/**
 * The same for a database that the app opens in its own way. Its secrets always need keys: nothing is known of where
 * it lies. The app answers for the settings of its connections: SQLite needs `foreign_keys = ON`; MySQL needs a
 * `sql_mode` that is strict and has no `NO_BACKSLASH_ESCAPES`, and its driver must report the rows that were found,
 * as `mysql2` does. PostgreSQL's LISTEN is not used. Throws OptionError.
 */
export function createDatabase<AppTables = unknown>(options: CreateDatabaseOptions<AppTables>): Database<AppTables>
export function createDatabase(options: CreateDatabaseOptions): object {
  const { dialect, kysely: given } = options
  if (dialect !== 'sqlite' && dialect !== 'postgres' && dialect !== 'mysql') {
    throw new OptionError('dialect', dialect, 'it must be sqlite, postgres or mysql')
  }
  if (typeof given !== 'object' || given === null || !('createDriver' in given || 'selectFrom' in given)) {
    throw new OptionError('kysely', given, 'it must be a Kysely instance or a Kysely dialect')
  }
  const names = tableNames(dialect, options)
  if ('createDriver' in given) {
    return { dialect, file: null, handedIn: true, ...views(new Kysely<Tables>({ dialect: given }), names) }
  }
  return { dialect, file: null, handedIn: true, ...views(given, names), close: async () => {} }
}

/** Plugins of the app, such as one that renames columns, hold for its own view only. */
function views<AllTables>(kysely: Kysely<AllTables>, names: TableNames) {
  const plugin = tableNamesPlugin(names)
  const bare = kysely.withoutPlugins()
  return {
    names,
    tables: plugin === null ? bare : bare.withPlugin(plugin),
    kysely: plugin === null ? kysely : kysely.withPlugin(plugin),
    close: () => kysely.destroy()
  }
}
