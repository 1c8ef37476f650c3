import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HostClient, HostError, type HostLimitEvent } from 'fastify-atlassian'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { buildApp } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

/** An installed app with a client for each site, and what the host saw of its last call. */
async function clients(t: Test) {
  const made = await buildApp(t, { host })
  await installed(host, made.app)
  await installed(host, made.app, 'confluence')
  const { hostClient } = made.app.atlassian
  return {
    ...made,
    jira: hostClient({ clientKey: host.site('jira').clientKey }),
    wiki: hostClient({ clientKey: host.site('confluence').clientKey })
  }
}

const lastRest = () => host.exchanges.findLast(({ kind }) => kind === 'rest')

async function failure(work: Promise<unknown>): Promise<HostError> {
  try {
    await work
  } catch (error) {
    return error as HostError
  }
  throw new Error('the call succeeded')
}

t.test('every method is signed so that Atlassian’s own library accepts it', async (t) => {
  const { jira } = await clients(t)
  const created = await jira.post<{ id: string; key: string }>('/rest/api/3/issue', {
    fields: { project: { key: 'TEA' }, summary: 'Signed & sealed', issuetype: { name: 'Task' } }
  })
  t.match(created, { key: /^TEA-\d+$/ })
  t.match(lastRest(), { status: 201, tokenKind: 'app', canonicalRequest: 'POST&/rest/api/3/issue&' })
  t.match(await jira.get(`/rest/api/3/issue/${created.key}`), { fields: { summary: 'Signed & sealed' } })
  t.equal(await jira.put(`/rest/api/3/issue/${created.key}`, { fields: { summary: 'Changed' } }), undefined)
  t.equal(lastRest()?.status, 204)
  t.ok((await jira.head(`/rest/api/3/issue/${created.key}`)) instanceof Headers)
  t.equal(lastRest()?.method, 'HEAD')
  t.equal((await failure(jira.patch(`/rest/api/3/issue/${created.key}`, {}))).status, 405)
  t.match(lastRest()?.verdict, /hash right/)
  t.equal(await jira.delete(`/rest/api/3/issue/${created.key}`), undefined)
  t.equal((await failure(jira.get(`/rest/api/3/issue/${created.key}`))).status, 404)
  t.match(lastRest()?.requestHeaders['user-agent'], /^fastify-atlassian\/\S+ test-app$/)
})

t.test('Confluence is signed without its context path, however the path is written', async (t) => {
  const { wiki } = await clients(t)
  const site = host.site('confluence')
  const page = '/rest/api/user/current'
  for (const path of [page, `/wiki${page}`, page.slice(1), `${site.baseUrl}${page}`]) {
    await wiki.get(path)
    t.match(lastRest(), { status: 200, canonicalRequest: `GET&${page}&`, url: `${site.baseUrl}${page}` }, path)
  }
})

t.test('queries are hashed as they are sent: lists, spaces, stars, unicode, and what the path brought', async (t) => {
  const { jira } = await clients(t)
  const query = {
    jql: "summary ~ 'a b*c' & x=ü+~",
    fields: ['b', 'a'],
    none: undefined,
    nothing: null,
    max: 5,
    all: true
  }
  await jira.fetch(`/rest/api/3/serverInfo?first=1&first=%20`)
  t.match(lastRest()?.verdict, /hash right/)
  await failure(jira.get('/rest/api/3/nowhere?first=1', { query })).catch(() => {})
  t.match(lastRest()?.verdict, /hash right/)
  const url = new URL(lastRest()?.url ?? '')
  t.strictSame([...url.searchParams.keys()], ['first', 'jql', 'fields', 'fields', 'max', 'all'])
  t.equal(url.searchParams.get('jql'), query.jql)
})

t.test('request.hostClient() calls the site that sent the request, as the app', async (t) => {
  const made = await buildApp(t, {
    host,
    routes: (app) =>
      app.get('/me', async (request) => {
        const client = request.hostClient()
        return [await client.get('/rest/api/3/myself'), client.asApp() === client]
      })
  })
  await installed(host, made.app)
  const answer = await made.app.inject(`/me?jwt=${await host.sign.pageToken({ url: '/me' })}`)
  t.match(answer.json(), [{ accountId: /./ }, true])
  t.equal(lastRest()?.tokenKind, 'app')
})

