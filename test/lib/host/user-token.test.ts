import { inspect } from 'node:util'
import { decodeJwt } from 'jose'
import t from 'tap'
import { createUserTokens, type UserTokensOptions } from '../../../lib/host/user-token.ts'
import { UserTokenError } from '../../../lib/host/user-token-error.ts'
import type { UserTokenRequest } from '../../../lib/host/user-tokens.ts'
import { silentLog } from '../../../lib/ports.ts'
import { Secret } from '../../../lib/secret.ts'
import { createMemoryTenantStore } from '../../../lib/store/memory-tenant-store.ts'
import type { TokenStore } from '../../../lib/tenant/token-store.ts'
import { newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { APP_KEY, makeTenant, uninstalled } from '../tenant/make-tenant.ts'

const NOW = 1_790_000_000_000
const tenant = makeTenant({ oauthClientId: 'client-of-acme' })
const other = { ...newTenant({ oauthClientId: 'client-of-other' }), appKey: APP_KEY }

interface Setup extends Partial<UserTokensOptions> {
  /** What the store does otherwise than the one in memory. */
  readonly tokens?: (memory: TokenStore) => Partial<TokenStore>
  readonly noStore?: boolean
}

/** An authorization server that gives `token-1`, `token-2`, ... and two processes that share a store. */
async function setUp({ tokens, noStore, ...options }: Setup = {}) {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  await memory.save(tenant, null)
  const warnings: object[] = []
  const world = {
    now: NOW,
    asked: [] as URLSearchParams[],
    answer: null as null | (() => Promise<Response> | Response)
  }
  const shared = memory.tokens
  const store = noStore === true || shared === undefined ? {} : { tokens: { ...shared, ...tokens?.(shared) } }
  const start = () =>
    createUserTokens({
      scopes: ['read', 'ACT_AS_USER'],
      authorizationServer: 'https://auth.example.com',
      store,
      userAgent: 'fastify-atlassian/0 tea',
      clock: () => world.now,
      log: { ...silentLog, warn: (details) => void warnings.push(details) },
      async fetch(_url, init = {}) {
        world.asked.push(new URLSearchParams(String(init.body)))
        const n = world.asked.length
        if (world.answer !== null) return await world.answer()
        // A turn of the event loop, so that others come meanwhile.
        await new Promise((resolve) => setImmediate(resolve))
        return Response.json({ access_token: `token-${n}`, expires_in: 900, token_type: 'Bearer' })
      },
      ...options
    })
  const request = (
    changes: { tenant?: UserTokenRequest['tenant']; accountId?: string; scopes?: readonly string[] } = {}
  ) => ({
    tenant,
    accountId: '557058:ada',
    ...changes
  })
  return { memory, world, warnings, start, request }
}

async function failureOf(work: Promise<unknown>): Promise<UserTokenError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason
  )
  if (error instanceof UserTokenError) return error
  throw new Error(`not a UserTokenError but ${inspect(error)}`)
}

t.test('a token is asked for once and used until a minute before its end', async (t) => {
  const { world, start, request } = await setUp()
  const tokens = start()
  t.equal((await tokens.get(request())).reveal(), 'token-1')
  world.now += 839_999
  t.equal((await tokens.get(request())).reveal(), 'token-1')
  world.now += 1
  t.equal((await tokens.get(request())).reveal(), 'token-2')
  t.equal(world.asked.length, 2)
  t.match(decodeJwt(world.asked[0]?.get('assertion') ?? ''), {
    iss: 'urn:atlassian:connect:clientid:client-of-acme',
    sub: 'urn:atlassian:connect:useraccountid:557058:ada',
    tnt: 'https://acme.atlassian.net',
    aud: 'https://auth.example.com',
    iat: NOW / 1000
  })
})

t.test('another process takes it from the store, where it lies under no readable name', async (t) => {
  const { world, start, request } = await setUp()
  const [a, b] = [start(), start()]
  t.equal((await a.get(request())).reveal(), 'token-1')
  t.equal((await b.get(request())).reveal(), 'token-1')
  t.equal(world.asked.length, 1)
})

