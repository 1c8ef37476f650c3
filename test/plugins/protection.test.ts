import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import fp from 'fastify-plugin'
import t, { type Test } from 'tap'
import { BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const options = () => ({
  descriptor: testDescriptor(),
  baseUrl: BASE_URL,
  store: (appKey: string) => createMemoryTenantStore({ appKey }),
  environment: 'test',
  ...host.connectOptions()
})

const open = async () => 'reached'

function bareApp(t: Test): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}

async function status(app: FastifyInstance, url: string, method: 'GET' | 'HEAD' = 'GET'): Promise<number> {
  return (await app.inject({ method, url })).statusCode
}

async function statusWithToken(app: FastifyInstance, url: string, method: 'GET' | 'HEAD' = 'GET'): Promise<number> {
  return await status(app, `${url}?jwt=${await host.sign.pageToken({ method, url })}`, method)
}

t.test('a route without a policy is protected as page, wherever it was declared', async (t) => {
  const app = bareApp(t)
  app.get('/before', open)
  const registering = app.register(connectPlugin, options())
  app.get('/same-tick', open)
  await registering
  app.get('/after', open)
  await app.register(async (child) => {
    child.get('/child', open)
    await child.register(async (grandchild) => {
      grandchild.get('/grandchild', open)
    })
  })
  await app.register(fp(async (global) => void global.get('/plugin', open)))
  await app.ready()
  await installed(host, app)
  for (const url of ['/before', '/same-tick', '/after', '/child', '/grandchild', '/plugin']) {
    t.equal(await status(app, url), 401, url)
    t.equal(await statusWithToken(app, url), 200, url)
  }
})

t.test('the HEAD route that comes with a GET route is protected too, and hashed as HEAD', async (t) => {
  const { app } = await buildApp(t, { host, routes: (app) => app.get('/both', open) })
  await installed(host, app)
  t.equal(await status(app, '/both', 'HEAD'), 401)
  t.equal(await statusWithToken(app, '/both', 'HEAD'), 200)
  const forGet = await host.sign.pageToken({ method: 'GET', url: '/both' })
  t.equal(await status(app, `/both?jwt=${forGet}`, 'HEAD'), 401)
})

t.test('unknown addresses are 404, with and without a token, and reach the app’s own not-found handler', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  t.equal(await status(app, '/nowhere'), 404)
  t.equal(await statusWithToken(app, '/nowhere'), 404)
  const own = bareApp(t)
  own.setNotFoundHandler((_request, reply) => reply.code(404).send('own'))
  await own.register(connectPlugin, options())
  t.equal((await own.inject('/nowhere')).body, 'own')
})

t.test('an address with another method than its route has is 404, not 401', async (t) => {
  const { app } = await buildApp(t, { host })
  t.equal((await app.inject({ method: 'DELETE', url: '/panel' })).statusCode, 404)
})

t.test('a public scope opens what is registered inside it and nothing beside it', async (t) => {
  const app = bareApp(t)
  await app.register(connectPlugin, options())
  await app.register(async (scope) => {
    app.atlassian.publicScope(scope)
    scope.get('/public', open)
    scope.get('/still-protected', app.atlassian.protect('context'), open)
    await scope.register(async (child) => void child.get('/public-child', open))
  })
  app.get('/beside', open)
  await app.ready()
  t.equal(await status(app, '/public'), 200)
  t.equal(await status(app, '/public-child'), 200)
  t.equal(await status(app, '/still-protected'), 401)
  t.equal(await status(app, '/beside'), 401)
})

/** As @fastify/static: an fp plugin with a wildcard route, a HEAD route and a decorator. */
const staticPlugin = fp<{ prefix: string }>(
  async (app, { prefix }) => {
    app.decorateReply('sendFile', null)
    app.route({ method: ['GET', 'HEAD'], url: `${prefix}*`, handler: async () => 'file' })
  },
  { name: 'static-double', fastify: '5.x' }
)