t.test('a client for jobs finds its tenant by each name, for each call, so that it survives a rotation', async (t) => {
  const { app, jira, clock } = await clients(t)
  const tenant = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })
  const byId = app.atlassian.hostClient({ tenantId: tenant?.tenantId ?? '' })
  const installationId = tenant?.installations[0]?.installationId ?? ''
  const byInstallation = app.atlassian.hostClient({ installationId })
  for (const client of [jira, byId, byInstallation]) t.match(await client.get('/rest/api/3/myself'), { accountId: /./ })
  clock.advanceSeconds(1)
  t.equal((await host.rotateSecret()).status, 204)
  for (const client of [jira, byId, byInstallation]) t.match(await client.get('/rest/api/3/myself'), { accountId: /./ })
  await host.uninstall()
  for (const client of [jira, byId, byInstallation, app.atlassian.hostClient({ clientKey: 'nobody' })])
    await t.rejects(client.get('/rest/api/3/myself'), { code: 'ATL_NO_TENANT' })
})

t.test('addresses outside of the site are refused before anything is sent', async (t) => {
  const { jira, wiki } = await clients(t)
  const { origin } = host.site()
  const sent = host.exchanges.length
  const outside: [HostClient, string][] = [
    [jira, 'https://evil.example.com/rest/api/3/myself'],
    [jira, '//evil.example.com/rest'],
    [jira, '/\\evil.example.com/rest'],
    [jira, '\\\\evil.example.com\\rest'],
    [jira, 'javascript:alert(1)'],
    [jira, 'file:///etc/passwd'],
    [jira, `${origin}.evil.example.com/rest`],
    [jira, `${origin.replace('http://', 'http://user@')}/rest`],
    [jira, origin.replace('http:', 'https:')],
    [jira, origin.replace(/\d+$/, '1')],
    [jira, host.site('confluence').baseUrl],
    [wiki, `${host.site('confluence').origin}/rest/api/space`],
    [wiki, '/wiki/../rest/api/space'],
    [wiki, '/../admin'],
    [wiki, '/%2e%2e/admin'],
    [wiki, `${host.site('confluence').origin}/wikievil/rest`]
  ]
  for (const [client, address] of outside) {
    await t.rejects(client.get(address), { code: 'ATL_HOST_ADDRESS' }, address)
    await t.rejects(client.fetch(address), { code: 'ATL_HOST_ADDRESS' }, address)
    if (URL.canParse(address)) await t.rejects(client.fetch(new URL(address)), { code: 'ATL_HOST_ADDRESS' })
  }
  t.equal(host.exchanges.length, sent)
})

t.test('a redirect is not followed, neither at home nor abroad, and carries no credentials anywhere', async (t) => {
  const { jira } = await clients(t)
  const abroad: IncomingMessage[] = []
  const server = createServer((request, response) => {
    abroad.push(request)
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const location of [`http://127.0.0.1:${port}/take`, '/rest/api/3/serverInfo']) {
    for (const status of [301, 302, 303, 307, 308]) {
      const before = host.exchanges.length
      host.failNext({ target: 'rest', status, headers: { location } })
      t.match(await failure(jira.get('/rest/api/3/myself')), { code: 'ATL_HOST_STATUS', status })
      host.failNext({ target: 'rest', status, headers: { location } })
      t.equal((await jira.fetch('/rest/api/3/myself')).status, status)
      host.failNext({ target: 'rest', status, headers: { location } })
      t.equal((await jira.fetch('/rest/api/3/myself', { redirect: 'follow' })).status, status, 'nor on demand')
      t.equal(host.exchanges.length, before + 3)
    }
  }
  t.strictSame(abroad, [])
})

t.test('GET and HEAD have no body, also when fetch is given one', async (t) => {
  const { jira } = await clients(t)
  for (const method of ['GET', 'HEAD', 'get']) {
    const response = await jira.fetch('/rest/api/3/myself', { method, body: '{"a":1}' })
    t.equal(response.status, 200)
    t.equal(lastRest()?.requestBody, null)
  }
})

t.test('an app cannot send credentials of its own: headers of ours win, cookies are dropped', async (t) => {
  const { jira } = await clients(t)
  const headers = { Authorization: 'Basic c2VjcmV0', Cookie: 'session=1', 'User-Agent': 'other', 'X-Own': 'kept' }
  await jira.get('/rest/api/3/myself', { headers })
  const seen = lastRest()?.requestHeaders ?? {}
  t.notMatch(JSON.stringify(seen), /c2VjcmV0|session=1|"other"/)
  t.equal(seen['x-own'], 'kept')
  await jira.fetch('/rest/api/3/myself', { headers })
  t.equal(lastRest()?.tokenKind, 'app')
})

t.test('bodies: JSON by default, forms and text as they are, forms with the header that Atlassian wants', async (t) => {
  const { jira } = await clients(t)
  const send = async (body: unknown) => {
    await failure(jira.post('/rest/api/3/nowhere', body as object))
    const { requestBody, requestHeaders = {} } = lastRest() ?? {}
    return { body: requestBody, type: requestHeaders['content-type'], token: requestHeaders['x-atlassian-token'] }
  }
  t.match(await send({ a: 'ü' }), { body: '{"a":"ü"}', type: 'application/json', token: undefined })
  t.match(await send([1]), { body: '[1]', type: 'application/json' })
  t.match(await send('plain'), { body: 'plain', type: /^text\/plain/ })
  t.match(await send(new URLSearchParams({ a: '1' })), { body: 'a=1', token: 'no-check' })
  const form = new FormData()
  form.set('file', new Blob(['content']), 'a.txt')
  t.match(await send(form), { type: /^multipart\/form-data; boundary=/, token: 'no-check', body: /content/ })
  t.match(await send(new Uint8Array([97, 98])), { body: 'ab' })
  t.match(await send(new Blob(['blob'])), { body: 'blob' })
  t.match(await send(new Blob(['stream']).stream()), { body: 'stream' })
  t.match(await send(undefined), { body: null, type: undefined })
})

t.test('a host that does not answer in time, and a body that does not come', async (t) => {
  const { jira } = await clients(t)
  host.failNext({ target: 'rest', delayMs: 300, path: /too-slow/ })
  t.match(await failure(jira.get('/rest/api/3/too-slow', { timeoutMs: 30 })), {
    code: 'ATL_HOST_TIMEOUT',
    statusCode: 504,
    status: 0
  })
  const stalled = createServer((_request, response) => void response.writeHead(200).write('{"a":'))
  await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    stalled.closeAllConnections()
    stalled.close()
  })
  const { port } = stalled.address() as AddressInfo
  const { app } = await buildApp(t, {
    host,
    fetch: (url, init) => fetch(url.includes('/rest/') ? `http://127.0.0.1:${port}/` : url, init)
  })
  await installed(host, app)
  const client = app.atlassian.hostClient({ clientKey: host.site().clientKey })
  t.match(await failure(client.get('/rest/slow', { timeoutMs: 50 })), { code: 'ATL_HOST_TIMEOUT' })
})

