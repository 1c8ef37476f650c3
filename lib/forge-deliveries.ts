import type { AppEmitter } from './app-events.ts'
import type { ForgeEvent, ForgeEventMessage, ForgePreUninstallEvent } from './forge/events/forge-event.ts'
import { END, MARK } from './forge/events/receive-event.ts'
import type { ForgeAssociation } from './tenant/forge-association.ts'
import { type Installation, isAlive, type Tenant } from './tenant/tenant.ts'
import type { SettingsGiver } from './tenant/tenant-settings.ts'
import type { Delivery, TenantStore } from './tenant/tenant-store.ts'

/** Runs what listens to events of Forge. */
export interface ForgeDeliveries {
  /** What came back from the inbox. */
  handleDelivery(delivery: Delivery): Promise<void>
  /** The same for an event that waited elsewhere. Rejects with what a handler throws. */
  handle(message: ForgeEventMessage): Promise<void>
}

export interface ForgeDeliveriesOptions {
  readonly store: TenantStore
  readonly association: ForgeAssociation
  readonly events: AppEmitter
  readonly withSettings: SettingsGiver
  /** The last installation of this tenant ended. */
  readonly ended: (tenant: Tenant) => Promise<void>
}

export function createForgeDeliveries(options: ForgeDeliveriesOptions): ForgeDeliveries {
  const { store, association, events, withSettings } = options

  /** Whose event it is now: its tenant may have become one with another since it arrived. */
  async function find({ installationId, environmentId }: ForgeEventMessage) {
    const tenant = await store.find({ installationId, environmentId })
    const installation = tenant?.installations.find((one) => isNamed(one, { installationId, environmentId }))
    return tenant === null || installation === undefined ? null : { tenant, installation }
  }

  async function handle(message: ForgeEventMessage): Promise<void> {
    const found = await find(message)
    if (found === null) return
    const { tenant, installation } = found
    if (message.kind === 'preUninstall') {
      if (isBack(installation, message)) return
      const others = tenant.installations.filter((one) => one !== installation)
      const lastInstallation = !others.some(({ state }) => state === 'installed')
      await emit({ ...toEvent(message, tenant), lastInstallation })
      return end(message)
    }
    // Nothing is told about a site that the app has left.
    if (installation.state === 'installed') await emit(toEvent(message, tenant))
  }

  function emit(event: ForgeEvent | ForgePreUninstallEvent): Promise<void> {
    return events.emitForge(Object.freeze(event))
  }

  async function end(message: ForgeEventMessage): Promise<void> {
    const found = await find(message)
    if (found === null || isBack(found.installation, message)) return
    const { installationId, environmentId } = message
    const tenant = await association.end({ installationId, environmentId })
    if (tenant !== null && !isAlive(tenant)) await options.ended(tenant)
  }

  function toEvent(message: ForgeEventMessage, tenant: Tenant): ForgeEvent {
    const { tenantId: _arrived, ...event } = message
    return { platform: 'forge', ...event, tenant: withSettings(tenant) }
  }

  return {
    handle,
    async handleDelivery(delivery) {
      // Left over from a process that died.
      if (delivery.event === MARK) return
      const message: ForgeEventMessage = JSON.parse(delivery.payload)
      return delivery.event === END ? end(message) : handle(message)
    }
  }
}

function isNamed(one: Installation, name: { installationId: string; environmentId: string }): boolean {
  return one.installationId === name.installationId && one.environmentId === name.environmentId
}

/** Whether it was installed again after this was said. */
function isBack({ state, installedAtMs }: Installation, { receivedAtMs }: ForgeEventMessage): boolean {
  return state === 'installed' && installedAtMs > receivedAtMs
}
