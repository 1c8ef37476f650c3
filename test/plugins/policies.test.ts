import Fastify, { type InjectOptions } from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { policies } from '../../lib/jwt/policy.ts'
import { APP_KEY, BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const open = async () => 'reached'

/** One token of every kind for this path. */
async function tokensFor(session: string, url: string) {
  const secret = host.site().sharedSecret
  const nowSeconds = Math.floor(Date.now() / 1000)
  return {
    page: await host.sign.pageToken({ url }),
    context: await host.sign.contextToken(),
    session,
    webhook: await host.sign.webhookToken({ url }),
    install: await host.sign.installToken({ url }),
    outbound: host.sign.custom(
      { alg: 'HS256', typ: 'JWT' },
      { iss: APP_KEY, aud: [host.site().clientKey], iat: nowSeconds, exp: nowSeconds + 60, qsh: 'context-qsh' },
      secret
    ),
    none: ''
  }
}

t.test(
  'the same route by config, by protect() and by a hook gives the same answer to every kind of token',
  async (t) => {
    const { app } = await buildApp(t, {
      host,
      forge: { appId: '8db33809-1f32-48bb-8c52-5877dab48107', jwksUrl: 'http://127.0.0.1:9' },
      routes: (app) => {
        for (const policy of policies) {
          const event = policy === 'lifecycle' ? { event: 'installed' as const } : {}
          app.route({
            method: ['GET', 'POST'],
            url: `/config-${policy}`,
            config: { atlassian: { auth: policy, ...event } },
            handler: open
          })
          const { config } = app.atlassian.protect(policy)
          app.route({
            method: ['GET', 'POST'],
            url: `/protect-${policy}`,
            config: { atlassian: { ...config.atlassian, ...event } },
            handler: open
          })
          app.route({
            method: ['GET', 'POST'],
            url: `/hook-${policy}`,
            config: { atlassian: event },
            onRequest: app.atlassian.authenticate(policy),
            handler: open
          })
        }
      }
    })
    await installed(host, app)
    const session = (await host.callApp('/atlassian/session', { method: 'POST' })).body
    const { token } = JSON.parse(session) as { token: string }
    let accepted = 0
    for (const policy of policies) {
      for (const kind of ['page', 'context', 'session', 'webhook', 'install', 'outbound', 'none'] as const) {
        const answers: number[] = []
        for (const way of ['config', 'protect', 'hook']) {
          const url = `/${way}-${policy}`
          const value = (await tokensFor(token, url))[kind]
          const headers = value === '' ? {} : { authorization: `JWT ${value}` }
          const method = kind === 'webhook' || kind === 'install' ? 'POST' : 'GET'
          answers.push((await app.inject({ method, url, headers })).statusCode)
        }
        t.equal(new Set(answers).size, 1, `${policy} with ${kind}: ${answers}`)
        if (answers[0] === 200) accepted += 1
      }
    }
    // Four kinds by their own policy (the call of `lifecycle` has no body here) and all seven by `none`. A webhook token
    // in the header is a page token of a POST, and the other way round: nothing in them differs.
    t.equal(accepted, 4 + 7 + 2)
  }
)

t.test('a list accepts each kind it names and refuses the others', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) => {
      app.get('/page-or-context', app.atlassian.protect(['page', 'context']), open)
      app.get('/context-or-session', { onRequest: app.atlassian.authenticate(['context', 'session']) }, open)
    }
  })
  await installed(host, app)
  const { token } = (await host
    .callApp('/atlassian/session', { method: 'POST' })
    .then(({ body }) => JSON.parse(body))) as {
    token: string
  }
  const status = async (url: string, jwt: string) =>
    (await app.inject({ url, headers: { authorization: `JWT ${jwt}` } })).statusCode
  const context = await host.sign.contextToken()
  t.equal(await status('/page-or-context', await host.sign.pageToken({ url: '/page-or-context' })), 200)
  t.equal(await status('/page-or-context', context), 200)
  t.equal(await status('/page-or-context', token), 401)
  t.equal(await status('/context-or-session', context), 200)
  t.equal(await status('/context-or-session', token), 200)
  t.equal(await status('/context-or-session', await host.sign.pageToken({ url: '/context-or-session' })), 401)
  t.equal(await status('/page-or-context', await host.sign.pageToken({ url: '/elsewhere' })), 401)
})

