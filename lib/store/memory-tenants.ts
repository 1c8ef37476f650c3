import {
  type ConnectRegistration,
  type ConnectTenant,
  hasRegistration,
  noRegistration,
  type Tenant,
  type TenantIdentity
} from '../tenant/tenant.ts'
import { nextNames, type TenantName } from '../tenant/tenant-names.ts'
import type { TenantLookup } from '../tenant/tenant-store.ts'
import { chooseRegistration } from './choose-tenant.ts'
import { installationName } from './record.ts'

interface Entry {
  identity: TenantIdentity
  /** Oldest first. */
  readonly registrations: Map<string, ConnectRegistration>
  names: TenantName[]
}

/** The tenants of one app in memory, as identities with their registrations. */
export interface MemoryTenants {
  has(tenantId: string): boolean
  identity(tenantId: string): TenantIdentity | undefined
  names(tenantId: string): readonly TenantName[]
  /** Each tenant once, in order of `tenantId`. */
  all(): Tenant[]
  /** One record of each tenant that has the name. */
  withName(lookup: TenantLookup): Tenant[]
  /** Every registration of the tenant, oldest first. */
  registrations(tenantId: string): ConnectTenant[]
  /** Whether a name of this record belongs to a tenant outside of the given ones. */
  isTaken(tenant: Tenant, unless: readonly string[]): boolean
  put(tenant: Tenant): void
  remove(tenantId: string): void
}

export function createMemoryTenants(): MemoryTenants {
  const entries = new Map<string, Entry>()
  const byClientKey = new Map<string, string>()
  const byConnectId = new Map<string, string>()
  const byInstallation = new Map<string, string>()

  function registrationsOf(tenantId: string): ConnectTenant[] {
    const entry = entries.get(tenantId)
    if (entry === undefined) return []
    return [...entry.registrations.values()].map((registration) =>
      Object.freeze({ ...entry.identity, ...registration })
    )
  }

  function seen(tenantId: string, suits: (registration: ConnectTenant) => boolean = () => false): Tenant | null {
    const entry = entries.get(tenantId)
    if (entry === undefined) return null
    const registrations = registrationsOf(tenantId)
    return (
      registrations.find(suits) ??
      chooseRegistration(registrations) ??
      Object.freeze({ ...entry.identity, ...noRegistration })
    )
  }

  function matching(suits: (registration: ConnectTenant) => boolean): Tenant[] {
    return sortedIds().flatMap((tenantId) => registrationsOf(tenantId).filter(suits))
  }

  function sortedIds(): string[] {
    return [...entries.keys()].sort()
  }

  function idsByInstallation(lookup: { installationId: string; environmentId?: string }): string[] {
    return sortedIds().filter((tenantId) =>
      entries
        .get(tenantId)
        ?.identity.installations.some(
          (of) =>
            of.installationId === lookup.installationId &&
            (lookup.environmentId ?? of.environmentId) === of.environmentId
        )
    )
  }

  function withName(lookup: TenantLookup): Tenant[] {
    if ('clientKey' in lookup) {
      const { clientKey } = lookup
      return present([seen(byClientKey.get(clientKey) ?? '', (one) => one.clientKey === clientKey)])
    }
    if ('baseUrl' in lookup) return matching(({ baseUrl }) => baseUrl === lookup.baseUrl)
    if ('displayUrl' in lookup) return matching(({ displayUrl }) => displayUrl === lookup.displayUrl)
    if ('tenantId' in lookup) return present([seen(lookup.tenantId)])
    if ('cloudId' in lookup) {
      const { cloudId, environmentId } = lookup
      const ids = sortedIds().filter((id) => {
        const identity = entries.get(id)?.identity
        const fits = identity?.installations.some((of) => (environmentId ?? of.environmentId) === of.environmentId)
        return identity?.cloudId === cloudId && (environmentId === undefined || fits)
      })
      return present(ids.map((id) => seen(id)))
    }
    return present(idsByInstallation(lookup).map((id) => seen(id)))
  }

  function forgetInstallations(identity: TenantIdentity): void {
    for (const installation of identity.installations) {
      const name = installationName(installation)
      if (byInstallation.get(name) === identity.tenantId) byInstallation.delete(name)
    }
  }

  return {
    has: (tenantId) => entries.has(tenantId),
    identity: (tenantId) => entries.get(tenantId)?.identity,
    names: (tenantId) => entries.get(tenantId)?.names ?? [],
    all: () => present(sortedIds().map((tenantId) => seen(tenantId))),
    withName,
    registrations: registrationsOf,

    isTaken(tenant, unless) {
      const isForeign = (owner: string | undefined) => owner !== undefined && !unless.includes(owner)
      if (tenant.installations.some((one) => isForeign(byInstallation.get(installationName(one))))) return true
      if (tenant.clientKey === null) return false
      const isOther = (owner: string | undefined) => owner !== undefined && owner !== tenant.tenantId
      // A registration keeps its own id and its clientKey for good.
      const known = entries.get(tenant.tenantId)?.registrations.get(tenant.clientKey)
      const isOwnId = known === undefined ? !byConnectId.has(tenant.connectId) : known.connectId === tenant.connectId
      return !isOwnId || isOther(byClientKey.get(tenant.clientKey))
    },

    put(tenant) {
      const { tenantId } = tenant
      const entry = entries.get(tenantId) ?? { identity: tenant, registrations: new Map(), names: [] }
      if (entries.has(tenantId)) forgetInstallations(entry.identity)
      entry.identity = identityOf(tenant)
      entry.names = nextNames(entry.names, tenant)
      if (hasRegistration(tenant)) {
        entry.registrations.set(tenant.clientKey, registrationOf(tenant))
        byClientKey.set(tenant.clientKey, tenantId)
        byConnectId.set(tenant.connectId, tenantId)
      }
      for (const installation of tenant.installations) byInstallation.set(installationName(installation), tenantId)
      entries.set(tenantId, entry)
    },

    remove(tenantId) {
      const entry = entries.get(tenantId)
      if (entry === undefined) return
      forgetInstallations(entry.identity)
      for (const { clientKey, connectId } of entry.registrations.values()) {
        byClientKey.delete(clientKey)
        byConnectId.delete(connectId)
      }
      entries.delete(tenantId)
    }
  }
}

function present(found: readonly (Tenant | null)[]): Tenant[] {
  return found.filter((tenant) => tenant !== null)
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
