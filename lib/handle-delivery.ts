import type { AppEmitter } from './app-events.ts'
import type { LifecycleHookEvent, ResolvedOptions } from './options.ts'
import { finishJoin, JOINED } from './tenant/join-delivery.ts'
import { hasRegistration, isAlive, isConnected, type Tenant } from './tenant/tenant.ts'
import type { SettingsGiver } from './tenant/tenant-settings.ts'
import type { Delivery, TenantStore } from './tenant/tenant-store.ts'
import { webhookFromDelivery } from './webhook/receive-webhook.ts'

export interface DeliveryHandlerParts {
  readonly store: TenantStore
  readonly events: AppEmitter
  readonly hooks: ResolvedOptions['hooks']
  readonly withSettings: SettingsGiver
  /** The Forge side, which does nothing in an app that has none. */
  readonly forge: {
    handle(delivery: Delivery): Promise<void>
    joined(fromTenantId: string, to: Tenant): Promise<void>
  }
}

/** Whether this delivery is the rest of two records becoming one tenant, which is tried until it succeeds. */
export function isJoin({ kind, event }: Pick<Delivery, 'kind' | 'event'>): boolean {
  return kind === 'lifecycle' && event === JOINED
}

/** Does what a delivery of the inbox is there for. Rejects with what a handler throws. */
export function createDeliveryHandler(parts: DeliveryHandlerParts): (delivery: Delivery) => Promise<void> {
  const { store, events, hooks, withSettings, forge } = parts

  async function handle(delivery: Delivery): Promise<void> {
    if (delivery.kind === 'forge') return forge.handle(delivery)
    if (isJoin(delivery)) return handleJoin(delivery)
    const found = await tenantOf(delivery)
    if (found === null || !hasRegistration(found)) return
    const tenant = withSettings(found)
    if (delivery.kind === 'webhook') await events.emitWebhook(webhookFromDelivery(delivery, tenant))
    else if (isStillTrue(delivery, tenant))
      await handleLifecycle(delivery.event, { tenant, change: changeOf(delivery) })
  }

  /** As the registration sees it that the delivery came by, unless another tenant took over since. */
  async function tenantOf({ tenantId, payload }: Delivery): Promise<Tenant | null> {
    const clientKey = memberOf(payload, 'clientKey')
    const seen = typeof clientKey === 'string' ? await store.find({ clientKey }) : null
    return seen?.tenantId === tenantId ? seen : store.find({ tenantId })
  }

  async function handleJoin(delivery: Delivery): Promise<void> {
    const to = await store.find({ tenantId: delivery.tenantId })
    const fromTenantId = memberOf(delivery.payload, 'fromTenantId')
    // Before the tokens of the first go: nobody can ask for these again.
    if (to !== null && typeof fromTenantId === 'string') await forge.joined(fromTenantId, to)
    const { from } = await finishJoin(store, delivery)
    if (from === null || to === null) return
    await events.emitLifecycle('adopted', { from: withSettings(from), to: withSettings(to) })
  }

  async function handleLifecycle(name: string, event: LifecycleHookEvent): Promise<void> {
    const run = {
      installed: hooks.onInstalled,
      uninstalled: hooks.onUninstalled,
      enabled: hooks.onEnabled,
      disabled: hooks.onDisabled
    }
    if (!isLifecycleName(name)) return
    await run[name]?.(event)
    await events.emitLifecycle(name, event)
  }

  return handle
}

/**
 * A hook that ran late, after a failure or a restart, may speak of what is over: an uninstall of a tenant that is
 * installed again, or still lives by another installation, an install of one that is gone, or anything about a tenant
 * whose inbox another one took over.
 */
function isStillTrue(delivery: Delivery, tenant: Tenant): boolean {
  const owner = memberOf(delivery.payload, 'tenantId')
  if (owner !== undefined && owner !== tenant.tenantId) return false
  return delivery.event === 'uninstalled' ? !isAlive(tenant) : isConnected(tenant)
}

function isLifecycleName(name: string): name is 'installed' | 'uninstalled' | 'enabled' | 'disabled' {
  return name === 'installed' || name === 'uninstalled' || name === 'enabled' || name === 'disabled'
}

function changeOf(delivery: Delivery): string {
  const change = memberOf(delivery.payload, 'change')
  return typeof change === 'string' ? change : delivery.event
}

function memberOf(json: string, name: string): unknown {
  const value: unknown = JSON.parse(json)
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
