import { type ClientOptions, createClient } from 'fastify-atlassian/client'
import t from 'tap'

interface Sent {
  readonly url: string
  readonly init: RequestInit
  readonly token: string
}

/** A token as the host makes it: only its times are read. */
function tokenFor(name: string, lifetime = 300): string {
  const payload = Buffer.from(JSON.stringify({ iss: name, iat: 1000, exp: 1000 + lifetime })).toString('base64url')
  return `e30.${payload}.${name}`
}

/** A page with a fake AP that gives `t1`, `t2`, …, and a backend that accepts what `good` says. */
function page(
  good: (name: string, url: string) => boolean | Response,
  options: ClientOptions & { lifetime?: number } = {}
) {
  const sent: Sent[] = []
  let asked = 0
  const host = {
    context: {
      getToken(callback: (token: string) => void) {
        asked++
        setImmediate(callback, tokenFor(`t${asked}`, options.lifetime))
      }
    }
  }
  const fetch = async (url: string | URL | Request, init: RequestInit = {}) => {
    const token = new Headers(init.headers).get('authorization') ?? ''
    sent.push({ url: String(url), init, token })
    const answer = good(token.split('.').at(-1) ?? '', String(url))
    if (answer instanceof Response) return answer
    return Response.json({ ok: answer }, { status: answer ? 200 : 401 })
  }
  const client = createClient({ host, baseUrl: 'https://app.example.com/base/', fetch, ...options })
  const tokens = () => sent.map(({ token }) => token.split('.').at(-1))
  return { client, sent, tokens, asked: () => asked }
}

t.test('a call carries a context token of the host, to the app alone', async (t) => {
  const { client, sent } = page(() => true)
  const answer = await client.request('/api/items?x=1', {
    json: { a: 1 },
    headers: { 'X-Own': 'yes', Authorization: 'mine' }
  })
  t.equal(answer.status, 200)
  t.same(await answer.json(), { ok: true })
  t.equal(sent[0]?.url, 'https://app.example.com/base/api/items?x=1')
  t.match(sent[0]?.init, {
    method: 'POST',
    body: '{"a":1}',
    credentials: 'omit',
    redirect: 'error',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'x-own': 'yes',
      authorization: /^JWT e30\.[\w-]+\.t1$/
    }
  })
})

t.test('a token is asked for once and kept until shortly before its end', async (t) => {
  const { client, tokens, asked } = page(() => true)
  await Promise.all([client.request('/a'), client.request('/b')])
  await client.request('/c')
  t.same(tokens(), ['t1', 't1', 't1'])
  t.equal(asked(), 1)
  const short = page(() => true, { lifetime: 30 })
  await short.client.request('/a')
  await short.client.request('/b')
  t.same(short.tokens(), ['t1', 't2'], 'one that ends at once is not kept')
})

t.test('a refused token is renewed and the call repeated, once', async (t) => {
  const { client, tokens } = page((name) => name !== 't1')
  const form = new FormData()
  form.set('file', 'x')
  t.equal((await client.request('/a', { form })).status, 200)
  t.equal((await client.request('/b')).status, 200)
  t.same(tokens(), ['t1', 't2', 't2'])
  const refused = page(() => false)
  t.equal((await refused.client.request('/a')).status, 401)
  t.same(refused.tokens(), ['t1', 't2'])
  const others = page(() => Response.json({}, { status: 403 }))
  t.equal((await others.client.request('/a')).status, 403)
  t.equal(others.sent.length, 1, 'a missing permission is no reason for another token')
})

t.test('calls that are refused together wait for one new token', async (t) => {
  const { client, tokens, asked } = page((name) => name !== 't1')
  const answers = await Promise.all(['/a', '/b', '/c'].map((path) => client.request(path)))
  t.same(
    answers.map(({ status }) => status),
    [200, 200, 200]
  )
  t.equal(asked(), 2)
  t.same(tokens().sort(), ['t1', 't1', 't1', 't2', 't2', 't2'])
})

t.test('a session begins with the token of the page, and the host vouches again when it has ended', async (t) => {
  let session = 1
  const { client, sent, tokens } = page(
    (name, url) => {
      if (!url.endsWith('/atlassian/session')) return name === 's2'
      session++
      return Response.json({ token: tokenFor(`s${session}`) })
    },
    { session: { token: tokenFor('s1') } }
  )
  t.equal((await client.request('/a')).status, 200)
  t.equal((await client.request('/b')).status, 200)
  t.same(tokens(), ['s1', 't1', 's2', 's2'])
  t.match(sent[1], { url: 'https://app.example.com/base/atlassian/session', init: { method: 'POST' } })
})

