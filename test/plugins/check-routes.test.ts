import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

type Routes = NonNullable<AppOverrides['routes']>

const open = async () => 'reached'

const withModule = (t: Test, module: object, routes: Routes, more: AppOverrides = {}) =>
  buildApp(t, {
    host,
    descriptorMembers: {
      modules: { generalPages: [{ key: 'my-page', name: { value: 'Page' }, url: '/page', ...module }] }
    },
    routes,
    ...more
  })

t.test('a cacheable module needs a public route, and the start names the module', async (t) => {
  await t.rejects(
    withModule(t, { cacheable: true }, (app) => app.get('/page', open)),
    { code: 'ATL_DESCRIPTOR', message: /Module "my-page" \(modules\.generalPages\[0\]\.url\).*"none"/ }
  )
  await t.rejects(
    withModule(t, { cacheable: true }, (app) => app.get('/page', app.atlassian.protect('context'), open)),
    { code: 'ATL_DESCRIPTOR', message: /my-page/ }
  )
})

t.test('a module that is not cacheable needs a protected route', async (t) => {
  await t.rejects(
    withModule(t, {}, (app) => app.get('/page', app.atlassian.protect('none'), open)),
    { code: 'ATL_DESCRIPTOR', message: /Module "my-page".*"cacheable": true/ }
  )
  await t.rejects(
    withModule(t, {}, (app) => {
      app.register(async (scope) => {
        app.atlassian.publicScope(scope)
        scope.get('/page', open)
      })
    }),
    { code: 'ATL_DESCRIPTOR', message: /my-page/ }
  )
})

t.test('the policy is told from the route that the router would choose', async (t) => {
  const none = (app: Parameters<Routes>[0]) => app.atlassian.protect('none')
  await t.resolves(
    withModule(t, { url: '/page/{issue.key}' }, (app) => {
      app.get('/*', none(app), open)
      app.get('/page/:id', open)
    }),
    'a parameter before a wildcard'
  )
  await t.rejects(
    withModule(t, { url: '/page/new' }, (app) => {
      app.get('/page/:id', open)
      app.get('/page/new', none(app), open)
    }),
    { code: 'ATL_DESCRIPTOR' },
    'fixed text before a parameter'
  )
  await t.rejects(
    withModule(t, { url: '/page?x={issue.key}' }, (app) => app.get('/*', none(app), open)),
    { code: 'ATL_DESCRIPTOR' },
    'a wildcard that is the only one'
  )
})

t.test('one path for a cacheable and another module can be nothing but public', async (t) => {
  const modules = {
    generalPages: [
      { key: 'my-page', name: { value: 'Page' }, url: '/page' },
      { key: 'my-cached', name: { value: 'Cached' }, url: '/page?cached', cacheable: true }
    ]
  }
  const start = (policy: 'none' | 'page') =>
    buildApp(t, {
      host,
      descriptorMembers: { modules },
      routes: (app) => app.get('/page', app.atlassian.protect(policy), open)
    })
  await t.rejects(start('page'), { code: 'ATL_DESCRIPTOR', message: /my-cached/ })
  await t.resolves(start('none'))
})

t.test('a cacheable page that matches opens without a token and sees nothing of a tenant', async (t) => {
  const { app } = await withModule(t, { cacheable: true }, (app) =>
    app.get('/page', app.atlassian.protect('none'), async ({ tenant, connect, atlassian }) => ({
      nothing: [tenant, connect, atlassian].every((value) => value === null)
    }))
  )
  await installed(host, app)
  const answer = await host.openPage('my-page')
  t.equal(answer.status, 200)
  t.equal(new URL(answer.url).search, '')
  t.strictSame(JSON.parse(answer.body), { nothing: true })
})

t.test('routes that the descriptor names and the app lacks are reported, and the app starts', async (t) => {
  const { lines } = await withModule(t, {}, () => {}, {
    lifecycle: { enabled: false, uninstalled: false },
    descriptorMembers: {
      modules: {
        generalPages: [{ key: 'my-page', name: { value: 'Page' }, url: '/missing/{issue.key}' }],
        webPanels: [{ key: 'panel', name: { value: 'P' }, location: 'x', url: '/panel' }]
      }
    }
  })
  const missing = lines
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => /route that the app does not have/.test(msg))
  t.strictSame(
    missing.map(({ level, field, path, method }) => ({ level, field, path, method })),
    [
      {
        level: 40,
        field: 'modules.generalPages[0].url of module "my-page"',
        path: '/missing/{issue.key}',
        method: 'GET'
      },
      { level: 40, field: 'lifecycle.uninstalled', path: '/uninstalled', method: 'POST' },
      { level: 40, field: 'lifecycle.enabled', path: '/enabled', method: 'POST' }
    ]
  )
})

t.test('with authentication none a public page is right', async (t) => {
  await t.resolves(
    buildApp(t, {
      host,
      descriptorMembers: {
        authentication: { type: 'NONE' },
        lifecycle: undefined,
        modules: { generalPages: [{ key: 'my-page', name: { value: 'Page' }, url: '/page' }] }
      },
      routes: (app) => app.get('/page', app.atlassian.protect('none'), open)
    })
  )
})

t.test('a cacheable route that was declared before the plugin cannot be judged, so it stops the start', async (t) => {
  const { default: Fastify } = await import('fastify')
  const { connectPlugin } = await import('fastify-atlassian')
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/page', { config: { atlassian: { auth: 'none' } } }, open)
  await app.register(connectPlugin, {
    descriptor: {
      key: 'early',
      name: 'Early',
      authentication: { type: 'jwt' },
      lifecycle: { installed: '/installed' },
      modules: { generalPages: [{ key: 'my-page', name: { value: 'Page' }, url: '/page', cacheable: true }] }
    },
    baseUrl: 'https://app.example.com',
    store: 'sqlite::memory:',
    environment: 'test'
  })
  await t.rejects(Promise.resolve(app.ready()), { code: 'ATL_DESCRIPTOR', message: /await app\.register/ })
})
