import type { Logger } from 'kysely'
import { OptionError } from '../errors.ts'

/** One statement that ran, or failed. */
export interface QueryEvent {
  /** The text with a placeholder for each value. Values are never shown: they may be secrets. */
  readonly sql: string
  readonly durationMs: number
}

/** How many connections to a server there are, and for how long. Times are milliseconds. */
export interface PoolOptions {
  /** Connections at most. Default 10. */
  readonly max?: number
  /** A connection that nobody used for so long is closed. Default 10 s. */
  readonly idleTimeoutMs?: number
  /** How long a query waits for a connection before it fails. Default 5 s. */
  readonly connectionTimeoutMs?: number
}

export type PoolSettings = Required<PoolOptions>

/** How `openDatabase` opens a database. */
export interface DatabaseOptions {
  /** What the names of this package's tables begin with. Two prefixes in one database know nothing of each other. Default `atl_`. */
  readonly tablePrefix?: string
  /** The PostgreSQL schema of the tables, made by the migration if it is missing. Default: the search path decides. */
  readonly schema?: string
  /** For PostgreSQL, MySQL and MariaDB; SQLite has one connection. */
  readonly pool?: PoolOptions
  /** Told of every statement, of the app's own tables too, except those that begin and end a transaction. */
  readonly onQuery?: (event: QueryEvent) => void
}

/** A database that is down must become an answer, not a request that hangs. */
const DEFAULTS: PoolSettings = { max: 10, idleTimeoutMs: 10_000, connectionTimeoutMs: 5000 }

/** Throws OptionError naming the setting that is not a whole number of at least 1. */
export function poolSettings(given: PoolOptions = {}): PoolSettings {
  const setting = (name: keyof PoolSettings): number => {
    const value = given[name] ?? DEFAULTS[name]
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
      throw new OptionError(`pool.${name}`, value, 'it must be a whole number of at least 1')
    }
    return value
  }
  return {
    max: setting('max'),
    idleTimeoutMs: setting('idleTimeoutMs'),
    connectionTimeoutMs: setting('connectionTimeoutMs')
  }
}

/** What Kysely is told to call. A hook that throws must not fail the query that it was told of. */
export function queryLogger(onQuery: DatabaseOptions['onQuery']): Logger | undefined {
  if (onQuery === undefined) return undefined
  if (typeof onQuery !== 'function') throw new OptionError('onQuery', onQuery, 'it must be a function')
  return ({ query, queryDurationMillis }) => {
    try {
      onQuery({ sql: query.sql, durationMs: queryDurationMillis })
    } catch {
      // Its own failure is its own affair.
    }
  }
}
