import t from 'tap'
import { createOfflineTokens } from '../../../lib/forge/offline-tokens.ts'
import { createLeasedTokens } from '../../../lib/host/leased-tokens.ts'
import { CLOUD_ID, createScene, jira, ORIGIN, of } from './scene.ts'

interface Asked {
  readonly url: string
  readonly authorization: string
  readonly body: { query: string; operationName: string; variables: { input: object } }
}

const place = { url: `${ORIGIN}/ex/jira/${CLOUD_ID}`, product: 'jira', cloudId: CLOUD_ID }
const ada = { of, place, accountId: '5:ada' }

const given = (token: string, ttl: unknown = 3600) => ({
  data: { offlineUserAuthToken: { success: true, errors: [], authToken: { token, ttl } } }
})

/** Processes on one store, and a gateway that answers as the script says. */
async function scene(answer: (asked: Asked, number: number) => Response | Promise<Response>) {
  const made = await createScene()
  const { clock, log, tokens, bearer } = made
  const asked: Asked[] = []
  const fetch = async (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    const authorization = headers.get('authorization') ?? ''
    asked.push({ url, authorization, body: JSON.parse(String(init.body)) })
    return await answer(asked.at(-1) as Asked, asked.length)
  }
  const process = () => {
    const systemTokens = made.process()
    const leased = createLeasedTokens({ store: { tokens }, clock, log, timeoutMs: 1000, maxTokens: 100 })
    const rest = { fetch, clock, userAgent: 'test', timeoutMs: 500 }
    return { systemTokens, offline: createOfflineTokens({ leased, systemTokens, ...rest }) }
  }
  const first = process()
  const system = bearer('system', 4 * 3600)
  await first.systemTokens.offer(of, system, jira)
  return { ...made, ...first, another: process, asked, system }
}

const ok = (body: unknown, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers })

t.test('a user is acted for with a token that Atlassian gives for the system token', async (t) => {
  const { offline, asked, system } = await scene(() => ok(given('of-ada')))
  t.equal((await offline.get(ada)).reveal(), 'of-ada')
  const input = { contextIds: [`ari:cloud:jira::site/${CLOUD_ID}`], userId: '5:ada' }
  t.match(asked, [
    {
      url: 'https://api.atlassian.com/graphql',
      authorization: `Bearer ${system.reveal()}`,
      body: { operationName: 'forge_remote_offlineUserAuthToken', query: /^mutation /, variables: { input } }
    }
  ])
})

t.test('one question for each user and product, across calls and processes', async (t) => {
  const { offline, another, asked } = await scene((_, number) => ok(given(`token-${number}`)))
  const [first, ...others] = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? offline : another().offline).get(ada))
  )
  t.equal(asked.length, 1)
  for (const other of others) t.equal(other.reveal(), first?.reveal())
  await offline.get({ ...ada, accountId: '5:bob' })
  await offline.get({ ...ada, place: { ...place, product: 'confluence', url: `${ORIGIN}/ex/confluence/${CLOUD_ID}` } })
  t.equal(asked.length, 3)
})

t.test('a token is used until a minute before its end, and not after the product refused it', async (t) => {
  const { offline, another, asked, clock } = await scene((_, number) => ok(given(`token-${number}`, 600)))
  await offline.get(ada)
  clock.nowMs += 539_000
  t.equal((await offline.get(ada)).reveal(), 'token-1')
  clock.nowMs += 1000
  const second = await offline.get(ada)
  t.equal(second.reveal(), 'token-2')
  t.equal((await another().offline.get(ada)).reveal(), 'token-2')
  await offline.drop(ada, second)
  t.equal((await offline.get(ada)).reveal(), 'token-3')
  t.equal(asked.length, 3)
})

