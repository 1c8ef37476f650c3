import type { Kysely, Selectable, SelectQueryBuilder } from 'kysely'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { AtlassianError } from '../errors.ts'
import {
  type ConnectTenant,
  isConnectedAs,
  noRegistration,
  type Tenant,
  type TenantIdentity
} from '../tenant/tenant.ts'
import type { TenantListQuery, TenantLookup } from '../tenant/tenant-store.ts'
import type { Tables, TenantTable } from './schema.ts'
import {
  type ConnectRow,
  connectTenantFromRow,
  type IdentityRow,
  type InstallationRow,
  identityFromRow
} from './tenant-rows.ts'

type Suits = (registration: ConnectRow) => boolean

/**
 * One record of each tenant of this app that has the name, in order of tenantId. One statement, so that a record is
 * never read half before and half after a save.
 */
export async function findTenants(
  db: Kysely<Tables>,
  cipher: ColumnCipher,
  appKey: string,
  lookup: TenantLookup
): Promise<Tenant[]> {
  const ofApp = db.selectFrom('atl_tenants').selectAll().where('app_key', '=', appKey)
  if ('tenantId' in lookup) return readTenants(db, cipher, ofApp.where('tenant_id', '=', lookup.tenantId))
  if ('cloudId' in lookup) {
    const { cloudId, environmentId } = lookup
    const ofSite = ofApp.where('cloud_id', '=', cloudId)
    if (environmentId === undefined) return readTenants(db, cipher, ofSite)
    return readTenants(
      db,
      cipher,
      ofSite.where((eb) =>
        eb.exists(
          eb
            .selectFrom('atl_installations')
            .select('id')
            .where('environment_id', '=', environmentId)
            .whereRef('atl_installations.tenant_id', '=', 'atl_tenants.tenant_id')
        )
      )
    )
  }
  const connects = db.selectFrom('atl_connects').select('tenant_id').where('app_key', '=', appKey)
  if ('clientKey' in lookup) {
    const { clientKey } = lookup
    const tenants = ofApp.where('tenant_id', 'in', connects.where('client_key', '=', clientKey))
    return readTenants(db, cipher, tenants, (one) => one.client_key === clientKey)
  }
  if ('baseUrl' in lookup) {
    const { baseUrl } = lookup
    const tenants = ofApp.where('tenant_id', 'in', connects.where('base_url', '=', baseUrl))
    return readTenants(db, cipher, tenants, (one) => one.base_url === baseUrl)
  }
  if ('displayUrl' in lookup) {
    const { displayUrl } = lookup
    const named = db
      .selectFrom('atl_names')
      .select('tenant_id')
      .where('app_key', '=', appKey)
      .where('kind', '=', 'displayUrl')
      .where('value', '=', displayUrl)
      .where('until_ms', 'is', null)
    return readTenants(db, cipher, ofApp.where('tenant_id', 'in', named), (one) => one.display_url === displayUrl)
  }
  const { installationId, environmentId } = lookup
  const installed = db
    .selectFrom('atl_installations')
    .select('tenant_id')
    .where('installation_id', '=', installationId)
    .$if(environmentId !== undefined, (query) => query.where('environment_id', '=', environmentId ?? ''))
  return readTenants(db, cipher, ofApp.where('tenant_id', 'in', installed))
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
      .$if(product !== undefined, (page) =>
        page.where((eb) =>
          eb.exists(
            eb
              .selectFrom('atl_connects')
              .select('connect_id')
              .whereRef('atl_connects.tenant_id', '=', 'atl_tenants.tenant_id')
              .where('product', '=', product ?? 'jira')
          )
        )
      )
      .orderBy('tenant_id')
      .limit(limit),
    product === undefined ? undefined : (one) => one.product === product
  )
}

type TenantQuery = SelectQueryBuilder<Tables, 'atl_tenants', Selectable<TenantTable>>

/**
 * The tenants that the query selects, in order of tenantId, each as its first registration sees it that is installed,
 * else its first; among those that suit, where the caller says which do.
 */
