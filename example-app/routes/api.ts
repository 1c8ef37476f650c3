import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { callerOf } from '../caller.ts'
import type { ChecklistItem, ChecklistStore, Subject } from '../checklist-store.ts'
import { commentComplete, readFacts, writeProgress } from '../host.ts'
import { onlyVisible } from '../only-visible.ts'

/** What the front ends of the pages call. Each answers with the whole list: there is one way to draw it. */
export async function apiRoutes(app: FastifyInstance, { checklists }: { checklists: ChecklistStore }): Promise<void> {
  // Each of these tokens will do: one that the host just gave to a Connect page, ours that came with the page, or one of
  // Forge. Visitors who are not logged in may look where the host grants it to everybody.
  const forFrontEnds = app.atlassian.protect(['context', 'session', 'forge'], { principal: 'optional' })

  // A list is for those who may see what it hangs on. Its id is the one that the host was asked about.
  const mayBrowse = app.atlassian.authorizeJira({ issue: ['BROWSE_PROJECTS'] })
  const mayRead = app.atlassian.authorizeConfluence({ content: 'read' })
  const forReaders = {
    ...forFrontEnds,
    preHandler: (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) =>
      (callerOf(request).product === 'jira' ? mayBrowse : mayRead)(request, reply, done)
  }

  app.get('/api/items', forReaders, async (request) => ({ items: await checklists.list(subjectOf(request)) }))

  app.post<{ Body: { texts: string[] } }>(
    '/api/items',
    { ...forReaders, schema: { body: newItems } },
    async (request, reply) => {
      const subject = subjectOf(request)
      requireUser(request)
      const facts = await readFacts(request.hostClient(), callerOf(request).product, subject.subject)
      if (facts === null) throw refusal(404, 'The issue or page is gone.')
      await checklists.add(subject, facts, request.body.texts)
      return reply.code(201).send(await changed(request))
    }
  )

  app.patch<{ Params: { id: string }; Body: { done: boolean } }>(
    '/api/items/:id',
    { ...forReaders, schema: { params: itemId, body: tick } },
    async (request) => {
      requireUser(request)
      const ticked = await checklists.tick(subjectOf(request), request.params.id, request.body.done)
      return changed(request, ticked && request.body.done)
    }
  )

  app.delete<{ Params: { id: string } }>(
    '/api/items/:id',
    { ...forReaders, schema: { params: itemId } },
    async (request) => {
      requireUser(request)
      await checklists.remove(subjectOf(request), request.params.id)
      return changed(request)
    }
  )

  // The cacheable page has no session token, so this one is for tokens of the host alone.
  app.get('/api/checklists', app.atlassian.protect(['context', 'forge']), async (request) => {
    const all = await checklists.summaries(callerOf(request).tenantId)
    return { checklists: await onlyVisible(request, all) }
  })

  // Only for those who administer the project. Its id is the one that Jira was asked about.
  const forProjectAdmins = { preHandler: app.atlassian.authorizeJira({ project: ['ADMINISTER_PROJECTS'] }) }
  app.delete('/api/project/done', { ...forFrontEnds, ...forProjectAdmins }, async (request) => {
    const projectId = request.authorized?.projectId
    if (!projectId) throw refusal(400, 'Open the page of a project.')
    return { removed: await checklists.removeDone(callerOf(request).tenantId, projectId) }
  })

  /** The list as it is now. The host is told too, and its trouble is not the user's. */
  async function changed(request: FastifyRequest, mayBeComplete = false): Promise<{ items: ChecklistItem[] }> {
    const { product } = callerOf(request)
    const subject = subjectOf(request)
    const items = await checklists.list(subject)
    const host = request.hostClient()
    try {
      if (product === 'jira') await writeProgress(host, subject.subject, items)
      if (mayBeComplete && items.every((item) => item.done)) {
        await commentComplete(host, product, subject.subject, items.length)
      }
    } catch (error) {
      request.log.warn({ err: error }, 'the host was not told about the change')
    }
    return { items }
  }
}

// One character at least that can be seen, and none that controls.
const printable = '^\\P{Cc}*[^\\s\\p{Cc}]\\P{Cc}*$'

const newItems = {
  type: 'object',
  required: ['texts'],
  properties: {
    texts: { type: 'array', minItems: 1, maxItems: 50, items: { type: 'string', maxLength: 200, pattern: printable } }
  }
}

const itemId = { type: 'object', properties: { id: { type: 'string', pattern: '^[0-9a-f-]{36}$' } } }

const tick = { type: 'object', required: ['done'], properties: { done: { type: 'boolean' } } }

/** The issue or page that the host was asked about: nothing here is taken from the request itself. */
function subjectOf(request: FastifyRequest): Subject {
  const { issueId, contentId } = request.authorized ?? {}
  const subject = issueId ?? contentId
  if (!subject) throw refusal(400, 'A checklist hangs on an issue or a page.')
  return { tenantId: callerOf(request).tenantId, subject }
}

function requireUser(request: FastifyRequest): void {
  if (callerOf(request).accountId === null) throw refusal(403, 'Log in to change a checklist.')
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode })
}
