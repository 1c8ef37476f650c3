import type { InsertQueryBuilder, InsertResult } from 'kysely'
import type { DatabaseDialect } from './database.ts'
import type { Tables } from './schema.ts'

/**
 * Inserts one row unless one of its unique names is taken; tells whether it did. A transaction around it goes on
 * either way.
 */
export async function insertUnlessThere<Table extends keyof Tables>(
  query: InsertQueryBuilder<Tables, Table, InsertResult>,
  dialect: DatabaseDialect
): Promise<boolean> {
  if (dialect !== 'mysql') {
    const { numInsertedOrUpdatedRows } = await query
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    return Number(numInsertedOrUpdatedRows ?? 0) === 1
  }
  // Not INSERT IGNORE, which also lets a missing tenant and a value that is too long pass.
  try {
    await query.execute()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ER_DUP_ENTRY') return false
    throw error
  }
}
