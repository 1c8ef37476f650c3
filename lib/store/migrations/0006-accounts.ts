import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../column-types.ts'
import type { DatabaseDialect } from '../database.ts'
import type { Migration } from './index.ts'

/** Accounts that have to be reported to Atlassian, and which tenants keep data about them. */
export const accounts: Migration = {
  name: '0006-accounts',

  async up(db: Kysely<unknown>, _dialect: DatabaseDialect, { name, tableEnd }: ColumnTypes): Promise<void> {
    await db.schema
      .createTable('atl_accounts')
      .addColumn('app_key', name(128), (column) => column.notNull())
      .addColumn('account_id', name(128), (column) => column.notNull())
      .addColumn('answer', name(16))
      .addColumn('due_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('claim', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('atl_accounts_key', ['app_key', 'account_id'])
      .modifyEnd(tableEnd)
      .execute()
    await db.schema
      .createIndex('atl_accounts_due')
      .on('atl_accounts')
      .columns(['app_key', 'answer', 'due_at_ms'])
      .execute()
    await db.schema
      .createTable('atl_account_uses')
      .addColumn('tenant_id', name(255), (column) => column.notNull())
      .addColumn('account_id', name(128), (column) => column.notNull())
      .addColumn('app_key', name(128), (column) => column.notNull())
      .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('atl_account_uses_key', ['tenant_id', 'account_id'])
      .addForeignKeyConstraint('atl_account_uses_tenant', ['tenant_id'], 'atl_tenants', ['tenant_id'])
      .modifyEnd(tableEnd)
      .execute()
    await db.schema
      .createIndex('atl_account_uses_account')
      .on('atl_account_uses')
      .columns(['app_key', 'account_id'])
      .execute()
  }
}
