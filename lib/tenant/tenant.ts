import type { Secret } from '../secret.ts'

/** The host product that an app is installed in. */
export type Product = 'jira' | 'confluence' | 'bitbucket'

/** One act of installing. Its state is its own: a tenant is dead only when no installation of it lives. */
export interface Installation {
  readonly platform: 'connect' | 'forge'
  /**
   * Forge's installation id where the host told one, else `connect:<connectId>`. An id stands once in a tenant for each
   * environment: a second product that was installed under the same one keeps its stand-in.
   */
  readonly installationId: string
  /** Empty for Connect, which knows no environments. */
  readonly environmentId: string
  /** The Connect registration that was made by it; `null` for Forge. */
  readonly clientKey: string | null
  /** The products that it spans: one for Connect, one or more for Forge. */
  readonly products: readonly string[]
  readonly state: 'installed' | 'uninstalled'
  /** What the last `enabled` or `disabled` said. Recorded, and refuses nothing by default. */
  readonly enabled: boolean
  readonly installedAtMs: number
  readonly endedAtMs: number | null
}

/** The mark that an accepted install token leaves while it could still be replayed. */
export interface InstallTokenMark {
  /** SHA-256 of the token, hex. */
  readonly token: string
  /** SHA-256 of the body that came with it, hex. */
  readonly body: string
  readonly expSeconds: number
}

/** What every tenant has, whichever platform it came by. */
export interface TenantIdentity {
  /** Ours; it never changes. */
  readonly tenantId: string
  readonly appKey: string
  /** Atlassian's id of the site, from verified Forge calls. */
  readonly cloudId: string | null
  readonly installations: readonly Installation[]
  /** The tenant that took over this one's data: by `tenants.adopt`, or because both turned out to be one. */
  readonly adoptedBy: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** 1 for a new record; each save of any part of the tenant adds one. */
  readonly version: number
}

/** What one clientKey stands for: an app in one host product, with the secret that both sides share. */
export interface ConnectRegistration {
  /** Ours; it never changes. Equal to `tenantId` for the first registration of a tenant. */
  readonly connectId: string
  readonly clientKey: string
  readonly product: Product
  /** Base of REST calls, without a trailing slash; Confluence's ends in `/wiki`. */
  readonly baseUrl: string
  /** Where people see the site, when it has a custom domain. Never used for REST. */
  readonly displayUrl: string | null
  readonly displayUrlServicedeskHelpCenter: string | null
  readonly oauthClientId: string | null
  readonly entitlementId: string | null
  readonly entitlementNumber: string | null
  readonly sharedSecret: Secret
  /** Verifies for a short window after a rotation, and never signs. */
  readonly previousSecret: Secret | null
  readonly previousSecretRetiredAtMs: number | null
  /** Grows with every change of the secret and with every end of the registration. */
  readonly secretVersion: number
  /** `iat` of the last accepted install token, in seconds: newer wins. */
  readonly lastInstallIatSeconds: number
  readonly installTokens: readonly InstallTokenMark[]
  /** Another tenant was installed later on the same base URL: a hint for a person, never a join. */
  readonly possiblySupersededBy: string | null
}

/**
 * A tenant as one of its Connect registrations sees it. A tenant with two (Jira and Confluence under one Forge
 * installation) has two such records with one `tenantId`, the same installations and the same version.
 */
export interface ConnectTenant extends TenantIdentity, ConnectRegistration {}

/** A tenant that never had a Connect registration. */
export type ForgeTenant = TenantIdentity & { readonly [Member in keyof ConnectRegistration]: null }

/**
 * One app on one site. `tenantId` is ours and never changes; clientKeys, addresses, the cloudId and installation ids
 * are its names. The record is immutable: a change is a new record that is saved against the version it was made from.
 */
export type Tenant = ConnectTenant | ForgeTenant

/** `installed` while at least one installation lives. */
export type TenantStatus = 'installed' | 'uninstalled'

/** Whether an installation of this tenant lives, and its data was not given to another tenant. */
export function isAlive(tenant: Tenant): boolean {
  return tenant.adoptedBy === null && tenant.installations.some((installation) => installation.state === 'installed')
}

/** Whether the Connect registration that this record shows is installed, so that what it signs can be believed. */
export function isConnected(tenant: Tenant): tenant is ConnectTenant {
  return tenant.clientKey !== null && isConnectedAs(tenant, tenant.clientKey)
}

/** The same of any of the tenant's registrations. */
export function isConnectedAs(
  { adoptedBy, installations }: Pick<TenantIdentity, 'adoptedBy' | 'installations'>,
  clientKey: string
): boolean {
  return adoptedBy === null && installations.some((one) => one.state === 'installed' && one.clientKey === clientKey)
}

/** Whether this record shows a Connect registration, living or not. */
export function hasRegistration(tenant: Tenant): tenant is ConnectTenant {
  return tenant.clientKey !== null
}

/** Every clientKey that this tenant ever had. */
export function clientKeysOf(tenant: Tenant): string[] {
  const keys = tenant.installations.map(({ clientKey }) => clientKey)
  return [...new Set([tenant.clientKey, ...keys])].filter((key) => key !== null)
}

/**
 * What other processes are told when this tenant was saved, since they may remember it by that: its clientKeys, and its
 * tenantId where Forge knows it, or nothing else does.
 */
export function changeNamesOf(tenant: Tenant): string[] {
  const clientKeys = clientKeysOf(tenant)
  const byForge = clientKeys.length === 0 || tenant.installations.some(({ platform }) => platform === 'forge')
  return byForge ? [...clientKeys, tenant.tenantId] : clientKeys
}

/** The members that a tenant without a Connect registration has in place of one. */
export const noRegistration: { readonly [Member in keyof ConnectRegistration]: null } = Object.freeze({
  connectId: null,
  clientKey: null,
  product: null,
  baseUrl: null,
  displayUrl: null,
  displayUrlServicedeskHelpCenter: null,
  oauthClientId: null,
  entitlementId: null,
  entitlementNumber: null,
  sharedSecret: null,
  previousSecret: null,
  previousSecretRetiredAtMs: null,
  secretVersion: null,
  lastInstallIatSeconds: null,
  installTokens: null,
  possiblySupersededBy: null
})

/**
 * When the last installation of this tenant ended, from which its retention counts; `null` while it lives. Where no
 * installation tells, and for a tenant whose data went to another one, the time of the last change.
 */
export function timeOfDeath(tenant: Tenant): number | null {
  if (isAlive(tenant)) return null
  // Whatever ended earlier: its data has just gone over, and what is left may still be on the way.
  if (tenant.adoptedBy !== null) return tenant.updatedAtMs
  const ends = tenant.installations.map(({ endedAtMs }) => endedAtMs ?? tenant.updatedAtMs)
  return ends.length === 0 ? tenant.updatedAtMs : Math.max(...ends)
}

/** The status by which tenants are listed. */
export function tenantStatus(tenant: Tenant): TenantStatus {
  return isAlive(tenant) ? 'installed' : 'uninstalled'
}
