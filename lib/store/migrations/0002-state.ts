import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../column-types.ts'
import type { DatabaseDialect } from '../database.ts'
import type { Migration } from './index.ts'

/** Facts about the database itself, such as the mark that no secret in it is plain text. */
export const state: Migration = {
  name: '0002-state',

  async up(db: Kysely<unknown>, _dialect: DatabaseDialect, { name, text, tableEnd }: ColumnTypes): Promise<void> {
    await db.schema
      .createTable('atl_state')
      .addColumn('name', name(255), (column) => column.primaryKey())
      .addColumn('value', text, (column) => column.notNull())
      .modifyEnd(tableEnd)
      .execute()
  }
}