t.test('static files of another plugin are public inside a public scope, and protected outside of it', async (t) => {
  const app = bareApp(t)
  await app.register(connectPlugin, options())
  await app.register(async (scope) => {
    app.atlassian.publicScope(scope)
    await scope.register(staticPlugin, { prefix: '/assets/' })
  })
  await app.register(async (scope) => void (await scope.register(staticPlugin, { prefix: '/closed/' })))
  await app.ready()
  t.equal(await status(app, '/assets/app.js'), 200)
  t.equal(await status(app, '/assets/deep/app.js', 'HEAD'), 200)
  t.equal(await status(app, '/closed/app.js'), 401)
})

t.test('the app outside of the plugin’s scope is left alone', async (t) => {
  const app = bareApp(t)
  app.get('/outside', open)
  await app.register(async (scope) => {
    await scope.register(connectPlugin, options())
    scope.get('/inside', open)
  })
  await app.ready()
  t.equal(await status(app, '/outside'), 200)
  t.equal(await status(app, '/inside'), 401)
  t.equal(await status(app, '/installed'), 404, 'a GET of a POST route')
  t.equal((await app.inject({ method: 'POST', url: '/installed' })).statusCode, 401)
})

t.test('a refused request reaches neither body parser, schema, later hooks nor the handler', async (t) => {
  const reached: string[] = []
  const { app } = await buildApp(t, {
    host,
    routes: (app) =>
      app.post(
        '/guarded',
        {
          schema: { body: { type: 'object', required: ['name'] } },
          preParsing: async () => void reached.push('preParsing'),
          preHandler: async () => void reached.push('preHandler')
        },
        async () => void reached.push('handler')
      )
  })
  await installed(host, app)
  const answer = await app.inject({ method: 'POST', url: '/guarded', payload: { wrong: true } })
  t.equal(answer.statusCode, 401)
  t.strictSame(reached, [])
})

t.test('a schema that changes the query does not change what is hashed', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) =>
      app.get(
        '/typed',
        {
          schema: {
            querystring: {
              type: 'object',
              additionalProperties: false,
              properties: { page: { type: 'integer' }, size: { type: 'integer', default: 10 } }
            }
          }
        },
        async (request) => request.query
      )
  })
  await installed(host, app)
  const jwt = await host.sign.pageToken({ url: '/typed?page=2&dropped=x' })
  t.strictSame((await app.inject(`/typed?page=2&dropped=x&jwt=${jwt}`)).json(), { page: 2, size: 10 })
})

t.test('routes of two scopes with an app each answer to their own tenants only', async (t) => {
  const app = bareApp(t)
  for (const name of ['one', 'two']) {
    await app.register(async (scope) => {
      await scope.register(connectPlugin, {
        ...options(),
        descriptor: { ...testDescriptor(), key: `app-${name}` },
        baseUrl: `https://app.example.com/${name}`
      })
      scope.get(`/${name}/panel`, async ({ tenant }) => tenant?.appKey)
    })
  }
  await app.ready()
  for (const name of ['one', 'two']) {
    const site = host.site()
    const { status } = await host.install({
      atlassian: { descriptor: { baseUrl: `https://app.example.com/${name}` } },
      inject: (request: { method: string; url: string; headers: Record<string, string>; payload?: string }) =>
        app.inject({ ...request, method: request.method as 'GET' })
    } as never)
    t.equal(status, 204)
    const jwt = await host.sign.pageToken({ url: '/panel' })
    t.equal((await app.inject(`/${name}/panel?jwt=${jwt}`)).body, `app-${name}`)
    t.ok(site.installed)
  }
  // Installed on the second app last: its token carries the same hash below the other prefix.
  const tampered = await host.sign.custom(
    { alg: 'HS256', typ: 'JWT' },
    { iss: 'app-one', iat: 1, exp: 2 },
    host.site().sharedSecret
  )
  t.equal(await status(app, `/two/panel?jwt=${tampered}`), 401)
})
