import { AtlassianError } from '../errors.ts'
import type { Log } from '../ports.ts'
import type { Tenant } from './tenant.ts'
import type { TenantStore } from './tenant-store.ts'

/** A tenant that no installation keeps alive. */
export interface DeadTenant {
  readonly tenant: Tenant
  /** What `timeOfDeath` said when the tenant was saved. */
  readonly diedAtMs: number
}

/** The part of a tenant store that removes the dead for good. Failures of the storage are thrown as they are. */
export interface TenantRemover {
  /** Tenants that died before the time, longest dead first and then by `tenantId`; a page of 1 to 1000. */
  listDead(query: {
    readonly diedBeforeMs: number
    readonly after?: { readonly diedAtMs: number; readonly tenantId: string }
    readonly limit: number
  }): Promise<DeadTenant[]>
  /**
   * Removes the tenant with its installations, deliveries, settings and tokens if it is still as it was read and dead since
   * before the time; `false` = it is not, and nothing was changed. `beforeCommit` runs in the same transaction, while
   * nobody else can change the tenant: what it throws is thrown on, and the tenant stays. It is given the transaction,
   * or `null` by a store that has none to share.
   */
  remove(
    tenant: Tenant,
    diedBeforeMs: number,
    beforeCommit: (transaction: object | null) => Promise<void>
  ): Promise<boolean>
}

/** What `tenants.purge` is asked. */
export interface PurgeRequest {
  /** How long a tenant must be dead, in days; 0 or more. Default: the option `retentionDays`. */
  readonly olderThanDays?: number
  /** Tenants removed at most, 1 to 1000. Default 100. */
  readonly limit?: number
  /** Only tells which tenants would be removed. */
  readonly dryRun?: boolean
}

/** What `tenants.purge` did. */
export interface PurgeResult {
  /** The tenants that were removed; with `dryRun` those that would be. */
  readonly tenantIds: readonly string[]
  /** Past retention, and still there: a handler or the database refused, or the tenant was changed in this moment. */
  readonly kept: readonly { readonly tenantId: string; readonly reason: string }[]
  /** Whether the walk stopped at `limit`, so that another call may find more. */
  readonly more: boolean
}

/** What `purgeTenants` works with. */
export interface PurgeOptions {
  readonly store: TenantStore
  readonly nowMs: number
  readonly log: Log
  readonly retentionDays: number
  /** Runs in the transaction that removes the tenant; what it throws keeps the tenant. */
  readonly beforePurge?: (event: { readonly tenant: Tenant; readonly transaction: object | null }) => Promise<void>
  /** Told after the tenant is gone. What it throws is logged. */
  readonly purged?: (event: { readonly tenant: Tenant }) => Promise<void>
}

const DAY_MS = 86_400_000
/** Few at a time, so that a database that goes away is noticed by the next page. */
const PAGE = 20

/**
 * Removes tenants of which no installation has lived for the retention time, each in a transaction of its own. It may
 * run in several processes at once. Throws RangeError for a wrong request, and `ATL_STORE_PART` for a store that
 * removes nothing.
 */
export async function purgeTenants(options: PurgeOptions, request: PurgeRequest = {}): Promise<PurgeResult> {
  const { store, nowMs, retentionDays, log } = options
  const { olderThanDays = retentionDays, limit = 100, dryRun = false } = request
  if (!Number.isFinite(olderThanDays) || olderThanDays < 0) {
    throw new RangeError('"olderThanDays" of a purge must be a number of at least 0')
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new RangeError('"limit" of a purge must be a whole number from 1 to 1000')
  }
  const { remover } = store
  if (remover === undefined) throw new AtlassianError('ATL_STORE_PART', 'purge')
  const diedBeforeMs = Math.floor(nowMs - olderThanDays * DAY_MS)
  const tenantIds: string[] = []
  const kept: { tenantId: string; reason: string }[] = []

  async function purge(tenant: Tenant, of: TenantRemover): Promise<void> {
    const { tenantId } = tenant
    try {
      const beforeCommit = async (transaction: object | null) => options.beforePurge?.({ tenant, transaction })
      if (!dryRun && !(await of.remove(tenant, diedBeforeMs, beforeCommit))) {
        kept.push({ tenantId, reason: 'it was changed meanwhile' })
        return
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      log.error({ tenantId, reason }, 'tenant was not purged')
      kept.push({ tenantId, reason })
      return
    }
    tenantIds.push(tenantId)
    if (!dryRun) await tellPurged(tenant)
  }

  async function tellPurged(tenant: Tenant): Promise<void> {
    try {
      await options.purged?.({ tenant })
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      log.error({ tenantId: tenant.tenantId, reason }, 'a handler of "purged" failed')
    }
  }

  let after: { diedAtMs: number; tenantId: string } | undefined
  while (tenantIds.length < limit) {
    const room = Math.min(PAGE, limit - tenantIds.length)
    const page = await remover.listDead({ diedBeforeMs, limit: room, ...(after === undefined ? {} : { after }) })
    for (const { tenant, diedAtMs } of page) {
      await purge(tenant, remover)
      after = { diedAtMs, tenantId: tenant.tenantId }
    }
    if (page.length === 0) return { tenantIds, kept, more: false }
  }
  return { tenantIds, kept, more: true }
}
