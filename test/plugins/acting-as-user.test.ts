import type { TenantStore } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { APP_KEY, type AppOverrides, buildApp, createTestClock } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const ADA = '557058:ada-0001'
const BO = '557058:bo-0002'
const SCOPES = ['READ', 'WRITE', 'ACT_AS_USER']

/** An installed app that may act as users, on a simulated host of its own. */
async function scene(t: Test, overrides: AppOverrides = {}) {
  const clock = createTestClock()
  const host = await createHostSimulator({ clock })
  t.teardown(() => host.close())
  const made = await buildApp(t, {
    host,
    clock,
    descriptorMembers: { scopes: SCOPES },
    ...overrides,
    routes(app) {
      app.get('/as', async (request) => {
        const { user, impersonate } = request.query as { user?: string; impersonate?: string }
        const as = request.hostClient().asUser(user, { impersonate: impersonate === 'yes' })
        return await as.get('/rest/api/3/myself')
      })
      app.get('/nobody', async (request) => {
        return (await request.hostClient().anonymous().fetch('/rest/api/3/serverInfo')).status
      })
    }
  })
  await installed(host, made.app)
  const { clientKey } = host.site()
  const known = await made.app.atlassian.tenants.find({ clientKey })
  const job = made.app.atlassian.hostClient({ tenantId: known?.tenantId ?? '' })
  const seen = (kind: string) => host.exchanges.filter((exchange) => exchange.kind === kind)
  return {
    ...made,
    host,
    clientKey,
    job,
    seen,
    /** What was asked of the authorization server, in order. */
    asked: () => seen('token').map(({ requestBody }) => new URLSearchParams(requestBody ?? '')),
    async page(url: string, user: string | null) {
      const token = await host.sign.pageToken({ url, claims: { sub: user ?? undefined } })
      return await made.app.inject(`${url}${url.includes('?') ? '&' : '?'}jwt=${token}`)
    }
  }
}

const me = '/rest/api/3/myself'
const comment = { body: { type: 'doc', version: 1, content: [] } }

t.test('on a request the app acts as its verified user, in a job as the user that is named', async (t) => {
  const { page, job, seen, asked } = await scene(t)
  t.match((await page('/as', ADA)).json(), { accountId: ADA })
  t.match((await page('/as', BO)).json(), { accountId: BO })
  t.match((await page(`/as?user=${ADA}`, ADA)).json(), { accountId: ADA }, 'named, and the same')
  t.match(await job.asUser(BO).get(me), { accountId: BO })
  t.match(await job.asUser(ADA).asApp().get(me), { accountType: 'app' })
  t.equal(asked().length, 2, 'one token for each user')
  t.strictSame([...new Set(seen('rest').map(({ tokenKind }) => tokenKind))], ['user', 'app'])
})

t.test('an id that a request brings along is nobody, unless the code means it; nobody stays nobody', async (t) => {
  const { page, seen } = await scene(t)
  const refused: [url: string, user: string | null, code: string][] = [
    ['/as', null, 'ATL_NO_USER'],
    [`/as?user=${ADA}`, null, 'ATL_IMPERSONATION'],
    [`/as?user=${BO}`, ADA, 'ATL_IMPERSONATION'],
    [`/as?user=${ADA}&user=${BO}`, ADA, 'ATL_NO_USER']
  ]
  for (const [url, user, code] of refused) {
    const answer = await page(url, user)
    t.match([answer.statusCode, answer.json()], [403, { code }], `${url} by ${user}`)
  }
  t.strictSame([...seen('rest'), ...seen('token')], [], 'nothing was sent, by nobody')
  t.match((await page(`/as?user=${BO}&impersonate=yes`, ADA)).json(), { accountId: BO })
  t.equal((await page('/nobody', ADA)).statusCode, 200)
  t.equal(seen('rest').at(-1)?.requestHeaders.authorization, undefined)
})

t.test('scopes are sent and are all that the token can do', async (t) => {
  const { job, asked } = await scene(t)
  const reader = job.asUser(ADA, { scopes: ['read'] })
  t.match(await reader.get(me), { accountId: ADA })
  await t.rejects(reader.post('/rest/api/3/issue/TEA-1/comment', comment), { code: 'ATL_HOST_STATUS', status: 403 })
  await job.asUser(ADA, { scopes: ['WRITE', 'READ', 'WRITE'] }).get(me)
  await job.asUser(ADA, { scopes: ['READ', 'WRITE'] }).get(me)
  await job.asUser(ADA).get(me)
  t.strictSame(
    asked().map((form) => form.get('scope')),
    ['READ', 'READ WRITE', null]
  )
  await t.rejects(job.asUser(ADA, { scopes: ['ADMIN'] }).get(me), { code: 'ATL_USER_TOKEN_REFUSED', status: 400 })
})

t.test('a token that the host refuses is dropped and another one tried, once', async (t) => {
  const { job, host, asked, seen } = await scene(t)
  await job.asUser(ADA).get(me)
  host.failNext({ target: 'rest', status: 401 })
  t.match(await job.asUser(ADA).get(me), { accountId: ADA })
  t.equal(asked().length, 2)
  host.failNext({ target: 'rest', status: 401, times: 2 })
  await t.rejects(job.asUser(ADA).get(me), { code: 'ATL_HOST_STATUS', status: 401 })
  t.equal(asked().length, 3)
  t.equal(seen('rest').length, 5)
  t.match(await job.asUser(ADA).get(me), { accountId: ADA }, 'the new token is not blamed for a site in trouble')
  t.equal(asked().length, 3)
})