t.test('a call that the app aborts', async (t) => {
  const { jira } = await clients(t)
  const controller = new AbortController()
  host.failNext({ target: 'rest', delayMs: 300, path: /aborted/ })
  const call = failure(jira.get('/rest/api/3/aborted', { signal: controller.signal }))
  setTimeout(() => controller.abort(), 50)
  t.match(await call, { code: 'ATL_HOST_ABORTED' })
  await t.rejects(jira.fetch('/rest/api/3/myself', { signal: AbortSignal.abort() }), { name: 'AbortError' })
})

t.test('a connection that breaks', async (t) => {
  const { jira } = await clients(t)
  host.failNext({ target: 'rest', lost: true })
  t.match(await jira.get('/rest/api/3/myself'), { accountId: /./ }, 'is tried again where that is harmless')
  host.failNext({ target: 'rest', lost: true })
  t.match(await failure(jira.get('/rest/api/3/myself', { retry: false })), {
    code: 'ATL_HOST_NETWORK',
    statusCode: 502,
    status: 0
  })
})

t.test(
  'a HostError keeps status, path, retry-after and the host’s sentences, and never a header or a token',
  async (t) => {
    const { jira } = await clients(t)
    const error = await failure(jira.get('/rest/api/3/issue/NO-1?secret=in-query'))
    t.ok(error instanceof HostError)
    t.match(error, {
      name: 'HostError',
      code: 'ATL_HOST_STATUS',
      statusCode: 502,
      status: 404,
      method: 'GET',
      path: '/rest/api/3/issue/NO-1'
    })
    t.ok(error.messages.length > 0)
    const { inspect } = await import('node:util')
    const printed = `${inspect(error, { showHidden: true, depth: 9 })}${JSON.stringify(error)}${error.stack}`
    t.notMatch(printed, /JWT ey|authorization|in-query|eyJ/i)

    for (const [header, seconds, path] of [
      ['7', 7, 'a'],
      [new Date(Date.now() + 60_000).toUTCString(), 60, 'b'],
      ['soon', null, 'c']
    ] as const) {
      host.failNext({ target: 'rest', status: 429, headers: { 'retry-after': header } })
      const limited = await failure(jira.get(`/rest/api/3/${path}`, { retry: false }))
      t.equal(limited.status, 429)
      if (seconds === null) t.equal(limited.retryAfterSeconds, null)
      else t.ok(Math.abs((limited.retryAfterSeconds ?? -99) - seconds) < 5, header)
    }
  }
)

