import type { Insertable, Selectable } from 'kysely'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { Secret } from '../secret.ts'
import { type Installation, type InstallTokenMark, type Tenant, tenantStatus, timeOfDeath } from '../tenant/tenant.ts'
import type { Delivery } from '../tenant/tenant-store.ts'
import type { DeliveryTable, InstallationTable, TenantTable } from './schema.ts'

type Nullable<Row> = { readonly [Column in keyof Row]: Row[Column] | null }

/** One row per installation, each with the columns of its tenant; one row with nulls for a tenant without any. */
export type TenantRow = Selectable<TenantTable> &
  Nullable<
    Pick<
      Selectable<InstallationTable>,
      'platform' | 'installation_id' | 'environment_id' | 'state' | 'enabled' | 'installed_at_ms' | 'ended_at_ms'
    >
  >

/** The tenants of these rows, in the order of the rows; the rows of one tenant stand together. */
export function tenantsFromRows(rows: readonly TenantRow[], cipher: ColumnCipher): Tenant[] {
  const installations = new Map<string, Installation[]>()
  const firstRows: TenantRow[] = []
  for (const row of rows) {
    let list = installations.get(row.tenant_id)
    if (list === undefined) {
      list = []
      installations.set(row.tenant_id, list)
      firstRows.push(row)
    }
    const installation = installationFromRow(row)
    if (installation !== null) list.push(installation)
  }
  return firstRows.map((row) => tenantFromRow(row, installations.get(row.tenant_id) ?? [], cipher))
}

function tenantFromRow(row: TenantRow, installations: Installation[], cipher: ColumnCipher): Tenant {
  const installTokens: InstallTokenMark[] = JSON.parse(row.install_tokens)
  return {
    tenantId: row.tenant_id,
    appKey: row.app_key,
    clientKey: row.client_key,
    cloudId: row.cloud_id,
    product: row.product,
    baseUrl: row.base_url,
    displayUrl: row.display_url,
    displayUrlServicedeskHelpCenter: row.display_url_servicedesk_help_center,
    oauthClientId: row.oauth_client_id,
    entitlementId: row.entitlement_id,
    entitlementNumber: row.entitlement_number,
    sharedSecret: openSecret(cipher, row.tenant_id, 'shared_secret', row.shared_secret),
    previousSecret:
      row.previous_secret === null ? null : openSecret(cipher, row.tenant_id, 'previous_secret', row.previous_secret),
    previousSecretRetiredAtMs: toNumberOrNull(row.previous_secret_retired_at_ms),
    secretVersion: toNumber(row.secret_version),
    installations,
    lastInstallIatSeconds: toNumber(row.last_install_iat_seconds),
    installTokens,
    possiblySupersededBy: row.possibly_superseded_by,
    adoptedBy: row.adopted_by,
    createdAtMs: toNumber(row.created_at_ms),
    updatedAtMs: toNumber(row.updated_at_ms),
    version: toNumber(row.version)
  }
}

export function rowFromTenant(tenant: Tenant, cipher: ColumnCipher): Insertable<TenantTable> {
  return {
    tenant_id: tenant.tenantId,
    app_key: tenant.appKey,
    client_key: tenant.clientKey,
    cloud_id: tenant.cloudId,
    product: tenant.product,
    base_url: tenant.baseUrl,
    display_url: tenant.displayUrl,
    display_url_servicedesk_help_center: tenant.displayUrlServicedeskHelpCenter,
    oauth_client_id: tenant.oauthClientId,
    entitlement_id: tenant.entitlementId,
    entitlement_number: tenant.entitlementNumber,
    shared_secret: sealSecret(cipher, tenant.tenantId, 'shared_secret', tenant.sharedSecret),
    previous_secret:
      tenant.previousSecret === null
        ? null
        : sealSecret(cipher, tenant.tenantId, 'previous_secret', tenant.previousSecret),
    previous_secret_retired_at_ms: tenant.previousSecretRetiredAtMs,
    secret_version: tenant.secretVersion,
    last_install_iat_seconds: tenant.lastInstallIatSeconds,
    install_tokens: JSON.stringify(tenant.installTokens),
    possibly_superseded_by: tenant.possiblySupersededBy,
    adopted_by: tenant.adoptedBy,
    status: tenantStatus(tenant),
    dead_at_ms: timeOfDeath(tenant),
    created_at_ms: tenant.createdAtMs,
    updated_at_ms: tenant.updatedAtMs,
    version: tenant.version
  }
}

function installationFromRow(row: TenantRow): Installation | null {
  const { platform, installation_id, environment_id, state, enabled, installed_at_ms, ended_at_ms } = row
  if (platform === null || installation_id === null || environment_id === null || state === null) return null
  return {
    platform,
    installationId: installation_id,
    environmentId: environment_id,
    state,
    enabled: toNumber(enabled ?? 0) === 1,
    installedAtMs: toNumber(installed_at_ms ?? 0),
    endedAtMs: toNumberOrNull(ended_at_ms)
  }
}

/** Rows without their `id`, which a row keeps when it is written again. */
export function rowsFromInstallations(tenant: Tenant): Omit<Insertable<InstallationTable>, 'id'>[] {
  return tenant.installations.map((installation, position) => ({
    tenant_id: tenant.tenantId,
    position,
    platform: installation.platform,
    installation_id: installation.installationId,
    environment_id: installation.environmentId,
    state: installation.state,
    enabled: installation.enabled ? 1 : 0,
    installed_at_ms: installation.installedAtMs,
    ended_at_ms: installation.endedAtMs
  }))
}

export function deliveryFromRow(row: Selectable<DeliveryTable>): Delivery {
  return {
    deliveryId: row.delivery_id,
    tenantId: row.tenant_id,
    kind: row.kind,
    event: row.event,
    identifier: row.identifier,
    payload: row.payload,
    receivedAtMs: toNumber(row.received_at_ms),
    dueAtMs: toNumber(row.due_at_ms),
    attempts: toNumber(row.attempts)
  }
}

/** The columns of `atl_tenants` that hold secrets. */
export const secretColumns = ['shared_secret', 'previous_secret'] as const
export type SecretColumn = (typeof secretColumns)[number]

/** The only two functions that take a secret to and from a column. */
function sealSecret(cipher: ColumnCipher, tenantId: string, column: SecretColumn, secret: Secret): string {
  return cipher.seal(secret.reveal(), { tenantId, table: 'atl_tenants', column })
}

function openSecret(cipher: ColumnCipher, tenantId: string, column: SecretColumn, stored: string): Secret {
  return new Secret(cipher.open(stored, { tenantId, table: 'atl_tenants', column }))
}

/** The only way of a number out of a column: SQLite gives numbers, PostgreSQL gives 64-bit integers as text. */
function toNumber(column: number | string): number {
  return Number(column)
}

function toNumberOrNull(column: number | string | null): number | null {
  return column === null ? null : toNumber(column)
}