t.test('in a list the verifier is chosen before any check, and its failure is final', async (t) => {
  const { app, lines } = await buildApp(t, { host })
  await installed(host, app)
  const reasonOf = async (jwt: string) => {
    lines.length = 0
    t.equal((await app.inject({ url: '/mixed', headers: { authorization: `JWT ${jwt}` } })).statusCode, 401)
    const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'request refused')
    return line?.reason
  }
  const secret = host.site().sharedSecret
  const header = { alg: 'HS256', typ: 'JWT' }
  const nowSeconds = Math.floor(Date.now() / 1000)
  const times = { iat: nowSeconds, exp: nowSeconds + 60 }
  // Our own issuer makes it a session token, though a context token of that shape would be right.
  t.equal(
    await reasonOf(host.sign.custom(header, { iss: APP_KEY, ...times, qsh: 'context-qsh' }, secret)),
    'token-type'
  )
  // A page token for another page is no context token.
  t.equal(await reasonOf(await host.sign.pageToken({ url: '/panel' })), 'hash')
  t.equal(await reasonOf(await host.sign.contextToken({ key: 'wrong' })), 'signature')
  t.equal(await reasonOf(await host.sign.contextToken({ claims: { qsh: undefined } })), 'hash-missing')
})

t.test('policies that cannot be are refused at start, in every way to write them', async (t) => {
  const { app } = await buildApp(t, { host })
  for (const policy of [
    'pages',
    '',
    null,
    [],
    ['page', 'page'],
    ['page', 'webhook'],
    ['lifecycle'],
    ['none'],
    { page: true },
    '__proto__'
  ]) {
    t.throws(() => app.atlassian.protect(policy as never), { code: 'ATL_OPTION' }, String(policy))
    t.throws(() => app.atlassian.authenticate(policy as never), { code: 'ATL_OPTION' })
  }
  const wrong = (routes: Parameters<typeof buildApp>[1]) => buildApp(t, { host, ...routes })
  await t.rejects(
    wrong({ routes: (app) => app.get('/x', { config: { atlassian: { auth: 'open' as never } } }, open) }),
    { code: 'ATL_OPTION', message: /config\.atlassian\.auth of \/x/ }
  )
})

t.test('a route declared before the plugin with a policy that cannot be is refused, not opened', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/early', { config: { atlassian: { auth: 'public' as never } } }, open)
  await app.register(connectPlugin, {
    descriptor: testDescriptor(),
    baseUrl: BASE_URL,
    store: (appKey) => createMemoryTenantStore({ appKey }),
    environment: 'test'
  })
  t.equal((await app.inject('/early')).statusCode, 500)
})

t.test('a route with two different policies stops the start', async (t) => {
  const twice = (t: Test, first: 'page' | 'context', second: 'page' | 'context') =>
    buildApp(t, {
      host,
      routes: (app) =>
        app.get('/x', { ...app.atlassian.protect(first), onRequest: app.atlassian.authenticate(second) }, open)
    })
  await t.rejects(twice(t, 'page', 'context'), { code: 'ATL_OPTION', message: /one policy only/ })
  await t.resolves(twice(t, 'context', 'context'))
  await t.rejects(
    buildApp(t, {
      host,
      routes: (app) => {
        const { authenticate } = app.atlassian
        app.get('/x', { onRequest: [authenticate('page'), authenticate('page')] }, open)
      }
    }),
    { code: 'ATL_OPTION' }
  )
})

t.test('the hook of authenticate() on a scope opens nothing: it answers with a mistake of the app', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) => {
      app.register(async (scope) => {
        scope.addHook('onRequest', app.atlassian.authenticate('context'))
        scope.get('/scoped', open)
      })
    }
  })
  await installed(host, app)
  const token = await host.sign.contextToken()
  t.equal((await app.inject({ url: '/scoped', headers: { authorization: `JWT ${token}` } })).statusCode, 401)
  const page = await host.sign.pageToken({ url: '/scoped' })
  t.match((await app.inject(`/scoped?jwt=${page}`)).json(), { code: 'ATL_NOT_PROTECTED' })
})

