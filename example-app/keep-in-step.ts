import type { FastifyInstance } from 'fastify'
import { type EitherEvent, eitherEvents, type HostClient, type Product, type Tenant } from 'fastify-atlassian'
import type { ChecklistStore } from './checklist-store.ts'
import { readFacts } from './host.ts'

/** A product of a site, and how it is called. */
interface Site {
  readonly product: Product
  readonly client: HostClient
}

/** Follows what happens on the sites. Every handler may run twice for one delivery, and none minds. */
export function keepInStep(app: FastifyInstance, checklists: ChecklistStore): void {
  const { events } = app.atlassian

  // One handler for the webhook of Connect and the trigger of Forge. A site that has both tells it twice.
  events.onEither('issue_updated', (event) => refresh(event.tenant, calledBy(event), event.ids.issueId))
  events.onEither('page_updated', (event) => refresh(event.tenant, calledBy(event), event.ids.contentId))
  events.onEither('issue_deleted', ({ tenant, ids }) => forget(tenant, ids.issueId))
  events.onEither('page_trashed', ({ tenant, ids }) => forget(tenant, ids.contentId))
  events.onEither('page_deleted', ({ tenant, ids }) => forget(tenant, ids.contentId))

  // While the app was away no webhook came, so it looks for itself.
  events.on('installed', async ({ tenant, change }) => {
    if (change === 'reinstall') await refreshAll(tenant, siteOf(tenant))
  })

  // A person decided that these two are the same customer, `app.atlassian.tenants.adopt(from, to)`; or the host said that
  // an installation of Forge is the Connect app of old. Then the Connect part may be silent already.
  events.on('adopted', async ({ from, to }) => {
    await checklists.move(from.tenantId, to.tenantId)
    await refreshAll(to, (from.clientKey === null ? onForge(to) : null) ?? siteOf(to))
  })

  /** A webhook is a hint that may be late or out of order: what is true now, the host says. */
  async function refresh(tenant: Tenant, site: Site | null, subject: string | null): Promise<void> {
    const { tenantId } = tenant
    if (site === null || subject === null) return
    const known = await checklists.list({ tenantId, subject })
    if (known.length === 0) return
    const facts = await readFacts(site.client, site.product, subject)
    // With two products in one tenant, what this one does not know may be the other one's.
    const products = new Set(tenant.installations.flatMap((installation) => installation.products))
    if (facts === null && products.size > 1) return
    if (facts === null) await checklists.remove({ tenantId, subject })
    else await checklists.rename({ tenantId, subject }, facts)
  }

  async function refreshAll(tenant: Tenant, site: Site | null): Promise<void> {
    for (const { subject } of await checklists.summaries(tenant.tenantId)) await refresh(tenant, site, subject)
  }

  async function forget({ tenantId }: Tenant, subject: string | null): Promise<void> {
    if (subject !== null) await checklists.remove({ tenantId, subject })
  }

  /** The host that told it, by the platform that it came on: after the move nobody answers on the other one. */
  function calledBy(heard: EitherEvent): Site {
    const { product } = eitherEvents[heard.name]
    const lookup =
      heard.platform === 'forge'
        ? { installationId: heard.event.installationId, product }
        : { clientKey: heard.event.tenant.clientKey }
    return { product, client: app.atlassian.hostClient(lookup) }
  }

  function siteOf({ clientKey, product }: Tenant): Site | null {
    return clientKey === null ? null : { product, client: app.atlassian.hostClient({ clientKey }) }
  }

  function onForge({ product, installations }: Tenant): Site | null {
    const found = installations.find(({ platform, state }) => platform === 'forge' && state === 'installed')
    if (found === undefined || product === null) return null
    return { product, client: app.atlassian.hostClient({ installationId: found.installationId, product }) }
  }
}
