import type { AppEmitter } from './app-events.ts'
import type { ForgeHost } from './forge/forge-host.ts'
import type { UserTokens } from './host/user-tokens.ts'
import type { ResolvedOptions } from './options.ts'
import type { Log } from './ports.ts'
import { adoptTenant } from './tenant/lifecycle-service.ts'
import { changeNamesOf } from './tenant/tenant.ts'
import type { TenantDirectory } from './tenant/tenant-directory.ts'
import type { TenantName } from './tenant/tenant-names.ts'
import { type PurgeRequest, type PurgeResult, purgeTenants } from './tenant/tenant-purge.ts'
import type { SettingsGiver, TenantWithSettings } from './tenant/tenant-settings.ts'
import type { TenantListQuery, TenantLookup, TenantStore } from './tenant/tenant-store.ts'

/** The tenants of this app, for jobs and scripts. */
export interface Tenants {
  find(lookup: TenantLookup): Promise<TenantWithSettings | null>
  /** Every name that the tenant has or had, oldest first: what it was called, from when and until when. */
  names(tenantId: string): Promise<TenantName[]>
  /** A page of tenants in order of `tenantId`; go on with `after`. */
  list(query?: Partial<TenantListQuery>): Promise<TenantWithSettings[]>
  /**
   * Gives the data of `fromTenantId` to `toTenantId` and ends the first, until its own site
   * installs the app again. Handlers of `adopted` move the
   * app's own rows. Throws `ATL_NO_TENANT`, `ATL_ADOPT_REFUSED`, or what a handler throws; it can be repeated.
   */
  adopt(fromTenantId: string, toTenantId: string): Promise<void>
  /**
   * Removes tenants whose last installation ended longer ago than the retention time, with their deliveries and
   * settings and what handlers of `beforePurge` delete. Never one that lives or comes back in this moment.
   */
  purge(request?: PurgeRequest): Promise<PurgeResult>
}

export interface TenantsParts {
  readonly options: ResolvedOptions
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly events: AppEmitter
  readonly withSettings: SettingsGiver
  readonly userTokens: UserTokens
  readonly forgeHost: ForgeHost | null
  readonly log: Log
}

/** What jobs and scripts may do with tenants. */
export function createTenants(parts: TenantsParts): Tenants {
  const { options, store, directory, events, withSettings, userTokens, forgeHost, log } = parts
  const { clock } = options
  return Object.freeze({
    async find(lookup: TenantLookup) {
      const tenant = await store.find(lookup)
      return tenant === null ? null : withSettings(tenant)
    },
    names: (tenantId: string) => store.names(tenantId),
    async list(query: Partial<TenantListQuery> = {}) {
      return (await store.list({ limit: 100, ...query })).map(withSettings)
    },
    purge(request: PurgeRequest = {}) {
      return purgeTenants(
        {
          store,
          log,
          nowMs: clock(),
          retentionDays: options.retentionDays,
          beforePurge: (event) => events.emitLifecycle('beforePurge', event),
          async purged(event) {
            for (const name of changeNamesOf(event.tenant)) directory.changes.changed(name)
            await events.emitLifecycle('purged', event)
          }
        },
        request
      )
    },
    async adopt(fromTenantId: string, toTenantId: string) {
      // While this process is at it, nobody else takes it up.
      const waitMs = options.webhooks.handlerTimeoutMs + 10_000
      const { from, to, deliveryId } = await adoptTenant(store, fromTenantId, toTenantId, clock(), waitMs)
      directory.put(from)
      directory.put(to)
      await userTokens.forget(fromTenantId)
      // Nobody can ask for those of installations again, so they go along; without Forge there is nowhere to go.
      if (forgeHost === null) await store.tokens?.deleteAll(fromTenantId, 'system')
      await forgeHost?.joined(fromTenantId, to)
      await forgeHost?.forgetUsers(fromTenantId)
      await events.emitLifecycle('adopted', { from: withSettings(from), to: withSettings(to) })
      await store.inbox.claim({ nowMs: clock() + waitMs, leaseMs: waitMs, limit: 1, deliveryId })
      await store.inbox.complete(deliveryId, clock())
    }
  })
}
