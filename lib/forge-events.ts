import type { AppEmitter } from './app-events.ts'
import { AtlassianError } from './errors.ts'
import type { ResolvedEventRoute } from './forge/events/event-options.ts'
import { type ArrivedEvent, readForgeEvent } from './forge/events/read-event.ts'
import { createEventReceiver } from './forge/events/receive-event.ts'
import type { ForgeApp } from './forge/forge-app.ts'
import { arrivalOf } from './forge/forge-authenticator.ts'
import { createForgeDeliveries, type ForgeDeliveries } from './forge-deliveries.ts'
import type { Clock, Log } from './ports.ts'
import type { Tenant } from './tenant/tenant.ts'
import type { SettingsGiver } from './tenant/tenant-settings.ts'
import type { TenantStore } from './tenant/tenant-store.ts'

/** Events of Forge, from the verified call to the handlers. */
export interface ForgeEvents extends ForgeDeliveries {
  /**
   * Takes an event in that arrived at a path with these routes. Resolves when it may be answered with 204. Throws as
   * `readForgeEvent` does, `ATL_STORE_UNAVAILABLE`, or `ATL_WEBHOOK_FAILED`.
   */
  receive(arrived: ArrivedEvent, tenant: Tenant, routes: readonly ResolvedEventRoute[]): Promise<void>
}

export interface ForgeEventsParts {
  readonly forge: ForgeApp
  readonly store: TenantStore
  readonly events: AppEmitter
  readonly withSettings: SettingsGiver
  readonly clock: Clock
  readonly log: Log
  readonly handlerTimeoutMs: number
  readonly dispatch: (deliveryId: string) => Promise<void>
  /** The last installation of this tenant ended. */
  readonly ended: (tenant: Tenant) => Promise<void>
  /** A verified event came, which may change what users may do. */
  readonly heard: (tenantId: string, event: string, body: unknown) => void
}

/** The part of a Forge app that listens. */
export function createForgeEvents(parts: ForgeEventsParts): ForgeEvents {
  const { forge, store, clock, log } = parts
  const { association } = forge
  const deliveries = createForgeDeliveries({ ...parts, association })
  const take = createEventReceiver({
    inbox: store.inbox,
    clock,
    log,
    handlerTimeoutMs: parts.handlerTimeoutMs,
    events: { enqueue: forge.options.events?.enqueue, preUninstallMs: forge.options.events?.preUninstallMs ?? 0 },
    handle: (message) => deliveries.handle(message),
    dispatch: parts.dispatch
  })

  return {
    ...deliveries,
    async receive(arrived, known, routes) {
      const { event, route } = readForgeEvent(arrived, routes)
      const { kind } = event
      const tenant = kind === 'installed' || kind === 'upgraded' ? await arrive(arrived) : known
      const ended = tenant.installations.some(
        ({ installationId, environmentId, state }) =>
          state !== 'installed' && installationId === event.installationId && environmentId === event.environmentId
      )
      if (ended && kind !== 'preUninstall') {
        log.info(
          { tenantId: tenant.tenantId, event: event.event },
          'an event of an installation that ended was ignored'
        )
        return
      }
      // Before anything else: whoever is asked for next must not be judged by what was true before.
      parts.heard(tenant.tenantId, event.event, event.body)
      await take({ tenantId: tenant.tenantId, tokenId: arrived.forge.tokenId, event, mode: route.mode })
    }
  }

  /** Unlike other events these say that the app is there, whatever was said before. */
  async function arrive({ forge: call }: ArrivedEvent): Promise<Tenant> {
    try {
      return await association.arrive({ ...arrivalOf(call), isEvent: false })
    } catch (cause) {
      if (cause instanceof AtlassianError) throw cause
      throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'forge-tenant', {}, { cause })
    }
  }
}