t.test('a failure is a typed error, whatever status it comes with', async (t) => {
  const cases: [Response, string][] = [
    [ok({ errors: [{ message: 'no such user' }] }), 'ATL_USER_TOKEN_REFUSED'],
    [
      ok({ data: { offlineUserAuthToken: { success: false, errors: [{ message: 'not allowed' }], authToken: null } } }),
      'ATL_USER_TOKEN_REFUSED'
    ],
    [ok({ data: { offlineUserAuthToken: { success: false } } }), 'ATL_USER_TOKEN_REFUSED'],
    [ok({ errors: [{ message: 'slow down', extensions: { statusCode: 429 } }] }), 'ATL_USER_TOKEN_UNAVAILABLE'],
    [ok({}, 403), 'ATL_USER_TOKEN_REFUSED'],
    [ok({}, 503), 'ATL_USER_TOKEN_UNAVAILABLE'],
    [new Response(null, { status: 302, headers: { location: 'https://evil.example.com' } }), 'ATL_USER_TOKEN_ANSWER'],
    [new Response('<html>'), 'ATL_USER_TOKEN_ANSWER'],
    [ok({ data: null }), 'ATL_USER_TOKEN_ANSWER'],
    [ok(given('')), 'ATL_USER_TOKEN_ANSWER'],
    [ok(given('two\r\nlines')), 'ATL_USER_TOKEN_ANSWER'],
    [ok(given('ok', '3600')), 'ATL_USER_TOKEN_ANSWER'],
    [ok(given('ok', -1)), 'ATL_USER_TOKEN_ANSWER'],
    [ok(given('x'.repeat(100_000))), 'ATL_USER_TOKEN_ANSWER']
  ]
  for (const [answer, code] of cases) {
    const { offline } = await scene(() => answer)
    await t.rejects(offline.get(ada), { code })
  }
  const { offline } = await scene(() => Promise.reject(new TypeError('fetch failed')))
  await t.rejects(offline.get(ada), { code: 'ATL_USER_TOKEN_UNAVAILABLE' })
  const hanging = await scene(() => new Promise(() => {}))
  await t.rejects(hanging.offline.get(ada), { code: 'ATL_USER_TOKEN_UNAVAILABLE', reason: 'timeout' })
})

t.test('what Atlassian says to a refusal is for the log, without tokens', async (t) => {
  const { offline, system } = await scene(({ authorization }) =>
    ok({ errors: [{ message: `scope lacks allowImpersonation ${authorization}` }] })
  )
  const error = await offline.get(ada).catch((error: { details: { why: string } }) => error)
  t.match(error, { details: { why: /allowImpersonation/ } })
  t.notMatch(JSON.stringify(Reflect.get(error, 'details')), system.reveal())
})

t.test('a name that cannot be one is never sent, and Bitbucket has no such tokens', async (t) => {
  const { offline, asked } = await scene(() => ok(given('one')))
  for (const accountId of ['', 'a b', 'a"b', 'x'.repeat(200)]) {
    await t.rejects(offline.get({ ...ada, accountId }), { code: 'ATL_USER_TOKEN_SETUP' })
  }
  const bitbucket = { url: 'https://api.bitbucket.org', product: 'bitbucket', cloudId: null }
  await t.rejects(offline.get({ ...ada, place: bitbucket }), { code: 'ATL_USER_TOKEN_SETUP' })
  t.same(asked, [])
})

t.test('a system token that the gateway refuses is dead, and a newer one is tried once', async (t) => {
  const { offline, another, asked, bearer, systemTokens, system } = await scene(({ authorization }) =>
    authorization.includes(system.reveal()) ? ok({}, 401) : ok(given('of-ada'))
  )
  await t.rejects(offline.get(ada), { code: 'ATL_USER_TOKEN_REFUSED' })
  t.equal(asked.length, 1)
  await t.rejects(offline.get(ada), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
  t.equal(asked.length, 1)
  await another().systemTokens.offer(of, bearer('newer', 3 * 3600), jira)
  t.equal((await offline.get(ada)).reveal(), 'of-ada')
  t.ok(systemTokens)
})

t.test('no more than a thousand questions leave in a minute, and a Retry-After is kept to', async (t) => {
  const { offline, asked, clock } = await scene(() => ok(given('one')))
  const users = Array.from({ length: 1001 }, (_, n) => ({ ...ada, accountId: `5:${n}` }))
  const results = await Promise.allSettled(users.map((user) => offline.get(user)))
  t.equal(asked.length, 1000)
  t.match(
    results.find(({ status }) => status === 'rejected'),
    { reason: { code: 'ATL_USER_TOKEN_UNAVAILABLE', retryAfterSeconds: 60 } }
  )
  clock.nowMs += 60_000
  await offline.get({ ...ada, accountId: '5:again' })

  const limited = await scene((_, number) => (number === 1 ? ok({}, 429, { 'retry-after': '7' }) : ok(given('one'))))
  await t.rejects(limited.offline.get(ada), { code: 'ATL_USER_TOKEN_UNAVAILABLE', retryAfterSeconds: 7 })
  await t.rejects(limited.offline.get({ ...ada, accountId: '5:bob' }), { code: 'ATL_USER_TOKEN_UNAVAILABLE' })
  t.equal(limited.asked.length, 1)
  limited.clock.nowMs += 5000
  const failures = await Promise.all(['5:cleo', '5:dan'].map((accountId) => refusal(limited.offline, accountId)))
  t.not(failures[0], failures[1], 'an error belongs to one caller')
  t.match(failures, [{ retryAfterSeconds: 2 }, { retryAfterSeconds: 2 }])
  limited.clock.nowMs += 2000
  await limited.offline.get(ada)
})

function refusal(offline: ReturnType<typeof createOfflineTokens>, accountId: string): Promise<unknown> {
  return offline.get({ ...ada, accountId }).catch((error: unknown) => error)
}
