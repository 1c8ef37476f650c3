import { OptionError } from '../errors.ts'
import type { HostClient } from '../host/host-client.ts'
import type { Clock, Log } from '../ports.ts'
import type { TenantLookup, TenantStore } from '../tenant/tenant-store.ts'
import {
  type DynamicWebhook,
  type NewDynamicWebhook,
  parseDynamicWebhook,
  parseRefreshed,
  parseRegistered,
  type RegisteredDynamicWebhook,
  WEBHOOK_PATH
} from './dynamic-webhook.ts'
import { type RefreshExpiringOptions, type RefreshExpiringReport, refreshExpiring } from './refresh-expiring.ts'

/**
 * Webhooks that an app registers at run time, for one site of Jira each, with a JQL filter. Jira forgets them after 30
 * days unless they are refreshed, and with an uninstall (connect.md 7.1). Every method rejects with `ATL_NO_TENANT`,
 * `ATL_HOST_PRODUCT` for a site that is no Jira, and HostError.
 */
export interface DynamicWebhooks {
  /**
   * Registers them to be delivered at the option `webhooks.dynamicPath`. The host takes or refuses each by itself: the
   * results come in the order of `webhooks`. Never sent twice: after a HostError without a status, `list` tells.
   * Rejects with `ATL_OPTION` without the option or for an empty list.
   */
  register(lookup: TenantLookup, webhooks: readonly NewDynamicWebhook[]): Promise<RegisteredDynamicWebhook[]>
  /** What the app has registered on this site, page by page as it is read. */
  list(lookup: TenantLookup): AsyncGenerator<DynamicWebhook, void, undefined>
  /** Lets them live for another 30 days. Ids that the app does not have are nothing to the host. */
  refresh(lookup: TenantLookup, ids: readonly number[]): Promise<{ readonly expiresAtMs: number | null }>
  /** Ends them. Ids that the app does not have are nothing to the host. */
  remove(lookup: TenantLookup, ids: readonly number[]): Promise<void>
  /**
   * A job, to be run once a day: refreshes what is near its end, on every site. It may run in several processes, be cut
   * off and be repeated. One site that fails does not stop it. Rejects if the store cannot be read.
   */
  refreshExpiring(options?: RefreshExpiringOptions): Promise<RefreshExpiringReport>
}

export interface DynamicWebhooksOptions {
  /** Where they are delivered; `null` without the option. */
  readonly url: string | null
  readonly store: Pick<TenantStore, 'list'>
  readonly client: (lookup: TenantLookup & { readonly product: string }) => HostClient
  readonly clock: Clock
  readonly log: Log
}

export function createDynamicWebhooks(options: DynamicWebhooksOptions): DynamicWebhooks {
  const clientOf = (lookup: TenantLookup) => options.client({ ...lookup, product: 'jira' })

  async function* list(lookup: TenantLookup): AsyncGenerator<DynamicWebhook, void, undefined> {
    const query = { startAt: 0, maxResults: 100 }
    for await (const value of clientOf(lookup).items(WEBHOOK_PATH, { query, items: 'values' })) {
      yield parseDynamicWebhook(value)
    }
  }

  async function refresh(lookup: TenantLookup, ids: readonly number[]) {
    if (ids.length === 0) return { expiresAtMs: null }
    const answer = await clientOf(lookup).put(`${WEBHOOK_PATH}/refresh`, { webhookIds: ids }, { retry: true })
    return { expiresAtMs: parseRefreshed(answer) }
  }

  return Object.freeze({
    async register(lookup: TenantLookup, webhooks: readonly NewDynamicWebhook[]) {
      const { url } = options
      if (url === null) {
        throw new OptionError('webhooks.dynamicPath', undefined, 'it must say where dynamic webhooks are delivered')
      }
      if (webhooks.length === 0) throw new OptionError('webhooks', webhooks, 'it must hold at least one webhook')
      const answer = await clientOf(lookup).post(WEBHOOK_PATH, { url, webhooks: webhooks.map(written) })
      return parseRegistered(answer, webhooks.length)
    },
    list,
    refresh,
    async remove(lookup: TenantLookup, ids: readonly number[]) {
      if (ids.length === 0) return
      const body = { webhookIds: ids }
      const answer = await clientOf(lookup).request('DELETE', WEBHOOK_PATH, { body, retry: true })
      await answer.body?.cancel()
    },
    refreshExpiring(given?: RefreshExpiringOptions) {
      const { store, clock, log } = options
      return refreshExpiring(
        {
          store,
          clock,
          log,
          list: (tenantId) => list({ tenantId }),
          refresh: (tenantId, ids) => refresh({ tenantId }, ids)
        },
        given
      )
    }
  })
}

function written({ events, jqlFilter, fieldIdsFilter, issuePropertyKeysFilter }: NewDynamicWebhook) {
  return { events, jqlFilter, fieldIdsFilter, issuePropertyKeysFilter }
}