t.test('a HostError that nobody catches is 502 with the public sentence, and no token is in the log', async (t) => {
  const { app, lines } = await buildApp(t, {
    host,
    routes: (app) => app.get('/fails', async (request) => await request.hostClient().get('/rest/api/3/issue/NO-1'))
  })
  await installed(host, app)
  lines.length = 0
  const answer = await app.inject(`/fails?jwt=${await host.sign.pageToken({ url: '/fails' })}`)
  t.equal(answer.statusCode, 502)
  t.match(answer.json(), { code: 'ATL_HOST_STATUS' })
  t.notMatch(`${answer.body}${lines.join()}`, /JWT ey|eyJ/)
})

t.test('fetch resolves for every status, takes a Request, and is signed', async (t) => {
  const { jira } = await clients(t)
  const { origin } = host.site()
  t.equal((await jira.fetch('/rest/api/3/issue/NO-1')).status, 404)
  const response = await jira.fetch(
    new Request(`${origin}/rest/api/3/issue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fields: { project: { key: 'TEA' }, summary: 'By fetch', issuetype: { name: 'Task' } } })
    })
  )
  t.equal(response.status, 201)
  t.match(lastRest()?.verdict, /hash right/)
  host.failNext({ target: 'rest', status: 503 })
  t.equal((await jira.fetch(new URL('/rest/api/3/myself', origin), { method: 'PUT' })).status, 503)
})

t.test('an answer that is not JSON is text, broken JSON is an error, nothing is undefined', async (t) => {
  const answers = [
    new Response('hello', { headers: { 'content-type': 'text/plain' } }),
    new Response('{"a":', { headers: { 'content-type': 'application/json' } }),
    new Response(null, { status: 204 }),
    new Response('[1]', { headers: { 'content-type': 'application/vnd.api+json; charset=utf-8' } })
  ]
  const { app } = await buildApp(t, {
    host,
    fetch: async (url, init) => (url.includes('/rest/') ? (answers.shift() ?? fetch(url, init)) : fetch(url, init))
  })
  await installed(host, app)
  const client = app.atlassian.hostClient({ clientKey: host.site().clientKey })
  t.equal(await client.get('/rest/a'), 'hello')
  t.match(await failure(client.get('/rest/b?x=1')), { code: 'ATL_HOST_BODY', path: '/rest/b' })
  t.equal(await client.get('/rest/c'), undefined)
  t.strictSame(await client.get('/rest/d'), [1])
})

t.test('a limit of the host is an event and is in the metrics', async (t) => {
  const { app, jira, lines } = await clients(t)
  const heard: HostLimitEvent[] = []
  app.atlassian.events.on('hostLimit', (event) => void heard.push(event))
  app.atlassian.events.on('hostLimit', () => {
    throw new Error('of the handler')
  })
  const headers = { 'ratelimit-reason': 'jira-quota-tenant-based', 'x-ratelimit-reset': '2030-01-01T00:00Z' }
  host.failNext({ target: 'rest', status: 429, headers })
  t.match(await failure(jira.get('/rest/api/3/limited')), {
    code: 'ATL_HOST_QUOTA',
    resetAtMs: Date.parse('2030-01-01T00:00Z'),
    limitReason: 'jira-quota-tenant-based'
  })
  t.match(heard, [{ type: 'quota', endpoint: 'GET /rest/api/3/limited', clientKey: host.site().clientKey }])
  t.match(app.atlassian.hostMetrics(), { calls: 1, attempts: 1, quota: 1, failures: 1, underWay: 0 })
  await new Promise((resolve) => setImmediate(resolve))
  t.match(lines.join(''), /handler of hostLimit failed/)
})

t.test('options of the host client are checked, and its connections end with the app', async (t) => {
  for (const [name, options] of [
    ['hostClient.maxAttempts', { hostClient: { maxAttempts: 0 } }],
    ['hostClient.concurency', { hostClient: { concurency: 1 } }],
    ['dispatcher', { dispatcher: {} }],
    ['timer', { timer: 5 }]
  ] as const) {
    await t.rejects(buildApp(t, { host, ...(options as object) }), { code: 'ATL_OPTION', message: new RegExp(name) })
  }
  const { app, jira } = await clients(t)
  await jira.get('/rest/api/3/myself')
  await app.close()
  await t.rejects(jira.get('/rest/api/3/myself'), { code: /ATL_HOST_NETWORK|ATL_/ })
})
