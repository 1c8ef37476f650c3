import Fastify from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

t.test('a page that the host loads by POST has its token in the form', async (t) => {
  const { app } = await buildApp(t, {
    host,
    descriptorMembers: {
      modules: {
        dynamicContentMacros: [
          { key: 'macro', name: { value: 'Macro' }, url: '/macro?body={macro.body}', renderingMethod: 'POST' }
        ]
      }
    },
    routes: (app) => app.post('/macro', async ({ body, connect }) => ({ body, kind: connect?.tokenKind }))
  })
  await installed(host, app, 'confluence')
  const answer = await host.openPage('macro', { site: 'confluence', params: { 'macro.body': 'a b&c=ü' } })
  t.equal(answer.status, 200)
  const { body, kind } = JSON.parse(answer.body)
  t.equal(kind, 'page')
  t.equal(body.body, 'a b&c=ü')
  t.equal(body.cp, '/wiki')
})

t.test('the form stands in for an empty query in the hash, and for nothing else', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const post = async (url: string, fields: string, hashed: string, method: 'POST' | 'PUT' = 'POST') => {
    const jwt = await host.sign.pageToken({ url: hashed, method })
    return (await app.inject({ method, url, headers: form, payload: `${fields}&jwt=${jwt}` })).statusCode
  }
  t.equal(await post('/panel', 'a=x+y&b=2', '/panel?a=x%20y&b=2'), 200, 'the fields are hashed')
  t.equal(await post('/panel', 'b=2&b=1', '/panel?b=1&b=2'), 200, 'repeated fields')
  t.equal(await post('/panel', 'a=1&b=2', '/panel'), 200, 'the empty query is hashed')
  t.equal(await post('/panel', 'a=1&b=3', '/panel?a=1&b=2'), 401, 'another value')
  t.equal(await post('/panel', 'a=1', '/panel?a=1&b=2'), 401, 'a field less')
  t.equal(await post('/panel', 'a=1&b=2&c=3', '/panel?a=1&b=2'), 401, 'a field more')
  t.equal(await post('/panel?q=1', 'b=2', '/panel?q=1'), 200, 'with a query the body does not count')
  t.equal(await post('/panel?q=1', 'b=2', '/panel?b=2'), 401, 'the form does not replace a query')
  t.equal(await post('/panel?q=1', 'b=2', '/panel?q=1&b=2'), 401, 'and does not add to it')
})

t.test('the form variant is for pages only', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const fields = 'a=1'
  const webhook = await host.sign.webhookToken({ url: '/own-webhook?a=1' })
  const answer = await app.inject({
    method: 'POST',
    url: '/own-webhook',
    headers: { ...form, authorization: `JWT ${webhook}` },
    payload: fields
  })
  t.equal(answer.statusCode, 401)
})

t.test('a form without a token is 401 before the schema says anything', async (t) => {
  const { app, reached } = await buildApp(t, {
    host,
    routes: (app) =>
      app.post('/strict', { schema: { body: { type: 'object', required: ['name'] } } }, async () => 'reached')
  })
  await installed(host, app)
  t.equal((await app.inject({ method: 'POST', url: '/strict', headers: form, payload: 'x=1' })).statusCode, 401)
  const jwt = await host.sign.pageToken({ url: '/strict', method: 'POST' })
  const valid = { method: 'POST', url: '/strict', headers: form } as const
  t.equal((await app.inject({ ...valid, payload: `x=1&jwt=${jwt}` })).statusCode, 400, 'then the schema')
  t.equal((await app.inject({ ...valid, payload: `name=1&jwt=${jwt}` })).statusCode, 200)
  t.strictSame(reached, [])
})

t.test('several tokens in the form, or one more elsewhere, are refused', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const jwt = await host.sign.pageToken({ url: '/panel', method: 'POST' })
  const post = async (request: { url?: string; headers?: object; payload: string }) =>
    (await app.inject({ method: 'POST', url: '/panel', ...request, headers: { ...form, ...request.headers } }))
      .statusCode
  t.equal(await post({ payload: `jwt=${jwt}` }), 200)
  t.equal(await post({ payload: `jwt=${jwt}&jwt=${jwt}` }), 401)
  t.equal(await post({ payload: `jwt=${jwt}`, url: `/panel?jwt=${jwt}` }), 401)
  t.equal(await post({ payload: `jwt=${jwt}`, headers: { authorization: `JWT ${jwt}` } }), 401)
  t.equal(await post({ payload: 'jwt=' }), 401)
  t.equal(await post({ payload: '' }), 401)
})

t.test('a token in the query of a form POST is accepted as well', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const jwt = await host.sign.pageToken({ url: '/panel', method: 'POST' })
  const answer = await app.inject({ method: 'POST', url: `/panel?jwt=${jwt}`, headers: form, payload: 'a=1' })
  t.equal(answer.statusCode, 200)
})

t.test('fields named like members of Object.prototype are fields, and pollute nothing', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  const fields = '__proto__=1&constructor=2&toString=3'
  const jwt = await host.sign.pageToken({ url: `/panel`, method: 'POST' })
  const answer = await app.inject({ method: 'POST', url: '/panel', headers: form, payload: `${fields}&jwt=${jwt}` })
  t.equal(answer.statusCode, 200)
  t.equal(Reflect.get({}, '1'), undefined)
})

t.test('formParser false adds no parser: a form is refused with 415, or parsed by the app’s own', async (t) => {
  const { app } = await buildApp(t, { host, formParser: false })
  await installed(host, app)
  const jwt = await host.sign.pageToken({ url: '/panel', method: 'POST' })
  const request = { method: 'POST', url: '/panel', headers: form, payload: `jwt=${jwt}` } as const
  t.equal((await app.inject(request)).statusCode, 415)

  for (const formParser of [true, false]) {
    const own = Fastify()
    t.teardown(() => own.close())
    own.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, { ...Object.fromEntries(new URLSearchParams(String(body))), by: 'own' })
    )
    await own.register(connectPlugin, {
      descriptor: testDescriptor(),
      baseUrl: BASE_URL,
      store: (appKey) => createMemoryTenantStore({ appKey }),
      environment: 'test',
      formParser,
      ...host.connectOptions()
    })
    own.post('/panel', async ({ body }) => Reflect.get(Object(body), 'by'))
    await own.ready()
    await installed(host, own)
    const token = await host.sign.pageToken({ url: '/panel', method: 'POST' })
    t.equal((await own.inject({ ...request, payload: `jwt=${token}` })).body, 'own')
  }
})
