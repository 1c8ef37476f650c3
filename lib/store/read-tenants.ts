import type { Kysely, Selectable, SelectQueryBuilder } from 'kysely'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import type { Tenant } from '../tenant/tenant.ts'
import type { TenantListQuery, TenantLookup } from '../tenant/tenant-store.ts'
import type { Tables, TenantTable } from './schema.ts'
import { tenantsFromRows } from './tenant-rows.ts'

/**
 * Every tenant of this app that has the name, in order of tenantId. One statement, so that a record is never read
 * half before and half after a save.
 */
export async function findTenants(
  db: Kysely<Tables>,
  cipher: ColumnCipher,
  appKey: string,
  lookup: TenantLookup | { readonly baseUrl: string }
): Promise<Tenant[]> {
  const ofApp = db.selectFrom('atl_tenants').selectAll().where('app_key', '=', appKey)
  if ('tenantId' in lookup) return readTenants(db, cipher, ofApp.where('tenant_id', '=', lookup.tenantId))
  if ('clientKey' in lookup) return readTenants(db, cipher, ofApp.where('client_key', '=', lookup.clientKey))
  if ('baseUrl' in lookup) return readTenants(db, cipher, ofApp.where('base_url', '=', lookup.baseUrl))
  const { installationId, environmentId } = lookup
  return readTenants(
    db,
    cipher,
    ofApp.where('tenant_id', 'in', (eb) =>
      eb
        .selectFrom('atl_installations')
        .select('tenant_id')
        .where('installation_id', '=', installationId)
        .$if(environmentId !== undefined, (query) => query.where('environment_id', '=', environmentId ?? ''))
    )
  )
}

/** One page of tenants in order of tenantId; the rows before the page are not read again. */
export async function listTenants(
  db: Kysely<Tables>,
  cipher: ColumnCipher,
  appKey: string,
  query: TenantListQuery
): Promise<Tenant[]> {
  const { status, product, after, limit } = query
  return readTenants(
    db,
    cipher,
    db
      .selectFrom('atl_tenants')
      .selectAll()
      .where('app_key', '=', appKey)
      .$if(after !== undefined, (page) => page.where('tenant_id', '>', after ?? ''))
      .$if(status !== undefined, (page) => page.where('status', '=', status ?? 'installed'))
      .$if(product !== undefined, (page) => page.where('product', '=', product ?? 'jira'))
      .orderBy('tenant_id')
      .limit(limit)
  )
}

/** The tenants that the query selects, in order of tenantId. */
export async function readTenants(
  db: Kysely<Tables>,
  cipher: ColumnCipher,
  tenants: SelectQueryBuilder<Tables, 'atl_tenants', Selectable<TenantTable>>
): Promise<Tenant[]> {
  const rows = await db
    .selectFrom(tenants.as('tenant'))
    .leftJoin('atl_installations as installation', 'installation.tenant_id', 'tenant.tenant_id')
    .selectAll('tenant')
    .select([
      'installation.platform',
      'installation.installation_id',
      'installation.environment_id',
      'installation.state',
      'installation.enabled',
      'installation.installed_at_ms',
      'installation.ended_at_ms'
    ])
    .orderBy('tenant.tenant_id')
    .orderBy('installation.position')
    .execute()
  return tenantsFromRows(rows, cipher)
}
