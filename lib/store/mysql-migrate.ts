import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
  sql
} from 'kysely'
import type { Clock } from '../ports.ts'
import type { ColumnTypes } from './column-types.ts'
import type { Migration } from './migrations/index.ts'
import type { Tables } from './schema.ts'
import type { TableNames } from './table-names.ts'

/** A migration of a large table may take its time. */
const LOCK_WAIT_SECONDS = 600

/**
 * Runs `work` on one connection while it holds a lock that only one process has at a time. The server frees it when
 * the connection ends, however it ends.
 */
export async function withMysqlLock<Result>(
  db: Kysely<Tables>,
  { prefix }: TableNames,
  work: (connection: Kysely<Tables>) => Promise<Result>
): Promise<Result> {
  // Names of locks are the whole server's and have at most 64 characters.
  const name = sql`concat('atl-migrate-', sha1(concat(database(), '.', ${prefix})))`
  return db.connection().execute(async (connection) => {
    const { rows } = await sql<{
      taken: number | null
    }>`select get_lock(${name}, ${sql.lit(LOCK_WAIT_SECONDS)}) as taken`.execute(connection)
    if (Number(rows[0]?.taken) !== 1) {
      throw new Error(`Another process has been migrating this database for ${LOCK_WAIT_SECONDS} seconds`)
    }
    try {
      return await work(connection)
    } finally {
      await sql`do release_lock(${name})`.execute(connection)
    }
  })
}

/**
 * Runs one step. MySQL cannot take a change of the schema back, so the row of the step says how far it has come, as a
 * negative number of half statements: an odd one was begun and never answered for.
 */
export async function runMysqlStep(
  connection: Kysely<Tables>,
  migration: Migration,
  types: ColumnTypes,
  now: Clock
): Promise<void> {
  const { name } = migration
  const row = await connection
    .selectFrom('atl_migrations')
    .select('executed_at_ms')
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) await connection.insertInto('atl_migrations').values({ name, executed_at_ms: 0 }).execute()
  const halves = -Number(row?.executed_at_ms ?? 0)
  const write = async (executed_at_ms: number) => {
    await connection.updateTable('atl_migrations').set({ executed_at_ms }).where('name', '=', name).execute()
  }
  const done = Math.floor(halves / 2)
  const journal = new Journal(connection, { done, unanswered: halves % 2 === 1 ? done + 1 : null }, write)
  await migration.up(throughJournal(connection, journal), 'mysql', types)
  await write(now())
}

/** What a server answers to a statement that has already done its work: it is there, or it is gone. */
const DONE_BEFORE: ReadonlySet<unknown> = new Set([
  'ER_TABLE_EXISTS_ERROR',
  'ER_DUP_KEYNAME',
  'ER_DUP_FIELDNAME',
  'ER_FK_DUP_NAME',
  'ER_CANT_DROP_FIELD_OR_KEY',
  'ER_BAD_TABLE_ERROR',
  // A column that has its new name already.
  'ER_BAD_FIELD_ERROR'
])

/** Unlike a change of the schema, this can be taken back. Steps write it as text. */
function changesRows({ sql }: CompiledQuery): boolean {
  return /^\s*(?:insert|update|delete)\b/i.test(sql)
}

class Journal {
  readonly #connection: Kysely<Tables>
  readonly #before: { readonly done: number; readonly unanswered: number | null }
  readonly #write: (progress: number) => Promise<void>
  #count = 0

  constructor(
    connection: Kysely<Tables>,
    before: { readonly done: number; readonly unanswered: number | null },
    write: (progress: number) => Promise<void>
  ) {
    this.#connection = connection
    this.#before = before
    this.#write = write
  }

  async run<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
    if (query.query.kind === 'SelectQueryNode') return this.#connection.executeQuery(query)
    this.#count += 1
    if (this.#count <= this.#before.done) return { rows: [] }
    return changesRows(query) ? this.#changeRows(query) : this.#changeSchema(query)
  }

  async #changeSchema<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
    const count = this.#count
    await this.#write(-(2 * count - 1))
    const result = await this.#connection.executeQuery(query).catch(async (error) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (count === this.#before.unanswered && DONE_BEFORE.has(code)) return { rows: [] }
      // Without a connection nobody knows whether it was done; the server's refusal says that it was not.
      await this.#write(-(2 * count - 2)).catch(() => {})
      throw error
    })
    await this.#write(-(2 * count))
    return result
  }

  async #changeRows<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
    await sql`start transaction`.execute(this.#connection)
    try {
      const result = await this.#connection.executeQuery(query)
      await this.#write(-(2 * this.#count))
      await sql`commit`.execute(this.#connection)
      return result
    } catch (error) {
      await sql`rollback`.execute(this.#connection)
      throw error
    }
  }
}

/** A Kysely instance that sends everything to the journal. */
function throughJournal(connection: Kysely<Tables>, journal: Journal): Kysely<unknown> {
  return new Kysely<unknown>({
    dialect: {
      createAdapter: () => new MysqlAdapter(),
      createDriver: () => new JournalDriver(journal),
      createIntrospector: (db) => new MysqlIntrospector(db),
      createQueryCompiler: () => new MysqlQueryCompiler()
    },
    plugins: [...connection.getExecutor().plugins]
  })
}

class JournalDriver extends DummyDriver {
  readonly #journal: Journal

  constructor(journal: Journal) {
    super()
    this.#journal = journal
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return {
      executeQuery: <Row>(query: CompiledQuery) => this.#journal.run(query as CompiledQuery<Row>),
      streamQuery() {
        throw new Error('A migration does not stream')
      }
    }
  }
}
