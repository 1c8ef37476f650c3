import type { FastifyInstance } from 'fastify'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import Handlebars from 'handlebars'
import t from 'tap'
import { errorTable } from '../../lib/errors.ts'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const html = { accept: 'text/html,application/xhtml+xml;q=0.9' }

t.test('an API caller gets JSON with code, status and the public sentence', async (t) => {
  const { app } = await buildApp(t, { host })
  for (const accept of ['application/json', '*/*', '']) {
    const answer = await app.inject({ url: '/api', headers: { accept } })
    t.equal(answer.statusCode, 401)
    t.match(answer.headers['content-type'], /^application\/json/)
    t.strictSame(answer.json(), {
      statusCode: 401,
      code: 'ATL_UNAUTHENTICATED',
      error: 'Unauthorized',
      message: errorTable.ATL_UNAUTHENTICATED[1]
    })
    t.equal(answer.headers['www-authenticate'], 'JWT')
    t.equal(answer.headers['cache-control'], 'no-store')
  }
})

t.test('a browser gets a small page with the same sentence and no script', async (t) => {
  const { app } = await buildApp(t, { host })
  const answer = await app.inject({ url: '/panel', headers: html })
  t.equal(answer.statusCode, 401)
  t.match(answer.headers['content-type'], /^text\/html/)
  t.match(answer.body, errorTable.ATL_UNAUTHENTICATED[1])
  t.match(answer.headers['content-security-policy'], /default-src 'none'/)
  t.equal(answer.headers['x-content-type-options'], 'nosniff')
  t.notOk(answer.body.includes('<script'))
})

t.test('every refusal of a token looks the same from outside, and only the log knows the reason', async (t) => {
  const { app, lines } = await buildApp(t, { host })
  await installed(host, app)
  const tokens = {
    'tenant-unknown': await host.sign.pageToken({ url: '/panel', claims: { iss: 'nobody' } }),
    signature: await host.sign.pageToken({ url: '/panel', key: 'wrong' }),
    hash: await host.sign.pageToken({ url: '/other' }),
    expired: await host.sign.pageToken({ url: '/panel', claims: { iat: 1, exp: 2 } }),
    'token-missing': ''
  }
  const answers = new Set<string>()
  for (const [reason, jwt] of Object.entries(tokens)) {
    lines.length = 0
    const answer = await app.inject(jwt === '' ? '/panel' : `/panel?jwt=${jwt}`)
    const { date, ...headers } = answer.headers
    answers.add(JSON.stringify([answer.statusCode, answer.body, headers]))
    t.ok(date)
    t.ok(
      lines.some((line) => JSON.parse(line).reason === reason),
      reason
    )
    t.notOk(lines.join().includes(jwt === '' ? 'jwt=ey' : jwt), 'no token in the log')
  }
  t.equal(answers.size, 1)
})

t.test('503 names when to come back: the store is down, the key host is down', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  let down = false
  const find = store.find
  const { app } = await buildApp(t, {
    host,
    store: { ...store, find: async (lookup) => (down ? Promise.reject(new Error('ECONNREFUSED db')) : find(lookup)) },
    tenantFreshMs: 0
  })
  await installed(host, app)
  down = true
  const page = await app.inject(`/panel?jwt=${await host.sign.pageToken({ url: '/panel' })}`)
  t.equal(page.statusCode, 503)
  t.match(page.json(), { code: 'ATL_STORE_UNAVAILABLE', message: errorTable.ATL_STORE_UNAVAILABLE[1] })
  t.match(page.headers['retry-after'], /^\d+$/)
  t.notOk(page.body.includes('ECONNREFUSED'))
  const install = await sendLifecycle(app, host, 'installed')
  t.equal(install.statusCode, 503)
  down = false

  const fresh = await buildApp(t, { host })
  host.failNext({ target: 'keys', status: 500 })
  const refused = await sendLifecycle(fresh.app, host, 'installed')
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { code: 'ATL_KEYS_UNAVAILABLE' })
  t.match(refused.headers['retry-after'], /^\d+$/)
  t.equal((await sendLifecycle(fresh.app, host, 'installed')).statusCode, 204, 'and the next try succeeds')
})

t.test('errorPage names a template of the app: it gets the facts and the app’s own data, escaped', async (t) => {
  const { app } = await buildApp(t, {
    host,
    views: { root: import.meta.dirname, templates: 'views' },
    errorPage: { template: 'views/error.hbs', data: { help: '<b>call us</b>' } }
  })
  const answer = await app.inject({ url: '/panel', headers: html })
  t.equal(answer.statusCode, 401)
  t.match(answer.headers['content-type'], /^text\/html/)
  const sentence = Handlebars.escapeExpression(errorTable.ATL_UNAUTHENTICATED[1])
  t.equal(answer.body.trim(), `401 ATL_UNAUTHENTICATED ${sentence} &lt;b&gt;call us&lt;/b&gt;`)
  t.match((await app.inject('/panel')).headers['content-type'], /^application\/json/, 'API callers still get JSON')
})

t.test('errorPage false hands every refusal to the app’s own error handler', async (t) => {
  const seen: unknown[] = []
  const { app } = await buildApp(t, {
    host,
    errorPage: false,
    routes: (app: FastifyInstance) => {
      app.setErrorHandler((error: { code?: string; statusCode?: number }, _request, reply) => {
        seen.push(error.code)
        return reply.code(error.statusCode ?? 500).send('own')
      })
      app.post('/late', async () => 'reached')
    }
  })
  const statuses: number[] = []
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const request of [
    { url: '/panel', headers: html },
    { url: '/api' },
    { method: 'POST', url: '/late', headers: form, payload: 'a=1' },
    { method: 'POST', url: '/installed', payload: {} },
    { method: 'POST', url: '/hook' }
  ] as const) {
    const answer = await app.inject(request)
    statuses.push(answer.statusCode)
    t.equal(answer.body, 'own', request.url)
    t.equal(answer.headers['cache-control'], 'no-store')
  }
  t.strictSame(statuses, [401, 401, 401, 401, 401])
  t.strictSame(new Set(seen), new Set(['ATL_UNAUTHENTICATED']))
})

t.test('errors of the app’s handlers go their usual way', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) => {
      app.get('/fails', async () => {
        throw Object.assign(new Error('own failure'), { statusCode: 418 })
      })
      app.get('/other', async () => {
        throw new TypeError('own bug')
      })
    }
  })
  await installed(host, app)
  for (const [url, status] of [
    ['/fails', 418],
    ['/other', 500]
  ] as const)
    t.equal((await app.inject(`${url}?jwt=${await host.sign.pageToken({ url })}`)).statusCode, status)
})

t.test('every code of the table has a status of the 4xx or 5xx kind and one sentence', async (t) => {
  for (const [code, [status, message]] of Object.entries(errorTable)) {
    t.match(code, /^ATL_[A-Z_]+$/)
    t.ok(status >= 400 && status < 600)
    t.match(message, /^[A-Z].*\.$/)
  }
})
