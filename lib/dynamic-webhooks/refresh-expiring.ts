import { AtlassianError, type ErrorCode, OptionError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import type { DynamicWebhook } from './dynamic-webhook.ts'

/** What a run of `refreshExpiring` may say. */
export interface RefreshExpiringOptions {
  /** Webhooks that end within so many days, or at a time that the host does not tell, are refreshed. 1 to 29, default 10. */
  readonly withinDays?: number
  /** Sites that are asked at once. Default 4. */
  readonly concurrency?: number
  /** Ends the run between two sites. */
  readonly signal?: AbortSignal
}

/** What a run of `refreshExpiring` did. */
export interface RefreshExpiringReport {
  /** Sites that were asked. */
  readonly tenants: number
  /** Webhooks that were refreshed. */
  readonly refreshed: number
  /** Sites that could not be asked, or did not refresh. The next run asks them again. */
  readonly failed: readonly { readonly tenantId: string; readonly code: ErrorCode | null }[]
}

export interface RefresherOptions {
  readonly store: Pick<TenantStore, 'list'>
  readonly clock: Clock
  readonly log: Log
  list(tenantId: string): AsyncIterable<DynamicWebhook>
  refresh(tenantId: string, ids: readonly number[]): Promise<unknown>
}

const DAY_MS = 86_400_000

/**
 * Refreshes what is near its end, on every site of Jira. It keeps no state: a run that is cut off, repeated, or made by
 * two processes at once does no harm, because what was just refreshed is not near its end.
 */
export async function refreshExpiring(
  { store, clock, log, list, refresh }: RefresherOptions,
  options: RefreshExpiringOptions = {}
): Promise<RefreshExpiringReport> {
  const { withinDays = 10, concurrency = 4, signal } = options
  if (!(withinDays >= 1 && withinDays <= 29)) throw new OptionError('withinDays', withinDays, 'it must be 1 to 29')
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new OptionError('concurrency', concurrency, 'it must be a whole number from 1')
  }
  const failed: { tenantId: string; code: ErrorCode | null }[] = []
  let tenants = 0
  let refreshed = 0

  async function refreshTenant(tenantId: string): Promise<void> {
    try {
      const ending: number[] = []
      for await (const { id, expiresAtMs } of list(tenantId)) {
        if (expiresAtMs === null || expiresAtMs - clock() <= withinDays * DAY_MS) ending.push(id)
      }
      tenants += 1
      if (ending.length === 0) return
      await refresh(tenantId, ending)
      refreshed += ending.length
    } catch (error) {
      const code = error instanceof AtlassianError ? error.code : null
      // Uninstalled since the list was read: its webhooks are gone with it.
      if (code === 'ATL_NO_TENANT') return
      failed.push({ tenantId, code })
      log.warn({ tenantId, code }, 'dynamic webhooks of a site could not be refreshed')
    }
  }

  let after: string | undefined
  do {
    const page = await store.list({ status: 'installed', product: 'jira', limit: 100, after })
    const waiting = page.map(({ tenantId }) => tenantId)
    const work = async () => {
      for (let tenantId = waiting.shift(); tenantId !== undefined; tenantId = waiting.shift()) {
        if (signal?.aborted) return
        await refreshTenant(tenantId)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work))
    after = page.at(-1)?.tenantId
  } while (after !== undefined && signal?.aborted !== true)
  return Object.freeze({ tenants, refreshed, failed: Object.freeze(failed) })
}
