import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp } from '../helpers/app.ts'

const SITE = 'https://acme.atlassian.net'
const sites = { allowedHosts: ['*.atlassian.net', 'https://jira.example.com'] }

function open(app: FastifyInstance): void {
  const shared = { config: { atlassian: { auth: 'context', cors: true } } } as const
  app.get('/cross/:id', shared, async () => ({ reached: true }))
  app.put('/cross/:name', shared, async (_request, reply) =>
    reply.header('vary', 'accept-encoding').send({ put: true })
  )
  const listed = { config: { atlassian: { auth: 'none', cors: ['https://front.example.com'] } } } as const
  app.post('/listed', listed, async () => ({ reached: true }))
  app.register(
    async (scope) => {
      scope.delete('/', { config: { atlassian: { auth: 'none', cors: true } } }, async () => ({ reached: true }))
    },
    { prefix: '/inner' }
  )
}

async function corsApp(t: Test, overrides: AppOverrides = {}): Promise<FastifyInstance> {
  const { app } = await buildApp(t, { ...sites, routes: open, ...overrides })
  return app
}

function ask(app: FastifyInstance, url: string, method: string, origin: string | undefined, headers?: string) {
  return app.inject({
    method: 'OPTIONS',
    url,
    headers: {
      ...(origin === undefined ? {} : { origin }),
      ...(method === '' ? {} : { 'access-control-request-method': method }),
      ...(headers === undefined ? {} : { 'access-control-request-headers': headers })
    }
  })
}

t.test('a preflight of a site that may install is answered without a token', async (t) => {
  const app = await corsApp(t)
  for (const [url, method] of [
    ['/cross/1', 'GET'],
    ['/cross/1', 'PUT'],
    ['/inner', 'DELETE'],
    ['/inner/', 'DELETE']
  ] as const) {
    const answer = await ask(app, url, method, SITE, 'authorization,X-Custom')
    t.equal(answer.statusCode, 204, `${method} ${url}`)
    t.match(answer.headers, {
      'access-control-allow-origin': SITE,
      'access-control-allow-methods': method,
      'access-control-allow-headers': 'authorization,x-custom',
      vary: /^Origin,/
    })
    t.notOk(answer.headers['access-control-allow-credentials'])
  }
})

t.test('hooks of the app that demand a user do not see a preflight', async (t) => {
  const app = await corsApp(t, {
    routes(app) {
      app.addHook('onRequest', async () => {
        throw new Error('no user')
      })
      open(app)
    }
  })
  t.equal((await ask(app, '/cross/1', 'GET', SITE)).statusCode, 204)
})

t.test('origins that only look like a site are not let in', async (t) => {
  const app = await corsApp(t)
  const { headers, statusCode } = await ask(app, '/no-such-path', 'GET', SITE)
  t.equal(statusCode, 404)
  for (const origin of [
    'http://acme.atlassian.net',
    'https://atlassian.net',
    'https://acme.atlassian.net.evil.com',
    'https://evil.com/acme.atlassian.net',
    'https://a.b.atlassian.net',
    'https://acme.atlassian.net:444',
    'https://acme.atlassian.net/',
    'https://ACME.atlassian.net',
    'https://acme_atlassian.net',
    'https://user@acme.atlassian.net',
    'https://acme.atlassian.net, https://evil.com',
    'null',
    '*',
    '',
    'https://front.example.com',
    undefined
  ]) {
    const answer = await ask(app, '/cross/1', 'GET', origin)
    t.equal(answer.statusCode, 404, `${origin}`)
    t.same(Object.keys(answer.headers).sort(), Object.keys(headers).sort(), 'as a path that does not exist')
    const read = await app.inject({ url: '/cross/1', headers: origin === undefined ? {} : { origin } })
    t.notOk(read.headers['access-control-allow-origin'])
    t.match(read.headers.vary, /Origin/)
  }
})

t.test('preflights for other methods and other routes are refused as before', async (t) => {
  const app = await corsApp(t)
  for (const [url, method] of [
    ['/cross/1', 'DELETE'],
    ['/cross/1', 'put'],
    ['/cross/1', ''],
    ['/api', 'GET'],
    ['/panel', 'GET'],
    ['/public', 'GET'],
    ['/installed', 'POST']
  ] as const) {
    const answer = await ask(app, url, method, SITE)
    t.equal(answer.statusCode, 404, `${method} ${url}`)
    t.notOk(answer.headers['access-control-allow-origin'])
  }
})

t.test('a list of its own replaces the sites', async (t) => {
  const app = await corsApp(t)
  t.equal((await ask(app, '/listed', 'POST', 'https://front.example.com')).statusCode, 204)
  t.equal((await ask(app, '/listed', 'POST', SITE)).statusCode, 404)
})

t.test('answers say who may read them, refusals too, and what else they vary by stays', async (t) => {
  const { app, host } = await buildApp(t, { routes: open })
  await host.install(app)
  const origin = host.site('jira').origin
  const refused = await app.inject({ url: '/cross/1', headers: { origin } })
  t.equal(refused.statusCode, 401)
  t.match(refused.headers, { 'access-control-allow-origin': origin, vary: 'Origin' })
  t.notOk(refused.headers['access-control-allow-credentials'])
  const token = await host.contextToken()
  const headers = { origin, authorization: `JWT ${token}` }
  const put = await app.inject({ method: 'PUT', url: '/cross/1', headers })
  t.equal(put.statusCode, 200)
  t.match(put.headers, { 'access-control-allow-origin': origin, vary: 'accept-encoding, Origin' })
  const other = await app.inject({ url: '/api', headers })
  t.notOk(other.headers['access-control-allow-origin'], 'a route without the option says nothing')
  t.notOk(other.headers.vary)
})

t.test('headers that are no list of names are not repeated', async (t) => {
  const app = await corsApp(t)
  for (const headers of ['a b', '*', 'x,'.repeat(40), 'x'.repeat(65), undefined]) {
    const answer = await ask(app, '/cross/1', 'GET', SITE, headers)
    t.equal(answer.headers['access-control-allow-headers'], 'authorization, content-type', `${headers}`)
  }
})

t.test('an option that opens too much, or nothing, stops the start', async (t) => {
  const wrong: [config: object, options?: AppOverrides][] = [
    [{ auth: 'context', cors: false }],
    [{ auth: 'context', cors: [] }],
    [{ auth: 'context', cors: '*' }],
    [{ auth: 'context', cors: ['*'] }],
    [{ auth: 'context', cors: ['*.*.com'] }],
    [{ auth: 'context', cors: [1] }],
    [{ cors: true }],
    [{ auth: 'page', cors: true }],
    [{ auth: 'webhook', cors: true }]
  ]
  for (const [config] of wrong) {
    const routes = (app: FastifyInstance) => {
      app.post('/cross', { config: { atlassian: config } as never }, async () => 'in')
    }
    await t.rejects(
      buildApp(t, { routes }),
      { code: 'ATL_OPTION', message: /config\.atlassian\.cors/ },
      JSON.stringify(config)
    )
  }
  const all = (app: FastifyInstance) => {
    app.all('/cross', { config: { atlassian: { auth: 'none', cors: true } } }, async () => 'in')
  }
  await t.rejects(buildApp(t, { routes: all }), { code: 'ATL_OPTION', message: /OPTIONS/ })
})
