import { type ClientOptions, createClient, type ForgeBridge } from 'fastify-atlassian/client'
import t from 'tap'

function page(answer: unknown, options: ClientOptions = {}) {
  const calls: unknown[][] = []
  const call =
    (name: string) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args])
      if (answer instanceof Error) throw answer
      return typeof answer === 'function' ? answer() : answer
    }
  const bridge: ForgeBridge = { invokeRemote: call('invokeRemote'), requestRemote: call('requestRemote') }
  return { client: createClient({ forge: bridge, ...options }), calls }
}

t.test('a call goes through invokeRemote, and its answer is what fetch would have given', async (t) => {
  const { client, calls } = page({
    status: 201,
    headers: { 'x-own': ['a', 'b'], 'Content-Length': ['999'] },
    body: { id: 7 }
  })
  const answer = await client.request('/api/items', {
    json: { a: 1 },
    headers: { 'X-Own': 'yes', authorization: 'never' }
  })
  t.same(calls, [
    [
      'invokeRemote',
      {
        path: '/api/items',
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json', 'x-own': 'yes' },
        body: { a: 1 }
      }
    ]
  ])
  t.equal(answer.status, 201)
  t.ok(answer.ok)
  t.equal(answer.headers.get('x-own'), 'a, b')
  t.equal(answer.headers.get('content-type'), 'application/json')
  t.same(await answer.json(), { id: 7 })
})

t.test('a refusal of the backend is an answer, not an error', async (t) => {
  const { client } = page({ status: 403, headers: {}, body: { message: 'not you' } })
  const answer = await client.request('/a')
  t.equal(answer.status, 403)
  t.same(await answer.json(), { message: 'not you' })
})

t.test('an answer without a body has none', async (t) => {
  for (const answer of [{ status: 204, body: {} }, { status: 200 }, { status: 304, headers: null, body: '' }]) {
    t.equal(await (await page(answer).client.request('/a')).text(), '', `${answer.status}`)
  }
})

t.test('with a remote’s key the call is direct, and may carry files', async (t) => {
  const given = Response.json({ direct: true })
  const { client, calls } = page(given, { remoteKey: 'connect' })
  t.equal(await client.request('/a', { json: [1] }), given)
  const form = new FormData()
  form.set('file', 'x')
  await client.request('/upload', { method: 'PUT', form })
  t.match(calls, [
    ['requestRemote', 'connect', { path: '/a', method: 'POST', body: '[1]' }],
    ['requestRemote', 'connect', { path: '/upload', method: 'PUT', body: form }]
  ])
  await t.rejects(page(given).client.request('/upload', { form }), { code: 'request', message: /remoteKey/ })
})

t.test('what Forge cannot deliver is an error with its cause', async (t) => {
  const cause = new Error('could not verify the Forge Invocation Token')
  await t.rejects(page(cause).client.request('/a'), { name: 'ClientError', code: 'network', cause })
  for (const answer of [undefined, null, 'text', {}, { status: '200' }, { status: 7 }]) {
    await t.rejects(page(answer).client.request('/a'), { code: 'network' }, JSON.stringify(answer))
  }
  await t.rejects(page({ status: 200 }, { remoteKey: 'a' }).client.request('/a'), { code: 'network' })
  for (const remoteKey of [undefined, 'a']) {
    await t.rejects(createClient({ forge: {}, remoteKey }).request('/a'), { code: 'no-platform' })
  }
})

t.test('a caller who ends a call does not wait for Forge', async (t) => {
  const never = page(() => new Promise(() => {}))
  const stop = new AbortController()
  const reason = new Error('enough')
  const waiting = never.client.request('/a', { signal: stop.signal })
  setImmediate(() => stop.abort(reason))
  await t.rejects(waiting, reason)
  const fine = page({ status: 200, body: {} })
  t.equal((await fine.client.request('/a', { signal: new AbortController().signal })).status, 200)
})

t.test('a bridge that could not be loaded is asked for again by the next call', async (t) => {
  let loads = 0
  const forge = async () => {
    loads++
    if (loads === 1) throw new TypeError('Failed to fetch dynamically imported module')
    return { invokeRemote: async () => ({ status: 200, body: {} }) }
  }
  const client = createClient({ forge })
  await t.rejects(client.request('/a'), { code: 'network', cause: { name: 'TypeError' } })
  t.equal((await client.request('/a')).status, 200)
  await client.request('/a')
  t.equal(loads, 2)
})

t.test('one bundle finds out where it runs, at its first call', async (t) => {
  let loaded = 0
  const forge = async () => {
    loaded++
    return { invokeRemote: async () => ({ status: 200, body: { forge: true } }) }
  }
  const fetch = async () => Response.json({ forge: false })
  const scope: Record<string, unknown> = globalThis as never
  t.teardown(() => {
    delete scope.AP
    delete scope.__bridge
    delete scope.location
  })
  const client = createClient({ forge, fetch })
  scope.AP = { context: { getToken: (callback: (token: string) => void) => callback('a.b.c') } }
  scope.location = { origin: 'https://app.example.com' }
  t.same(await (await client.request('/a')).json(), { forge: false })
  t.equal(loaded, 0, 'the bridge is not loaded in a Connect page')
  scope.__bridge = {}
  const later = createClient({ forge, fetch })
  t.same(await (await later.request('/a')).json(), { forge: true })
  await later.request('/b')
  t.equal(loaded, 1)
  t.same(await (await client.request('/a')).json(), { forge: false }, 'a client stays where it began')
})
