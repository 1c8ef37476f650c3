import { Kysely, type Logger, MysqlDialect, type MysqlPool, type MysqlPoolConnection } from 'kysely'
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2'
import { AtlassianError } from '../errors.ts'
import type { PoolSettings } from './database-options.ts'
import { loadPackage } from './load-package.ts'
import type { Tables } from './schema.ts'

/**
 * MariaDB alone reads what stands in this comment. Servers of 10.11 have been seen to crash, seldom and under load, in the
 * middle of a join like ours. Its rows are few and found by their keys, so we do without the plans that buffer and filter.
 */
const PLANS =
  "/*M!100500 , session optimizer_switch = 'rowid_filter=off,split_materialized=off,outer_join_with_cache=off' */"

/**
 * How every connection works: nothing is cut off or guessed, a transaction sees what was committed, and one that
 * waits for the rows of another is given up. A backslash escapes, as the driver expects that writes values into
 * statements.
 */
const SESSION = [
  "set session sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY'",
  `set session innodb_lock_wait_timeout = 10 ${PLANS}`,
  'set session transaction isolation level read committed'
]

/** A pool of connections to MySQL or MariaDB, none of them made yet. */
export async function openMysql(
  address: { readonly url: string; readonly publicName: string },
  settings: PoolSettings,
  log: Logger | undefined
): Promise<Kysely<Tables>> {
  const { default: mysql } = await loadPackage('mysql2', 'A MySQL or MariaDB database', () => import('mysql2'))
  try {
    const pool = mysql.createPool({
      uri: address.url,
      charset: 'utf8mb4',
      connectTimeout: settings.connectionTimeoutMs,
      connectionLimit: settings.max,
      // The driver looks after idle connections only where not all of them may be idle.
      maxIdle: Math.max(1, settings.max - 1),
      idleTimeout: settings.idleTimeoutMs,
      enableKeepAlive: true,
      // An object given as a value would otherwise become a piece of the statement.
      stringifyObjects: true
    })
    return new Kysely<Tables>({ dialect: new MysqlDialect({ pool: strictPool(pool, settings) }), log })
  } catch {
    const message = `The database address of ${address.publicName} cannot be read: check its user, password and parameters`
    throw new AtlassianError('ATL_OPTION', 'database-url', {}, { message })
  }
}

function strictPool(pool: Pool, { connectionTimeoutMs }: PoolSettings): MysqlPool {
  const prepared = new WeakMap<PoolConnection, MysqlPoolConnection>()

  async function acquire(): Promise<MysqlPoolConnection> {
    const connection = await takeConnection(pool, connectionTimeoutMs)
    const known = prepared.get(connection)
    if (known !== undefined) return known
    try {
      for (const statement of SESSION) await run(connection, statement)
    } catch (error) {
      connection.destroy()
      throw withoutValues(error)
    }
    const made = discreet(connection)
    prepared.set(connection, made)
    return made
  }

  return {
    getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void) {
      const fail = callback as (error: unknown) => void
      acquire().then((connection) => callback(null, connection), fail)
    },
    end: (callback) => pool.end(callback)
  }
}

/** The driver itself waits without end for one of its connections to become free. */
function takeConnection(pool: Pool, limitMs: number): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      reject(new Error(`There was no connection to the database within ${limitMs} ms`))
    }, limitMs)
    pool.getConnection((error, connection) => {
      clearTimeout(timer)
      if (error) reject(withoutValues(error))
      else if (late) connection.release()
      else resolve(connection)
    })
  })
}

function run(connection: PoolConnection, statement: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query(statement, (error) => (error ? reject(error) : resolve()))
  })
}

/** The same connection, whose errors do not repeat the statement with its values. */
function discreet(connection: PoolConnection): MysqlPoolConnection {
  return {
    config: connection.config,
    threadId: connection.threadId,
    connect: (callback) => connection.connect(callback),
    destroy: () => connection.destroy(),
    release: () => connection.release(),
    query(statement: string, values: unknown[], callback) {
      if (callback === undefined) return connection.query(statement, values)
      return connection.query<RowDataPacket[] | ResultSetHeader>(statement, values, (error, result) =>
        callback(withoutValues(error), result)
      )
    }
  }
}

/** The driver puts the statement into its errors, with every value in it. */
function withoutValues<Failure>(error: Failure): Failure {
  if (error instanceof Error) Reflect.deleteProperty(error, 'sql')
  return error
}
