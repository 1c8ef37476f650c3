import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../column-types.ts'
import type { DatabaseDialect } from '../database.ts'
import type { Migration } from './index.ts'

/** What a tenant's Connect registration brought with it, and what now stands in a table of its own. */
const OF_REGISTRATION = [
  'product',
  'base_url',
  'display_url',
  'display_url_servicedesk_help_center',
  'oauth_client_id',
  'entitlement_id',
  'entitlement_number',
  'shared_secret',
  'previous_secret',
  'previous_secret_retired_at_ms',
  'secret_version',
  'last_install_iat_seconds',
  'install_tokens',
  'possibly_superseded_by'
] as const

/**
 * A tenant has several Connect registrations, or none, and a history of names. The registration of an older tenant gets
 * the tenant's id, under which its secrets are sealed.
 */
export const identity: Migration = {
  name: '0004-identity',

  async up(db: Kysely<unknown>, dialect: DatabaseDialect, { name, text, tableEnd }: ColumnTypes): Promise<void> {
    const word = name(32)
    const appKey = name(128)
    const id = name(255)
    const address = name(512)
    const tenants = sql.table('atl_tenants')
    const connects = sql.table('atl_connects')
    const names = sql.table('atl_names')
    const installations = sql.table('atl_installations')

    // No older process may write a row between its copy and the end of its columns. SQLite has one writer anyway.
    if (dialect === 'postgres') await sql`lock table ${tenants} in access exclusive mode`.execute(db)

    await db.schema
      .createTable('atl_connects')
      .addColumn('connect_id', id, (column) => column.primaryKey())
      .addColumn('tenant_id', id, (column) => column.notNull())
      .addColumn('app_key', appKey, (column) => column.notNull())
      .addColumn('client_key', id, (column) => column.notNull())
      .addColumn('product', word, (column) => column.notNull())
      .addColumn('base_url', address, (column) => column.notNull())
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
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('atl_connects_client_key', ['app_key', 'client_key'])
      .addForeignKeyConstraint('atl_connects_tenant_id_fkey', ['tenant_id'], 'atl_tenants', ['tenant_id'])
      .modifyEnd(tableEnd)
      .execute()
    await index(db, 'atl_connects_tenant', 'atl_connects', ['tenant_id'])
    await index(db, 'atl_connects_base_url', 'atl_connects', ['app_key', 'base_url'])
    const copied = sql.join(OF_REGISTRATION.map((column) => sql.ref(column)))
    await sql`
      insert into ${connects} (connect_id, tenant_id, app_key, client_key, created_at_ms, ${copied})
      select tenant_id, tenant_id, app_key, client_key, created_at_ms, ${copied} from ${tenants}`.execute(db)

    await db.schema
      .createTable('atl_names')
      .addColumn('name_id', id, (column) => column.primaryKey())
      .addColumn('tenant_id', id, (column) => column.notNull())
      .addColumn('app_key', appKey, (column) => column.notNull())
      .addColumn('connect_id', id)
      .addColumn('kind', word, (column) => column.notNull())
      .addColumn('value', address, (column) => column.notNull())
      .addColumn('since_ms', 'bigint', (column) => column.notNull())
      .addColumn('until_ms', 'bigint')
      .addForeignKeyConstraint('atl_names_tenant_id_fkey', ['tenant_id'], 'atl_tenants', ['tenant_id'])
      .modifyEnd(tableEnd)
      .execute()
    await index(db, 'atl_names_tenant', 'atl_names', ['tenant_id'])
    await index(db, 'atl_names_value', 'atl_names', ['app_key', 'kind', 'value'])
    for (const [kind, column] of Object.entries({ clientKey: 'client_key', baseUrl: 'base_url' })) {
      await sql`
        insert into ${names} (name_id, tenant_id, app_key, connect_id, kind, value, since_ms)
        select ${nameId(dialect, kind)}, tenant_id, app_key, tenant_id, ${sql.lit(kind)}, ${sql.ref(column)}, created_at_ms
        from ${tenants}`.execute(db)
    }
    // A longer one cannot be kept as a name; the next install tells it again, and is refused in a clear sentence.
    await sql`
      insert into ${names} (name_id, tenant_id, app_key, connect_id, kind, value, since_ms)
      select ${nameId(dialect, 'displayUrl')}, tenant_id, app_key, tenant_id, 'displayUrl', display_url, created_at_ms
      from ${tenants} where display_url is not null and ${sql.raw(dialect === 'mysql' ? 'char_length' : 'length')}(display_url) <= 512`.execute(
      db
    )
    await sql`
      insert into ${names} (name_id, tenant_id, app_key, kind, value, since_ms)
      select ${nameId(dialect, 'cloudId')}, tenant_id, app_key, 'cloudId', cloud_id, created_at_ms
      from ${tenants} where cloud_id is not null`.execute(db)

    await db.schema.alterTable('atl_installations').addColumn('client_key', id).execute()
    await db.schema
      .alterTable('atl_installations')
      .addColumn('products', name(255), (column) => column.notNull().defaultTo(sql.lit('[]')))
      .execute()
    const ofTenant = (column: string) =>
      sql`(select ${sql.ref(column)} from ${connects} as one where one.tenant_id = ${sql.ref('atl_installations.tenant_id')})`
    await sql`
      update ${installations} set client_key = ${ofTenant('one.client_key')} where platform = 'connect'`.execute(db)
    for (const product of ['jira', 'confluence']) {
      await sql`
        update ${installations} set products = ${sql.lit(JSON.stringify([product]))}
        where platform = 'connect' and ${ofTenant('one.product')} = ${sql.lit(product)}`.execute(db)
    }

    const dropIndex = db.schema.dropIndex('atl_tenants_base_url')
    await (dialect === 'mysql' ? dropIndex.on('atl_tenants') : dropIndex).execute()
    for (const column of OF_REGISTRATION) {
      await db.schema.alterTable('atl_tenants').dropColumn(column).execute()
    }
    // SQLite cannot give up a column that is part of a unique key.
    await db.schema.alterTable('atl_tenants').renameColumn('client_key', 'origin').execute()
    await index(db, 'atl_tenants_cloud_id', 'atl_tenants', ['app_key', 'cloud_id'])
  }
}

/** One of its own for each row, made from what is unique: a migration that goes on after a cut sends the same again. */
function nameId(dialect: DatabaseDialect, kind: string) {
  const suffix = sql.lit(`:${kind}`)
  return dialect === 'mysql' ? sql`sha2(concat(tenant_id, ${suffix}), 256)` : sql`tenant_id || ${suffix}`
}

async function index(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute()
}
