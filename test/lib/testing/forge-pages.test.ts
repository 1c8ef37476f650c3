import type { HostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { exampleManifest, forgeScene } from './forge-scene.ts'

async function viewOf(host: HostSimulator, site: 'jira' | 'confluence' = 'jira') {
  const response = await fetch(`${host.site(site).origin}/sim/api/view?path=/browse/TEA-1`)
  return JSON.parse(await response.text())
}

async function control(host: HostSimulator, name: string, body: object) {
  const response = await fetch(`${host.site().origin}/sim/api/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-simulator-control': '1' },
    body: JSON.stringify(body)
  })
  return { status: response.status, json: await response.json() }
}

t.test('the page moves an app from Connect to Forge and shows its modules on each platform', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: exampleManifest, frontEnds: { panel: '/forge/panel.html' } })
  t.match(await viewOf(host), { site: { platform: 'none', mayMove: false }, modules: [] })
  await host.install(app)
  t.match((await viewOf(host)).site, { platform: 'connect', mayMove: true, installationId: null })
  t.match(await control(host, 'platform', { to: 'connect-on-forge' }), { status: 200, json: { verdict: /installed/ } })
  const between = await viewOf(host)
  t.match(between.site, { platform: 'connect-on-forge', installationId: host.forge.installation().id })
  t.equal(between.modules[0].type, 'webPanels')
  t.equal((await control(host, 'platform', { to: 'forge' })).status, 200)
  const after = await viewOf(host)
  t.match(after, {
    site: { platform: 'forge', installed: true, enabled: true },
    app: { key: 'tea-timer' },
    modules: [{ key: 'panel', type: 'jira:issuePanel', frontEnd: 'http://localhost/forge/panel.html' }]
  })
  t.equal(after.modules.length, 1, 'a module of another product is not on this site')
  await host.forge.install(app, { site: host.site('confluence').name })
  const wiki = await viewOf(host, 'confluence')
  t.match(wiki.modules, [{ key: 'report', type: 'macro', frontEnd: null }])
  t.equal(wiki.modules.length, 1)
  t.equal((await control(host, 'platform', { to: 'elsewhere' })).status, 400)
  t.equal((await control(host, 'lifecycle', { action: 'uninstall' })).status, 200)
  t.match((await viewOf(host)).site, { platform: 'none', installed: false })
})

t.test('a front end on the page calls its backend through the host, as the user who looks', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: exampleManifest })
  await host.forge.install(app)
  t.match(await viewOf(host), { app: { name: 'The app' }, site: { platform: 'forge' } })
  const answering = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"cups":2}' }
  app.inject = async ({ headers }) => {
    t.match(headers, { authorization: /^Bearer / })
    return { statusCode: answering.status, headers: answering.headers, body: answering.body }
  }
  const invoke = (call: object) =>
    control(host, 'forge-invoke', { moduleKey: 'panel', context: { issue: 'TEA-1' }, call })
  t.match(await invoke({ path: '/api/cups' }), {
    status: 200,
    json: { status: 200, headers: { 'content-type': ['application/json'] }, body: { cups: 2 } }
  })
  t.match(host.exchanges.at(-1)?.token?.claims, {
    principal: '557058:ada-0001',
    context: { extension: { issue: { key: 'TEA-1' } } }
  })
  answering.body = '<html>'
  t.match(await invoke({ path: '/api/cups' }), { status: 502, json: { message: 'cannot parse body as JSON' } })
  t.equal((await invoke({ path: 'https://evil.example' })).status, 400)
})

t.test('front ends of the app may import the bridge', async (t) => {
  const { host } = await forgeScene(t)
  const response = await fetch(`${host.url}/forge-bridge.js`)
  t.equal(response.headers.get('access-control-allow-origin'), '*')
  t.match(response.headers.get('content-type'), 'text/javascript')
  t.match(await response.text(), /export function invokeRemote/)
})