t.test('each kind of token is taken from its own places and from no other', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const { token: session } = JSON.parse((await host.callApp('/atlassian/session', { method: 'POST' })).body) as {
    token: string
  }
  const context = await host.sign.contextToken()
  const form = 'application/x-www-form-urlencoded'
  const cases: [string, number, string | InjectOptions][] = [
    ['page in the query', 200, `/panel?jwt=${await host.sign.pageToken({ url: '/panel' })}`],
    [
      'page in the header',
      200,
      { url: '/panel', headers: { authorization: `JWT ${await host.sign.pageToken({ url: '/panel' })}` } }
    ],
    [
      'page in a form',
      200,
      {
        method: 'POST',
        url: '/panel',
        headers: { 'content-type': form },
        payload: `jwt=${await host.sign.pageToken({ url: '/panel', method: 'POST' })}`
      }
    ],
    [
      'page in a JSON body',
      401,
      { method: 'POST', url: '/panel', payload: { jwt: await host.sign.pageToken({ url: '/panel', method: 'POST' }) } }
    ],
    [
      'page in a cookie',
      401,
      { url: '/panel', headers: { cookie: `jwt=${await host.sign.pageToken({ url: '/panel' })}` } }
    ],
    ['page under the name acpt', 401, `/panel?acpt=${await host.sign.pageToken({ url: '/panel' })}`],
    ['page under the name JWT', 401, `/panel?JWT=${await host.sign.pageToken({ url: '/panel' })}`],
    ['context in the header', 200, { url: '/api', headers: { authorization: `JWT ${context}` } }],
    ['context in the query', 200, `/api?jwt=${context}`],
    [
      'context in a form',
      401,
      { method: 'POST', url: '/api', headers: { 'content-type': form }, payload: `jwt=${context}` }
    ],
    ['session in the header', 200, { url: '/session', headers: { authorization: `JWT ${session}` } }],
    ['session in the query', 200, `/session?jwt=${session}`],
    ['session in X-acpt', 401, { url: '/session', headers: { 'x-acpt': session } }],
    [
      'webhook in the header',
      200,
      {
        method: 'POST',
        url: '/own-webhook',
        headers: { authorization: `JWT ${await host.sign.webhookToken({ url: '/own-webhook' })}` }
      }
    ],
    [
      'webhook in the query',
      401,
      { method: 'POST', url: `/own-webhook?jwt=${await host.sign.webhookToken({ url: '/own-webhook' })}` }
    ],
    [
      'lifecycle in the query',
      401,
      { method: 'POST', url: `/installed?jwt=${await host.sign.installToken()}`, payload: {} }
    ],
    [
      'two equal ones in query and header',
      401,
      { url: `/api?jwt=${context}`, headers: { authorization: `JWT ${context}` } }
    ],
    ['two in the query', 401, `/api?jwt=${context}&jwt=${context}`],
    ['an empty one beside a good one', 401, `/api?jwt=&jwt=${context}`],
    ['an empty one', 401, '/api?jwt='],
    ['the scheme Bearer', 401, { url: '/api', headers: { authorization: `Bearer ${context}` } }],
    ['no scheme', 401, { url: '/api', headers: { authorization: context } }],
    ['a doubled scheme', 401, { url: '/api', headers: { authorization: `JWT JWT ${context}` } }],
    ['two spaces', 401, { url: '/api', headers: { authorization: `JWT  ${context}` } }],
    ['two tokens in one header', 401, { url: '/api', headers: { authorization: `JWT ${context}, JWT ${context}` } }],
    ['the scheme in small letters', 200, { url: '/api', headers: { authorization: `jwt ${context}` } }]
  ]
  for (const [name, status, request] of cases) t.equal((await app.inject(request)).statusCode, status, name)
})
