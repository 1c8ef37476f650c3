import { createServer, type ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { authorizationServerOf, productionAuthorizationServer } from '../../../lib/host/authorization-server.ts'
import { exchangeAssertion } from '../../../lib/host/exchange-assertion.ts'
import { UserTokenError } from '../../../lib/host/user-token-error.ts'
import type { FetchLike } from '../../../lib/ports.ts'

const NOW = 1_790_000_000_000
const ASSERTION = 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhc3NlcnRpb24ifQ.assertion-signature'
const TOKEN = 'access-token-of-ada'
const GOOD = { access_token: TOKEN, expires_in: 900, token_type: 'Bearer' }

const options = (given: FetchLike, timeoutMs = 5000) => ({
  userAgent: 'fastify-atlassian/0 tea',
  fetch: given,
  clock: () => NOW,
  timeoutMs
})

function exchange(given: FetchLike, scopes: readonly string[] = [], timeoutMs?: number) {
  const question = { authorizationServer: 'https://auth.example.com', assertion: ASSERTION, scopes }
  return exchangeAssertion(question, options(given, timeoutMs))
}

const answering = (body: unknown, init?: ResponseInit) =>
  exchange(async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), init))

async function failureOf(work: Promise<unknown>): Promise<UserTokenError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason
  )
  if (!(error instanceof UserTokenError)) throw new Error(`not a UserTokenError but ${inspect(error)}`)
  const shown = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), error.stack, error.message]
  if (shown.some((text) => text?.includes(ASSERTION) || text?.includes(TOKEN))) throw new Error('a token is shown')
  return error
}

/** A server that ends with the test, and its address. */
async function serve(t: Test, answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : ''
}

const atServer = (authorizationServer: string, timeoutMs?: number) =>
  exchangeAssertion({ authorizationServer, assertion: ASSERTION, scopes: [] }, options(fetch, timeoutMs))

t.test('the assertion is posted as a form, with the scopes that are wanted and no others', async (t) => {
  const sent: { url: string; init: RequestInit }[] = []
  const given: FetchLike = async (url, init = {}) => {
    sent.push({ url, init })
    return Response.json(GOOD)
  }
  const { token, expiresAtMs } = await exchange(given, ['READ', 'WRITE'])
  t.equal(token.reveal(), TOKEN)
  t.equal(expiresAtMs, NOW + 900_000)
  await exchange(given)
  const [scoped, plain] = sent.map(({ init }) => Object.fromEntries(new URLSearchParams(String(init.body))))
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: ASSERTION }
  t.strictSame(scoped, { ...form, scope: 'READ WRITE' })
  t.strictSame(plain, form)
  t.equal(sent[0]?.url, 'https://auth.example.com/oauth2/token')
  t.match(sent[0]?.init, { method: 'POST', redirect: 'manual' })
  t.match(Object.fromEntries(new Headers(sent[0]?.init.headers)), {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'user-agent': 'fastify-atlassian/0 tea'
  })
})

t.test('a refusal tells its status and the word of the protocol, and nothing that the server made up', async (t) => {
  for (const [body, oauthError] of [
    [{ error: 'invalid_grant', error_description: ASSERTION }, 'invalid_grant'],
    [{ error: ASSERTION }, null],
    [ASSERTION, null],
    ['', null]
  ] as const) {
    const error = await failureOf(answering(body, { status: 400 }))
    t.match(error, {
      code: 'ATL_USER_TOKEN_REFUSED',
      statusCode: 502,
      status: 400,
      details: { oauthError, status: 400 }
    })
  }
  t.match(await failureOf(answering({ error: 'invalid_client' }, { status: 401 })), { status: 401 })
})

t.test('an overloaded or broken server is another case than a refusal', async (t) => {
  const busy = await failureOf(answering('', { status: 429, headers: { 'retry-after': '7' } }))
  t.match(busy, { code: 'ATL_USER_TOKEN_UNAVAILABLE', statusCode: 503, status: 429, retryAfterSeconds: 7 })
  for (const status of [500, 502, 503]) {
    t.match(await failureOf(answering(TOKEN, { status })), {
      code: 'ATL_USER_TOKEN_UNAVAILABLE',
      status,
      retryAfterSeconds: null
    })
  }
})

