import { text as readText } from 'node:stream/consumers'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { Agent, fetch as undiciFetch } from 'undici'
import type { HostCallsOptions } from '../../../lib/host/host-calls.ts'
import { systemTimer } from '../../../lib/ports.ts'
import { realCalls, sendJson, startHost } from './loopback.ts'
import { failureOf } from './make-calls.ts'

/** Every fault has to look the same, whatever carries the call. */
const carriers: Record<string, () => Partial<HostCallsOptions>> = {
  'pools of our own': () => ({}),
  'a fetch that was given': () => ({ fetch: (url, init) => fetch(url, init) }),
  'a dispatcher that was given': () => ({ dispatcher: new Agent({ keepAliveTimeout: 10 }) })
}

for (const [name, carrier] of Object.entries(carriers)) {
  t.test(`with ${name}`, async (t) => {
    t.test('bodies that are compressed are read, and broken ones are told', async (t) => {
      const expected = { text: 'ü', numbers: Array.from({ length: 500 }, (_, index) => (index * 7919) % 6007) }
      const body = Buffer.from(JSON.stringify(expected))
      const encodings: Record<string, Buffer> = {
        gzip: gzipSync(body),
        br: brotliCompressSync(body),
        deflate: deflateSync(body),
        'x-gzip': gzipSync(body)
      }
      const { origin, seen } = await startHost(t, ({ url }, response) => {
        const [, encoding = '', kind] = url.split('/')
        const bytes = encodings[encoding] ?? body
        const sent = kind === 'broken' ? bytes.subarray(0, bytes.length / 2) : bytes
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(sent)
      })
      const { client } = realCalls(t, origin, carrier())
      for (const encoding of Object.keys(encodings)) {
        t.same(await client.get(`/${encoding}`), expected, encoding)
        t.same(await (await client.fetch(`/${encoding}`)).json(), expected, encoding)
        await t.rejects((await client.request('GET', `/${encoding}/broken`)).json())
        t.match(await failureOf(client.get(`/${encoding}/broken`)), { code: /ATL_HOST_(?:TRUNCATED|BODY)/ }, encoding)
      }
      t.match(seen[0]?.headers['accept-encoding'], /gzip/)
    })

    t.test('a body that breaks off, JSON that is none, and no answer at all have codes of their own', async (t) => {
      const { origin } = await startHost(t, ({ url }, response) => {
        const head = { 'content-type': 'application/json' }
        if (url === '/length') response.writeHead(200, { ...head, 'content-length': 100 }).write('{"a":')
        else if (url === '/chunks') response.writeHead(200, head).write('{"a":')
        else if (url === '/json') response.writeHead(200, head).end('{"secret":')
        else if (url === '/status') response.writeHead(500, { ...head, 'content-length': 100 }).write('{"a":')
        setTimeout(() => response.socket?.destroy(), url === '/json' ? 1000 : 20).unref()
      })
      const { client } = realCalls(t, origin, carrier())
      for (const path of ['/length', '/chunks']) {
        t.match(await failureOf(client.get(path)), { code: 'ATL_HOST_TRUNCATED', statusCode: 502, path })
      }
      const json = await failureOf(client.get('/json'))
      t.match(json, { code: 'ATL_HOST_BODY', status: 200 })
      t.notMatch(String(json.cause), /secret/)
      t.match(await failureOf(client.get('/nothing')), { code: 'ATL_HOST_NETWORK', status: 0 })
      t.match(await failureOf(client.get('/status')), { code: 'ATL_HOST_STATUS', status: 500, messages: [] })
    })

    t.test('a port where nobody listens, and a name that nobody has', async (t) => {
      const { origin, server } = await startHost(t, () => {})
      await new Promise((resolve) => server.close(resolve))
      t.match(await failureOf(realCalls(t, origin, carrier()).client.get('/a')), { code: 'ATL_HOST_NETWORK' })
    })

    t.test('a host that is slow with its headers or with its body', async (t) => {
      const { origin } = await startHost(t, ({ url }, response) => {
        if (url === '/body') response.writeHead(200, { 'content-type': 'application/json' }).write('{"a":')
      })
      const { client } = realCalls(t, origin, carrier())
      for (const path of ['/headers', '/body']) {
        t.match(await failureOf(client.get(path, { timeoutMs: 100 })), { code: 'ATL_HOST_TIMEOUT', path })
      }
      const slow = await client.request('GET', '/body', { timeoutMs: 200 })
      const { value } = (await slow.body?.getReader().read()) ?? {}
      t.equal(Buffer.from(value ?? []).toString(), '{"a":', 'what the caller reads has all the time')
      const controller = new AbortController()
      const aborted = failureOf(client.get('/headers', { signal: controller.signal }))
      setTimeout(() => controller.abort(), 20)
      t.match(await aborted, { code: 'ATL_HOST_ABORTED' })
    })

    t.test('redirects are answers, and cookies are not kept', async (t) => {
      const { origin, seen } = await startHost(t, (_, response) =>
        response.writeHead(302, { location: '/elsewhere', 'set-cookie': ['a=1; Path=/', 'b=2'] }).end()
      )
      const { client } = realCalls(t, origin, carrier())
      for (const call of [() => client.get('/a'), () => client.request('GET', '/a'), () => client.post('/a', 'x')]) {
        t.match(await failureOf(call()), { code: 'ATL_HOST_STATUS', status: 302 })
      }
      t.equal((await client.fetch('/a', { redirect: 'follow' })).status, 302)
      t.equal(seen.length, 4)
      for (const { url, headers } of seen) t.match([url, headers.cookie], ['/a', undefined])
    })

    t.test('streams go up and down', async (t) => {
      const { origin, seen } = await startHost(t, ({ body }, response) => response.writeHead(200).end(body))
      const { client } = realCalls(t, origin, carrier())
      async function* chunks() {
        yield new TextEncoder().encode('one ')
        yield new TextEncoder().encode('two')
      }
      const response = await client.request('POST', '/echo', {
        body: chunks(),
        headers: { 'content-type': 'text/plain' }
      })
      t.equal(response.headers.get('content-length'), null)
      let down = ''
      for await (const chunk of response.body ?? []) down += Buffer.from(chunk).toString()
      t.equal(down, 'one two')
      t.equal(await client.post('/echo', new Blob(['three']).stream()), 'three')
      t.equal(await client.put('/echo', new Uint8Array([52])), '4')
      t.equal(seen[0]?.headers['content-type'], 'text/plain')
    })

    t.test('HEAD gives headers, also those that come twice', async (t) => {
      const { origin } = await startHost(t, (_, response) => response.writeHead(200, { 'x-a': ['1', '2'] }).end())
      const headers = await realCalls(t, origin, carrier()).client.head('/a')
      t.ok(headers instanceof Headers)
      t.equal(headers.get('x-a'), '1, 2')
    })
  })
}

