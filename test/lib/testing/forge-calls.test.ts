import t from 'tap'
import { lastRequest, listen } from './app-double.ts'
import { bearerToken, exampleManifest, forgeScene } from './forge-scene.ts'

t.test(
  'a front end calls with its own method, path and body, and with the tokens that the manifest allows',
  async (t) => {
    const { host, app, lastClaims } = await forgeScene(t, { manifest: exampleManifest })
    await host.forge.install(app)
    app.answer = () => ({ status: 200, body: '{"cups":2}' })
    const body = { filled: 2 }
    const answer = await host.forge.invokeRemote(app, '/api/cups?pot=1', { method: 'PUT', body, user: 'Bo' })
    t.match(lastRequest(app), {
      method: 'PUT',
      url: '/api/cups?pot=1',
      body: '{"filled":2}',
      headers: {
        'content-type': 'application/json',
        'x-b3-traceid': /^[0-9a-f]{32}$/,
        'x-b3-spanid': /^[0-9a-f]{16}$/,
        'x-forge-oauth-system': await host.forge.systemToken(),
        'x-forge-oauth-user': await host.forge.userToken({ user: 'Bo' })
      }
    })
    t.match(await lastClaims(), { principal: '557058:bo-0002', context: { moduleKey: 'panel' } })
    t.match(answer, {
      kind: 'invoke',
      status: 200,
      tokenKind: 'invocation',
      outcome: 'rejected',
      rejection: /text\/html/
    })

    await host.forge.invokeRemote(app, '/api/cups', { user: null })
    t.notOk('x-forge-oauth-user' in lastRequest(app).headers, 'an anonymous visitor has no token')
    await host.forge.invokeRemote(app, '/api/cups', { module: 'report', systemToken: 'a stray one' })
    t.equal(lastRequest(app).headers['x-forge-oauth-system'], 'a stray one')
    t.notOk('x-forge-oauth-user' in lastRequest(app).headers)
    await t.rejects(host.forge.invokeRemote(app, '/', { module: 'nobody' }), /has no module "nobody".*panel, report/)
  }
)

t.test('the promise of a front end resolves and rejects as in life', async (t) => {
  const { host, app } = await forgeScene(t)
  await host.forge.install(app)
  const invoke = async (statusCode: number, body = '', type?: string) => {
    const inject = async () => ({ statusCode, headers: type === undefined ? {} : { 'content-type': type }, body })
    const { outcome, rejection } = await host.forge.invokeRemote({ inject }, '/')
    return rejection ?? outcome
  }
  const json = 'application/json; charset=utf-8'
  t.equal(await invoke(204), 'resolved')
  t.equal(await invoke(200, '{}', json), 'resolved')
  t.equal(await invoke(403, '{"why":"no"}', json), 'resolved')
  t.equal(await invoke(404, '{}'), 'resolved')
  t.match(await invoke(401, '{}', json), 'could not verify the Forge Invocation Token')
  t.match(await invoke(403, '{}', 'application/problem+json'), 'content type')
  t.match(await invoke(500, '<html>', 'text/html'), 'content type')
  t.match(await invoke(500), 'cannot parse body as JSON')
  t.match(await invoke(302), 'redirects')
})

t.test('a front end waits for 25 seconds and no longer', async (t) => {
  const { host } = await forgeScene(t, { uiTimeoutMs: 30 })
  await host.forge.install({ inject: () => new Promise(() => undefined) })
  const answer = await host.forge.invokeRemote({ inject: () => new Promise(() => undefined) }, '/')
  t.match(answer, { status: 0, outcome: 'rejected', rejection: /no answer within 30 ms/ })
})

t.test('a browser sends one token until it is nearly over, and never an API token', async (t) => {
  const { host, app, pass } = await forgeScene(t)
  await host.forge.install(app)
  const request = async (options = {}) => {
    await host.forge.requestRemote(app, '/api', { cors: false, ...options })
    return bearerToken(app)
  }
  const first = await request()
  t.same(
    Object.keys(lastRequest(app).headers).filter((name) => /^x-/.test(name)),
    []
  )
  pass(19_000)
  t.equal(await request(), first)
  t.not(await request({ user: 'Bo' }), first)
  t.not(await request({ issue: 'TEA-1' }), first)
  pass(1000)
  t.not(await request(), first)
})

t.test('a browser asks first, and keeps the answer of a silent app from the page', async (t) => {
  const { host, app } = await forgeScene(t)
  await host.forge.install(app)
  const origin = host.site().origin
  const refused = await host.forge.requestRemote(app, '/api', { method: 'POST', body: {} })
  t.match(refused, { outcome: 'rejected', kind: 'preflight', rejection: /no access-control-allow-origin/ })
  t.match(lastRequest(app), {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type'
    }
  })
  t.notOk('authorization' in lastRequest(app).headers)

  const answerWith = (headers: object, statusCode = 200) => ({
    async inject() {
      return { statusCode, headers, body: '{}' }
    }
  })
  const allow = { 'access-control-allow-origin': origin, 'access-control-allow-headers': 'Authorization, Content-Type' }
  const outcome = async (headers: object, method: string, status?: number) => {
    const { outcome, rejection } = await host.forge.requestRemote(answerWith(headers, status), '/', { method })
    return rejection ?? outcome
  }
  t.equal(await outcome(allow, 'GET'), 'resolved')
  t.match(await outcome(allow, 'DELETE'), 'does not allow DELETE')
  t.equal(await outcome({ ...allow, 'access-control-allow-methods': 'GET, DELETE' }, 'DELETE'), 'resolved')
  t.match(await outcome({ ...allow, 'access-control-allow-headers': '*' }, 'GET'), 'the header authorization')
  t.match(await outcome({ ...allow, 'access-control-allow-origin': 'https://evil.example' }, 'GET'), 'evil.example')
  t.match(await outcome(allow, 'GET', 403), 'was answered 403')
})

t.test('a function calls without user and context, with what its remote allows', async (t) => {
  const { host, app, lastClaims } = await forgeScene(t, { manifest: exampleManifest })
  await host.forge.install(app)
  await host.forge.invokeFromFunction(app, '/compute', { body: { n: 1 } })
  const claims = await lastClaims()
  t.notOk('principal' in claims || 'context' in claims)
  const { headers } = lastRequest(app)
  t.ok(headers['x-forge-oauth-system'])
  t.notOk('x-forge-oauth-user' in headers)
})

t.test('an app on a port is reached below its address, and no exchange shows a token', async (t) => {
  const { host, app } = await forgeScene(t)
  const address = await listen(t, app)
  await host.forge.install(`${address}/base/`)
  await host.forge.invokeRemote(`${address}/base/`, 'api', { headers: { 'X-Own': 'yes' }, traceId: 'f'.repeat(32) })
  t.match(lastRequest(app), { url: '/base/api', headers: { 'x-own': 'yes', 'x-b3-traceid': 'f'.repeat(32) } })
  await fetch(`${host.url}/ex/jira/x/rest/api/3/myself`, {
    headers: { authorization: `Bearer ${await host.forge.systemToken()}` }
  })
  const shown = JSON.stringify(host.exchanges)
  t.notMatch(shown, /eyJ/)
  t.match(host.exchanges.at(-2), {
    requestHeaders: { authorization: 'Bearer •••', 'x-forge-oauth-system': '•••', 'x-forge-oauth-user': '•••' },
    token: { header: { alg: 'RS256' }, claims: { principal: '557058:ada-0001' } }
  })
})
