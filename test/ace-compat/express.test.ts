import { join } from 'node:path'
import { type AceRequest, type AceResponse, type Addon, ace } from 'fastify-atlassian/ace'
import t from 'tap'
import { APP_KEY, BASE_URL, buildApp } from '../helpers/app.ts'
import { installed } from '../plugins/lifecycle-sender.ts'

let addon: Addon | undefined
const { app, host, lines } = await buildApp(t, {
  views: { root: join(import.meta.dirname, '../plugins/views') },
  routes(app) {
    const made = ace(app, { config: { cups: 7 } })
    addon = made
    const auth = made.authenticate()
    made.get('/context', auth, (request, response) => {
      const { http, ...context } = request.context
      response.json({ ...context, hasClient: http !== null, cups: made.config.cups() })
    })
    made.get('/open', app.atlassian.authenticate('none'), (request, response) => response.json(request.context))
    made.get('/render', auth, (_request, response) => {
      response.locals.title = 'From locals'
      response.render('names')
    })
    made.get(
      '/steps/:step',
      auth,
      (request, response, next) => {
        response.set('x-step', 'one')
        if (request.params.step === 'stop') response.status(403).send('stopped')
        else if (request.params.step === 'fail') next(new Error('failed in a step'))
        else if (request.params.step === 'throw') throw new Error('thrown in a step')
        else next()
      },
      async (request, response) => {
        await new Promise((resolve) => setImmediate(resolve))
        if (request.params.step === 'reject') throw new Error('rejected in the handler')
        // Answered later, as callbacks do.
        setImmediate(() => response.status(201).json({ get: request.get('X-Cup'), query: request.query.q }))
        return 'not sent'
      }
    )
    // A middleware that cannot go on, as in Express.
    const shut = async (request: AceRequest, response: AceResponse): Promise<void> => {
      setImmediate(() => response.status(410).send(`no ${request.params.what}`))
    }
    made.get('/shut/:what', auth, shut, (_request, response) => response.send('open'))
    made.get('/named', auth, (request, response) => response.render(request.query.name as string))
    made.get('/next', auth, (_request, _response, next) => next())
    made.get('/status', auth, (_request, response) => response.sendStatus(202))
    made.get('/end', auth, (_request, response) => response.status(204).end())
    made.delete('/thing', auth, (_request, response) => response.setHeader('x-gone', 1).end('gone'))
  }
})
await installed(host, app)
const site = host.site()

async function ask(url: string, method: 'GET' | 'DELETE' = 'GET') {
  const jwt = await host.sign.pageToken({ url, method, issue: 'TEA-1' })
  return app.inject({ method, url: `${url}${url.includes('?') ? '&' : '?'}jwt=${jwt}`, headers: { 'x-cup': 'blue' } })
}

t.test('request.context has what ACE put there', async (t) => {
  const context = (await ask('/context?lic=active')).json()
  t.match(context, {
    title: 'Test',
    addonKey: APP_KEY,
    localBaseUrl: BASE_URL,
    clientKey: site.clientKey,
    hostBaseUrl: site.baseUrl,
    hostUrl: site.origin,
    license: 'active',
    hasClient: true,
    cups: 7,
    context: { jira: { issue: { key: 'TEA-1' } } }
  })
  t.type(context.token, 'string')
  t.type(context.userAccountId, 'string')
  t.match((await app.inject('/open')).json(), { title: 'Test', clientKey: '', token: '', http: null })
})

t.test('handlers and middlewares of Express run as they are', async (t) => {
  const good = await ask('/steps/go?q=1')
  t.match(good, { statusCode: 201, headers: { 'x-step': 'one' } })
  t.same(good.json(), { get: 'blue', query: '1' })
  t.match(await ask('/steps/stop'), { statusCode: 403, body: 'stopped' })
  for (const [step, says] of Object.entries({ fail: 'failed', throw: 'thrown', reject: 'rejected' })) {
    const answer = await ask(`/steps/${step}`)
    t.equal(answer.statusCode, 500, step)
    t.match(answer.json().message, new RegExp(`^${says}`))
  }
  t.equal((await ask('/next')).statusCode, 404)
  t.match(await ask('/shut/tea'), { statusCode: 410, body: 'no tea' })
  t.match(await ask('/status'), { statusCode: 202, body: 'Accepted' })
  t.match(await ask('/end'), { statusCode: 204, body: '' })
  t.match(await ask('/thing', 'DELETE'), { statusCode: 200, body: 'gone', headers: { 'x-gone': '1' } })
  t.match((await ask('/render')).body, /^From locals\|/)
})