t.test(
  'connections are kept for the next call, and end with the app, so that a server on the other side can end too',
  async (t) => {
    const { origin, sockets, server } = await startHost(t, (_, response) => sendJson(response, {}))
    const { calls, client } = realCalls(t, origin)
    for (let number = 0; number < 5; number++) await client.get('/a')
    await (await client.fetch('/a')).text()
    t.ok(sockets.size <= 2, `${sockets.size} connections for six calls`)
    await calls.close()
    await new Promise((resolve) => server.close(resolve))
    t.match(await failureOf(client.get('/a')), { code: 'ATL_HOST_NETWORK' }, 'and no new one is opened')
  }
)

t.test('closing waits a second for calls under way, and not for an answer that nobody reads', async (t) => {
  const { origin } = await startHost(t, ({ url }, response) => {
    if (url === '/unread') response.writeHead(200).write('x')
    else if (url === '/slow') setTimeout(() => sendJson(response, { ok: true }), 60)
  })
  const { calls, client } = realCalls(t, origin, { timer: (callback, ms) => systemTimer(callback, ms === 20 ? 5 : ms) })
  const unread = await client.request('GET', '/unread')
  const slow = client.get('/slow')
  const never = failureOf(client.get('/never'))
  await new Promise((resolve) => setImmediate(resolve))
  await calls.close()
  await t.rejects(unread.text())
  t.same(await slow, { ok: true })
  t.match(await never, { code: 'ATL_HOST_NETWORK' })
})

t.test('an app that never calls loads nothing and closes at once', async (t) => {
  const { calls } = realCalls(t, 'http://127.0.0.1:1')
  await calls.close()
  t.pass()
})

t.test('a dispatcher that was given carries every kind of call and stays open', async (t) => {
  const { origin, seen } = await startHost(t, (_, response) => sendJson(response, { ok: true }))
  let dispatched = 0
  const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
    dispatched += 1
    return dispatch(options, handler)
  })
  t.teardown(() => dispatcher.close())
  const { calls, client } = realCalls(t, origin, { dispatcher })
  await client.get('/a')
  await (await client.fetch('/b')).text()
  await client.post('/c', new URLSearchParams({ a: '1' }))
  t.equal(dispatched, 3)
  t.equal(seen.length, 3)
  await calls.close()
  t.match(await client.get('/d'), { ok: true })
})

t.test('undici’s own fetch can be given', async (t) => {
  const { origin } = await startHost(t, (_, response) => sendJson(response, { ok: true }))
  const own = async (url: string, init?: RequestInit) => (await undiciFetch(url, init as object)) as unknown as Response
  t.same(await realCalls(t, origin, { fetch: own }).client.get('/a'), { ok: true })
})

