import t from 'tap'
import type { HostClient } from '../../../lib/host/host-client.ts'
import type { UserTokenRequest, UserTokens } from '../../../lib/host/user-tokens.ts'
import { Secret } from '../../../lib/secret.ts'
import { type Answer, failureOf, makeCalls } from './make-calls.ts'

const ADA = 'account-of-ada'

/** Tokens that count up; `dropped` keeps what was thrown away. */
function fakeTokens() {
  const asked: UserTokenRequest[] = []
  const dropped: string[] = []
  const userTokens: UserTokens = {
    async get(request) {
      asked.push(request)
      return new Secret(`token-${asked.length}`)
    },
    async drop(_request, token) {
      dropped.push(token.reveal())
    },
    async forget() {}
  }
  return { asked, dropped, userTokens }
}

function onRequest(accountId: string | null, answer?: Answer) {
  const tokens = fakeTokens()
  return { ...tokens, ...makeCalls(answer, { userTokens: tokens.userTokens, verified: { accountId } }) }
}

const sentAs = (sent: readonly { headers: Headers }[]) => sent.map(({ headers }) => headers.get('authorization'))

t.test('app, user and nobody have their own credentials, in every direction', async (t) => {
  const { client, sent, asked } = onRequest(ADA)
  await client.get('/a')
  await client.asUser().get('/a')
  await client.asUser(ADA).post('/a', { b: 1 })
  await client.anonymous().get('/a')
  await client.anonymous().asApp().get('/a')
  await client
    .asUser()
    .anonymous()
    .asUser(ADA, { scopes: ['READ', 'WRITE'] })
    .fetch('/a')
  await client.asUser().asApp().get('/a')
  t.same(sentAs(sent), [
    'JWT for GET /a',
    'Bearer token-1',
    'Bearer token-2',
    null,
    'JWT for GET /a',
    'Bearer token-3',
    'JWT for GET /a'
  ])
  t.same(
    asked.map(({ accountId, scopes }) => [accountId, scopes]),
    [
      [ADA, undefined],
      [ADA, undefined],
      [ADA, ['READ', 'WRITE']]
    ]
  )
})

t.test(
  'on a request nobody but the verified user can be acted for, unless the app says that it means it',
  async (t) => {
    const { client, asked } = onRequest(ADA)
    for (const other of ['account-of-bob', `${ADA} `, ADA.toUpperCase()]) {
      t.throws(() => client.asUser(other), { code: 'ATL_IMPERSONATION', statusCode: 403 })
      t.throws(() => client.anonymous().asUser(other), { code: 'ATL_IMPERSONATION' })
      t.throws(() => client.asUser(other, { impersonate: false }), { code: 'ATL_IMPERSONATION' })
      t.throws(() => client.asUser(other, { impersonate: 'yes' as never }), { code: 'ATL_IMPERSONATION' })
    }
    await client.asUser('account-of-bob', { impersonate: true }).get('/a')
    t.match(asked, [{ accountId: 'account-of-bob' }])
  }
)

t.test('an anonymous visitor is never turned into the app', async (t) => {
  const { client, sent } = onRequest(null)
  for (const accountId of [undefined, '', null, 0, {}, ['account-of-ada']]) {
    t.throws(() => client.asUser(accountId as never), { code: 'ATL_NO_USER', statusCode: 403 })
    t.throws(() => client.asUser(accountId as never, { impersonate: true }), { code: 'ATL_NO_USER' })
  }
  t.throws(() => client.asUser(ADA), { code: 'ATL_IMPERSONATION' })
  t.same(sent, [])
})

t.test('in a job a user has to be named, and needs no more words', async (t) => {
  const { userTokens, asked } = fakeTokens()
  const { client } = makeCalls(undefined, { userTokens })
  t.throws(() => client.asUser(), { code: 'ATL_NO_USER' })
  await client.asUser(ADA).get('/a')
  t.match(asked, [{ accountId: ADA, tenant: { clientKey: 'acme-client' } }])
})

t.test('what user tokens throw is what the call throws, and the app does not step in', async (t) => {
  const { AtlassianError } = await import('../../../lib/errors.ts')
  const failing: UserTokens = {
    ...fakeTokens().userTokens,
    get: async () => {
      throw new AtlassianError('ATL_FORBIDDEN', 'no-scope')
    }
  }
  const { client, sent } = makeCalls(undefined, { userTokens: failing })
  await t.rejects(client.asUser(ADA).get('/a'), { code: 'ATL_FORBIDDEN' })
  t.same(sent, [])
})

t.test('a token that the host refuses is dropped and another one tried, once', async (t) => {
  const refusals =
    (count: number): Answer =>
    (_, number) =>
      number <= count ? new Response('{}', { status: 401 }) : Response.json({ ok: true })
  const calls: ((client: HostClient) => Promise<unknown>)[] = [
    (client) => client.get('/a'),
    (client) => client.post('/a', { b: 1 }),
    (client) => client.request('PUT', '/a', { body: 'x' }),
    (client) => client.fetch('/a', { method: 'POST', body: 'x' })
  ]
  for (const call of calls) {
    const { client, sent, dropped } = onRequest(ADA, refusals(1))
    await call(client.asUser())
    t.same(sentAs(sent), ['Bearer token-1', 'Bearer token-2'])
    t.same(dropped, ['token-1'])
  }
  const never = onRequest(ADA, refusals(9))
  t.match(await failureOf(never.client.asUser().get('/a')), { code: 'ATL_HOST_STATUS', status: 401 })
  t.equal(never.sent.length, 2)
  t.same(never.dropped, ['token-1'], 'the second may be good for other calls')
})

t.test('a refused stream is not sent again, but its token is dropped', async (t) => {
  const { client, sent, dropped } = onRequest(ADA, () => new Response('{}', { status: 401 }))
  t.match(await failureOf(client.asUser().post('/a', new Blob(['x']).stream())), { status: 401 })
  t.equal(sent.length, 1)
  t.same(dropped, ['token-1'])
})

t.test('a refused signature of the app is not tried again, nor is a missing scope, whoever acts', async (t) => {
  for (const status of [401, 403]) {
    const { client, sent } = onRequest(ADA, () => new Response('{}', { status }))
    t.match(await failureOf(client.get('/a')), { status })
    t.equal(sent.length, 1)
  }
  const { client, sent, dropped } = onRequest(ADA, () => new Response('{}', { status: 403 }))
  t.match(await failureOf(client.asUser().get('/a')), { status: 403 })
  t.equal(sent.length, 1)
  t.strictSame(dropped, [])
})

t.test('a user token goes nowhere but under the base URL', async (t) => {
  const { client, asked } = onRequest(ADA)
  for (const address of [
    'https://evil.example.com/',
    '//evil.example.com/',
    'https://acme.atlassian.net.evil.example.com/'
  ]) {
    await t.rejects(client.asUser().get(address), { code: 'ATL_HOST_ADDRESS' })
    await t.rejects(client.asUser().fetch(address), { code: 'ATL_HOST_ADDRESS' })
    await t.rejects(client.asUser().request('POST', address), { code: 'ATL_HOST_ADDRESS' })
  }
  t.same(asked, [], 'and is not even asked for')
})

t.test('on a request, who means somebody else and names nobody is refused', async (t) => {
  const { client, sent } = onRequest(ADA)
  for (const missing of [undefined, null as never]) {
    t.throws(() => client.asUser(missing, { impersonate: true }), { code: 'ATL_NO_USER', statusCode: 403 })
  }
  await client.asUser(undefined, { impersonate: false }).get('/a')
  t.same(sentAs(sent), ['Bearer token-1'])
})
