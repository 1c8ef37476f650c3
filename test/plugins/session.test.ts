import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { APP_KEY, type AppOverrides, buildApp, createTestClock } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

interface Answer {
  readonly token: string
  readonly expiresAtSeconds: number
}

const clock = createTestClock()
const host = await createHostSimulator({ clock })
t.teardown(() => host.close())

/** An installed app with the few calls of a page's front end. */
async function front(t: Test, overrides: AppOverrides = {}) {
  const made = await buildApp(t, { host, clock, ...overrides })
  const { app } = made
  await installed(host, app)
  const exchange = async (token: string) =>
    await app.inject({ method: 'POST', url: '/atlassian/session', headers: { authorization: `JWT ${token}` } })
  const begin = async (user?: string | null): Promise<Answer> =>
    (await exchange(await host.sign.contextToken(user === undefined ? {} : { user }))).json()
  const use = async (token: string) =>
    (await app.inject({ url: '/session', headers: { authorization: `JWT ${token}` } })).statusCode
  const nowSeconds = () => Math.floor(clock() / 1000)
  return { ...made, exchange, begin, use, nowSeconds }
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

t.test('a context token is exchanged for a session token of 15 minutes, bound to app, tenant and user', async (t) => {
  const { app, begin, use, nowSeconds, exchange } = await front(t)
  const { token, expiresAtSeconds } = await begin('Bo')
  t.equal(expiresAtSeconds, nowSeconds() + 900)
  const bo = host.users.find(({ name }) => name === 'Bo')?.accountId
  t.match(claimsOf(token), {
    iss: APP_KEY,
    aud: [host.site().clientKey],
    sub: bo,
    iat: nowSeconds(),
    exp: nowSeconds() + 900,
    auth_time: nowSeconds()
  })
  t.equal(await use(token), 200)
  const answer = await app.inject({ url: '/session', headers: { authorization: `JWT ${token}` } })
  t.match(answer.json(), { kind: 'session', principal: { type: 'user', accountId: bo } })
  t.equal((await exchange(await host.sign.contextToken())).headers['cache-control'], 'no-store')
})

t.test('it is not signed with the shared secret, and has a type of its own', async (t) => {
  const { begin, use } = await front(t)
  const { token } = await begin()
  const [header = ''] = token.split('.')
  t.strictSame(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'HS256', typ: 'atl-session+jwt' })
  const forged = host.sign.custom({ alg: 'HS256', typ: 'atl-session+jwt' }, claimsOf(token), host.site().sharedSecret)
  t.equal(await use(token), 200)
  t.equal(await use(forged), 401)
})

t.test('it ends when its time is over, leeway included', async (t) => {
  const { begin, use } = await front(t)
  const { token } = await begin()
  clock.advanceSeconds(900)
  t.equal(await use(token), 200, 'within the leeway')
  clock.advanceSeconds(31)
  t.equal(await use(token), 401)
  t.equal(await use(token), 401, 'and it is not remembered')
})

t.test('the lifetime is an option', async (t) => {
  const { begin, nowSeconds } = await front(t, { session: { minutes: 1 } })
  t.equal((await begin()).expiresAtSeconds, nowSeconds() + 60)
})

t.test('an anonymous visitor has a session without an account', async (t) => {
  const { app, begin } = await front(t)
  const { token } = await begin(null)
  const answer = await app.inject({ url: '/session', headers: { authorization: `JWT ${token}` } })
  t.match(answer.json(), { principal: { type: 'anonymous' } })
})

t.test('a session token refreshes itself, keeps its auth_time, and ends for good after the maximum', async (t) => {
  const { begin, use, exchange, nowSeconds } = await front(t, { sessionMaxHours: 1 })
  let current = await begin()
  const authTime = nowSeconds()
  for (let minutes = 0; minutes < 50; minutes += 10) {
    clock.advanceSeconds(600)
    const refreshed = await exchange(current.token)
    t.equal(refreshed.statusCode, 200)
    current = refreshed.json()
    t.equal(claimsOf(current.token).auth_time, authTime)
    t.equal(await use(current.token), 200)
  }
  t.equal(current.expiresAtSeconds, authTime + 3600, 'no token outlives its session')
  clock.advanceSeconds(599)
  t.equal((await exchange(current.token)).statusCode, 200)
  clock.advanceSeconds(2)
  t.equal((await exchange(current.token)).statusCode, 401)
  t.equal(await use(current.token), 401)
  t.equal(await use((await begin()).token), 200, 'a fresh context token begins another')
})

