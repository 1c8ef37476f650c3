import type { FastifyInstance } from 'fastify'
import type { Tenant } from 'fastify-atlassian'
import type { ChecklistStore } from './checklist-store.ts'
import { readFacts } from './host.ts'

interface IssueWebhook {
  readonly issue: { readonly id: string }
}

interface PageWebhook {
  readonly page: { readonly id: number }
}

/** Follows what happens on the sites. Every handler may run twice for one delivery, and none minds. */
export function keepInStep(app: FastifyInstance, checklists: ChecklistStore): void {
  const { events } = app.atlassian

  events.on<IssueWebhook>('jira:issue_updated', ({ tenant, body }) => refresh(tenant, String(body.issue.id)))
  events.on<PageWebhook>('page_updated', ({ tenant, body }) => refresh(tenant, String(body.page.id)))
  events.on<IssueWebhook>('jira:issue_deleted', ({ tenant, body }) => forget(tenant, String(body.issue.id)))
  events.on<PageWebhook>('page_trashed', ({ tenant, body }) => forget(tenant, String(body.page.id)))
  events.on<PageWebhook>('page_removed', ({ tenant, body }) => forget(tenant, String(body.page.id)))

  // While the app was away no webhook came, so it looks for itself.
  events.on('installed', async ({ tenant, change }) => {
    if (change === 'reinstall') await refreshAll(tenant)
  })

  // A person decided that these two are the same customer: `app.atlassian.tenants.adopt(from, to)`.
  events.on('adopted', async ({ from, to }) => {
    await checklists.move(from.tenantId, to.tenantId)
    await refreshAll(to)
  })

  /** A webhook is a hint that may be late or out of order: what is true now, the host says. */
  async function refresh(tenant: Tenant, subject: string): Promise<void> {
    const { tenantId, clientKey, product } = tenant
    if (clientKey === null || product === null) return
    const known = await checklists.list({ tenantId, subject })
    if (known.length === 0) return
    const facts = await readFacts(app.atlassian.hostClient({ clientKey }), product, subject)
    // With two products in one tenant, what this one does not know may be the other one's.
    const products = new Set(tenant.installations.flatMap((installation) => installation.products))
    if (facts === null && products.size > 1) return
    if (facts === null) await checklists.remove({ tenantId, subject })
    else await checklists.rename({ tenantId, subject }, facts)
  }

  async function refreshAll(tenant: Tenant): Promise<void> {
    for (const { subject } of await checklists.summaries(tenant.tenantId)) await refresh(tenant, subject)
  }

  async function forget({ tenantId }: Tenant, subject: string): Promise<void> {
    await checklists.remove({ tenantId, subject })
  }
}
