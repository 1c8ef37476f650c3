import { OptionError } from '../errors.ts'
import { type Tenant, tenantStatus } from '../tenant/tenant.ts'
import type { TenantLookup, TenantStore } from '../tenant/tenant-store.ts'
import { createMemoryDeliveryInbox } from './memory-delivery-inbox.ts'
import { checkLimit, deliveryRecord, installationName, storeConflict, tenantRecord } from './record.ts'

/** Tenants in the memory of this process, for tests and first steps: everything is gone when the process ends. */
export function createMemoryTenantStore(options: { readonly appKey: string }): TenantStore {
  const { appKey } = options
  if (typeof appKey !== 'string' || appKey === '')
    throw new OptionError('appKey', appKey, 'the key of the app is needed')
  const tenants = new Map<string, Tenant>()
  const byClientKey = new Map<string, string>()
  const byInstallation = new Map<string, string>()
  const inbox = createMemoryDeliveryInbox((tenantId) => tenants.has(tenantId))

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

  return {
    inbox,
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
      if (stored !== undefined) {
        byClientKey.delete(stored.clientKey)
        for (const installation of stored.installations) byInstallation.delete(installationName(installation))
      }
      tenants.set(tenant.tenantId, tenant)
      byClientKey.set(tenant.clientKey, tenant.tenantId)
      for (const name of names) byInstallation.set(name, tenant.tenantId)
      for (const delivery of records) inbox.put(delivery)
      return tenant
    }
  }
}

function byTenantId(a: Tenant, b: Tenant): number {
  return a.tenantId < b.tenantId ? -1 : 1
}
