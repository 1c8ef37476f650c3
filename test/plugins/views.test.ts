import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { APP_KEY, BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const nasty = `"><script>alert('1')</script>`
const views = { root: import.meta.dirname }

function localsOf(reply: object): Record<string, unknown> {
  return Reflect.get(reply, 'locals')
}

const routes = (app: FastifyInstance) => {
  app.get('/locals', async (_request, reply) => localsOf(reply))
  app.get('/public-locals', app.atlassian.protect('none'), async (_request, reply) => localsOf(reply))
  app.get('/context-locals', app.atlassian.protect('context'), async (_request, reply) => localsOf(reply))
  app.get('/view', async (_request, reply) => reply.viewAsync('views/names.hbs'))
  app.get('/own-data', async (_request, reply) => reply.viewAsync('views/names.hbs', { title: nasty }))
}

const { app } = await buildApp(t, { host, views, routes })
await installed(host, app)
const site = host.site()

/** What a page of this address sees. */
async function localsAt(query: string): Promise<Record<string, unknown>> {
  const url = `/locals${query}`
  const jwt = await host.sign.pageToken({ url, issue: 'TEA-1', user: 'Bo' })
  return (await app.inject(`${url}${query === '' ? '?' : '&'}jwt=${jwt}`)).json()
}

const hostQuery = `?lic=active&tz=Europe%2FBerlin&loc=de-DE&user_id=old-id&xdm_e=https%3A%2F%2Fevil.example.com&cp=%2Fevil`
const locals = await localsAt(hostQuery)

const expected: Record<string, unknown> = {
  title: 'Test',
  addonKey: APP_KEY,
  localBaseUrl: BASE_URL,
  hostBaseUrl: site.baseUrl,
  hostUrl: site.origin,
  hostStylesheetUrl: `${site.baseUrl}/atlassian-connect/all.css`,
  hostScriptUrl: host.hostScriptUrl,
  license: 'active',
  context: { jira: { issue: { id: '10001', key: 'TEA-1' }, project: { id: '10000', key: 'TEA' } } },
  clientKey: site.clientKey,
  userAccountId: host.users.find(({ name }) => name === 'Bo')?.accountId,
  userId: 'old-id',
  timeZone: 'Europe/Berlin',
  timezone: 'Europe/Berlin',
  locale: 'de-DE'
}

for (const [name, value] of Object.entries(expected)) {
  t.test(`a template of a verified page sees ${name}`, async (t) => {
    if (name === 'context') t.match(locals.context, { jira: { issue: { key: 'TEA-1' }, project: { key: 'TEA' } } })
    else t.equal(locals[name], value)
  })
}

t.test('a template of a verified page sees token, a session token of this user', async (t) => {
  const answer = await app.inject({ url: '/session', headers: { authorization: `JWT ${locals.token}` } })
  t.match(answer.json(), { kind: 'session', principal: { accountId: expected.userAccountId } })
})

t.test('a template of a verified page sees exactly these names', async (t) => {
  t.strictSame(Object.keys(locals).sort(), [...Object.keys(expected), 'token'].sort())
})

t.test('what the host did not send is not there, and nothing stands in for it', async (t) => {
  const bare = await localsAt('')
  for (const name of ['license', 'userId', 'timeZone', 'timezone', 'locale']) t.equal(bare[name], undefined, name)
  t.equal(bare.hostBaseUrl, site.baseUrl)
})

t.test('a template of a public page sees exactly four names, whatever its address says', async (t) => {
  const answer = await app.inject(`/public-locals${hostQuery}&jwt=${await host.sign.pageToken({ url: '/panel' })}`)
  t.strictSame(answer.json(), {
    title: 'Test',
    addonKey: APP_KEY,
    localBaseUrl: BASE_URL,
    hostScriptUrl: host.hostScriptUrl
  })
})

t.test('nothing on any page comes from xdm_e or cp', async (t) => {
  t.notMatch(JSON.stringify(locals), /evil/)
  t.notMatch((await app.inject(`/public-locals${hostQuery}`)).body, /evil/)
})

t.test('query values that no hash covers reach no template', async (t) => {
  const token = await host.sign.contextToken()
  const answer = await app.inject({
    url: `/context-locals${hostQuery}`,
    headers: { authorization: `JWT ${token}` }
  })
  const seen = answer.json()
  for (const name of ['license', 'userId', 'timeZone', 'timezone', 'locale']) t.equal(seen[name], undefined, name)
  t.equal(seen.clientKey, site.clientKey)
})

t.test('everything is escaped', async (t) => {
  const url = `/view?lic=${encodeURIComponent(nasty)}&user_id=${encodeURIComponent(nasty)}`
  const answer = await app.inject(`${url}&jwt=${await host.sign.pageToken({ url })}`)
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^text\/html/)
  t.notMatch(answer.body, /<script/)
  t.match(answer.body, /Test\|test-app\|&quot;&gt;&lt;script/)
})

t.test('data of the app wins over ours and is escaped too', async (t) => {
  const answer = await app.inject(`/own-data?jwt=${await host.sign.pageToken({ url: '/own-data' })}`)
  t.match(answer.body, /^&quot;&gt;/)
})

t.test('with views left out nothing renders, and reply.locals is filled all the same', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) => app.get('/locals', async (_request, reply) => localsOf(reply))
  })
  await installed(host, app)
  t.equal(app.hasReplyDecorator('view'), false)
  const answer = await app.inject(`/locals?jwt=${await host.sign.pageToken({ url: '/locals' })}`)
  t.match(answer.json(), { addonKey: APP_KEY, clientKey: site.clientKey })
})

t.test('a view plugin that the app registered before or after us works the same', async (t) => {
  const { default: view } = await import('@fastify/view')
  const { default: handlebars } = await import('handlebars')
  for (const order of ['before', 'after']) {
    const own = Fastify()
    t.teardown(() => own.close())
    const register = async () =>
      void (await own.register(view, { engine: { handlebars: handlebars.create() }, ...views }))
    if (order === 'before') await register()
    await own.register(connectPlugin, {
      descriptor: testDescriptor(),
      baseUrl: BASE_URL,
      store: (appKey) => createMemoryTenantStore({ appKey }),
      environment: 'test',
      ...host.connectOptions()
    })
    if (order === 'after') await register()
    own.get('/view', async (_request, reply) => reply.viewAsync('views/names.hbs'))
    own.get('/public', own.atlassian.protect('none'), async (_request, reply) => reply.viewAsync('views/names.hbs'))
    await own.ready()
    await installed(host, own)
    const url = '/view?lic=active'
    const answer = await own.inject(`${url}&jwt=${await host.sign.pageToken({ url })}`)
    t.equal(answer.body.trim(), 'Test|test-app|active|', order)
    t.equal((await own.inject('/public?lic=active')).body.trim(), 'Test|test-app||', order)
  }
})

t.test('locals of one visitor are never seen by the next', async (t) => {
  const [first, second] = await Promise.all(
    ['Ada', 'Bo'].map(async (user) => {
      const jwt = await host.sign.pageToken({ url: '/locals', user })
      return (await app.inject(`/locals?jwt=${jwt}`)).json()
    })
  )
  t.not(first.userAccountId, second.userAccountId)
  t.not(first.token, second.token)
})
