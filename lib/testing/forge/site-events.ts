import type { Site } from '../site.ts'
import type { SiteEvent } from '../site-event.ts'
import type { App } from '../types.ts'
import type { Deliveries } from './deliveries.ts'
import { forgeEventName } from './event-names.ts'
import { productPayload } from './event-payloads.ts'
import type { ForgeWorld } from './forge-calls.ts'

export interface SiteEvents {
  /** From now on this app hears of what happens. */
  listen(app: App): void
  readonly listener: App | null
  emit(site: Site, events: readonly SiteEvent[]): void
  settled(): Promise<void>
}

/** What happens on a site reaches every living installation whose manifest has a trigger for it. */
export function createSiteEvents(world: ForgeWorld, deliveries: Deliveries): SiteEvents {
  const running = new Set<Promise<void>>()
  let app: App | null = null

  function emitOne(to: App, site: Site, happened: SiteEvent): void {
    const name = forgeEventName(happened)
    if (name === null) return
    // Made now: what the state says when a repeat is sent is another story.
    const options = { payload: productPayload(site, happened), selfGenerated: happened.actor === null }
    for (const installation of world.installations.on(site)) {
      const delivery = deliveries
        .toTriggers(to, installation, site, name, options)
        // An app that is gone is its own matter; the exchange log has what could be sent.
        .then(
          () => undefined,
          () => undefined
        )
        .finally(() => running.delete(delivery))
      running.add(delivery)
    }
  }

  return {
    listen(next) {
      app = next
    },
    get listener() {
      return app
    },
    emit(site, events) {
      if (app === null) return
      for (const happened of events) emitOne(app, site, happened)
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    }
  }
}
