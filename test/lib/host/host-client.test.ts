import { inspect } from 'node:util'
import t from 'tap'
import { AtlassianError } from '../../../lib/errors.ts'
import { hostMessages } from '../../../lib/host/host-error.ts'
import { retryAfterSeconds } from '../../../lib/host/rate-limit.ts'
import { makeTenant } from '../tenant/make-tenant.ts'
import { failureOf, makeCalls, type Sent } from './make-calls.ts'

const json = (body: unknown, init?: ResponseInit) => Response.json(body, init)

t.test('a call is signed for itself and asks for JSON', async (t) => {
  const { client, sent } = makeCalls()
  t.same(await client.get('/rest/api/3/myself', { query: { expand: 'groups' } }), { ok: true })
  const [call] = sent
  t.equal(call?.url, 'https://acme.atlassian.net/rest/api/3/myself?expand=groups')
  t.equal(call?.headers.get('authorization'), 'JWT for GET /rest/api/3/myself?expand=groups')
  t.equal(call?.headers.get('accept'), 'application/json')
  t.equal(call?.headers.get('user-agent'), 'fastify-atlassian/0 com.example.tea')
  t.equal(call?.init.redirect, 'manual')
  t.equal(call?.init.body, undefined)
})

t.test('a plain value becomes JSON and everything else goes out as it is', async (t) => {
  const { client, sent } = makeCalls()
  const form = new URLSearchParams({ a: '1' })
  const data = new FormData()
  const bytes = new Uint8Array([1, 2])
  await client.post('/a', { b: 1 })
  await client.put('/a', [1])
  await client.patch('/a', { b: 1 }, { headers: { 'content-type': 'application/json-patch+json' } })
  await client.post('/a', 'text')
  await client.post('/a', form)
  await client.post('/a', data)
  await client.post('/a', bytes)
  await client.post('/a')
  await client.post('/a', null)
  t.same(
    sent.map(({ init, headers }) => [init.body, headers.get('content-type'), headers.get('x-atlassian-token')]),
    [
      ['{"b":1}', 'application/json', null],
      ['[1]', 'application/json', null],
      ['{"b":1}', 'application/json-patch+json', null],
      ['text', 'text/plain;charset=UTF-8', null],
      [form, null, 'no-check'],
      [data, null, 'no-check'],
      [bytes, null, null],
      [undefined, null, null],
      [undefined, null, null]
    ]
  )
})

t.test('an answer is parsed by what it says it is', async (t) => {
  const answers: [Response, unknown][] = [
    [json({ a: 1 }), { a: 1 }],
    [new Response('[1]', { headers: { 'content-type': 'application/vnd.atl+json; charset=utf-8' } }), [1]],
    [new Response('<p>', { headers: { 'content-type': 'text/html' } }), '<p>'],
    [new Response(null, { status: 204 }), undefined],
    [new Response('', { headers: { 'content-type': 'application/json' } }), undefined]
  ]
  for (const [answer, expected] of answers) t.same(await makeCalls(() => answer).client.get('/a'), expected)
  const { client } = makeCalls(() => new Response('{"a":', { headers: { 'content-type': 'application/json' } }))
  t.match(await failureOf(client.get('/a?b=c')), { code: 'ATL_HOST_BODY', path: '/a', status: 200 })
})

t.test('HEAD gives headers, and asApp gives the same client', async (t) => {
  const { client, sent } = makeCalls(() => new Response(null, { headers: { etag: '"1"' } }))
  t.equal((await client.head('/a')).get('etag'), '"1"')
  t.equal(sent[0]?.method, 'HEAD')
  t.equal(client.asApp(), client)
})

t.test('a caller cannot replace the credentials or send cookies', async (t) => {
  const { client, sent } = makeCalls()
  const headers = { Authorization: 'Bearer mine', Cookie: 'a=b', 'User-Agent': 'mine' }
  await client.get('/a', { headers })
  await client.fetch('/a', { headers })
  await client.fetch(new Request('https://acme.atlassian.net/a', { headers }))
  for (const call of sent) {
    t.equal(call.headers.get('authorization'), 'JWT for GET /a')
    t.equal(call.headers.get('cookie'), null)
    t.equal(call.headers.get('user-agent'), 'fastify-atlassian/0 com.example.tea')
  }
})

t.test('fetch resolves for every status, sends no body on GET, and keeps to the site', async (t) => {
  const { client, sent } = makeCalls(() => new Response('gone', { status: 410 }))
  const response = await client.fetch('/a', { method: 'post', body: 'x' })
  t.equal(response.status, 410)
  t.equal(await response.text(), 'gone')
  await client.fetch('/a', { method: 'GET', body: 'x' })
  t.equal(sent[0]?.method, 'POST')
  t.equal(sent[1]?.init.body ?? null, null)
  await t.rejects(client.fetch('https://evil.example.com/'), { code: 'ATL_HOST_ADDRESS' })
  await t.rejects(client.fetch(new URL('https://evil.example.com/')), { code: 'ATL_HOST_ADDRESS' })
  await t.rejects(client.fetch(new Request('https://evil.example.com/')), { code: 'ATL_HOST_ADDRESS' })
  t.equal(sent.length, 2)
})

