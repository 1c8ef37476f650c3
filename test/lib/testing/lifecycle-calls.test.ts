import t from 'tap'
import {
  createAppDouble,
  exampleDescriptor,
  hashOf,
  headerToken,
  lastRequest,
  listen,
  startHost,
  verifyInstall,
  verifyShared
} from './app-double.ts'

function keyHostOf(host: { connectOptions(): { installKeyHosts: string[] } }): string {
  return host.connectOptions().installKeyHosts[0] ?? ''
}

t.test('an install is signed RS256 with a published key and says everything an app has to check', async (t) => {
  const nowMs = 1_790_000_000_123
  const host = await startHost(t, { clock: () => nowMs })
  const app = createAppDouble()
  const exchange = await host.install(app)
  t.equal(exchange.status, 204)
  t.equal(exchange.kind, 'installed')

  const [installed, enabled] = app.requests
  if (installed === undefined || enabled === undefined) return t.fail('installed and enabled have to come')
  t.match(installed, { method: 'POST', url: '/installed', headers: { 'content-type': 'application/json' } })
  const { protectedHeader, payload } = await verifyInstall(headerToken(installed), keyHostOf(host), new Date(nowMs))
  const site = host.site()
  t.match(protectedHeader, { typ: 'JWT', alg: 'RS256', kid: String })
  t.match(payload, { iss: site.clientKey, aud: ['https://tea.example.com'], iat: 1_790_000_000 })
  t.equal(payload.exp, 1_790_000_900)
  t.equal(payload.qsh, hashOf('POST&/installed&'))
  t.strictSame(JSON.parse(installed.body), {
    key: 'tea-timer',
    clientKey: site.clientKey,
    oauthClientId: site.oauthClientId,
    sharedSecret: site.sharedSecret,
    serverVersion: '100290',
    pluginsVersion: '1.1001.0-SNAPSHOT',
    baseUrl: site.origin,
    displayUrl: site.origin,
    displayUrlServicedeskHelpCenter: site.origin,
    productType: 'jira',
    description: 'acme-jira, a simulated Jira site',
    eventType: 'installed'
  })

  t.equal(enabled.url, '/enabled')
  const hook = await verifyShared(headerToken(enabled), site.sharedSecret, new Date(nowMs))
  t.equal(hook.payload.qsh, hashOf('POST&/enabled&'))
  t.equal(hook.payload.aud, undefined)
  t.notOk('sharedSecret' in JSON.parse(enabled.body), 'only installed carries the secret')
  t.match(site, { installed: true, enabled: true })
})

t.test('a Confluence site says /wiki in its base URL and its own product', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app, { site: 'confluence' })
  const site = host.site('acme-wiki')
  t.equal(site.baseUrl, `${site.origin}/wiki`)
  t.match(JSON.parse(app.requests[0]?.body ?? ''), { baseUrl: site.baseUrl, productType: 'confluence' })
  t.equal(host.site('jira').installed, false)
})

t.test('the key server gives a PEM for its own key and 404 for every other name', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  for (const name of ['unknown', '', '../all.js', '%2e%2e%2fall.js']) {
    const response = await fetch(`${keyHostOf(host)}/${name}`)
    await response.body?.cancel()
    t.not(response.status, 500)
    t.ok(name.includes('..') || response.status === 404, name)
  }
})

t.test(
  'installing again keeps clientKey and secret, rotating changes the secret, importing changes both',
  async (t) => {
    const host = await startHost(t)
    const app = createAppDouble()
    await host.install(app)
    const site = host.site()
    const first = { clientKey: site.clientKey, sharedSecret: site.sharedSecret }
    const firstToken = headerToken(app.requests[0] ?? lastRequest(app))

    await host.install()
    t.match(site, first)
    const installs = app.requests.filter((request) => request.url === '/installed')
    t.not(headerToken(installs[1] ?? lastRequest(app)), firstToken, 'two installs in one second are two tokens')

    app.requests.length = 0
    await host.rotateSecret()
    t.equal(site.clientKey, first.clientKey)
    t.not(site.sharedSecret, first.sharedSecret)
    t.equal(JSON.parse(lastRequest(app).body).sharedSecret, site.sharedSecret)
    t.equal(app.requests.length, 1, 'a rotation is not followed by enabled')

    const rotated = site.sharedSecret
    await host.install(app, { site: 'acme-jira', newClientKey: true })
    t.not(site.clientKey, first.clientKey)
    t.not(site.sharedSecret, rotated)
  }
)

t.test('the host keeps the old secret when the app refuses the new one', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  const { clientKey, sharedSecret } = host.site()
  app.answer = ({ url }) => (url === '/installed' ? { status: 503 } : undefined)
  t.equal((await host.rotateSecret()).status, 503)
  await host.install(app, { newClientKey: true })
  t.match(host.site(), { clientKey, sharedSecret })
  app.answer = ({ url }) => (url === '/installed' ? { status: 201 } : undefined)
  await host.rotateSecret()
  t.match(host.site(), { sharedSecret }, '201 is not an accepted answer')
})

