import type { FastifyInstance } from 'fastify'
import { requireConnect, requireTenant } from 'fastify-atlassian'
import type { ChecklistStore } from '../checklist-store.ts'
import { OPEN_COUNT } from '../count-open.ts'
import { onlyVisible } from '../only-visible.ts'

/** What Jira and Confluence show in their frames. A route that says nothing is protected as `page`. */
export async function pageRoutes(app: FastifyInstance, { checklists }: { checklists: ChecklistStore }): Promise<void> {
  // The panel of an issue and the macro of a page are the same page.
  app.get<{ Querystring: { heading?: string } }>('/checklist', async (request, reply) => {
    const isIssue = requireConnect(request).connect.context.jira?.issue !== undefined
    return reply.view('checklist.hbs', { heading: request.query.heading, isIssue })
  })

  app.get('/add-several', async (_request, reply) => reply.view('add-several.hbs'))

  app.get('/project', async (request, reply) => {
    const { tenant, connect } = requireConnect(request)
    const project = connect.context.jira?.project
    const inProject = await checklists.summaries(tenant.tenantId, String(project?.id))
    return reply.view('project.hbs', { project: project?.key, checklists: await onlyVisible(request, inProject) })
  })

  // That the link to this page is for administrators does not keep others from opening it. Asking Jira does.
  const forAdministrators = { preHandler: app.atlassian.authorizeJira({ global: ['ADMINISTER'] }) }
  app.get('/about', forAdministrators, async (request, reply) => {
    const { tenantId, settings } = requireTenant(request)
    const all = await checklists.summaries(tenantId)
    return reply.view('about.hbs', {
      counted: await settings.get(OPEN_COUNT),
      checklists: all.length,
      items: all.reduce((sum, { total }) => sum + total, 0),
      done: all.reduce((sum, { done }) => sum + done, 0)
    })
  })

  // Cacheable in the descriptor: no token comes with it, and nothing about a tenant may be in it.
  app.get('/all', app.atlassian.protect('none'), async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300')
    return reply.view('all.hbs')
  })
}