t.test('the default maximum is 12 hours', async (t) => {
  const { begin, exchange, use } = await front(t)
  let { token } = await begin()
  for (let passed = 0; passed < 12 * 3600 - 800; passed += 800) {
    clock.advanceSeconds(800)
    token = (await exchange(token)).json().token
  }
  t.equal(await use(token), 200)
  clock.advanceSeconds(801)
  t.equal(await use(token), 401)
})

t.test('a rotation ends every session at once, though the old secret still verifies pages', async (t) => {
  const { app, begin, use, exchange } = await front(t)
  const { token } = await begin()
  t.equal(await use(token), 200)
  const page = await host.sign.pageToken({ url: '/panel' })
  await host.rotateSecret()
  t.equal(await use(token), 401)
  t.equal((await exchange(token)).statusCode, 401)
  t.equal((await app.inject(`/panel?jwt=${page}`)).statusCode, 200)
  t.equal(await use((await begin()).token), 200)
})

t.test('an uninstall ends every session at once, and a reinstall with the same secret revives none', async (t) => {
  const { begin, use } = await front(t)
  const { token } = await begin()
  t.equal(await use(token), 200)
  clock.advanceSeconds(1)
  await host.uninstall()
  t.equal(await use(token), 401)
  clock.advanceSeconds(1)
  await host.install()
  t.equal(await use(token), 401)
  t.equal(await use((await begin()).token), 200)
})

t.test('it does not do for another tenant, another app, or another policy', async (t) => {
  const { app, begin, use } = await front(t)
  const { token } = await begin()
  await installed(host, app, 'confluence')
  const wiki = host.site('confluence')
  const { sharedSecret } = host.site()
  const header = { alg: 'HS256', typ: 'atl-session+jwt' }
  const foreign = { ...claimsOf(token), aud: [wiki.clientKey] }
  t.equal(await use(host.sign.custom(header, foreign, sharedSecret)), 401)
  const [head, , signature] = token.split('.')
  const body = Buffer.from(JSON.stringify(foreign)).toString('base64url')
  t.equal(await use(`${head}.${body}.${signature}`), 401)
  for (const url of ['/panel', '/api'])
    t.equal((await app.inject({ url, headers: { authorization: `JWT ${token}` } })).statusCode, 401, url)
  const webhook = { method: 'POST', url: '/own-webhook', headers: { authorization: `JWT ${token}` } } as const
  t.equal((await app.inject(webhook)).statusCode, 401)

  const other = await buildApp(t, { host, clock, descriptorMembers: { key: 'another-app' }, store: 'sqlite::memory:' })
  await installed(host, other.app)
  t.equal((await other.app.inject({ url: '/session', headers: { authorization: `JWT ${token}` } })).statusCode, 401)
})

t.test('a page token begins no session at the refresh route', async (t) => {
  const { exchange } = await front(t)
  const token = await host.sign.pageToken({ url: '/atlassian/session', method: 'POST' })
  t.equal((await exchange(token)).statusCode, 401)
})

t.test('a page hands its session token to its front end by sessionToken()', async (t) => {
  const { app, use } = await front(t, {
    routes: (app) => app.get('/page', async (request) => app.atlassian.sessionToken(request))
  })
  const answer = await app.inject(`/page?jwt=${await host.sign.pageToken({ url: '/page' })}`)
  t.equal(await use(answer.json().token), 200)
})

t.test('the refresh route has another path, or none', async (t) => {
  const moved = await buildApp(t, { host, clock, session: { path: '/refresh' } })
  t.equal((await moved.app.inject({ method: 'POST', url: '/refresh' })).statusCode, 401)
  t.equal((await moved.app.inject({ method: 'POST', url: '/atlassian/session' })).statusCode, 404)
  const none = await buildApp(t, { host, clock, session: { path: false } })
  t.equal((await none.app.inject({ method: 'POST', url: '/atlassian/session' })).statusCode, 404)
})
