import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { type ConnectOptions, connectPlugin } from 'fastify-atlassian'
import { type Addon, ace } from 'fastify-atlassian/ace'

/** The first half of the way: the same routes, handlers and templates, on Fastify. */

const before = join(import.meta.dirname, '../before')
const views = join(before, 'views')

type HandoverAddon = Addon<{ readonly noteLimit: number }>

interface Note {
  readonly text: string
  readonly issueKey?: string
  readonly author?: string
}

export async function buildCompatApp(
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
    // This app has a route of its own for it.
    lifecycle: { uninstalled: false },
    ...options
  })
  const addon = ace(app, { config: { noteLimit: 50 } })
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  addPublicFiles(app)
  addPages(addon)
  addApi(app, addon)
  addEvents(addon)
  return app
}

function createNotes(addon: HandoverAddon) {
  return {
    async list(clientKey: string): Promise<Note[]> {
      return (await addon.settings.get<Note[]>('notes', clientKey)) || []
    },
    async add(clientKey: string, note: Note): Promise<Note[]> {
      const notes = [...(await this.list(clientKey)), note].slice(-addon.config.noteLimit())
      await addon.settings.set('notes', notes, clientKey)
      return notes
    }
  }
}

function addPages(addon: HandoverAddon): void {
  const notes = createNotes(addon)

  addon.get('/notes', addon.authenticate(), async (req, res) => {
    const list = await notes.list(req.context.clientKey)
    addon
      .httpClient(req)
      .asUserByAccountId(req.context.userAccountId ?? '')
      .get<{ displayName: string }>({ url: '/rest/api/3/myself', json: true }, (err, response, me) => {
        if (err || response.statusCode !== 200) return res.status(502).send('Jira does not say who you are')
        return res.render('notes', { reader: me.displayName, notes: list, count: list.length })
      })
  })

  addon.get('/issue-notes', addon.authenticate(), async (req, res) => {
    const issueKey = req.query.issueKey
    const list = (await notes.list(req.context.clientKey)).filter((note) => note.issueKey === issueKey)
    res.render('issue-notes', { issueKey, notes: list, count: list.length })
  })

  addon.get('/settings', [addon.authenticate(), addon.authorizeJira({ global: ['ADMINISTER'] })], async (req, res) => {
    const info = await addon.loadClientInfo(req.context.clientKey)
    res.render('settings', { site: info?.baseUrl, product: info?.productType })
  })
}

function addApi(app: FastifyInstance, addon: HandoverAddon): void {
  const notes = createNotes(addon)

  // Public, and it says so.
  addon.get('/health', app.atlassian.authenticate('none'), (_req, res) => {
    res.json({ ok: true })
  })

  addon.post('/api/notes', addon.checkValidToken(), async (req, res) => {
    const { text, issueKey } = req.body as Partial<Note>
    if (!text) return res.status(400).json({ message: 'A note needs a text' })
    const { clientKey, userAccountId } = req.context
    const note = { text, issueKey, author: userAccountId }
    return res.status(201).json({ count: (await notes.add(clientKey, note)).length })
  })

  addon.post('/api/issues/:issueKey/files', addon.authenticate(true), (req, res) => {
    addon.httpClient(req).post<{ filename: string; size: number }[]>(
      {
        url: `/rest/api/3/issue/${req.params.issueKey}/attachments`,
        headers: { 'X-Atlassian-Token': 'no-check' },
        multipartFormData: {
          file: [Buffer.from(String(req.body)), { filename: 'notes.csv', contentType: 'text/csv' }]
        },
        json: true
      },
      (err, response, body) => {
        if (err) return res.status(502).json({ message: 'Jira cannot be reached' })
        if (response.statusCode !== 200) return res.status(502).json({ message: `Jira said ${response.statusCode}` })
        return res.json({ file: body[0]?.filename, size: body[0]?.size })
      }
    )
  })
}

function addEvents(addon: HandoverAddon): void {
  addon.on('jira:issue_updated', async (event, body, req) => {
    const { clientKey } = req.context
    const { issue } = body as { issue: { key: string } }
    await addon.settings.set('last-change', { event, issueKey: issue.key }, clientKey)
  })

  addon.on('host_settings_saved', (clientKey) => {
    addon.logger.info(`Installed on ${clientKey}`)
  })

  addon.post('/uninstalled', addon.authenticateInstall(), async (req, res, next) => {
    await addon.settings.del('notes', req.context.clientKey)
    addon.postInstallation()(req, res, next)
  })
}

function addPublicFiles(app: FastifyInstance): void {
  app.register(async (scope) => {
    app.atlassian.publicScope(scope)
    scope.get('/notes.js', async (_request, reply) => {
      reply.type('text/javascript; charset=utf-8')
      return readFile(join(before, 'public/notes.js'))
    })
  })
}