t.test('a redirect is an answer and is not followed', async (t) => {
  const redirect = () => new Response(null, { status: 302, headers: { location: 'https://evil.example.com/' } })
  const { client, sent } = makeCalls(redirect)
  t.match(await failureOf(client.get('/a')), { code: 'ATL_HOST_STATUS', status: 302 })
  t.equal((await client.fetch('/a', { redirect: 'follow' })).status, 302)
  t.same(
    sent.map(({ init }) => init.redirect),
    ['manual', 'manual']
  )
})

t.test('a failure says what a program and a person need', async (t) => {
  const body = { errorMessages: ['No issue.'], errors: { summary: 'is needed' } }
  const { client } = makeCalls(() => json(body, { status: 429, headers: { 'retry-after': '7' } }))
  const error = await failureOf(client.post('/rest/a?secret=1', { b: 1 }))
  t.match(error, {
    name: 'HostError',
    code: 'ATL_HOST_STATUS',
    statusCode: 502,
    status: 429,
    retryAfterSeconds: 7,
    method: 'POST',
    path: '/rest/a',
    messages: ['No issue.', 'is needed']
  })
})

t.test('a failure shows no header, no query, no body and no token', async (t) => {
  const { client } = makeCalls(() =>
    json({ token: 'of-the-body' }, { status: 500, headers: { 'x-a': 'of-the-header' } })
  )
  const error = await failureOf(
    client.post('/a?key=of-the-query', { a: 'of-the-request' }, { headers: { 'x-b': 'of-mine' } })
  )
  const printed = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), String(error), error.stack]
  t.notMatch(printed.join('\n'), /of-the|of-mine|JWT for/)
})

t.test('a slow, silent or broken host is told apart', async (t) => {
  const never = ({ init }: Sent) =>
    new Promise<Response>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      if (init.signal?.aborted) reject(init.signal.reason)
    })
  const slow = makeCalls(never)
  const late = await slow.time.settle(failureOf(slow.client.get('/a', { timeoutMs: 20 })))
  t.match(late, { code: 'ATL_HOST_TIMEOUT', statusCode: 504 })
  t.equal(slow.sent.length, 1, 'and is not asked again')
  const abort = new AbortController()
  const aborted = failureOf(makeCalls(never).client.get('/a', { signal: abort.signal }))
  abort.abort()
  t.match(await aborted, { code: 'ATL_HOST_ABORTED' })
  const broken = makeCalls(() => {
    throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
  })
  t.match(await broken.time.settle(failureOf(broken.client.get('/a'))), { code: 'ATL_HOST_NETWORK', status: 0 })
  const circle: { self?: object } = {}
  circle.self = circle
  for (const body of [circle, { a: 1n }]) {
    const { client, sent } = makeCalls()
    t.match(await failureOf(client.post('/a', body)), { code: 'ATL_HOST_REQUEST', statusCode: 500 })
    t.equal(sent.length, 0)
  }
  const { client, sent } = makeCalls()
  t.match(await failureOf(client.get('/a', { headers: { 'x-a': 'a\nb' } })), { code: 'ATL_HOST_REQUEST' })
  t.equal(sent.length, 0)
})

t.test('a body that never ends runs into the time limit', async (t) => {
  const { client, time } = makeCalls(({ init }) => {
    const body = new ReadableStream({
      start(controller) {
        init.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
      }
    })
    return new Response(body)
  })
  t.match(await time.settle(failureOf(client.get('/a', { timeoutMs: 20 }))), { code: 'ATL_HOST_TIMEOUT' })
})

t.test('the tenant is asked for at each call', async (t) => {
  let asked = 0
  const { client, sent } = makeCalls(undefined, {
    tenant: async () => {
      asked++
      if (asked === 2) throw new AtlassianError('ATL_NO_TENANT', 'gone')
      return makeTenant()
    }
  })
  await client.get('/a')
  await t.rejects(client.get('/a'), { code: 'ATL_NO_TENANT' })
  t.equal(sent.length, 1)
})

t.test('Retry-After is seconds or a date', async (t) => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  const cases: [header: string | null, seconds: number | null][] = [
    [null, null],
    ['0', 0],
    ['120', 120],
    [' 5 ', 5],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['', null]
  ]
  for (const [header, seconds] of cases) t.equal(retryAfterSeconds(header, now), seconds, String(header))
})

t.test('sentences of the host are collected and cut', async (t) => {
  t.same(hostMessages({ message: 'a', errorMessages: ['b', 1, ''], errors: { x: 'c', y: { z: 1 } } }), ['a', 'b', 'c'])
  t.same(
    hostMessages({ errorMessages: Array.from({ length: 50 }, () => 'x'.repeat(1000)) }),
    Array(10).fill('x'.repeat(300))
  )
  for (const body of [null, undefined, 'text', 1, [], {}, { message: 1, errorMessages: 'no', errors: null }]) {
    t.same(hostMessages(body), [])
  }
})
