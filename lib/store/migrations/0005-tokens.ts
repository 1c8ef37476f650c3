import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../column-types.ts'
import type { DatabaseDialect } from '../database.ts'
import type { Migration } from './index.ts'

/** Access tokens of tenants, and who is asking for the next one. */
export const tokens: Migration = {
  name: '0005-tokens',

  async up(db: Kysely<unknown>, _dialect: DatabaseDialect, { name, text, tableEnd }: ColumnTypes): Promise<void> {
    await db.schema
      .createTable('atl_tokens')
      .addColumn('tenant_id', name(255), (column) => column.notNull())
      .addColumn('kind', name(16), (column) => column.notNull())
      .addColumn('name', name(64), (column) => column.notNull())
      .addColumn('app_key', name(128), (column) => column.notNull())
      .addColumn('value', text)
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('lease_owner', name(64))
      .addColumn('lease_until_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('atl_tokens_key', ['tenant_id', 'kind', 'name'])
      .addForeignKeyConstraint('atl_tokens_tenant', ['tenant_id'], 'atl_tenants', ['tenant_id'])
      .modifyEnd(tableEnd)
      .execute()
    await db.schema.createIndex('atl_tokens_expiry').on('atl_tokens').columns(['app_key', 'expires_at_ms']).execute()
  }
}