export async function readTenants(
  db: Kysely<Tables>,
  cipher: ColumnCipher,
  tenants: TenantQuery,
  suits: Suits = () => true
): Promise<Tenant[]> {
  return (await readGroups(db, tenants)).flatMap(({ identity, registrations }): Tenant[] => {
    if (registrations.length === 0) return [{ ...identity, ...noRegistration }]
    const suiting = registrations.filter(suits)
    const isInstalled = ({ client_key }: ConnectRow) => isConnectedAs(identity, client_key)
    const chosen = suiting.find(isInstalled) ?? suiting[0]
    return chosen === undefined ? [] : [connectTenantFromRow(identity, chosen, cipher)]
  })
}

/**
 * The same for tenants that are to be removed, which have to go even if their secrets cannot be opened: one that is sealed
 * with a key that is lost is shown without its registration.
 */
export async function readEnded(db: Kysely<Tables>, cipher: ColumnCipher, tenants: TenantQuery): Promise<Tenant[]> {
  return (await readGroups(db, tenants)).map(({ identity, registrations: [first] }): Tenant => {
    if (first === undefined) return { ...identity, ...noRegistration }
    try {
      return connectTenantFromRow(identity, first, cipher)
    } catch (error) {
      if (!(error instanceof AtlassianError)) throw error
      return { ...identity, ...noRegistration }
    }
  })
}

/** One record of every registration with exactly this base URL, in order of tenantId. */
export async function findByBaseUrl(
  db: Kysely<Tables>,
  cipher: ColumnCipher,
  appKey: string,
  baseUrl: string
): Promise<ConnectTenant[]> {
  const named = db
    .selectFrom('atl_connects')
    .select('tenant_id')
    .where('app_key', '=', appKey)
    .where('base_url', '=', baseUrl)
  const groups = await readGroups(db, db.selectFrom('atl_tenants').selectAll().where('tenant_id', 'in', named))
  return groups.flatMap(({ identity, registrations }) =>
    registrations.filter((one) => one.base_url === baseUrl).map((row) => connectTenantFromRow(identity, row, cipher))
  )
}

interface Group {
  readonly identity: TenantIdentity
  /** Oldest first. */
  readonly registrations: readonly ConnectRow[]
}

async function readGroups(db: Kysely<Tables>, tenants: TenantQuery): Promise<Group[]> {
  const rows = await db
    .selectFrom(tenants.as('tenant'))
    .leftJoin('atl_connects as connect', 'connect.tenant_id', 'tenant.tenant_id')
    .leftJoin('atl_installations as installation', 'installation.tenant_id', 'tenant.tenant_id')
    .select([
      'tenant.tenant_id',
      'tenant.app_key',
      'tenant.cloud_id',
      'tenant.adopted_by',
      'tenant.created_at_ms',
      'tenant.updated_at_ms',
      'tenant.version',
      'connect.connect_id',
      'connect.client_key',
      'connect.product',
      'connect.base_url',
      'connect.display_url',
      'connect.display_url_servicedesk_help_center',
      'connect.oauth_client_id',
      'connect.entitlement_id',
      'connect.entitlement_number',
      'connect.shared_secret',
      'connect.previous_secret',
      'connect.previous_secret_retired_at_ms',
      'connect.secret_version',
      'connect.last_install_iat_seconds',
      'connect.install_tokens',
      'connect.possibly_superseded_by',
      'installation.position',
      'installation.platform',
      'installation.installation_id',
      'installation.environment_id',
      'installation.client_key as installed_client_key',
      'installation.products',
      'installation.state',
      'installation.enabled',
      'installation.installed_at_ms',
      'installation.ended_at_ms'
    ])
    .orderBy('tenant.tenant_id')
    .orderBy('connect.created_at_ms')
    .orderBy('connect.connect_id')
    .orderBy('installation.position')
    .execute()
  const groups = new Map<
    string,
    { row: IdentityRow; connects: Map<string, ConnectRow>; installed: Map<string, InstallationRow> }
  >()
  for (const row of rows) {
    const group = groups.get(row.tenant_id) ?? { row, connects: new Map(), installed: new Map() }
    groups.set(row.tenant_id, group)
    // A left join tells of a tenant without the other row by nulls in all of its columns.
    if (row.connect_id !== null) group.connects.set(row.connect_id, row as ConnectRow)
    if (row.position !== null) {
      group.installed.set(String(row.position), { ...row, client_key: row.installed_client_key } as InstallationRow)
    }
  }
  return [...groups.values()].map(({ row, connects, installed }) => ({
    identity: identityFromRow(row, [...installed.values()]),
    registrations: [...connects.values()]
  }))
}