t.test('a session without a token begins with one of the host, at a path of the app’s own', async (t) => {
  const { client, tokens } = page(
    (name, url) => (url.endsWith('/own') ? Response.json({ token: tokenFor('s') }) : name === 's'),
    {
      session: { path: '/own' }
    }
  )
  t.equal((await client.request('/a')).status, 200)
  t.same(tokens(), ['t1', 's'])
  const without = page((_name, url) => !url.endsWith('/atlassian/session'), { session: true })
  await t.rejects(without.client.request('/a'), { name: 'ClientError', code: 'token', message: /401/ })
})

t.test('nothing in a path leads a token away from the app', async (t) => {
  const { client, sent } = page(() => true)
  for (const path of [
    '',
    'api',
    '//evil.com/x',
    '/\\evil.com',
    'https://evil.com/',
    '@evil.com',
    '/../other',
    '/a/../../other',
    '/a/%2E%2e/other',
    '/a/./b',
    '/a b',
    '/a\n',
    '/..'
  ]) {
    await t.rejects(client.request(path), { code: 'request' }, path)
  }
  t.equal(sent.length, 0)
  t.equal((await client.request('/a..b/.well-known?x=../y')).status, 200)
})

t.test('what Forge could not send is refused in Connect too', async (t) => {
  const { client } = page(() => true)
  for (const request of [
    { method: 'HEAD' },
    { method: 'GET', json: {} },
    { json: 'text' },
    { json: null },
    { json: {}, form: new FormData() }
  ]) {
    await t.rejects(client.request('/a', request as never), { code: 'request' }, JSON.stringify(request))
  }
})

t.test('a host that gives no token ends the call with words for it', async (t) => {
  const silent = createClient({ host: { context: { getToken() {} } }, timeoutMs: 5, baseUrl: 'https://a.example' })
  await t.rejects(silent.request('/a'), { code: 'token', message: /did not answer/ })
  const broken = createClient({ host: { context: { getToken: () => Promise.reject(new Error('no')) } } })
  await t.rejects(broken.request('/a'), { code: 'token', cause: { message: 'no' } })
  const empty = createClient({ host: { context: { getToken: (callback) => callback('') } } })
  await t.rejects(empty.request('/a'), { code: 'token' })
  const promised = page(() => true, { host: { context: { getToken: async () => tokenFor('p') } } })
  await promised.client.request('/a')
  t.same(promised.tokens(), ['p'])
})

t.test('a failure of the network and an end by the caller are told apart', async (t) => {
  const { client } = page(() => {
    throw new TypeError('fetch failed')
  })
  await t.rejects(client.request('/a'), { code: 'network', cause: { message: 'fetch failed' } })
  const reason = new Error('the user went on')
  await t.rejects(client.request('/a', { signal: AbortSignal.abort(reason) }), reason)
  const stop = new AbortController()
  const late = page(() => {
    stop.abort(reason)
    throw reason
  })
  await t.rejects(late.client.request('/a', { signal: stop.signal }), reason)
})

t.test('a caller who ends a call does not wait for the host, and others get the token all the same', async (t) => {
  let give: ((token: string) => void) | undefined
  const host = {
    context: {
      getToken(callback: (token: string) => void) {
        give = callback
      }
    }
  }
  const { client, tokens } = page(() => true, { host })
  const stop = new AbortController()
  const reason = new Error('the user went on')
  const ended = client.request('/a', { signal: stop.signal })
  const other = client.request('/b')
  setImmediate(() => stop.abort(reason))
  await t.rejects(Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500))]), reason)
  give?.(tokenFor('t1'))
  t.equal((await other).status, 200)
  t.same(tokens(), ['t1'], 'the call that was ended was never sent')
})

t.test('a page without a platform is told what is missing', async (t) => {
  await t.rejects(createClient().request('/a'), { code: 'no-platform', message: /@forge\/bridge/ })
  await t.rejects(createClient({ platform: 'connect' }).request('/a'), { code: 'no-platform', message: /all\.js/ })
})