t.test('an answer that makes no sense is no token', async (t) => {
  const odd: readonly (readonly [string, unknown])[] = [
    ['not-json', '<html>'],
    ['not-json', ''],
    ['not-json', `{"access_token":"${TOKEN}"`],
    ['not-json', [GOOD]],
    ['not-json', null],
    ['token-type', { ...GOOD, token_type: undefined }],
    ['token-type', { ...GOOD, token_type: 'mac' }],
    ['access-token', { ...GOOD, access_token: undefined }],
    ['access-token', { ...GOOD, access_token: '' }],
    ['access-token', { ...GOOD, access_token: ['a'] }],
    ['access-token', { ...GOOD, access_token: 'a\r\nx: y' }],
    ['access-token', { ...GOOD, access_token: 'a'.repeat(16_385) }],
    ['expires-in', { ...GOOD, expires_in: undefined }],
    ['expires-in', { ...GOOD, expires_in: '900' }],
    ['expires-in', { ...GOOD, expires_in: 0 }],
    ['expires-in', { ...GOOD, expires_in: -1 }],
    ['expires-in', { ...GOOD, expires_in: 86_401 }],
    ['expires-in', `{"access_token":"${TOKEN}","token_type":"Bearer","expires_in":1e999}`],
    ['too-long', `{"access_token":"${TOKEN}","x":"${'x'.repeat(70_000)}"}`]
  ]
  for (const [reason, body] of odd) {
    const error = await failureOf(answering(body))
    t.match(error, { code: 'ATL_USER_TOKEN_ANSWER', statusCode: 502, status: 200, reason })
  }
})

t.test('a redirect is not followed', async (t) => {
  let asked = 0
  const elsewhere = await serve(t, (response) => {
    asked += 1
    response.end(JSON.stringify(GOOD))
  })
  for (const status of [301, 302, 307, 308]) {
    const address = await serve(t, (response) => response.writeHead(status, { location: elsewhere }).end())
    t.match(await failureOf(atServer(address)), { code: 'ATL_USER_TOKEN_ANSWER', reason: 'redirect', status })
  }
  t.equal(asked, 0)
})

t.test('a server that is slow, with its headers or its body, is given up', async (t) => {
  const silent = await serve(t, () => {})
  const slow = await serve(t, (response) => void response.writeHead(200).write('{'))
  for (const address of [silent, slow]) {
    t.match(await failureOf(atServer(address, 100)), {
      code: 'ATL_USER_TOKEN_UNAVAILABLE',
      reason: 'timeout',
      status: 0
    })
  }
})

t.test('a fetch that never hears of the signal does not hold up the call', async (t) => {
  const error = await failureOf(exchange(() => new Promise(() => {}), [], 50))
  t.equal(error.reason, 'timeout')
})

t.test('no connection, and a connection that is cut, tell what the network says and not what was sent', async (t) => {
  const cut = await serve(t, (response) => response.destroy())
  t.match(await failureOf(atServer(cut)), { code: 'ATL_USER_TOKEN_UNAVAILABLE', reason: 'network' })
  const refused = await failureOf(atServer('http://127.0.0.1:1'))
  t.match(refused, { code: 'ATL_USER_TOKEN_UNAVAILABLE', reason: 'network' })
  const talkative = () => Promise.reject(new Error(`could not send ${ASSERTION}`, { cause: { code: ASSERTION } }))
  t.match(await failureOf(exchange(talkative)), { details: { failure: null } })
})

t.test('a site of another environment has its own server, unless one is configured', async (t) => {
  const serverOf = (baseUrl: string) => authorizationServerOf(productionAuthorizationServer, baseUrl)
  t.equal(serverOf('https://acme.atlassian.net'), productionAuthorizationServer)
  t.equal(serverOf('https://acme.jira.com'), productionAuthorizationServer)
  t.equal(serverOf('https://atlassian-us-gov-mod.net'), productionAuthorizationServer)
  t.equal(serverOf('https://acme.jira-dev.com.example.com'), productionAuthorizationServer)
  t.match(serverOf('https://acme.jira-dev.com'), /\.stg\.services\.atlassian\.com$/)
  t.match(serverOf('https://acme.atlassian-us-gov-mod.net/wiki'), /server\.services\.atlassian-us-gov-mod\.com$/)
  t.match(serverOf('https://acme.atlassian-stg-fedm.net'), /\.stg\.services\.atlassian-us-gov-mod\.com$/)
  t.equal(authorizationServerOf('http://127.0.0.1:1', 'https://acme.jira-dev.com'), 'http://127.0.0.1:1')
})
