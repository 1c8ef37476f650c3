import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin, requireConnect } from 'fastify-atlassian'
import { type Addon, ace } from 'fastify-atlassian/ace'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from '../plugins/lifecycle-sender.ts'

interface Routed {
  readonly app: FastifyInstance
  readonly addon: Addon
}

/** An app whose routes use ACE's middlewares, with and without Express's way to declare them. */
function build(t: Test, routes: (given: Routed) => void) {
  return buildApp(t, { routes: (app) => routes({ app, addon: ace(app) }) })
}

/** What the start says to such routes. */
async function startOf(t: Test, routes: (given: Routed) => void): Promise<string> {
  const { app } = await buildAppOnly(t)
  try {
    routes({ app, addon: ace(app) })
    await app.ready()
  } catch (error) {
    return String(error)
  }
  return 'started'
}

async function buildAppOnly(t: Test) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(connectPlugin, {
    descriptor: { ...testDescriptor(), modules: {} },
    baseUrl: BASE_URL,
    store: (appKey) => createMemoryTenantStore({ appKey }),
    environment: 'test'
  })
  return { app }
}

t.test('each middleware lets in the tokens of its policy and no other', async (t) => {
  const { app, host, lines } = await build(t, ({ app, addon }) => {
    app.get('/fastify/page', { preHandler: addon.authenticate() }, async (request) => kindOf(request))
    app.get('/fastify/token', { preHandler: [addon.checkValidToken()] }, async (request) => kindOf(request))
    addon.get('/express/page', addon.authenticate(), (request, response) => response.json(kindOf(request)))
    addon.get('/express/true', [addon.authenticate(true)], (request, response) => response.json(kindOf(request)))
    addon.get('/express/token', addon.checkValidToken(), (request, response) => response.json(kindOf(request)))
    addon.get('/express/unsaid', (request, response) => response.json(kindOf(request)))
    addon.get('/express/open', app.atlassian.authenticate('none'), (_request, response) =>
      response.json({ kind: 'none' })
    )
  })
  await installed(host, app)
  const sessionOf = async (): Promise<string> => {
    const answer = await app.inject({
      method: 'POST',
      url: '/atlassian/session',
      headers: { authorization: `JWT ${await host.sign.contextToken()}` }
    })
    return answer.json().token
  }
  const ask = async (url: string, kind: 'page' | 'context' | 'session') => {
    const token =
      kind === 'page'
        ? await host.sign.pageToken({ url })
        : kind === 'context'
          ? await host.sign.contextToken()
          : await sessionOf()
    const { statusCode } = await app.inject(`${url}?jwt=${token}`)
    return statusCode
  }
  const table: Record<string, [page: number, context: number, session: number]> = {
    '/fastify/page': [200, 401, 401],
    '/express/page': [200, 401, 401],
    '/express/unsaid': [200, 401, 401],
    '/fastify/token': [401, 200, 200],
    '/express/true': [401, 200, 200],
    '/express/token': [401, 200, 200]
  }
  for (const [url, statuses] of Object.entries(table)) {
    t.same([await ask(url, 'page'), await ask(url, 'context'), await ask(url, 'session')], statuses, url)
    t.equal((await app.inject(url)).statusCode, 401, `${url} without a token`)
  }
  t.equal((await app.inject('/express/open')).statusCode, 200)
  t.match(
    lines.find((line) => line.includes('"remedy"')),
    /AP\.context\.getToken\(\).*name \\"page\\" in its policy/,
    'the log says what to do about a page token'
  )
})

t.test('a middleware that protects no route ends the start, and the message says where it was made', async (t) => {
  const said = /addon\.authenticate\(\).*policies\.test\.ts.*protects no route/
  t.match(await startOf(t, ({ addon }) => void addon.authenticate()), said, 'nowhere')
  t.match(
    await startOf(t, ({ app, addon }) => void app.addHook('preHandler', addon.authenticate())),
    said,
    'on a scope'
  )
  t.match(
    await startOf(t, ({ app, addon }) => {
      app.get('/x', { onSend: addon.authenticate() as never }, async () => 'x')
    }),
    said,
    'in a hook that runs after the handler'
  )
  t.match(await startOf(t, ({ addon }) => void addon.authorizeJira({ global: ['ADMINISTER'] })), /authorizeJira/)
  t.match(await startOf(t, ({ addon }) => void addon.associateConnect()), /associateConnect/)
  const own = await buildAppOnly(t)
  const addon = ace(own.app)
  await own.app.ready()
  t.throws(() => addon.authenticate(), { code: 'ATL_OPTION', message: /after the start/ }, 'inside of a handler')
})

t.test('a route outside of the scope of the plugin cannot borrow a middleware', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  let addon: Addon | undefined
  await app.register(async (inner) => {
    await inner.register(connectPlugin, {
      descriptor: { ...testDescriptor(), modules: {} },
      baseUrl: BASE_URL,
      store: (appKey) => createMemoryTenantStore({ appKey }),
      environment: 'test'
    })
    addon = ace(inner)
  })
  const hook = addon?.authenticate()
  app.get('/outside', { preHandler: hook as never }, async () => 'open')
  await t.rejects(async () => void (await app.ready()), { message: /protects no route/ })
})

t.test('the start fails for a route that says two things, and for what is no route', async (t) => {
  const handler = () => undefined
  const wrong: Record<string, [routes: (given: Routed) => void, says: RegExp]> = {
    'two policies': [
      ({ addon }) => addon.get('/x', addon.authenticate(), addon.checkValidToken(), handler),
      /one policy only/
    ],
    'no handler': [({ addon }) => addon.get('/x', addon.authenticate()), /last argument/],
    'an error handler': [
      ({ addon }) => addon.get('/x', ((_a: never, _b: never, _c: never, _d: never) => 0) as never),
      /setErrorHandler/
    ],
    'no function': [({ addon }) => addon.get('/x', 'handler' as never), /functions/],
    'permissions of nobody': [
      ({ app, addon }) =>
        addon.get('/x', app.atlassian.authenticate('none'), addon.authorizeJira({ global: ['ADMINISTER'] }), handler),
      /no user is known/
    ],
    'no permissions': [({ addon }) => addon.get('/x', addon.authorizeJira({}), handler), /authorizeJira/],
    'Forge without the option': [({ addon }) => addon.get('/x', addon.authenticateForge(), handler), /"forge"/],
    'an association of nothing': [
      ({ addon }) => addon.get('/x', addon.associateConnect(), handler),
      /authenticateForge/
    ],
    'a life-cycle route that nobody knows': [
      ({ addon }) => addon.post('/x', addon.authenticateInstall(), handler),
      /descriptor/
    ]
  }
  for (const [name, [routes, says]] of Object.entries(wrong)) t.match(await startOf(t, routes), says, name)
  t.throws(() => ace(Fastify()), { code: 'ATL_OPTION', message: /connectPlugin/ })
})

t.test('a life-cycle route of the app is verified, and applied by postInstallation', async (t) => {
  const { app, host } = await buildApp(t, {
    lifecycle: { installed: false },
    routes: (app) => {
      const addon = ace(app)
      addon.post('/installed', addon.verifyInstallation(), addon.postInstallation())
    }
  })
  t.equal((await app.inject({ method: 'POST', url: '/installed', payload: { clientKey: 'x' } })).statusCode, 401)
  await installed(host, app)
  const panel = await host.openPage('panel')
  t.equal(panel.status, 200, 'the site is installed')
})

function kindOf(request: Parameters<typeof requireConnect>[0]) {
  const { connect, principal } = requireConnect(request)
  return { kind: connect.tokenKind, principal }
}
