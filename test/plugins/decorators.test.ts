import Fastify, { type FastifyRequest } from 'fastify'
import { connectPlugin, requireAtlassian, requireConnect, requireTenant } from 'fastify-atlassian'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { APP_KEY, BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

t.test('a protected route knows who asks: platform, tenant, principal and the verified token', async (t) => {
  let seen: FastifyRequest | undefined
  const { app } = await buildApp(t, {
    host,
    routes: (app) =>
      app.get('/seen', async (request) => {
        seen = request
        return 'ok'
      })
  })
  await installed(host, app)
  const jwt = await host.sign.pageToken({ url: '/seen', issue: 'TEA-1', user: 'Bo' })
  t.equal((await app.inject(`/seen?jwt=${jwt}`)).statusCode, 200)
  const site = host.site()
  const bo = host.users.find(({ name }) => name === 'Bo')
  t.match(seen?.connect, {
    tokenKind: 'page',
    appKey: APP_KEY,
    clientKey: site.clientKey,
    accountId: bo?.accountId,
    context: { jira: { issue: { key: 'TEA-1' }, project: { key: 'TEA' } } }
  })
  t.match(seen?.tenant, { clientKey: site.clientKey, baseUrl: site.baseUrl, product: 'jira', appKey: APP_KEY })
  t.match(seen?.atlassian, { platform: 'connect', principal: { type: 'user', accountId: bo?.accountId } })
  t.equal(seen?.atlassian?.tenant, seen?.tenant)
  t.equal(seen?.atlassian?.platform === 'connect' && seen.atlassian.connect, seen?.connect)
  t.equal(seen?.forge, null)
  t.equal(seen?.verifiedInstall, null)
  for (const value of [
    seen?.connect,
    seen?.connect?.context,
    seen?.connect?.context.jira,
    seen?.atlassian,
    seen?.tenant
  ])
    t.ok(Object.isFrozen(value))
})

t.test('an anonymous visitor is a principal without an account', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  t.strictSame((await app.inject(`/panel?jwt=${await host.sign.pageToken({ url: '/panel', user: null })}`)).json(), {
    reached: '/panel',
    clientKey: host.site().clientKey,
    kind: 'page',
    principal: { type: 'anonymous' }
  })
})

t.test('a webhook without a user speaks for the host', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const token = await host.sign.webhookToken({ url: '/own-webhook', user: null })
  const answer = await app.inject({ method: 'POST', url: '/own-webhook', headers: { authorization: `JWT ${token}` } })
  t.match(answer.json(), { kind: 'webhook', principal: { type: 'host' } })
})

t.test('the old user names of the context are not believed: the account is the subject of the token', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const claims = { context: { user: { accountId: 'another-account' } } }
  const jwt = await host.sign.pageToken({ url: '/panel', claims })
  t.match((await app.inject(`/panel?jwt=${jwt}`)).json(), { principal: { accountId: host.users[0]?.accountId } })
})

t.test(
  'on a public route everything is null, even with a token, and the helpers throw a mistake of the app',
  async (t) => {
    const { app } = await buildApp(t, {
      host,
      routes: (app) => {
        const options = app.atlassian.protect('none')
        app.get('/nulls', options, async ({ atlassian, connect, tenant, verifiedInstall }) => ({
          nulls: [atlassian, connect, tenant, verifiedInstall].map((value) => value === null)
        }))
        app.get('/requireAtlassian', options, async (request) => requireAtlassian(request).platform)
        app.get('/requireConnect', options, async (request) => requireConnect(request).platform)
        app.get('/requireTenant', options, async (request) => requireTenant(request).tenantId)
        app.get('/hostClient', options, async (request) => request.hostClient().get('/rest/api/3/myself'))
        app.get('/sessionToken', options, async (request) => app.atlassian.sessionToken(request))
        app.get('/applyLifecycle', options, async (request) => app.atlassian.applyLifecycle(request))
      }
    })
    await installed(host, app)
    const jwt = await host.sign.pageToken({ url: '/nulls' })
    t.strictSame((await app.inject(`/nulls?jwt=${jwt}`)).json(), { nulls: [true, true, true, true] })
    for (const name of [
      'requireAtlassian',
      'requireConnect',
      'requireTenant',
      'hostClient',
      'sessionToken',
      'applyLifecycle'
    ]) {
      const answer = await app.inject(`/${name}`)
      t.equal(answer.statusCode, 500)
      t.match(answer.json(), { code: 'ATL_NOT_PROTECTED' }, name)
    }
  }
)

t.test(
  'outside of the scope that registered the plugin the decorators do not exist, and the helpers still throw',
  async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(async (scope) => {
      await scope.register(connectPlugin, {
        descriptor: testDescriptor(),
        baseUrl: BASE_URL,
        store: 'sqlite::memory:',
        environment: 'test',
        ...host.connectOptions()
      })
      scope.get('/panel', async (request) => requireConnect(request).connect.accountId)
    })
    app.get('/outside', async ({ atlassian, connect, tenant }) => ({
      absent: [atlassian, connect, tenant].map((value) => value === undefined)
    }))
    app.get('/outside-require', async (request) => requireConnect(request).platform)
    await app.ready()
    t.equal(Reflect.get(app, 'atlassian'), undefined)
    t.strictSame((await app.inject('/outside')).json(), { absent: [true, true, true] })
    t.match((await app.inject('/outside-require')).json(), { code: 'ATL_NOT_PROTECTED' })
    t.equal((await app.inject('/panel')).statusCode, 401)
  }
)

t.test('fastify.atlassian is frozen, and so is the descriptor in it', async (t) => {
  const { app } = await buildApp(t, { host })
  t.ok(Object.isFrozen(app.atlassian))
  t.ok(Object.isFrozen(app.atlassian.descriptor))
  t.equal(app.atlassian.descriptor.baseUrl, BASE_URL)
  t.equal(app.atlassian.authorizationServer, host.url)
  t.strictSame(Object.keys(app.atlassian).sort(), [
    'appProperties',
    'applyLifecycle',
    'authenticate',
    'authorizationServer',
    'authorizeConfluence',
    'authorizeJira',
    'bitbucketToken',
    'descriptor',
    'dynamicModules',
    'dynamicWebhooks',
    'events',
    'handleForgeEvent',
    'hostClient',
    'hostMetrics',
    'personalData',
    'protect',
    'publicScope',
    'regionOf',
    'requireLicense',
    'routes',
    'sessionToken',
    'tenants'
  ])
})

t.test('a tenant that is printed shows no secret', async (t) => {
  const { app } = await buildApp(t, { host, routes: (app) => app.get('/leak', async (request) => request.tenant) })
  await installed(host, app)
  const answer = await app.inject(`/leak?jwt=${await host.sign.pageToken({ url: '/leak' })}`)
  t.equal(answer.statusCode, 200)
  t.notOk(answer.body.includes(host.site().sharedSecret))
})

t.test('the plugins have names of their own and refuse to be registered twice in one scope', async (t) => {
  const { app } = await buildApp(t, { host })
  for (const name of ['connect', 'tenants', 'authenticate', 'frame', 'descriptor', 'lifecycle', 'session', 'webhooks'])
    t.ok(app.hasPlugin(`fastify-atlassian/${name}`), name)
  const second = Fastify()
  t.teardown(() => second.close())
  const options = { descriptor: testDescriptor(), baseUrl: BASE_URL, store: 'sqlite::memory:', environment: 'test' }
  await second.register(connectPlugin, options)
  await t.rejects(Promise.resolve(second.register(connectPlugin, options)))
})
