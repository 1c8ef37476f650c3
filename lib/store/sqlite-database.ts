import { closeSync, openSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type Logger,
  type QueryResult,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
  type TransactionSettings
} from 'kysely'
import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError } from '../errors.ts'
import { loadPackage } from './load-package.ts'
import type { Tables } from './schema.ts'

/**
 * SQLite waits for another writer by blocking the whole process, and that writer may be in this very process. So it
 * blocks only as long as a usual transaction takes; longer waits leave the process free.
 */
const BLOCKING_WAIT_MS = 20
const LONGEST_WAIT_MS = 10_000

/** The statements of this package, and room for those of an app. */
const MOST_STATEMENTS = 200

/** Another process writes, or repairs what a killed one left. Not SQLITE_BUSY_SNAPSHOT, which waiting cannot cure. */
const BUSY: ReadonlySet<string | undefined> = new Set(['SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY'])

/** Opens or creates the file: WAL, foreign keys, every commit on the disk before it is reported. */
export async function openSqlite(path: string, log: Logger | undefined): Promise<Kysely<Tables>> {
  const { default: BetterSqlite } = await loadPackage(
    'better-sqlite3',
    'A SQLite database',
    () => import('better-sqlite3')
  )
  try {
    if (path !== ':memory:') createPrivateFile(path)
    const file = new BetterSqlite(path, { timeout: BLOCKING_WAIT_MS })
    try {
      await retryWhileBusy(() => file.pragma('journal_mode = WAL'))
      file.pragma('synchronous = FULL')
      file.pragma('foreign_keys = ON')
      // A file that cannot be written is found out now, not with the first customer.
      await retryWhileBusy(() => file.exec('begin immediate; commit'))
    } catch (error) {
      file.close()
      throw error
    }
    return new Kysely<Tables>({ dialect: new PatientSqliteDialect(file), log })
  } catch (error) {
    throw cannotOpen(path, error)
  }
}

/**
 * A new file belongs to its owner alone, for it will hold secrets. An existing one is not touched: closing any
 * descriptor of it would drop the locks that SQLite holds in this process.
 */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function cannotOpen(path: string, error: unknown): AtlassianError {
  const why = error instanceof Error ? error.message : 'unknown reason'
  const message = `The SQLite file "${path}" cannot be opened for writing: ${why}`
  return new AtlassianError('ATL_STORE_UNAVAILABLE', 'sqlite-open', { code: codeOf(error) }, { message, cause: error })
}

class PatientSqliteDialect extends SqliteDialect {
  readonly #file: SqliteDatabase

  constructor(file: SqliteDatabase) {
    super({ database: file })
    this.#file = file
  }

  override createDriver(): Driver {
    return new PatientSqliteDriver(this.#file)
  }
}

/**
 * Begins transactions as a writer, so that two processes never both read first and then fail to write, waits for
 * another writer without blocking the process, and keeps its statements.
 */
class PatientSqliteDriver extends SqliteDriver {
  readonly #file: SqliteDatabase
  #connection: DatabaseConnection | undefined

  constructor(file: SqliteDatabase) {
    super({ database: file })
    this.#file = file
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    this.#connection ??= patient(this.#file, await super.acquireConnection())
    return this.#connection
  }

  /** A full disk makes SQLite roll back by itself; the failure that did it is the one to be told, not this one. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection)
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error
    }
  }

  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }
}

function patient(file: SqliteDatabase, connection: DatabaseConnection): DatabaseConnection {
  // Preparing a statement takes longer than running it. SQLite prepares it anew when the schema has changed.
  const statements = new BoundedMap<string, SqliteStatement>(MOST_STATEMENTS)

  function execute<Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = file.prepare(sql)
      statements.set(sql, statement)
    }
    if (statement.reader) return { rows: statement.all(parameters) as Row[] }
    const { changes, lastInsertRowid } = statement.run(parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  return {
    executeQuery: (query) => retryWhileBusy(() => execute(query)),
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize)
  }
}

/** A busy statement has done nothing yet, so it may simply be tried again. */
async function retryWhileBusy<Result>(run: () => Result | Promise<Result>): Promise<Result> {
  for (let waitedMs = 0, pauseMs = 2; ; waitedMs += pauseMs, pauseMs = Math.min(pauseMs + 2, 25)) {
    try {
      return await run()
    } catch (error) {
      if (!BUSY.has(codeOf(error)) || waitedMs >= LONGEST_WAIT_MS) throw error
      await wait(pauseMs)
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
