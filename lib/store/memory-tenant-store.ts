import { type Tenant, tenantStatus, timeOfDeath } from '../tenant/tenant.ts'
import type { TenantRemover } from '../tenant/tenant-purge.ts'
import type { TenantLookup, TenantStore } from '../tenant/tenant-store.ts'
import { createMemoryDeliveryInbox } from './memory-delivery-inbox.ts'
import { createMemorySettings } from './memory-settings.ts'
import { createMemoryTokens } from './memory-tokens.ts'
import { checkAppKey, checkLimit, deliveryRecord, installationName, storeConflict, tenantRecord } from './record.ts'

/** Tenants in the memory of this process, for tests and first steps: everything is gone when the process ends. */
export function createMemoryTenantStore(options: { readonly appKey: string }): TenantStore {
  const { appKey } = options
  checkAppKey(appKey)
  const tenants = new Map<string, Tenant>()
  const byClientKey = new Map<string, string>()
  const byInstallation = new Map<string, string>()
  const inbox = createMemoryDeliveryInbox((tenantId) => tenants.has(tenantId))
  const settings = createMemorySettings((tenantId) => tenants.has(tenantId))
  const tokens = createMemoryTokens((tenantId) => tenants.has(tenantId))
  const remover: TenantRemover = {
    async listDead({ diedBeforeMs, after, limit }) {
      return [...tenants.values()]
        .flatMap((tenant) => {
          const diedAtMs = timeOfDeath(tenant)
          return diedAtMs === null || diedAtMs >= diedBeforeMs ? [] : [{ tenant, diedAtMs }]
        })
        .filter((dead) => after === undefined || byDeath(dead, { tenant: after, diedAtMs: after.diedAtMs }) > 0)
        .sort(byDeath)
        .slice(0, limit)
    },

    // No other writer waits for the app's handler here, so that whether the tenant changed is asked again after it.
    async remove(tenant, diedBeforeMs, beforeCommit) {
      const isUnchanged = () => {
        const stored = tenants.get(tenant.tenantId)
        const diedAtMs = stored === undefined ? null : timeOfDeath(stored)
        return stored?.version === tenant.version && diedAtMs !== null && diedAtMs < diedBeforeMs
      }
      if (!isUnchanged()) return false
      await beforeCommit(null)
      if (!isUnchanged()) return false
      forgetNames(tenant)
      tenants.delete(tenant.tenantId)
      settings.forget(tenant.tenantId)
      tokens.forget(tenant.tenantId)
      inbox.forget(tenant.tenantId)
      return true
    }
  }

  function find(lookup: TenantLookup): Tenant | null {
    if ('tenantId' in lookup) return tenants.get(lookup.tenantId) ?? null
    if ('clientKey' in lookup) return tenants.get(byClientKey.get(lookup.clientKey) ?? '') ?? null
    const { installationId, environmentId } = lookup
    const found = [...tenants.values()].filter(({ installations }) =>
      installations.some(
        (of) => of.installationId === installationId && (environmentId ?? of.environmentId) === of.environmentId
      )
    )
    return found.length === 1 ? (found[0] ?? null) : null
  }

  function belongsToAnother(owner: string | undefined, tenant: Tenant): boolean {
    return owner !== undefined && owner !== tenant.tenantId
  }

  function forgetNames({ clientKey, installations }: Tenant): void {
    byClientKey.delete(clientKey)
    for (const installation of installations) byInstallation.delete(installationName(installation))
  }

  return {
    inbox,
    settings,
    tokens,
    remover,
    async open() {},
    async close() {},

    async find(lookup) {
      return find(lookup)
    },

    async findByBaseUrl(baseUrl) {
      return [...tenants.values()].filter((tenant) => tenant.baseUrl === baseUrl).sort(byTenantId)
    },

    async list(query) {
      checkLimit(query)
      const { status, product, after = '', limit } = query
      return [...tenants.values()]
        .filter(
          (tenant) =>
            tenant.tenantId > after &&
            (status === undefined || tenantStatus(tenant) === status) &&
            (product === undefined || tenant.product === product)
        )
        .sort(byTenantId)
        .slice(0, limit)
    },

    // Everything is checked before the first change, and nothing waits in between: that is the transaction.
    async save(given, expectedVersion, deliveries = []) {
      const tenant = tenantRecord(given, appKey, (expectedVersion ?? 0) + 1)
      const records = deliveries.map(deliveryRecord)
      const stored = tenants.get(tenant.tenantId)
      if ((stored?.version ?? null) !== expectedVersion) throw storeConflict(tenant)
      const names = tenant.installations.map(installationName)
      if (
        belongsToAnother(byClientKey.get(tenant.clientKey), tenant) ||
        names.some((name) => belongsToAnother(byInstallation.get(name), tenant))
      ) {
        throw storeConflict(tenant)
      }
      for (const { tenantId } of records) {
        if (tenantId !== tenant.tenantId && !tenants.has(tenantId)) {
          throw new Error('The tenant of a delivery does not exist')
        }
      }
      if (stored !== undefined) forgetNames(stored)
      tenants.set(tenant.tenantId, tenant)
      byClientKey.set(tenant.clientKey, tenant.tenantId)
      for (const name of names) byInstallation.set(name, tenant.tenantId)
      for (const delivery of records) inbox.put(delivery)
      return tenant
    }
  }
}

interface Death {
  readonly tenant: { readonly tenantId: string }
  readonly diedAtMs: number
}

function byDeath(a: Death, b: Death): number {
  if (a.diedAtMs !== b.diedAtMs) return a.diedAtMs - b.diedAtMs
  return a.tenant.tenantId === b.tenant.tenantId ? 0 : a.tenant.tenantId < b.tenant.tenantId ? -1 : 1
}

function byTenantId(a: Tenant, b: Tenant): number {
  return a.tenantId < b.tenantId ? -1 : 1
}
