import {
  type ConnectRegistration,
  type ConnectTenant,
  isAlive,
  isConnected,
  type Tenant,
  type TenantIdentity
} from '../tenant/tenant.ts'
import type { TenantLookup } from '../tenant/tenant-store.ts'

/** Whether this record has the name: in what its tenant shares, or in the registration that it shows. */
export function hasName(tenant: Tenant, lookup: TenantLookup): boolean {
  if ('tenantId' in lookup) return tenant.tenantId === lookup.tenantId
  if ('clientKey' in lookup) return tenant.clientKey === lookup.clientKey
  if ('baseUrl' in lookup) return tenant.baseUrl === lookup.baseUrl
  if ('displayUrl' in lookup) return tenant.displayUrl === lookup.displayUrl
  const { environmentId } = lookup
  const inEnvironment = tenant.installations.filter((of) => (environmentId ?? of.environmentId) === of.environmentId)
  if ('installationId' in lookup) return inEnvironment.some((of) => of.installationId === lookup.installationId)
  return tenant.cloudId === lookup.cloudId && (environmentId === undefined || inEnvironment.length > 0)
}

/**
 * The registration through which a tenant is seen where no name says which: the first that is installed, else the
 * first. `registrations` are records of one tenant, oldest first.
 */
export function chooseRegistration(registrations: readonly ConnectTenant[]): ConnectTenant | null {
  return registrations.find(isConnected) ?? registrations[0] ?? null
}

/**
 * The tenant that a name means: the only one with it, or the only one of them that lives. Anything else is a guess.
 * `found` has one record of each tenant.
 */
export function chooseTenant(found: readonly Tenant[]): Tenant | null {
  // A guess would give one customer's data to another.
  if (found.length === 1) return found[0] ?? null
  const alive = found.filter(isAlive)
  return alive.length === 1 ? (alive[0] ?? null) : null
}

/** The part of a record that all registrations of the tenant share. */
export function identityOf(tenant: Tenant): TenantIdentity {
  const { tenantId, appKey, cloudId, installations, adoptedBy, createdAtMs, updatedAtMs, version } = tenant
  return { tenantId, appKey, cloudId, installations, adoptedBy, createdAtMs, updatedAtMs, version }
}

/** The part of a record that is one registration's own. */
export function registrationOf(tenant: ConnectTenant): ConnectRegistration {
  const { tenantId, appKey, cloudId, installations, adoptedBy, createdAtMs, updatedAtMs, version, ...own } = tenant
  return own
}