t.test('the name of a template leads nowhere but below the folder of the views, and no path is told', async (t) => {
  for (const name of [
    '../hbs/partials/note.hbs',
    'a/../../hbs/partials/note.hbs',
    '..%5Chbs',
    '..',
    'names&name=page',
    ''
  ]) {
    const answer = await ask(`/named?name=${name}`)
    t.equal(answer.statusCode, 500, name)
    t.notMatch(answer.body, /a note|\/plugins\//, name)
  }
  const missing = await ask('/named?name=no-such')
  t.match(missing.json(), { statusCode: 500, message: 'There is no such template' })
  t.notMatch(missing.body, import.meta.dirname)
  t.equal((await ask('/named?name=names')).statusCode, 200)
})

t.test('addon tells what ACE told', async (t) => {
  t.match(addon, { key: APP_KEY, name: 'Test', descriptor: { key: APP_KEY } })
  t.equal(addon?.config.localBaseUrl(), BASE_URL)
  t.type(addon?.config.environment(), 'string')
  t.equal(addon?.app, app)
  t.equal(addon?.logger, app.log)
})

t.test('settings are those of the tenant', async (t) => {
  const settings = addon?.settings
  if (settings === undefined) throw new Error('addon')
  t.equal(await settings.get('colour', site.clientKey), null)
  t.same(await settings.set('colour', { sky: 'blue' }, site.clientKey), { sky: 'blue' })
  t.same(await settings.get('colour', site.clientKey), { sky: 'blue' })
  const tenant = await app.atlassian.tenants.find({ clientKey: site.clientKey })
  t.same(await tenant?.settings.get('colour'), { sky: 'blue' }, 'the same as the package keeps')
  await settings.del('colour', site.clientKey)
  t.equal(await settings.get('colour', site.clientKey), null)
  const info = {
    clientKey: site.clientKey,
    key: APP_KEY,
    baseUrl: site.baseUrl,
    productType: 'jira',
    eventType: 'installed'
  }
  t.match(await settings.get('clientInfo', site.clientKey), info)
  t.match(await addon?.loadClientInfo(site.clientKey), info)
  t.match(await settings.getAllClientInfos(), [info])
  t.notMatch(JSON.stringify(await settings.getAllClientInfos()), site.sharedSecret, 'without the secret')
  t.equal(await addon?.loadClientInfo('nobody'), null)
  t.equal(await settings.getClientSettingsForForgeInstallation('ari:cloud:ecosystem::installation/1'), null)
  await t.rejects(settings.set('clientInfo', {}, site.clientKey), { code: 'ATL_OPTION' })
  await t.rejects(settings.del('clientInfo', site.clientKey), { code: 'ATL_OPTION' })
  await t.rejects(settings.del(site.clientKey, undefined as never), { message: /purge/ })
  await t.rejects(settings.set('colour', undefined, site.clientKey), { code: 'ATL_OPTION' })
  await t.rejects(settings.set('colour', 1, 'nobody'), { code: 'ATL_NO_TENANT' })
  const forge = settings.forForgeInstallation('ari:cloud:ecosystem::installation/1')
  await t.rejects(forge.get('x'), { code: 'ATL_NO_TENANT' })
})

t.test('webhooks and installs are heard by the names of ACE', async (t) => {
  const heard: unknown[] = []
  const stops = [
    addon?.on('jira:issue_updated', (event, body, request) => {
      heard.push([event, Reflect.get(Object(body), 'webhookEvent'), request.context.clientKey])
      return request.context.http
        ?.get('/rest/api/3/issue/TEA-1')
        .then((issue) => heard.push(Reflect.get(Object(issue), 'key')))
    }),
    addon?.on('host_settings_saved', (clientKey, data) => heard.push([clientKey, data.baseUrl])),
    addon?.on('webhook_auth_verification_triggered', () => heard.push('triggered')),
    addon?.on('webhook_auth_verification_successful', () => heard.push('successful'))
  ]
  await host.sendWebhook('jira:issue_updated')
  await host.upgrade()
  while (new Set(heard.map(String)).size < 5) await new Promise((resolve) => setImmediate(resolve))
  t.same(
    new Set(heard.map(String)),
    new Set([
      'triggered',
      'successful',
      `jira:issue_updated,jira:issue_updated,${site.clientKey}`,
      'TEA-1',
      `${site.clientKey},${site.baseUrl}`
    ])
  )
  for (const stop of stops) stop?.()
  for (const event of ['addon_registered', 'addon_deregistered', 'localtunnel_started']) {
    t.throws(() => addon?.on(event, () => undefined), { message: /nothing would be heard/ }, event)
  }
})

t.test('an install that is refused is heard by the name of ACE', async (t) => {
  const heard: unknown[] = []
  const { app, host } = await buildApp(t, {
    hooks: {
      beforeInstall() {
        throw new Error('not this site')
      }
    },
    routes: (app) => void ace(app).on('host_settings_not_saved', (clientKey, data) => heard.push([clientKey, data]))
  })
  t.equal((await host.install(app)).status, 403)
  t.same(heard, [[host.site().clientKey, { err: 'ATL_INSTALL_REFUSED' }]])
})

t.test('nothing of all this left a token or a secret in the log', async (t) => {
  const text = lines.join('')
  t.notMatch(text, site.sharedSecret)
  t.notMatch(text, /jwt=ey/)
})
