import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { DatabaseDialect } from './database.ts'
import type { Tables } from './schema.ts'

/**
 * How a migration writes text, so that every database compares it byte by byte: no case is folded, no blank at the
 * end is dropped, and an order is the same everywhere.
 */
export interface ColumnTypes {
  /**
   * A name that is part of a key or an index. MySQL needs its length: an index holds 3,072 bytes, 4 for each
   * character, so the names of one index have at most 768 together; PostgreSQL's holds 2,704 bytes as they come.
   */
  name(characters: number): RawBuilder<unknown>
  /** Text of any length, in no index. */
  readonly text: RawBuilder<unknown>
  /** What follows the columns of every table. */
  readonly tableEnd: RawBuilder<unknown>
}

const NOTHING = sql``

/** Reads from MySQL which of its collations compares bytes: MariaDB and MySQL have one each, under other names. */
export async function columnTypes(db: Kysely<Tables>, dialect: DatabaseDialect): Promise<ColumnTypes> {
  if (dialect !== 'mysql') {
    const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`
    return { name: () => text, text, tableEnd: NOTHING }
  }
  const collation = sql.raw(await bytewiseCollation(db))
  return {
    name: (characters) => sql`varchar(${sql.lit(characters)}) character set utf8mb4 collate ${collation}`,
    text: sql`longtext character set utf8mb4 collate ${collation}`,
    tableEnd: sql`engine = InnoDB row_format = dynamic default character set utf8mb4 collate ${collation}`
  }
}

async function bytewiseCollation(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select collation_name as name from information_schema.collations
    where collation_name in ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin') order by collation_name desc`.execute(db)
  const name = rows[0]?.name
  if (name === undefined) throw new Error('This server is too old: MySQL 8.0.17 or MariaDB 10.6 is needed')
  return name
}