t.test('a first install that is refused leaves the site without the app', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  app.answer = () => ({ status: 403 })
  const exchange = await host.install(app)
  t.equal(exchange.status, 403)
  t.match(exchange.verdict, /refused by the app \(403\)/)
  t.match(host.site(), { installed: false, enabled: false })
  t.equal(app.requests.length, 1)
})

t.test('uninstalling sends disabled with the secret and uninstalled with the key', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  app.requests.length = 0
  t.equal((await host.uninstall()).kind, 'uninstalled')
  const [disabled, uninstalled] = app.requests
  t.strictSame([disabled?.url, uninstalled?.url], ['/disabled', '/uninstalled'])
  await verifyShared(headerToken(disabled ?? lastRequest(app)), host.site().sharedSecret)
  const { payload } = await verifyInstall(headerToken(lastRequest(app)), keyHostOf(host))
  t.equal(payload.qsh, hashOf('POST&/uninstalled&'))
  t.match(host.site(), { installed: false, enabled: false })
  t.match(await host.enable(), { kind: 'enabled', status: 204 })
  t.match(await host.disable(), { kind: 'disabled', status: 204 })
})

t.test('a base URL with a path and a trailing slash, life-cycle paths without a slash and with a query', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble({
    ...exampleDescriptor,
    baseUrl: 'https://tea.example.com/apps/tea/',
    lifecycle: { installed: 'hooks/installed?version=2' }
  })
  // A Fastify app with the plugin shows its descriptor, so that the simulator finds the path.
  await host.install(Object.assign(app, { atlassian: { descriptor: app.descriptor } }))
  t.equal(app.requests[0]?.url, '/apps/tea/hooks/installed?version=2')
  const { payload } = await verifyInstall(headerToken(lastRequest(app)), keyHostOf(host))
  t.equal(payload.qsh, hashOf('POST&/hooks/installed&version=2'))
  t.strictSame(payload.aud, ['https://tea.example.com/apps/tea/'])
  const exchange = await host.uninstall()
  t.equal(exchange.status, 0)
  t.match(exchange.verdict, /names no path/)
})

t.test('an app with authentication none gets neither secret nor token', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble({ ...exampleDescriptor, authentication: { type: 'NONE' } })
  await host.install(app)
  t.equal(app.requests[0]?.headers.authorization, undefined)
  t.notOk('sharedSecret' in JSON.parse(app.requests[0]?.body ?? ''))
  const page = await host.openPage('panel')
  t.equal(page.token, null)
  t.notMatch(lastRequest(app).url, /jwt=/)
})

t.test('an app on a real port is reached at its address, whatever its descriptor calls itself', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  const address = await listen(t, app)
  t.equal((await host.install(`${address}/`)).status, 204)
  t.equal(app.requests.length, 2)
  t.match(await host.pageUrl('panel'), new RegExp(`^${address}/panel\\?issue=TEA-1&project=10000&.*&jwt=`))
  const { payload } = await verifyInstall(headerToken(app.requests[0] ?? lastRequest(app)), keyHostOf(host))
  t.strictSame(payload.aud, ['https://tea.example.com'])
})

t.test('an app that is not there, or has no readable descriptor, is said in one sentence', async (t) => {
  const host = await startHost(t)
  await t.rejects(host.install(), { message: /give it to the first install/ })
  await t.rejects(host.install('ftp://x'), { message: /absolute http or https URL/ })
  await t.rejects(host.install('http://127.0.0.1:1'), {
    message: /could not be read at http:\/\/127.0.0.1:1\/atlassian/
  })
  await t.rejects(host.openPage('panel'), { message: /call install\(app\) first/ })
  const app = createAppDouble({ name: 'no key' })
  await t.rejects(host.install(app), { message: /has no key/ })
  await t.rejects(host.install(createAppDouble({ key: 'k', lifecycle: { installed: '/i' } })), {
    message: /no usable base URL/
  })
  await t.rejects(host.install(app, { site: 'acme-crm' }), { message: /It has: acme-jira, acme-wiki/ })
})

t.test('each site keeps its own app', async (t) => {
  const host = await startHost(t)
  const [first, second] = [createAppDouble(), createAppDouble({ ...exampleDescriptor, key: 'second' })]
  await host.install(first, { site: 'jira' })
  await host.install(second, { site: 'confluence' })
  first.requests.length = 0
  await host.upgrade({ site: 'jira' })
  t.equal(JSON.parse(first.requests[0]?.body ?? '').key, 'tea-timer')
  t.equal(host.descriptor({ site: 'confluence' }).key, 'second')
})
