import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../column-types.ts'
import type { DatabaseDialect } from '../database.ts'
import type { Migration } from './index.ts'

/** The first schema: tenants, their installations, and the inbox of deliveries. */
export const tenants: Migration = {
  name: '0001-tenants',

  async up(db: Kysely<unknown>, _dialect: DatabaseDialect, { name, text, tableEnd }: ColumnTypes): Promise<void> {
    const word = name(32)
    const appKey = name(128)
    const id = name(255)

    await db.schema
      .createTable('atl_tenants')
      .addColumn('tenant_id', id, (column) => column.primaryKey())
      .addColumn('app_key', appKey, (column) => column.notNull())
      .addColumn('client_key', id, (column) => column.notNull())
      .addColumn('cloud_id', id)
      .addColumn('product', word, (column) => column.notNull())
      .addColumn('base_url', name(512), (column) => column.notNull())
      .addColumn('display_url', text)
      .addColumn('display_url_servicedesk_help_center', text)
      .addColumn('oauth_client_id', text)
      .addColumn('entitlement_id', text)
      .addColumn('entitlement_number', text)
      .addColumn('shared_secret', text, (column) => column.notNull())
      .addColumn('previous_secret', text)
      .addColumn('previous_secret_retired_at_ms', 'bigint')
      .addColumn('secret_version', 'bigint', (column) => column.notNull())
      .addColumn('last_install_iat_seconds', 'bigint', (column) => column.notNull())
      .addColumn('install_tokens', text, (column) => column.notNull())
      .addColumn('possibly_superseded_by', id)
      .addColumn('adopted_by', id)
      .addColumn('status', word, (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('atl_tenants_client_key', ['app_key', 'client_key'])
      .modifyEnd(tableEnd)
      .execute()
    await index(db, 'atl_tenants_walk', 'atl_tenants', ['app_key', 'tenant_id'])
    await index(db, 'atl_tenants_status', 'atl_tenants', ['app_key', 'status', 'tenant_id'])
    await index(db, 'atl_tenants_base_url', 'atl_tenants', ['app_key', 'base_url'])

    await db.schema
      .createTable('atl_installations')
      .addColumn('id', id, (column) => column.primaryKey())
      .addColumn('tenant_id', id, (column) => column.notNull())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('platform', word, (column) => column.notNull())
      .addColumn('installation_id', id, (column) => column.notNull())
      .addColumn('environment_id', id, (column) => column.notNull())
      .addColumn('state', word, (column) => column.notNull())
      .addColumn('enabled', 'bigint', (column) => column.notNull())
      .addColumn('installed_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('ended_at_ms', 'bigint')
      .addUniqueConstraint('atl_installations_name', ['installation_id', 'environment_id'])
      // For the whole table: MySQL reads a reference in the line of a column and forgets it.
      .addForeignKeyConstraint('atl_installations_tenant_id_fkey', ['tenant_id'], 'atl_tenants', ['tenant_id'])
      .modifyEnd(tableEnd)
      .execute()
    await index(db, 'atl_installations_tenant', 'atl_installations', ['tenant_id', 'position'])

    await db.schema
      .createTable('atl_deliveries')
      .addColumn('delivery_id', id, (column) => column.primaryKey())
      .addColumn('app_key', appKey, (column) => column.notNull())
      .addColumn('tenant_id', id, (column) => column.notNull())
      .addColumn('kind', word, (column) => column.notNull())
      .addColumn('event', text, (column) => column.notNull())
      .addColumn('identifier', id)
      .addColumn('dedupe_key', id)
      .addColumn('payload', text, (column) => column.notNull())
      .addColumn('state', word, (column) => column.notNull())
      .addColumn('attempts', 'bigint', (column) => column.notNull())
      .addColumn('received_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('due_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('lease_until_ms', 'bigint', (column) => column.notNull())
      .addColumn('settled_at_ms', 'bigint')
      // Nulls are distinct from each other, so a delivery without an identifier is never a duplicate.
      .addUniqueConstraint('atl_deliveries_identifier', ['tenant_id', 'kind', 'dedupe_key'])
      .addForeignKeyConstraint('atl_deliveries_tenant_id_fkey', ['tenant_id'], 'atl_tenants', ['tenant_id'])
      .modifyEnd(tableEnd)
      .execute()
    await index(db, 'atl_deliveries_due', 'atl_deliveries', ['app_key', 'state', 'received_at_ms'])
  }
}

async function index(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute()
}