t.test('plain http is for this machine only', async (t) => {
  for (const baseUrl of [
    'http://acme.atlassian.net',
    'http://127.0.0.1.evil.example.com',
    'http://localhost.evil.example.com',
    'http://10.0.0.1',
    'ftp://127.0.0.1'
  ]) {
    const { client } = realCalls(t, baseUrl, { fetch: async () => t.fail('was sent') as never })
    await t.rejects(client.get('/a'), { code: 'ATL_HOST_ADDRESS' }, baseUrl)
    await t.rejects(client.fetch(`${baseUrl}/a`), { code: 'ATL_HOST_ADDRESS' })
  }
  for (const baseUrl of [
    'http://localhost:1',
    'http://site.localhost:1',
    'http://127.0.0.1:1',
    'http://[::1]:1',
    'https://acme.atlassian.net'
  ]) {
    t.same(await realCalls(t, baseUrl, { fetch: async () => Response.json(1) }).client.get('/a'), 1, baseUrl)
  }
})

t.test('what is read from a stream of the platform is what the host sent', async (t) => {
  const { origin } = await startHost(t, (_, response) => response.writeHead(200).end('x'.repeat(100_000)))
  const { client } = realCalls(t, origin)
  const response = await client.request('GET', '/big')
  t.equal((await readText(response.body ?? new ReadableStream())).length, 100_000)
})

t.test(
  'an answer that the caller reads says where it came from, has no body where none may be, and can be left',
  async (t) => {
    const { origin } = await startHost(t, ({ url }, response) => {
      if (url === '/none') response.writeHead(204).end()
      else if (url === '/cut')
        response.writeHead(200, { 'content-length': 100 }).write('x', () => response.socket?.destroy())
      else response.writeHead(200, { 'x-a': ['1', '2'] }).write('x'.repeat(200_000))
    })
    const { client } = realCalls(t, origin)
    const none = await client.request('DELETE', '/none')
    t.match([none.status, none.body, none.url], [204, null, `${origin}/none`])
    const cut = await client.fetch('/cut')
    await t.rejects(cut.text(), TypeError)
    const left = await client.fetch('/big')
    t.equal(left.headers.get('x-a'), '1, 2')
    const reader = left.body?.getReader()
    t.ok((await reader?.read())?.value?.length)
    await reader?.cancel()
    const controller = new AbortController()
    const aborted = await client.fetch('/big', { signal: controller.signal })
    const text = aborted.text()
    controller.abort()
    await t.rejects(text, { name: 'AbortError' })
  }
)

t.test('answers whose length is known, small or large, are streams like any other', async (t) => {
  for (const length of [0, 1, 32_768, 32_769, 300_000]) {
    const { origin } = await startHost(t, ({ url }, response) => {
      const text = 'x'.repeat(length)
      response.writeHead(200, { 'content-length': length })
      if (url === '/cut') response.write(text.slice(1), () => response.socket?.destroy())
      else if (url === '/slow') response.write(text.slice(1))
      else response.end(text)
    })
    const { client } = realCalls(t, origin)
    t.equal((await (await client.fetch('/a')).text()).length, length)
    t.equal((await (await client.fetch('/a')).arrayBuffer()).byteLength, length)
    const reader = (await client.fetch('/a')).body?.getReader({ mode: 'byob' })
    let read = 0
    for (;;) {
      const { done, value } = (await reader?.read(new Uint8Array(1000))) ?? { done: true, value: undefined }
      if (done) break
      read += value.byteLength
    }
    t.equal(read, length, 'into a buffer of the caller')
    const copied = await client.fetch('/a')
    t.equal((await copied.clone().text()).length + (await copied.text()).length, 2 * length)
    await (await client.fetch('/a')).body?.cancel()
    if (length < 2) continue
    await t.rejects((await client.fetch('/cut')).text(), new TypeError('terminated'))
    const controller = new AbortController()
    const text = (await client.fetch('/slow', { signal: controller.signal })).text()
    controller.abort()
    await t.rejects(text, { name: 'AbortError' })
  }
})

t.test('a small answer that nobody reads leaves its connection to the next call', async (t) => {
  const { origin, sockets } = await startHost(t, (_, response) => {
    response.writeHead(200, { 'content-length': 32_768 }).end('x'.repeat(32_768))
  })
  const { client } = realCalls(t, origin)
  const unread: Response[] = []
  for (let number = 0; number < 5; number++) {
    unread.push(await client.fetch('/a'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.ok(sockets.size < 5, `${sockets.size} connections`)
  for (const response of unread) t.equal((await response.text()).length, 32_768)
})

t.test('a connection that breaks under an answer that nobody reads does no harm', async (t) => {
  for (const headers of [
    { 'content-encoding': 'identity' },
    { 'content-encoding': 'gzip' },
    { 'content-length': 20 }
  ]) {
    const { origin, server } = await startHost(t, (_, response) => {
      response.writeHead(200, headers).write('x'.repeat(10))
    })
    const { client } = realCalls(t, origin)
    const unread = await client.request('GET', '/a')
    server.closeAllConnections()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await t.rejects(unread.text(), TypeError)
  }
})
