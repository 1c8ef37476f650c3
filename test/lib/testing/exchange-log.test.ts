import { inspect } from 'node:util'
import t from 'tap'
import { createAppDouble, listen, startHost } from './app-double.ts'

t.test('no token and no secret stands in any exchange', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  const site = host.site()
  const first = site.sharedSecret
  const token = await host.contextToken()
  // An app that shows what it should not.
  app.answer = ({ url, body }) => ({
    status: 200,
    body: `${token} ${site.sharedSecret} ${url} ${body} ${'x'.repeat(20 * 1024 - 120)}${token}`
  })
  const page = await host.openPage('panel')
  t.match(page.body, token, 'the caller gets the page as it is')
  await host.callApp('/api', { method: 'POST', body: { token }, headers: { cookie: 'session=1' } })
  await host.rotateSecret()
  await host.sendWebhook('jira:issue_updated')
  await fetch(`${site.origin}/rest/api/3/myself?jwt=${token}`)
  await host.uninstall()

  const shown = inspect(host.exchanges, { depth: 10, maxStringLength: null, maxArrayLength: null })
  t.notMatch(shown, first)
  t.notMatch(shown, site.sharedSecret)
  t.notMatch(shown, /eyJ[\w-]{10,}/, 'no token, also not half of one')
  t.notMatch(shown, 'session=1')
  t.match(shown, "authorization: 'JWT •••'")
  t.match(host.exchanges[0], { kind: 'descriptor', direction: 'to-app', method: 'GET', status: 200, token: null })
})

t.test('the log keeps the last 500 and tells its listeners', async (t) => {
  const host = await startHost(t)
  await host.install(createAppDouble())
  const seen: number[] = []
  const stop = host.onExchange((exchange) => seen.push(exchange.id))
  for (let count = 0; count < 510; count += 1) await host.callApp('/api', { token: '' })
  stop()
  await host.callApp('/api', { token: '' })
  t.equal(host.exchanges.length, 500)
  t.equal(seen.length, 510)
  t.equal(host.exchanges.at(-1)?.id, (seen.at(-1) ?? 0) + 1)
})

t.test('the way to the app can fail: answered in its place, or lost after it was heard', async (t) => {
  const host = await startHost(t, { appTimeoutMs: 100 })
  const app = createAppDouble()
  await host.install(app)
  app.requests.length = 0
  host.failNext({ target: 'app', status: 502 })
  t.equal((await host.openPage('panel')).status, 502)
  t.equal(app.requests.length, 0)
  host.failNext({ target: 'app', lost: true })
  const lost = await host.openPage('panel')
  t.equal(lost.status, 0)
  t.match(lost.verdict, /cut before the answer came/)
  t.equal(app.requests.length, 1)
})

t.test('an app that does not answer in time is lost, through inject and over the network', async (t) => {
  const host = await startHost(t, { appTimeoutMs: 100 })
  const app = createAppDouble()
  const { inject } = app
  const release: (() => void)[] = []
  app.inject = async (request) => {
    if (request.url.startsWith('/panel')) await new Promise<void>((resolve) => release.push(resolve))
    return await inject(request)
  }
  await host.install(app)
  t.match(await host.openPage('panel'), { status: 0, verdict: /no answer within 100 ms/ })
  await host.install(await listen(t, app))
  t.match(await host.openPage('panel'), { status: 0, verdict: /no answer within 100 ms/ })
  for (const resolve of release) resolve()
})

t.test('the keys can fail and come back', async (t) => {
  const host = await startHost(t)
  const key = `${host.connectOptions().installKeyHosts[0]}/x`
  host.failNext({ target: 'keys', status: 500 })
  t.equal((await fetch(key)).status, 500)
  host.failNext({ target: 'keys', lost: true })
  await t.rejects(fetch(key))
  t.equal((await fetch(key)).status, 404)
  t.strictSame(
    host.exchanges.map(({ kind, status }) => [kind, status]),
    [
      ['key', 500],
      ['key', 0],
      ['key', 404]
    ]
  )
})

t.test('ports can be fixed, and a taken one is said and leaves nothing open', async (t) => {
  const probe = await startHost(t, { sites: [] })
  const taken = Number(new URL(probe.url).port)
  const { createHostSimulator } = await import('fastify-atlassian/testing')
  await t.rejects(createHostSimulator({ port: taken }), { code: 'EADDRINUSE' })
})

t.test('the options for the plugin name every site, the keys, the authorization server and the script', async (t) => {
  const host = await startHost(t, {
    sites: [
      { name: 'a', product: 'jira' },
      { name: 'b', product: 'jira' }
    ]
  })
  t.strictSame(host.connectOptions(), {
    allowedHosts: host.sites.map((site) => site.origin),
    installKeyHosts: [`${host.url}/install-keys`],
    authorizationServer: host.url,
    hostScriptUrl: `${host.url}/all.js`,
    personalDataServer: host.url
  })
  t.equal(host.site('jira'), host.sites[0])
  t.equal(host.site('b'), host.sites[1])
})
