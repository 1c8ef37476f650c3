import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../column-types.ts'
import type { DatabaseDialect } from '../database.ts'
import type { Migration } from './index.ts'

/** Settings by key, and when a tenant died, so that a purge finds those that are past their retention. */
export const settings: Migration = {
  name: '0003-settings',

  async up(db: Kysely<unknown>, _dialect: DatabaseDialect, { name, text, tableEnd }: ColumnTypes): Promise<void> {
    await db.schema
      .createTable('atl_settings')
      .addColumn('tenant_id', name(255), (column) => column.notNull())
      .addColumn('installation', name(64), (column) => column.notNull())
      .addColumn('name', name(255), (column) => column.notNull())
      .addColumn('app_key', name(128), (column) => column.notNull())
      .addColumn('value', text, (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint')
      .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('atl_settings_key', ['tenant_id', 'installation', 'name'])
      .addForeignKeyConstraint('atl_settings_tenant', ['tenant_id'], 'atl_tenants', ['tenant_id'])
      .modifyEnd(tableEnd)
      .execute()
    await db.schema
      .createIndex('atl_settings_expiry')
      .on('atl_settings')
      .columns(['app_key', 'expires_at_ms'])
      .execute()

    await db.schema.alterTable('atl_tenants').addColumn('dead_at_ms', 'bigint').execute()
    // What `timeOfDeath` says of a record.
    const tenants = sql.table('atl_tenants')
    const ended = sql`
      select case when count(*) = count(one.ended_at_ms) then max(one.ended_at_ms) end
      from ${sql.table('atl_installations')} as one where one.tenant_id = ${sql.ref('atl_tenants.tenant_id')}`
    await sql`
      update ${tenants} set dead_at_ms = coalesce((${ended}), updated_at_ms) where status = 'uninstalled'`.execute(db)
    await db.schema
      .createIndex('atl_tenants_dead')
      .on('atl_tenants')
      .columns(['app_key', 'dead_at_ms', 'tenant_id'])
      .execute()
  }
}
