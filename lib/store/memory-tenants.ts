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
import { chooseRegistration, hasName, identityOf, registrationOf } from './choose-tenant.ts'
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

  /** One record of the tenant that suits; `null` if none does. */
  function seen(tenantId: string, suits: (record: Tenant) => boolean = () => true): Tenant | null {
    const entry = entries.get(tenantId)
    if (entry === undefined) return null
    const bare: Tenant = Object.freeze({ ...entry.identity, ...noRegistration })
    if (entry.registrations.size === 0) return suits(bare) ? bare : null
    return chooseRegistration(registrationsOf(tenantId).filter(suits))
  }

  function sortedIds(): string[] {
    return [...entries.keys()].sort()
  }

  function withName(lookup: TenantLookup): Tenant[] {
    const suits = (record: Tenant) => hasName(record, lookup)
    if ('clientKey' in lookup) return present([seen(byClientKey.get(lookup.clientKey) ?? '', suits)])
    if ('tenantId' in lookup) return present([seen(lookup.tenantId, suits)])
    return present(sortedIds().map((tenantId) => seen(tenantId, suits)))
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
