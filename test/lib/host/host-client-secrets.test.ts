import { inspect } from 'node:util'
import t from 'tap'
import type { HostClient } from '../../../lib/host/host-client.ts'
import { HostError } from '../../../lib/host/host-error.ts'
import { signHostRequest } from '../../../lib/jwt/sign-host-request.ts'
import type { ConnectTenant } from '../../../lib/tenant/tenant.ts'
import { failureOf, makeCalls } from './make-calls.ts'

t.test('a header that cannot be sent is not quoted in the error or its cause', async (t) => {
  const sign = (tenant: ConnectTenant, method: string, url: URL) => signHostRequest(tenant, method, url, 1_790_000_000)
  const { client, sent } = makeCalls(undefined, { sign })
  const headers = { 'x-key': 'top-secret\nvalue' }
  for (const work of [client.get('/rest', { headers }), client.fetch('/rest', { headers })]) {
    const error = await failureOf(work)
    t.match(error, { code: 'ATL_HOST_REQUEST' })
    t.notMatch(inspect(error, { depth: 9, showHidden: true }), /top-secret/)
  }
  t.match(await failureOf(client.get('/rest?jql=100%')), { code: 'ATL_HOST_REQUEST' })
  t.equal(sent.length, 0)
})

t.test('what a replaced network says about a call is cleaned of tokens before it becomes a cause', async (t) => {
  const { client, time } = makeCalls(({ headers }) => {
    const config = { headers: Object.fromEntries(headers) }
    const inner = Object.assign(new Error(`sent Authorization: ${headers.get('authorization')}`), { config })
    throw Object.assign(new TypeError('fetch failed for Bearer of-a-user', { cause: inner }), { config, code: 'EPIPE' })
  })
  const error = await time.settle(failureOf(client.get('/a')))
  t.match(error, { code: 'ATL_HOST_NETWORK', cause: { code: 'EPIPE' } })
  t.notMatch(inspect(error, { depth: 9, showHidden: true }), /JWT for|of-a-user|authorization: JWT f/i)
})

t.test('a token that the host repeats does not reach the sentences or the request id', async (t) => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl'
  const { client } = makeCalls(() =>
    Response.json(
      { errorMessages: [`The token ${token} is not good`, 'Not with Bearer abc.def'] },
      { status: 400, headers: { 'x-request-id': token, 'atl-traceid': '1f2e-ok' } }
    )
  )
  const error = await failureOf(client.get('/a'))
  t.same(error.messages, ['The token [token] is not good', 'Not with [token]'])
  t.equal(error.requestId, '1f2e-ok')
})

t.test('fetch fails as the web’s fetch does, so that typed clients know the failure', async (t) => {
  const never = ({ init }: { init: RequestInit }) =>
    new Promise<Response>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })
  const slow = makeCalls(never)
  await t.rejects(slow.time.settle(slow.client.fetch('/a')), { name: 'TimeoutError' })
  const { client, time } = makeCalls(() => {
    throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
  })
  const error: unknown = await time.settle(client.fetch('/a')).catch((reason: unknown) => reason)
  t.ok(error instanceof TypeError && error.cause instanceof HostError)
  const why = new Error('enough')
  const controller = new AbortController()
  const work = makeCalls(never).client.fetch('/a', { signal: controller.signal })
  setImmediate(() => controller.abort(why))
  await t.rejects(work, why)
})

t.test('the signal of a Request or of the caller counts for as long as the answer is read', async (t) => {
  const waysToSay: ((client: HostClient, signal: AbortSignal) => Promise<Response>)[] = [
    (client, signal) => client.fetch(new Request('https://acme.atlassian.net/a', { signal })),
    (client, signal) => client.fetch('/a', { signal })
  ]
  for (const call of waysToSay) {
    const { client, sent, time } = makeCalls()
    const controller = new AbortController()
    await call(client, controller.signal)
    await time.advance(60_000)
    t.notOk(sent[0]?.init.signal?.aborted, 'the limit of time ends with the headers')
    controller.abort()
    t.ok(sent[0]?.init.signal?.aborted)
  }
})

t.test('a value with quotes in it is not quoted either: of what cannot be sent only the kind is told', async (t) => {
  const { client } = makeCalls()
  const error = await failureOf(client.get('/rest', { headers: { 'x-key': 'a" top-secret "b\nvalue' } }))
  t.match(error, { code: 'ATL_HOST_REQUEST', cause: { message: 'TypeError' } })
  t.notMatch(inspect(error, { depth: 9, showHidden: true }), /top-secret/)
  const coded = Object.assign(new TypeError('said top-secret'), {
    code: 'ERR_INVALID_CHAR',
    cause: new Error('top-secret')
  })
  const facts = { method: 'GET', path: '/', status: 0, retryAfterSeconds: null, messages: [] }
  const made = new HostError('ATL_HOST_REQUEST', facts, coded)
  t.match(made, { cause: { message: 'TypeError', code: 'ERR_INVALID_CHAR', cause: undefined } })
})

t.test('causes that lead back to each other end', async (t) => {
  const { client, time } = makeCalls(() => {
    const outer = new Error('outer')
    outer.cause = new Error('inner', { cause: outer })
    throw outer
  })
  const error = await time.settle(failureOf(client.get('/a')))
  t.match(error, { code: 'ATL_HOST_NETWORK', cause: { message: 'Error: outer', cause: { message: 'Error: inner' } } })
  let depth = 0
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) depth += 1
  t.ok(depth < 10, `${depth}`)
})
