import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {} from '@fastify/view'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import {
  type ConnectOptions,
  connectPlugin,
  HostError,
  multipart,
  requireConnect,
  type TenantSettings
} from 'fastify-atlassian'

/** The end of the way: the same app without any of the old names. */

const before = join(import.meta.dirname, '../before')
const views = join(before, 'views')
const NOTE_LIMIT = 50

interface Note {
  readonly text: string
  readonly issueKey?: string
  readonly author?: string
}

export async function buildIdiomaticApp(
  options: Omit<ConnectOptions, 'descriptor'>,
  server: FastifyServerOptions = {}
): Promise<FastifyInstance> {
  const app = Fastify(server)
  await app.register(connectPlugin, {
    descriptor: join(before, 'atlassian-connect.json'),
    views: {
      root: views,
      partialsDir: join(views, 'partials'),
      helpers: { short: (text: unknown) => String(text).slice(0, 20) }
    },
    errorPage: { template: 'unauthorized.hbs' },
    hooks: {
      onInstalled: ({ tenant }) => app.log.info(`Installed on ${tenant.tenantId}`),
      onUninstalled: ({ tenant }) => tenant.settings.delete('notes')
    },
    ...options
  })
  app.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  addPublicRoutes(app)
  addPages(app)
  addApi(app)
  app.atlassian.events.on<{ issue: { key: string } }>('jira:issue_updated', ({ event, tenant, body }) =>
    tenant.settings.set('last-change', { event, issueKey: body.issue.key })
  )
  return app
}

async function listNotes(settings: TenantSettings): Promise<Note[]> {
  return (await settings.get<Note[]>('notes')) ?? []
}

/** Two people may add at the same time: what was read must still be there when it is written. */
async function addNote(settings: TenantSettings, note: Note): Promise<number> {
  for (let tries = 1; ; tries++) {
    const entry = await settings.entry<Note[]>('notes')
    const notes = [...(entry?.value ?? []), note].slice(-NOTE_LIMIT)
    try {
      await settings.set('notes', notes, { ifVersion: entry?.version ?? null })
      return notes.length
    } catch (error) {
      if (tries === 5 || Reflect.get(Object(error), 'code') !== 'ATL_STORE_CONFLICT') throw error
    }
  }
}

function addPages(app: FastifyInstance): void {
  app.get('/notes', async (request, reply) => {
    const { tenant } = requireConnect(request)
    const notes = await listNotes(tenant.settings)
    const me = await request.hostClient().asUser().get<{ displayName: string }>('/rest/api/3/myself')
    return reply.view('notes', { reader: me.displayName, notes, count: notes.length })
  })

  app.get<{ Querystring: { issueKey?: string } }>('/issue-notes', async (request, reply) => {
    const { issueKey } = request.query
    const { tenant } = requireConnect(request)
    const notes = (await listNotes(tenant.settings)).filter((note) => note.issueKey === issueKey)
    return reply.view('issue-notes', { issueKey, notes, count: notes.length })
  })

  const forAdmins = app.atlassian.authorizeJira({ global: ['ADMINISTER'] })
  app.get('/settings', { preHandler: forAdmins }, async (request, reply) => {
    const { tenant } = requireConnect(request)
    return reply.view('settings', { site: tenant.baseUrl, product: tenant.product })
  })
}

const noteSchema = {
  type: 'object',
  required: ['text'],
  properties: { text: { type: 'string', minLength: 1 }, issueKey: { type: 'string' } }
}

function addApi(app: FastifyInstance): void {
  const forFrontEnd = app.atlassian.protect(['context', 'session'])

  app.post<{ Body: Note }>('/api/notes', { ...forFrontEnd, schema: { body: noteSchema } }, async (request, reply) => {
    const { tenant, connect } = requireConnect(request)
    const { text, issueKey } = request.body
    const count = await addNote(tenant.settings, { text, issueKey, author: connect.accountId ?? undefined })
    return reply.code(201).send({ count })
  })

  app.post<{ Params: { issueKey: string }; Body: Buffer }>(
    '/api/issues/:issueKey/files',
    forFrontEnd,
    async (request, reply) => {
      const file = new File([new Uint8Array(request.body)], 'notes.csv', { type: 'text/csv' })
      const path = `/rest/api/3/issue/${encodeURIComponent(request.params.issueKey)}/attachments`
      try {
        const [made] = await request.hostClient().post<{ filename: string; size: number }[]>(path, multipart({ file }))
        return { file: made?.filename, size: made?.size }
      } catch (error) {
        if (!(error instanceof HostError)) throw error
        return reply
          .code(502)
          .send({ message: error.status === 0 ? 'Jira cannot be reached' : `Jira said ${error.status}` })
      }
    }
  )
}

function addPublicRoutes(app: FastifyInstance): void {
  app.register(async (scope) => {
    app.atlassian.publicScope(scope)
    scope.get('/health', async () => ({ ok: true }))
    scope.get('/notes.js', async (_request, reply) => {
      reply.type('text/javascript; charset=utf-8')
      return readFile(join(before, 'public/notes.js'))
    })
  })
}