t.test('many calls at once, in two processes, are one question', async (t) => {
  const { world, start, request } = await setUp()
  const processes = [start(), start()]
  const found = await Promise.all(
    Array.from({ length: 40 }, (_, n) => processes[n % 2]?.get(request()).then((token) => token.reveal()))
  )
  t.strictSame([...new Set(found)], ['token-1'])
  t.equal(world.asked.length, 1)
})

t.test('without a store each process asks for its own, once', async (t) => {
  const { world, start, request } = await setUp({ noStore: true })
  const [a, b] = [start(), start()]
  await Promise.all([a.get(request()), a.get(request()), b.get(request())])
  t.equal(world.asked.length, 2)
  await a.drop(request(), new Secret('token-1'))
  await a.forget(tenant.tenantId)
})

t.test('whatever makes two answers different makes two tokens', async (t) => {
  const { memory, world, start, request } = await setUp()
  await memory.save(other, null)
  const tokens = start()
  const different = [
    request(),
    request({ accountId: '557058:bo' }),
    request({ scopes: ['READ'] }),
    request({ scopes: ['READ', 'WRITE'] }),
    request({ tenant: other }),
    request({ tenant: { ...tenant, clientKey: other.clientKey, installations: other.installations } }),
    request({ tenant: { ...tenant, secretVersion: 2 } }),
    request({ tenant: { ...tenant, lastInstallIatSeconds: 7 } }),
    request({ tenant: { ...tenant, baseUrl: 'https://renamed.atlassian.net' } }),
    request({ tenant: { ...tenant, oauthClientId: 'client-3' } })
  ]
  const found = []
  for (const one of different) found.push((await tokens.get(one)).reveal())
  t.equal(new Set(found).size, different.length)
  for (const [n, one] of different.entries()) t.equal((await tokens.get(one)).reveal(), found[n])
  t.equal(
    (await tokens.get(request({ scopes: ['write', 'READ', 'read'] }))).reveal(),
    found[3],
    'order and case do not count'
  )
  t.equal(world.asked.length, different.length)
  t.strictSame(
    world.asked.slice(0, 4).map((form) => form.get('scope')),
    [null, null, 'READ', 'READ WRITE'],
    'the scopes are sent'
  )
})

t.test('a token that the host refused is used by nobody again, and a newer one stays', async (t) => {
  const { world, start, request } = await setUp()
  const [a, b] = [start(), start()]
  const first = await a.get(request())
  await b.get(request())
  await a.drop(request(), first)
  t.equal((await a.get(request())).reveal(), 'token-2')
  await b.drop(request(), first)
  t.equal((await b.get(request())).reveal(), 'token-2', 'the late drop leaves the newer one')
  await a.drop(request(), first)
  t.equal((await a.get(request())).reveal(), 'token-2')
  t.equal(world.asked.length, 2)
})

t.test('a refused token that the store cannot forget is not taken from it again', async (t) => {
  const { world, start, request } = await setUp({ tokens: () => ({ delete: () => Promise.reject(new Error('down')) }) })
  const tokens = start()
  await tokens.drop(request(), await tokens.get(request()))
  t.equal((await tokens.get(request())).reveal(), 'token-2')
  t.equal(world.asked.length, 2)
})

t.test('an authorization server that gives the refused token again is believed', async (t) => {
  const { world, start, request } = await setUp()
  world.answer = () => Response.json({ access_token: 'same', expires_in: 900, token_type: 'bearer' })
  const tokens = start()
  await tokens.drop(request(), await tokens.get(request()))
  t.equal((await tokens.get(request())).reveal(), 'same')
  t.equal(world.asked.length, 2)
})

t.test('a forgotten tenant has no token in memory or store, and others keep theirs', async (t) => {
  const { memory, start, request } = await setUp()
  await memory.save(other, null)
  const tokens = start()
  await tokens.get(request())
  await tokens.get(request({ tenant: other }))
  const system = { tenantId: tenant.tenantId, kind: 'system', name: 'forge' } as const
  await memory.tokens?.put(system, { token: new Secret('system'), expiresAtMs: NOW + 1 })
  await tokens.forget(tenant.tenantId)
  t.equal((await tokens.get(request({ tenant: other }))).reveal(), 'token-2')
  t.equal((await tokens.get(request())).reveal(), 'token-3')
  t.equal((await memory.tokens?.get(system))?.token.reveal(), 'system', 'the app keeps its own')
})

