import type { Secret } from '../secret.ts'

/** The host product that an app is installed in. */
export type Product = 'jira' | 'confluence'

/** One act of installing. Its state is its own: a tenant is dead only when no installation of it lives. */
export interface Installation {
  readonly platform: 'connect' | 'forge'
  /** Forge's installation id where the host told one, else `connect:<tenantId>`. */
  readonly installationId: string
  /** Empty for Connect, which knows no environments. */
  readonly environmentId: string
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

/**
 * One app on one site. `tenantId` is ours and never changes; `clientKey` and installation ids are its names.
 * The record is immutable: a change is a new record that is saved against the version it was made from.
 */
export interface Tenant {
  readonly tenantId: string
  readonly appKey: string
  readonly clientKey: string
  readonly cloudId: string | null
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
  /** Grows with every change of the secret and with every end of the last installation. */
  readonly secretVersion: number
  readonly installations: readonly Installation[]
  /** `iat` of the last accepted install token, in seconds: newer wins. */
  readonly lastInstallIatSeconds: number
  readonly installTokens: readonly InstallTokenMark[]
  /** Another tenant was installed later on the same base URL: a hint for a person, never a join. */
  readonly possiblySupersededBy: string | null
  /** The tenant that took over this one's data by `tenants.adopt`. */
  readonly adoptedBy: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** 1 for a new record; each save adds one. */
  readonly version: number
}

/** `installed` while at least one installation lives. */
export type TenantStatus = 'installed' | 'uninstalled'

/** Whether an installation of this tenant lives, and its data was not given to another tenant. */
export function isAlive(tenant: Tenant): boolean {
  return tenant.adoptedBy === null && tenant.installations.some((installation) => installation.state === 'installed')
}

/**
 * When the last installation of this tenant ended, from which its retention counts; `null` while it lives. Where no
 * installation tells, the time of the last change.
 */
export function timeOfDeath(tenant: Tenant): number | null {
  if (isAlive(tenant)) return null
  const ends = tenant.installations.map(({ endedAtMs }) => endedAtMs ?? tenant.updatedAtMs)
  return ends.length === 0 ? tenant.updatedAtMs : Math.max(...ends)
}

/** The status by which tenants are listed. */
export function tenantStatus(tenant: Tenant): TenantStatus {
  return isAlive(tenant) ? 'installed' : 'uninstalled'
}
