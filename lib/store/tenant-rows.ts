import type { Insertable, Selectable } from 'kysely'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { Secret } from '../secret.ts'
import {
  type ConnectTenant,
  type Installation,
  type InstallTokenMark,
  type Tenant,
  type TenantIdentity,
  tenantStatus,
  timeOfDeath
} from '../tenant/tenant.ts'
import type { TenantName } from '../tenant/tenant-names.ts'
import type { Delivery } from '../tenant/tenant-store.ts'
import type { ConnectTable, DeliveryTable, InstallationTable, NameTable, TenantTable } from './schema.ts'

/** A tenant without what only searches ask for. */
export type IdentityRow = Pick<
  Selectable<TenantTable>,
  'tenant_id' | 'app_key' | 'cloud_id' | 'adopted_by' | 'created_at_ms' | 'updated_at_ms' | 'version'
>

export type ConnectRow = Omit<Selectable<ConnectTable>, 'tenant_id' | 'app_key' | 'created_at_ms'>

export type InstallationRow = Omit<Selectable<InstallationTable>, 'id' | 'tenant_id'>

export function identityFromRow(row: IdentityRow, installations: readonly InstallationRow[]): TenantIdentity {
  return {
    tenantId: row.tenant_id,
    appKey: row.app_key,
    cloudId: row.cloud_id,
    installations: installations.map(installationFromRow),
    adoptedBy: row.adopted_by,
    createdAtMs: toNumber(row.created_at_ms),
    updatedAtMs: toNumber(row.updated_at_ms),
    version: toNumber(row.version)
  }
}

export function connectTenantFromRow(identity: TenantIdentity, row: ConnectRow, cipher: ColumnCipher): ConnectTenant {
  const installTokens: InstallTokenMark[] = JSON.parse(row.install_tokens)
  return {
    ...identity,
    connectId: row.connect_id,
    clientKey: row.client_key,
    product: row.product,
    baseUrl: row.base_url,
    displayUrl: row.display_url,
    displayUrlServicedeskHelpCenter: row.display_url_servicedesk_help_center,
    oauthClientId: row.oauth_client_id,
    entitlementId: row.entitlement_id,
    entitlementNumber: row.entitlement_number,
    sharedSecret: openSecret(cipher, row.connect_id, 'shared_secret', row.shared_secret),
    previousSecret:
      row.previous_secret === null ? null : openSecret(cipher, row.connect_id, 'previous_secret', row.previous_secret),
    previousSecretRetiredAtMs: toNumberOrNull(row.previous_secret_retired_at_ms),
    secretVersion: toNumber(row.secret_version),
    lastInstallIatSeconds: toNumber(row.last_install_iat_seconds),
    installTokens,
    possiblySupersededBy: row.possibly_superseded_by
  }
}

/** The row of a new tenant. Its `origin` is written once. */
export function rowFromTenant(tenant: Tenant): Insertable<TenantTable> {
  return {
    tenant_id: tenant.tenantId,
    app_key: tenant.appKey,
    origin: tenant.clientKey ?? tenant.tenantId,
    cloud_id: tenant.cloudId,
    adopted_by: tenant.adoptedBy,
    status: tenantStatus(tenant),
    dead_at_ms: timeOfDeath(tenant),
    created_at_ms: tenant.createdAtMs,
    updated_at_ms: tenant.updatedAtMs,
    version: tenant.version
  }
}

/** The row of a new registration. Its `created_at_ms` is written once. */
export function rowFromRegistration(tenant: ConnectTenant, cipher: ColumnCipher): Insertable<ConnectTable> {
  const { connectId, previousSecret } = tenant
  return {
    connect_id: connectId,
    tenant_id: tenant.tenantId,
    app_key: tenant.appKey,
    client_key: tenant.clientKey,
    product: tenant.product,
    base_url: tenant.baseUrl,
    display_url: tenant.displayUrl,
    display_url_servicedesk_help_center: tenant.displayUrlServicedeskHelpCenter,
    oauth_client_id: tenant.oauthClientId,
    entitlement_id: tenant.entitlementId,
    entitlement_number: tenant.entitlementNumber,
    shared_secret: sealSecret(cipher, connectId, 'shared_secret', tenant.sharedSecret),
    previous_secret: previousSecret === null ? null : sealSecret(cipher, connectId, 'previous_secret', previousSecret),
    previous_secret_retired_at_ms: tenant.previousSecretRetiredAtMs,
    secret_version: tenant.secretVersion,
    last_install_iat_seconds: tenant.lastInstallIatSeconds,
    install_tokens: JSON.stringify(tenant.installTokens),
    possibly_superseded_by: tenant.possiblySupersededBy,
    created_at_ms: tenant.updatedAtMs
  }
}

function installationFromRow(row: InstallationRow): Installation {
  const products: string[] = JSON.parse(row.products)
  return {
    platform: row.platform,
    installationId: row.installation_id,
    environmentId: row.environment_id,
    clientKey: row.client_key,
    products,
    state: row.state,
    enabled: toNumber(row.enabled) === 1,
    installedAtMs: toNumber(row.installed_at_ms),
    endedAtMs: toNumberOrNull(row.ended_at_ms)
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
    client_key: installation.clientKey,
    products: JSON.stringify(installation.products),
    state: installation.state,
    enabled: installation.enabled ? 1 : 0,
    installed_at_ms: installation.installedAtMs,
    ended_at_ms: installation.endedAtMs
  }))
}

export function nameFromRow(row: Selectable<NameTable>): TenantName {
  return {
    kind: row.kind,
    value: row.value,
    connectId: row.connect_id,
    sinceMs: toNumber(row.since_ms),
    untilMs: toNumberOrNull(row.until_ms)
  }
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

/** The columns of `atl_connects` that hold secrets. */
export const secretColumns = ['shared_secret', 'previous_secret'] as const
export type SecretColumn = (typeof secretColumns)[number]

/**
 * Where a secret of this registration stands, as its ciphertext knows it. The first registrations stood in the row of
 * their tenant, whose id they have, and were sealed there.
 */
export function secretPlace(connectId: string, column: SecretColumn) {
  return { tenantId: connectId, table: 'atl_tenants', column }
}

/** The only two functions that take a secret to and from a column. */
function sealSecret(cipher: ColumnCipher, connectId: string, column: SecretColumn, secret: Secret): string {
  return cipher.seal(secret.reveal(), secretPlace(connectId, column))
}

function openSecret(cipher: ColumnCipher, connectId: string, column: SecretColumn, stored: string): Secret {
  return new Secret(cipher.open(stored, secretPlace(connectId, column)))
}

/** The only way of a number out of a column: SQLite gives numbers, PostgreSQL gives 64-bit integers as text. */
function toNumber(column: number | string): number {
  return Number(column)
}

function toNumberOrNull(column: number | string | null): number | null {
  return column === null ? null : toNumber(column)
}