t.test('a token that was on its way while the tenant was forgotten is given once and kept nowhere', async (t) => {
  const { world, start, request } = await setUp()
  const tokens = start()
  const gate = Promise.withResolvers<Response>()
  world.answer = () => gate.promise
  const late = tokens.get(request())
  while (world.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await tokens.forget(tenant.tenantId)
  gate.resolve(Response.json({ access_token: 'late', expires_in: 900, token_type: 'Bearer' }))
  t.equal((await late).reveal(), 'late')
  world.answer = null
  t.equal((await tokens.get(request())).reveal(), 'token-2')
  t.equal((await start().get(request())).reveal(), 'token-2')
})

t.test('a store that fails in every way loses no call and writes no token into the log', async (t) => {
  const fail = () => Promise.reject(new Error('the database is gone'))
  const { world, warnings, start, request } = await setUp({
    tokens: () => ({ get: fail, put: fail, delete: fail, deleteAll: fail, acquire: fail, release: fail })
  })
  const tokens = start()
  const token = await tokens.get(request())
  t.equal((await tokens.get(request())).reveal(), 'token-1', 'memory is enough')
  await tokens.drop(request(), token)
  await tokens.forget(tenant.tenantId)
  t.equal((await tokens.get(request())).reveal(), 'token-2')
  t.equal(world.asked.length, 2)
  t.match(warnings[0], { reason: 'the database is gone' })
  t.notMatch(inspect(warnings), /token-\d|eyJ/)
})

t.test('a store that never answers is left alone after one try', { timeout: 10_000 }, async (t) => {
  const hang = () => new Promise<never>(() => {})
  const { world, warnings, start, request } = await setUp({
    tokens: () => ({ get: hang, put: hang, acquire: hang, release: hang })
  })
  const started = performance.now()
  t.equal((await start().get(request())).reveal(), 'token-1')
  t.ok(performance.now() - started < 3500)
  t.equal(world.asked.length, 1)
  t.equal(warnings.length, 1)
})

t.test('what the authorization server refused is thrown to all who asked, and asked again by the next', async (t) => {
  const { world, start, request } = await setUp()
  const tokens = start()
  world.answer = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
  const failures = await Promise.all([failureOf(tokens.get(request())), failureOf(tokens.get(request()))])
  for (const failure of failures) {
    t.match(failure, { code: 'ATL_USER_TOKEN_REFUSED', status: 400, details: { oauthError: 'invalid_grant' } })
  }
  t.equal(world.asked.length, 1)
  world.answer = null
  t.equal((await tokens.get(request())).reveal(), 'token-2', 'the lease was given back')
})

t.test('a server that asks to be left alone is left alone, for a minute at most', async (t) => {
  const { world, start, request } = await setUp()
  const tokens = start()
  world.answer = () => new Response('', { status: 429, headers: { 'retry-after': '3600' } })
  t.match(await failureOf(tokens.get(request())), { status: 429, retryAfterSeconds: 3600 })
  world.answer = null
  world.now += 59_999
  t.match(await failureOf(tokens.get(request({ accountId: '557058:bo' }))), { status: 429 })
  t.equal(world.asked.length, 1)
  world.now += 1
  t.equal((await tokens.get(request())).reveal(), 'token-2')
})

t.test(
  'a tenant that asked too much keeps no other tenant from asking, and hears what is left each time',
  async (t) => {
    const { world, start, request, memory } = await setUp()
    await memory.save(other, null)
    const tokens = start()
    world.answer = () => new Response('', { status: 429, headers: { 'retry-after': '30' } })
    const first = await failureOf(tokens.get(request()))
    world.answer = null
    world.now += 10_500
    const second = await failureOf(tokens.get(request()))
    t.match(second, { code: 'ATL_USER_TOKEN_UNAVAILABLE', status: 429, retryAfterSeconds: 20 })
    t.not(second, first)
    t.equal(world.asked.length, 1)
    t.equal((await tokens.get(request({ tenant: other }))).reveal(), 'token-2')
  }
)

t.test('a server that is down is left alone by all tenants', async (t) => {
  const { world, start, request, memory } = await setUp()
  await memory.save(other, null)
  const tokens = start()
  world.answer = () => new Response('', { status: 503, headers: { 'retry-after': '30' } })
  await failureOf(tokens.get(request()))
  world.answer = null
  t.match(await failureOf(tokens.get(request({ tenant: other }))), { status: 503, retryAfterSeconds: 30 })
  t.equal(world.asked.length, 1)
})

t.test('while another process asks, a call waits for what it finds', async (t) => {
  const { world, start, request } = await setUp({
    tokens: (memory) => ({
      async acquire(key) {
        await memory.put(key, { token: new Secret('theirs'), expiresAtMs: NOW + 900_000 })
        return false
      }
    })
  })
  t.equal((await start().get(request())).reveal(), 'theirs')
  t.equal(world.asked.length, 0)
})

t.test('a token that another process put just before the lease was free is taken', async (t) => {
  const { world, start, request } = await setUp({
    tokens: (memory) => ({
      async acquire(key, lease) {
        await memory.put(key, { token: new Secret('theirs'), expiresAtMs: NOW + 900_000 })
        return memory.acquire(key, lease)
      }
    })
  })
  t.equal((await start().get(request())).reveal(), 'theirs')
  t.equal(world.asked.length, 0)
})

t.test('the lease of a process that was killed is waited for, and then taken', async (t) => {
  let tries = 0
  const { world, start, request } = await setUp({ tokens: () => ({ acquire: async () => ++tries > 2 }) })
  t.equal((await start().get(request())).reveal(), 'token-1')
  t.equal(world.asked.length, 1)
})

t.test('a lease that never becomes free ends in an error that may be tried again', async (t) => {
  // So little time that the lease, which is some seconds longer, is over as well.
  const { world, start, request } = await setUp({ tokens: () => ({ acquire: async () => false }), timeoutMs: -3900 })
  const failure = await failureOf(start().get(request()))
  t.match(failure, { code: 'ATL_USER_TOKEN_UNAVAILABLE', statusCode: 503, reason: 'others-ask' })
  t.equal(world.asked.length, 0)
})

t.test('an app that is not set up for it hears at the first call what to do', async (t) => {
  const { world, start, request } = await setUp()
  const plain = createUserTokens({
    scopes: ['READ'],
    authorizationServer: 'https://auth.example.com',
    store: {},
    userAgent: 'x',
    clock: () => NOW,
    log: silentLog,
    fetch: () => Promise.reject(new Error('never asked'))
  })
  t.match(await failureOf(plain.get(request())), {
    code: 'ATL_USER_TOKEN_SETUP',
    statusCode: 500,
    reason: 'scope-missing',
    message: /lacks the scope ACT_AS_USER.*Add "ACT_AS_USER" to its "scopes"/
  })
  const tokens = start()
  for (const oauthClientId of [null, '']) {
    t.match(await failureOf(tokens.get(request({ tenant: { ...tenant, oauthClientId } }))), {
      code: 'ATL_USER_TOKEN_SETUP',
      reason: 'client-id-missing',
      message: /"oauthClientId".*upgrade or install the app there again/
    })
  }
  for (const accountId of ['', 'a b', 'a\n', 'x'.repeat(129), 'ada&sub=bo', '557058:ada"']) {
    t.equal((await failureOf(tokens.get(request({ accountId })))).reason, 'account-id')
  }
  for (const scopes of [[], ['READ WRITE'], [''], ['*']]) {
    t.equal((await failureOf(tokens.get(request({ scopes })))).reason, 'scopes')
  }
  await t.rejects(tokens.get(request({ tenant: uninstalled(tenant) })), { code: 'ATL_NO_TENANT' })
  t.equal(world.asked.length, 0)
})

t.test('memory is bounded', async (t) => {
  const { world, start, request } = await setUp({ noStore: true, maxTokens: 2 })
  const tokens = start()
  for (const accountId of ['a', 'b', 'c', 'b', 'c', 'a']) await tokens.get(request({ accountId }))
  t.equal(world.asked.length, 4)
})
