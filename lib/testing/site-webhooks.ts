import type { WebhookModule } from './descriptor-reader.ts'
import { contextOf, findContext, type PageContext } from './page-context.ts'
import { matchDynamicWebhooks } from './rest-dynamic-webhooks.ts'
import type { Site } from './site.ts'
import { needApp } from './site-app.ts'
import type { SiteEvent } from './site-event.ts'
import type { Exchange, WebhookOptions } from './types.ts'
import { chooseUser, findUser } from './users.ts'
import type { WebhookDelivery } from './webhook-deliveries.ts'
import { webhookPayload } from './webhook-payloads.ts'

export interface SiteWebhooks {
  /** Tells the app what happened, if it is installed and its descriptor lists the event. */
  emit(site: Site, events: readonly SiteEvent[]): void
  /** On demand: throws when the descriptor does not list the event. Gives the last exchange. */
  send(site: Site, event: string, options: WebhookOptions): Promise<Exchange>
  settled(): Promise<void>
}

export function createSiteWebhooks(clock: () => number, deliver: WebhookDelivery, onEvent: () => void): SiteWebhooks {
  const running = new Set<Promise<void>>()

  function emitOne(site: Site, happened: SiteEvent): void {
    if (site.app === null || !site.installed || !site.enabled) return
    const webhooks = site.app.descriptor.webhooks.filter((webhook) => webhook.event === happened.event)
    const dynamic = site.product === 'jira' ? matchDynamicWebhooks(site, happened, clock()) : null
    if (webhooks.length === 0 && dynamic === null) return
    // Made now: what the state says when a repeat is sent is another story.
    const payload = webhookPayload(site, happened, clock())
    deliverTo(site, happened, webhooks, payload)
    if (dynamic !== null) {
      const webhook = { event: happened.event, url: dynamic.url, excludeBody: false }
      deliverTo(site, happened, [webhook], { ...payload, matchedWebhookIds: dynamic.ids })
    }
  }

  function deliverTo(site: Site, happened: SiteEvent, webhooks: readonly WebhookModule[], payload: object): void {
    const about = contextOf(site, happened)
    const options = { user: findUser(happened.actor)?.accountId ?? null }
    for (const webhook of webhooks) {
      const delivery = deliver(site, webhook, payload, about, options)
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
    emit(site, events) {
      for (const happened of events) emitOne(site, happened)
      if (events.length > 0) onEvent()
    },

    async send(site, event, options) {
      const { webhooks } = needApp(site).descriptor
      const matching = webhooks.filter((webhook) => webhook.event === event)
      const about = aboutOf(site, options)
      const { issue, page } = about
      const happened = { event, actor: chooseUser(options.user)?.accountId ?? null, issue, page }
      const payload = options.payload === undefined ? webhookPayload(site, happened, clock()) : options.payload
      let last: Exchange | undefined
      for (const webhook of matching) last = await deliver(site, webhook, payload, about, options)
      if (last === undefined) {
        const listed = [...new Set(webhooks.map((webhook) => webhook.event))].join(', ') || 'none'
        throw new Error(`The descriptor has no webhook for "${event}". It has: ${listed}.`)
      }
      return last
    },

    async settled() {
      while (running.size > 0) await Promise.all(running)
    }
  }
}

/** An event is about something: the first issue or page, when nothing is named. */
function aboutOf(site: Site, options: WebhookOptions): PageContext {
  if (options.issue !== undefined || options.page !== undefined) return findContext(site, options)
  if (site.product === 'jira') return findContext(site, { ...options, issue: site.state.issues[0]?.key })
  return findContext(site, { ...options, page: site.state.pages[0]?.id })
}