t.test('a token ends with its time, with a rotation and with an uninstall', async (t) => {
  const { job, host, app, asked, clock, clientKey } = await scene(t)
  await job.asUser(ADA).get(me)
  clock.advanceSeconds(839)
  await job.asUser(ADA).get(me)
  t.equal(asked().length, 1)
  clock.advanceSeconds(1)
  await job.asUser(ADA).get(me)
  t.equal(asked().length, 2, 'a minute before its end')
  await host.rotateSecret()
  t.match(await job.asUser(ADA).get(me), { accountId: ADA })
  t.equal(asked().length, 3, 'a rotation')
  clock.advanceSeconds(1)
  await host.upgrade()
  await job.asUser(ADA).get(me)
  t.equal(asked().length, 4, 'an install')
  clock.advanceSeconds(1)
  await host.uninstall()
  await t.rejects(app.atlassian.hostClient({ clientKey }).asUser(ADA).get(me), { code: 'ATL_NO_TENANT' })
  t.equal(asked().length, 4)
})

t.test('calls at the same time ask for one token', async (t) => {
  const { job, asked } = await scene(t)
  await Promise.all(Array.from({ length: 20 }, () => job.asUser(ADA).get(me)))
  t.equal(asked().length, 1)
})

t.test('an app that is not set up for it hears what to do at the first call, and does not act as itself', async (t) => {
  const without = await scene(t, { descriptorMembers: { scopes: ['READ', 'WRITE'] } })
  await t.rejects(without.job.asUser(ADA).get(me), { code: 'ATL_USER_TOKEN_SETUP', message: /add "ACT_AS_USER"/i })
  t.match(without.seen('rest'), [])
  t.match((await without.page('/as', ADA)).json(), { statusCode: 500, code: 'ATL_USER_TOKEN_SETUP' })

  const { job, store, clientKey, seen } = await scene(t)
  const tenant = await store.find({ clientKey })
  if (tenant === null || tenant.clientKey === null) return t.fail('not installed')
  await store.save({ ...tenant, oauthClientId: null }, tenant.version)
  await t.rejects(job.asUser(ADA).get(me), {
    code: 'ATL_USER_TOKEN_SETUP',
    message: /"oauthClientId".*upgrade or install the app there again/
  })
  t.strictSame([...seen('rest'), ...seen('token')], [])
})

t.test('an authorization server in trouble is the error of the call, with what it said about later', async (t) => {
  const { job, host, seen, clock } = await scene(t)
  host.failNext({ target: 'token', status: 429, headers: { 'retry-after': '3' } })
  await t.rejects(job.asUser(ADA).get(me), { code: 'ATL_USER_TOKEN_UNAVAILABLE', status: 429, retryAfterSeconds: 3 })
  await t.rejects(job.asUser(ADA).get(me), { code: 'ATL_USER_TOKEN_UNAVAILABLE' })
  t.equal(seen('token').length, 1, 'it is left alone')
  clock.advanceSeconds(4)
  for (const [fault, code] of [
    [{ lost: true }, 'ATL_USER_TOKEN_UNAVAILABLE'],
    [{ truncated: true }, 'ATL_USER_TOKEN_UNAVAILABLE'],
    [{ status: 500 }, 'ATL_USER_TOKEN_UNAVAILABLE'],
    [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'ATL_USER_TOKEN_ANSWER'],
    [{ body: '<html>' }, 'ATL_USER_TOKEN_ANSWER'],
    [{ body: '{"access_token":"a","expires_in":900}' }, 'ATL_USER_TOKEN_ANSWER'],
    [{ status: 400, body: '{"error":"invalid_grant"}' }, 'ATL_USER_TOKEN_REFUSED']
  ] as const) {
    host.failNext({ target: 'token', ...fault })
    await t.rejects(job.asUser(ADA).get(me), { code }, JSON.stringify(fault))
  }
  t.strictSame(seen('rest'), [], 'nothing went to the site')
  t.match(await job.asUser(ADA).get(me), { accountId: ADA })
  host.failNext({ target: 'token', status: 500 })
  await t.rejects(job.asUser(BO).fetch(me), { code: 'ATL_USER_TOKEN_UNAVAILABLE' })
})

t.test('a store that cannot keep tokens loses no call', async (t) => {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const broken = () => Promise.reject(new Error('the disk is full'))
  const { tokens } = memory
  if (tokens === undefined) return t.fail('the store in memory keeps tokens')
  const everywhere = { ...tokens, get: broken, put: broken, delete: broken, acquire: broken, release: broken }
  const store: TenantStore = { ...memory, tokens: everywhere }
  const { job, asked, lines, host } = await scene(t, { store })
  t.match(await job.asUser(ADA).get(me), { accountId: ADA })
  t.match(await job.asUser(ADA).get(me), { accountId: ADA })
  t.equal(asked().length, 1, 'it is kept in memory')
  host.failNext({ target: 'rest', status: 401 })
  t.match(await job.asUser(ADA).get(me), { accountId: ADA })
  t.match(lines.join(''), /a user token could not be stored/)
})

t.test('neither tokens nor assertions stand in the log or in an error', async (t) => {
  const { job, host, page, lines, seen } = await scene(t)
  await page('/as', ADA)
  const bearer = seen('rest').at(-1)?.requestHeaders.authorization
  host.failNext({ target: 'rest', status: 403, body: '{"message":"no"}' })
  const error: unknown = await job
    .asUser(ADA)
    .get(me)
    .catch((reason: unknown) => reason)
  const { inspect } = await import('node:util')
  const printed = lines.join('') + inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)
  t.notMatch(printed, /Bearer |eyJ/)
  t.ok(bearer)
})
