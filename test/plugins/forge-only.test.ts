// An app without a Connect part: no descriptor, no life-cycle routes, tenants by Forge alone.
import Fastify, { type FastifyInstance } from 'fastify'
import { type ConnectOptions, connectPlugin, requireForge, requireTenant } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { createTestClock, testDescriptor } from '../helpers/app.ts'
import { APP_ARI, APP_ID, claimsOf, createKeyServer, INSTALLATION, sign } from '../helpers/forge.ts'

async function build(
  t: Test,
  options: Partial<ConnectOptions> = {},
  routes: (app: FastifyInstance) => void = () => {}
) {
  const clock = createTestClock()
  const keys = await createKeyServer(t)
  await keys.publish('one')
  const app = Fastify()
  t.teardown(() => app.close())
  const appKeys: string[] = []
  await app.register(connectPlugin, {
    baseUrl: 'https://app.example.com',
    environment: 'test',
    store: (appKey) => {
      appKeys.push(appKey)
      return createMemoryTenantStore({ appKey })
    },
    forge: { appId: APP_ARI, environments: ['PRODUCTION'], jwksUrl: keys.url },
    clock,
    ...options
  })
  app.get('/', async (request) => {
    const tenant = requireTenant(request)
    const cups = ((await tenant.settings.get<number>('cups')) ?? 0) + 1
    await tenant.settings.set('cups', cups)
    return { cups, clientKey: tenant.clientKey, installation: requireForge(request).forge.installation.id }
  })
  routes(app)
  await app.ready()
  const call = async (url = '/') =>
    app.inject({ url, headers: { authorization: `Bearer ${await sign(claimsOf(clock, {}))}` } })
  return { app, appKeys, call }
}

t.test('an app without a descriptor serves Forge, and has settings', async (t) => {
  const { app, appKeys, call } = await build(t)
  t.same((await call()).json(), { cups: 1, clientKey: null, installation: INSTALLATION })
  t.same((await call()).json(), { cups: 2, clientKey: null, installation: INSTALLATION })
  t.same(appKeys, [APP_ID], 'its tenants are kept under the id of the app')
  t.equal((await app.atlassian.tenants.list()).length, 1)
  t.equal((await app.inject('/')).statusCode, 401, 'a route that says nothing is protected')
})

t.test('the key under which tenants are kept can stay what it was when there was a descriptor', async (t) => {
  const { appKeys } = await build(t, { appKey: 'my-connect-app' })
  t.same(appKeys, ['my-connect-app'])
})

t.test('there are no routes of Connect', async (t) => {
  const { app } = await build(t)
  for (const url of ['/atlassian-connect.json', '/installed', '/uninstalled', '/atlassian/session']) {
    t.equal(app.hasRoute({ method: 'GET', url }) || app.hasRoute({ method: 'POST', url }), false, url)
  }
})

t.test('public scopes stay public, and hooks of a policy count', async (t) => {
  const { app, call } = await build(t, {}, (app) => {
    app.register(async (scope) => {
      app.atlassian.publicScope(scope)
      scope.get('/health', async () => 'ok')
    })
    app.get('/hook', { onRequest: app.atlassian.authenticate('forge') }, async () => 'ok')
  })
  t.equal((await app.inject('/health')).statusCode, 200)
  t.equal((await app.inject('/hook')).statusCode, 401)
  t.equal((await call('/hook')).statusCode, 200)
})

t.test('a policy of a platform that the app does not have ends the start', async (t) => {
  for (const policy of ['page', 'context', 'webhook', ['context', 'forge']] as const) {
    await t.rejects(
      build(t, {}, (app) => app.get('/x', app.atlassian.protect(policy), async () => 'x')),
      { code: 'ATL_OPTION', message: /needs the option "descriptor"/ }
    )
  }
  await t.rejects(
    build(t, { forge: undefined, descriptor: testDescriptor() }, (app) =>
      app.get('/x', app.atlassian.protect('forge'), async () => 'x')
    ),
    { code: 'ATL_OPTION', message: /needs the option "forge"/ }
  )
  await t.rejects(build(t, { forge: undefined }), { code: 'ATL_OPTION', message: /"descriptor" is missing/ })
})
