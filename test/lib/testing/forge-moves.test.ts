import t from 'tap'
import { headerToken, lastRequest, type ReceivedRequest, verifyInstall } from './app-double.ts'
import { exampleManifest, forgeScene } from './forge-scene.ts'

const bare = (ari: string) => ari.slice(ari.lastIndexOf('/') + 1)
const isHook = ({ url }: ReceivedRequest) => url === '/installed'

t.test('an installation is told by an event with bare ids, without a user, with a system token', async (t) => {
  const { host, app, lastClaims } = await forgeScene(t, { manifest: exampleManifest })
  const installation = await host.forge.install(app)
  t.equal(app.requests.length, 1)
  t.match(lastRequest(app), { method: 'POST', url: '/forge/life', headers: { 'x-forge-oauth-system': /./ } })
  t.match(JSON.parse(lastRequest(app).body), {
    eventType: 'avi:forge:installed:app',
    id: bare(installation.id),
    installerAccountId: '557058:ada-0001',
    app: { id: host.forge.appId, version: '1.0.0' },
    environment: { id: bare(host.forge.environments.PRODUCTION.id) },
    context: `ari:cloud:jira::site/${host.site().cloudId}`
  })
  const claims = await lastClaims()
  t.notOk('principal' in claims)
  t.match(claims.app, { module: { type: 'core:endpoint', key: 'life' } })
  await t.rejects(host.forge.install(app), /has the Forge app \(PRODUCTION\) already/)
})

t.test('a Connect app becomes Connect on Forge: the same clientKey and secret, and the installation id', async (t) => {
  const { host, app, now } = await forgeScene(t, { manifest: exampleManifest })
  await host.install(app)
  const { clientKey, sharedSecret } = host.site()
  app.requests.length = 0
  const { id, stage } = await host.forge.upgrade(app, { to: 'connect-on-forge' })
  t.equal(stage, 'connect-on-forge')
  t.same(
    app.requests.map(({ url }) => url),
    ['/installed', '/enabled', '/forge/life']
  )
  const [hook, enabled] = app.requests
  if (hook === undefined || enabled === undefined) throw new Error('no hook')
  t.match(JSON.parse(hook.body), { clientKey, sharedSecret, installationId: id, eventType: 'installed' })
  t.notOk('installationId' in JSON.parse(enabled.body))
  const [keyHost = ''] = host.connectOptions().installKeyHosts
  await verifyInstall(headerToken(hook), keyHost, new Date(now()))
  t.equal((await host.openPage('panel')).status, 204, 'pages stay those of Connect')

  app.requests.length = 0
  host.forge.deploy(exampleManifest)
  t.match(await host.forge.upgrade(app, { to: 'forge' }), { id, stage: 'forge', appVersion: '2.0.0' })
  t.same(
    app.requests.map(({ url, body }) => [url, JSON.parse(body).eventType]),
    [['/forge/life', 'avi:forge:upgraded:app']]
  )
  t.equal(host.site().installed, false, 'the Connect part is silent, and nobody said so')
})

t.test('the hook comes before or after the events, with a new secret, or never', async (t) => {
  for (const hook of ['first', 'last', 'never'] as const) {
    const { host, app } = await forgeScene(t, { manifest: exampleManifest })
    await host.install(app)
    const before = host.site().sharedSecret
    app.requests.length = 0
    await host.forge.upgrade(app, { to: 'connect-on-forge', hook, newSecret: true })
    t.equal(app.requests.findIndex(isHook), { first: 0, last: 1, never: -1 }[hook])
    t.equal(host.site().sharedSecret === before, hook === 'never')
  }
})

t.test('an app that refuses the hook is not upgraded', async (t) => {
  const { host, app } = await forgeScene(t)
  await host.install(app)
  app.answer = () => ({ status: 500 })
  await t.rejects(host.forge.upgrade(app, { to: 'connect-on-forge' }), /LIFECYCLE_HOOK_FAILED/)
  t.throws(() => host.forge.installation(), /has no Forge app/)
  t.equal(host.site().installed, true)
  app.answer = () => undefined
  await host.forge.upgrade(app, { to: 'connect-on-forge' })
  await t.rejects(host.forge.upgrade(app, { site: 'confluence' }), /no app that could be upgraded/)
})

