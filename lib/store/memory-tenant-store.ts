import { type Tenant, tenantStatus, timeOfDeath } from '../tenant/tenant.ts'
import { inOrderOfNames } from '../tenant/tenant-names.ts'
import type { TenantRemover } from '../tenant/tenant-purge.ts'
import type { NewDelivery, TenantStore } from '../tenant/tenant-store.ts'
import { chooseRegistration, chooseTenant } from './choose-tenant.ts'
import { createMemoryAccounts } from './memory-accounts.ts'
import { createMemoryDeliveryInbox } from './memory-delivery-inbox.ts'
import { createMemorySettings } from './memory-settings.ts'
import { createMemoryTenants } from './memory-tenants.ts'
import { createMemoryTokens } from './memory-tokens.ts'
import {
  canBeFound,
  checkAppKey,
  checkLimit,
  deliveryRecord,
  installationName,
  storeConflict,
  tenantRecord
} from './record.ts'

/** Tenants in the memory of this process, for tests and first steps: everything is gone when the process ends. */
export function createMemoryTenantStore(options: { readonly appKey: string }): TenantStore {
  const { appKey } = options
  checkAppKey(appKey)
  const tenants = createMemoryTenants()
  const inbox = createMemoryDeliveryInbox(tenants.has)
  const settings = createMemorySettings(tenants.has, (tenantId) => tenants.identity(tenantId)?.adoptedBy === null)
  const tokens = createMemoryTokens(tenants.has)
  const accounts = createMemoryAccounts(tenants.has)
  const remover: TenantRemover = {
    async listDead({ diedBeforeMs, after, limit }) {
      return tenants
        .all()
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
        const [stored] = tenants.withName({ tenantId: tenant.tenantId })
        const diedAtMs = stored === undefined ? null : timeOfDeath(stored)
        return stored?.version === tenant.version && diedAtMs !== null && diedAtMs < diedBeforeMs
      }
      if (!isUnchanged()) return false
      await beforeCommit(null)
      if (!isUnchanged()) return false
      tenants.remove(tenant.tenantId)
      settings.forget(tenant.tenantId)
      accounts.forget(tenant.tenantId)
      tokens.forget(tenant.tenantId)
      inbox.forget(tenant.tenantId)
      return true
    }
  }

  /** Everything is checked before the first change, and nothing waits in between: that is the transaction. */
  function write(saves: readonly { tenant: Tenant; expectedVersion: number | null }[], given: readonly NewDelivery[]) {
    const deliveries = given.map(deliveryRecord)
    const ids = saves.map(({ tenant }) => tenant.tenantId)
    const names = saves.flatMap(({ tenant }) => tenant.installations.map(installationName))
    if (new Set(names).size !== names.length) throw storeConflict(saves[0]?.tenant ?? { tenantId: '' })
    for (const { tenant, expectedVersion } of saves) {
      const stored = tenants.identity(tenant.tenantId)?.version ?? null
      if (stored !== expectedVersion || tenants.isTaken(tenant, ids)) throw storeConflict(tenant)
    }
    for (const { tenantId } of deliveries) {
      if (!ids.includes(tenantId) && !tenants.has(tenantId)) throw new Error('The tenant of a delivery does not exist')
    }
    for (const { tenant } of saves) tenants.put(tenant)
    for (const delivery of deliveries) inbox.put(delivery)
  }

  return {
    inbox,
    settings,
    tokens,
    accounts,
    remover,
    async open() {},
    async close() {},

    async find(lookup) {
      return canBeFound(lookup) ? chooseTenant(tenants.withName(lookup)) : null
    },

    async findByBaseUrl(baseUrl) {
      return tenants
        .all()
        .flatMap(({ tenantId }) => tenants.registrations(tenantId))
        .filter((tenant) => tenant.baseUrl === baseUrl)
    },

    async names(tenantId) {
      return inOrderOfNames(tenants.names(tenantId))
    },

    async list(query) {
      checkLimit(query)
      const { status, product, after = '', limit } = query
      return tenants
        .all()
        .filter((tenant) => tenant.tenantId > after && (status === undefined || tenantStatus(tenant) === status))
        .flatMap((tenant) => {
          if (product === undefined) return [tenant]
          const ofProduct = tenants.registrations(tenant.tenantId).filter((one) => one.product === product)
          return chooseRegistration(ofProduct) ?? []
        })
        .slice(0, limit)
    },

    async save(given, expectedVersion, deliveries = []) {
      const tenant = tenantRecord(given, appKey, (expectedVersion ?? 0) + 1)
      write([{ tenant, expectedVersion }], deliveries)
      return tenant
    },

    async handOver(givenFrom, givenTo, deliveries = []) {
      const from = tenantRecord(givenFrom, appKey, givenFrom.version + 1)
      const to = tenantRecord(givenTo, appKey, givenTo.version + 1)
      write(
        [
          { tenant: from, expectedVersion: givenFrom.version },
          { tenant: to, expectedVersion: givenTo.version }
        ],
        deliveries
      )
      return { from, to }
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
