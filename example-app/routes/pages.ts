import type { FastifyInstance } from 'fastify'
import { requireConnect } from 'fastify-atlassian'
import type { ChecklistStore } from '../checklist-store.ts'
import { onlyVisible } from '../host.ts'

/** What Jira and Confluence show in their frames. A route that says nothing is protected as `page`. */
export async function pageRoutes(app: FastifyInstance, { checklists }: { checklists: ChecklistStore }): Promise<void> {
  // The panel of an issue and the macro of a page are the same page.
  app.get<{ Querystring: { heading?: string } }>('/checklist', async (request, reply) =>
    reply.view('checklist.hbs', { heading: request.query.heading })
  )

  app.get('/add-several', async (_request, reply) => reply.view('add-several.hbs'))

  app.get('/project', async (request, reply) => {
    const { tenant, connect } = requireConnect(request)
    const project = connect.context.jira?.project
    const inProject = await checklists.summaries(tenant.tenantId, String(project?.id))
    const visible = await onlyVisible(request.hostClient(), tenant.product, connect.accountId, inProject)
    return reply.view('project.hbs', { project: project?.key, checklists: visible })
  })

  // That the link to this page is for administrators does not keep others from opening it: see the page.
  app.get('/about', async (request, reply) => {
    const { product, baseUrl } = requireConnect(request).tenant
    return reply.view('about.hbs', { product: product === 'jira' ? 'Jira' : 'Confluence', baseUrl })
  })

  // Cacheable in the descriptor: no token comes with it, and nothing about a tenant may be in it.
  app.get('/all', app.atlassian.protect('none'), async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300')
    return reply.view('all.hbs')
  })
}
