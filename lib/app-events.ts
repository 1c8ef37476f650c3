import { type EitherEvent, type EitherEventName, eitherEvents, fromForge, fromWebhook } from './either-events.ts'
import { type ErrorCode, OptionError } from './errors.ts'
import { type AnyHandler, createAsyncEmitter } from './events.ts'
import type { ForgeEvent, ForgeEventMap } from './forge/events/forge-event.ts'
import type { ForgeProductMap } from './forge/events/product-bodies.ts'
import type { HostLimitEvent } from './host/limit-watch.ts'
import type { LifecycleHookEvent } from './options.ts'
import type { Log } from './ports.ts'
import type { Tenant } from './tenant/tenant.ts'
import type { ConnectTenantWithSettings, TenantWithSettings } from './tenant/tenant-settings.ts'
import type { WebhookEvent } from './webhook/webhook-event.ts'
import type { WebhookMap } from './webhook/webhook-map.ts'

/** What the app can listen to beside webhooks. */
export interface LifecycleEventMap {
  /** Every accepted `installed`: first install, update, rotation and reinstall. */
  installed: LifecycleHookEvent
  uninstalled: LifecycleHookEvent
  enabled: LifecycleHookEvent
  disabled: LifecycleHookEvent
  /** The data of one tenant was given to another: the app moves its own rows here. */
  adopted: { readonly from: TenantWithSettings; readonly to: TenantWithSettings }
  /**
   * A tenant is about to be removed for good. What a handler throws keeps it. `transaction` is the one that removes the
   * tenant (`transactionOf` of the package's store gives it its type), `null` in a store without one. A handler asks
   * the database through it and nothing else: the tenant is locked, and SQLite has one connection.
   */
  beforePurge: { readonly tenant: Tenant; readonly transaction: object | null }
  /** A tenant was removed for good: the moment to delete what lies outside of the database. Told once, and not again. */
  purged: { readonly tenant: Tenant }
  /** A host said something about its limits. Nothing waits for the handlers, and what they throw is logged. */
  hostLimit: HostLimitEvent
  /**
   * A call of the host has written a tenant: `change` is as in `installed` and its siblings. Told by the process that
   * wrote it, before those and before the answer. Nothing waits for handlers of this and the next three, which are for
   * logs and counters: what they throw is logged, and what they miss is not told again.
   */
  tenantSaved: { readonly tenant: ConnectTenantWithSettings; readonly change: string }
  /** A verified call of the host could not write its tenant: the store is away, or the app refused the install. */
  tenantNotSaved: { readonly clientKey: string; readonly change: string; readonly code: ErrorCode | null }
  /** A request arrived on a route for webhooks. Nothing about it is verified yet. The path has no query. */
  webhookReceived: { readonly path: string }
  /** It was signed by this tenant. */
  webhookVerified: { readonly path: string; readonly tenant: ConnectTenantWithSettings }
}

/** Events that are told without waiting for anybody. */
export type Announcement = 'hostLimit' | 'tenantSaved' | 'tenantNotSaved' | 'webhookReceived' | 'webhookVerified'

type LifecycleName = keyof LifecycleEventMap

/**
 * Listening to life-cycle events (by the names of LifecycleEventMap) and to webhooks (by the name in the descriptor;
 * `*` hears all, `unknown` those whose event could not be told). Handlers are awaited; one that fails is run again
 * later together with the others of its delivery, so it has to bear being run twice.
 */