t.test('an app on Forge with Connect modules is installed with both', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: exampleManifest })
  const { id } = await host.forge.install(app, { stage: 'connect-on-forge' })
  t.same(
    app.requests.map(({ url }) => url),
    ['/installed', '/enabled', '/forge/life']
  )
  t.equal(JSON.parse(app.requests[0]?.body ?? '').installationId, id)
})

t.test('a reinstallation has another id; the goodbye of the old one comes before, after or never', async (t) => {
  for (const preUninstall of ['before', 'after', 'never'] as const) {
    const { host, app, lastClaims } = await forgeScene(t, { manifest: exampleManifest })
    const old = await host.forge.install(app)
    app.requests.length = 0
    const next = await host.forge.reinstall(app, { preUninstall })
    t.not(next.id, old.id)
    t.equal(old.alive, false)
    t.equal(host.forge.installation().id, next.id)
    const goodbye = app.requests.findIndex(({ body }) => 'contextToken' in JSON.parse(body))
    t.equal(goodbye, { before: 0, after: 1, never: -1 }[preUninstall])
    if (preUninstall === 'after') t.match((await lastClaims()).app, { installationId: old.id })
  }
})

t.test('an uninstallation says goodbye once, whatever the answer, and ends Connect where it lives', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: exampleManifest })
  await host.install(app)
  await host.forge.upgrade(app, { to: 'connect-on-forge' })
  app.requests.length = 0
  app.answer = () => ({ status: 500 })
  await host.forge.uninstall(app)
  t.same(
    app.requests.map(({ url }) => url),
    ['/forge/life', '/disabled', '/uninstalled']
  )
  t.match(JSON.parse(app.requests[0]?.body ?? ''), { context: { cloudId: host.site().cloudId, moduleKey: 'bye' } })
})

t.test('Connect may be uninstalled while Forge lives', async (t) => {
  const { host, app } = await forgeScene(t)
  await host.install(app)
  await host.forge.upgrade(app, { to: 'connect-on-forge' })
  t.equal((await host.uninstall()).kind, 'uninstalled')
  t.equal(host.forge.installation().alive, true)
  t.equal((await host.forge.invokeRemote(app, '/')).status, 204)
})

t.test('one installation spans the products of one site, which share address and cloud id', async (t) => {
  const sites = [
    { name: 'acme', product: 'jira' },
    { name: 'acme-wiki', product: 'confluence', beside: 'acme' }
  ] as const
  const { host, app, lastClaims } = await forgeScene(t, {}, { sites })
  const [jira, wiki] = host.sites
  t.equal(jira?.origin, wiki?.origin)
  t.equal(jira?.cloudId, wiki?.cloudId)
  t.equal((await fetch(`${wiki?.baseUrl}/api/v2/spaces`)).status, 200)
  t.equal((await fetch(`${jira?.baseUrl}/rest/api/3/serverInfo`)).status, 200)
  await host.install(app)
  await host.install(app, { site: 'confluence' })
  app.requests.length = 0
  const { id } = await host.forge.upgrade(app, { to: 'connect-on-forge', products: ['confluence'] })
  t.same(
    app.requests.filter(isHook).map(({ body }) => [JSON.parse(body).productType, JSON.parse(body).installationId]),
    [
      ['jira', id],
      ['confluence', id]
    ]
  )
  await host.forge.invokeRemote(app, '/', { site: 'confluence' })
  t.match((await lastClaims()).app, {
    apiBaseUrl: `${host.url}/ex/confluence/${wiki?.cloudId}`,
    installation: { contexts: [{ name: 'jira' }, { name: 'confluence' }] }
  })
  await t.rejects(forgeScene(t, {}, { sites: [sites[1]] }), /can only be a Confluence beside a Jira/)
})