export interface AppEvents {
  /** Returns the function that ends the listening. */
  on<Name extends LifecycleName>(name: Name, handler: (event: LifecycleEventMap[Name]) => unknown): () => void
  /** Forge's life cycle and schedules. The hooks of Connect's life cycle hear nothing of them. */
  on<Name extends keyof ForgeEventMap>(name: Name, handler: (event: ForgeEventMap[Name]) => unknown): () => void
  /** What happens in products, by the names of Forge of which examples are published. */
  on<Name extends keyof ForgeProductMap>(
    name: Name,
    handler: (event: ForgeEvent<ForgeProductMap[Name]>) => unknown
  ): () => void
  /** The same by any other name, and the schedules of one endpoint. */
  on<Body = unknown>(
    name: `avi:${string}` | `forge:scheduled:${string}`,
    handler: (event: ForgeEvent<Body>) => unknown
  ): () => void
  /**
   * Webhooks with a name that is known. The type tells what Jira and Confluence send; nothing checks a body, and there
   * is none with `excludeBody`. What the app knows better it says itself: `on<MyBody>('jira:issue_updated', …)`.
   */
  on<Name extends keyof WebhookMap>(
    webhook: Name,
    handler: (event: WebhookEvent<WebhookMap[Name]>) => unknown
  ): () => void
  /** Webhooks with any other name. */
  on<Body = unknown>(webhook: string, handler: (event: WebhookEvent<Body>) => unknown): () => void
  /**
   * Hears what both platforms tell, by one name: `issue_updated` is `jira:issue_updated` of Connect and
   * `avi:jira:updated:issue` of Forge. A site that has both declared tells it twice. Throws `ATL_OPTION` for a name
   * that is not in the table.
   */
  onEither(name: EitherEventName, handler: (event: EitherEvent) => unknown): () => void
}

export interface AppEmitter extends AppEvents {
  emitForge(event: ForgeEvent): Promise<void>
  /** Tells it and returns at once; what handlers throw is logged. */
  announce<Name extends Announcement>(name: Name, event: LifecycleEventMap[Name]): void
  emitLifecycle<Name extends LifecycleName>(name: Name, event: LifecycleEventMap[Name]): Promise<void>
  emitWebhook(event: WebhookEvent): Promise<void>
}

const lifecycleNames: ReadonlySet<string> = new Set<LifecycleName>([
  'installed',
  'uninstalled',
  'enabled',
  'disabled',
  'adopted',
  'beforePurge',
  'purged',
  'hostLimit',
  'tenantSaved',
  'tenantNotSaved',
  'webhookReceived',
  'webhookVerified'
])

/** Whether `on` would take this name for a life-cycle event rather than a webhook. */
export function isLifecycleName(name: string): boolean {
  return lifecycleNames.has(name)
}

export function createAppEmitter(log: Log): AppEmitter {
  const emitter = createAsyncEmitter()
  return Object.freeze({
    on(name: string, handler: AnyHandler): () => void {
      // Webhooks have a place of their own, so that no descriptor can name one like a life-cycle event.
      if (lifecycleNames.has(name)) return emitter.on(name, handler)
      return emitter.on(/^(?:avi|forge):/.test(name) ? `forge ${name}` : `webhook ${name}`, handler)
    },
    onEither(name: EitherEventName, handler: AnyHandler): () => void {
      if (!Object.hasOwn(eitherEvents, name)) {
        throw new OptionError('onEither', name, 'it must be the name of an event that both platforms tell')
      }
      return emitter.on(`either ${name}`, handler)
    },
    announce(name: Announcement, event: object) {
      emitter.emit(name, event).catch((error: unknown) => {
        log.error({ reason: error instanceof Error ? error.message : 'unknown' }, `handler of ${name} failed`)
      })
    },
    emitLifecycle: (name: LifecycleName, event: object) => emitter.emit(name, event),
    async emitWebhook(event: WebhookEvent) {
      const either = fromWebhook(event)
      await Promise.all([
        emitter.emit(`webhook ${event.event}`, event),
        emitter.emit('webhook *', event),
        either === null ? undefined : emitter.emit(`either ${either.name}`, either)
      ])
    },
    async emitForge(event: ForgeEvent) {
      const either = fromForge(event)
      await Promise.all([
        emitter.emit(`forge ${event.event}`, event),
        emitter.emit('forge forge:*', event),
        event.kind === 'scheduled' ? emitter.emit(`forge forge:scheduled:${event.endpoint}`, event) : undefined,
        either === null ? undefined : emitter.emit(`either ${either.name}`, either)
      ])
    }
  })
}
