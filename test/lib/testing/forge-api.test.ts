import type { HostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { createAppDouble } from './app-double.ts'
import { exampleManifest, forgeScene } from './forge-scene.ts'

const CLIENT_KEY = 'connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8'
const MUTATION = `mutation forge_remote_offlineUserAuthToken($input: OfflineUserAuthTokenInput!) {
  offlineUserAuthToken(input: $input) { success errors { message } authToken { token ttl } }
}`

async function call(host: HostSimulator, path: string, token: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(host.url + path, { ...init, headers })
  const text = await response.text()
  return { status: response.status, json: text === '' ? null : JSON.parse(text) }
}

async function askOffline(host: HostSimulator, token: string, input: object, query = MUTATION) {
  const body = JSON.stringify({ query, variables: { input } })
  return await call(host, '/graphql', token, { method: 'POST', body })
}

t.test('products answer at apiBaseUrl from the same state as the site, as the app or as the user', async (t) => {
  const { host, app } = await forgeScene(t)
  await host.forge.install(app, { products: ['confluence'] })
  const jira = `/ex/jira/${host.site().cloudId}`
  const wiki = `/ex/confluence/${host.site('confluence').cloudId}`
  const system = await host.forge.systemToken()
  const bo = await host.forge.userToken({ user: 'Bo' })
  t.match(await call(host, `${jira}/rest/api/3/myself`, bo), { status: 200, json: { displayName: 'Bo' } })
  t.match(await call(host, `${jira}/rest/api/3/myself`, system), { status: 200, json: { accountType: 'app' } })
  t.equal((await call(host, `${wiki}/wiki/api/v2/spaces`, system)).status, 200)
  t.equal((await call(host, `${wiki}/api/v2/spaces`, system)).status, 404, 'Confluence is below /wiki')
  const summary = { fields: { summary: 'Changed over Forge' } }
  const change = { method: 'PUT', body: JSON.stringify(summary) }
  t.equal((await call(host, `${jira}/rest/api/3/issue/TEA-1`, bo, change)).status, 204)
  t.match(host.exchanges.at(-1), { kind: 'rest', tokenKind: 'user', verdict: /sent as Bo with a user token/ })
  const seen = await host.requestAsUser({ method: 'GET', path: '/rest/api/3/issue/TEA-1' })
  t.match(JSON.parse(seen.body), summary)
})

t.test('a token opens the sites of its own installation only, and nothing without one', async (t) => {
  const { host, app } = await forgeScene(t)
  await host.forge.install(app)
  await host.forge.install(app, { site: 'confluence' })
  const system = await host.forge.systemToken()
  const other = `/ex/confluence/${host.site('confluence').cloudId}/wiki/api/v2/spaces`
  const own = `/ex/jira/${host.site().cloudId}/rest/api/3/myself`
  t.equal((await call(host, own, system)).status, 200)
  t.equal((await call(host, other, system)).status, 404)
  t.equal((await call(host, own, await host.forge.sign.invocationToken())).status, 401)
  t.equal((await fetch(host.url + own)).status, 401)
  t.equal((await call(host, `/ex/jira/${host.site().cloudId}/browse/TEA-1`, system)).status, 404)
  await host.forge.uninstall(app)
  t.equal((await call(host, own, system)).status, 401)
})

t.test('the scopes of the manifest bound what a token does', async (t) => {
  const scopes = ['read:jira-work', 'read:app-system-token']
  const { host, app } = await forgeScene(t, { manifest: { ...exampleManifest, permissions: { scopes } } })
  await host.forge.install(app)
  const system = await host.forge.systemToken()
  const issue = `/ex/jira/${host.site().cloudId}/rest/api/3/issue/TEA-1`
  t.equal((await call(host, issue, system)).status, 200)
  t.equal((await call(host, issue, system, { method: 'PUT', body: '{}' })).status, 403)
  host.forge.deploy({ permissions: { scopes: ['read:app-system-token', 'read:connect-jira'] } })
  t.equal((await call(host, issue, system)).status, 403)
})

t.test('a token for an absent user comes by GraphQL, for one site, with its lifetime', async (t) => {
  const { host, app, pass } = await forgeScene(t)
  await host.forge.install(app)
  const system = await host.forge.systemToken()
  const input = { contextIds: [`ari:cloud:jira::site/${host.site().cloudId}`], userId: '557058:cleo-0003' }
  const { status, json } = await askOffline(host, system, input)
  t.equal(status, 200)
  const { success, errors, authToken } = json.data.offlineUserAuthToken
  t.same([success, errors, authToken.ttl], [true, [], 3600])
  const myself = `/ex/jira/${host.site().cloudId}/rest/api/3/myself`
  t.match(await call(host, myself, authToken.token), { status: 200, json: { displayName: 'Cleo' } })
  t.match(host.exchanges.at(-1), { tokenKind: 'offline' })
  t.match(host.exchanges.at(-2), { kind: 'graphql', verdict: /act as Cleo, who is absent/ })
  t.notMatch(JSON.stringify(host.exchanges), /eyJ/)
  pass(3_600_000)
  t.equal((await call(host, myself, authToken.token)).status, 401)
})

t.test('GraphQL refuses with a good status and says why', async (t) => {
  const { host, app } = await forgeScene(t)
  await host.forge.install(app)
  const system = await host.forge.systemToken()
  const userId = '557058:cleo-0003'
  const contextIds = [`ari:cloud:jira::site/${host.site().cloudId}`]
  const refusal = async (input: object, query?: string) => {
    const { status, json } = await askOffline(host, system, input, query)
    t.equal(status, 200)
    return json.errors?.[0].message ?? json.data.offlineUserAuthToken.errors[0].message
  }
  t.match(await refusal({ contextIds, userId: 'nobody' }), 'no such user')
  t.match(await refusal({ contextIds: ['ari:cloud:jira::site/other'], userId }), 'does not reach')
  t.match(
    await refusal({ contextIds, userId }, 'query { offlineUserAuthToken(userID: "x") { accessToken } }'),
    'mutation'
  )
  t.equal((await askOffline(host, await host.forge.userToken(), { contextIds, userId })).status, 401)
  host.forge.deploy({ permissions: { scopes: { 'read:jira-work': {} } } })
  t.match(await refusal({ contextIds, userId }), 'no scope of the manifest allows impersonation')
  host.failNext({ target: 'graphql', status: 500 })
  t.equal((await call(host, '/graphql', system, { method: 'POST', body: '{}' }).catch(() => null))?.status, 500)
  host.failNext({ target: 'rest', status: 429, headers: { 'retry-after': '7' }, path: /^\/ex\// })
  const response = await fetch(`${host.url}/ex/jira/x`)
  t.same([response.status, response.headers.get('retry-after')], [429, '7'])
})

t.test('no more than a thousand tokens of absent users a minute', async (t) => {
  const { host, app, pass } = await forgeScene(t)
  await host.forge.install(app)
  const system = await host.forge.systemToken()
  const input = { contextIds: [`ari:cloud:jira::site/${host.site().cloudId}`], userId: '557058:cleo-0003' }
  const successes = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => askOffline(host, system, input)))
    return answers.filter(({ json }) => json.data.offlineUserAuthToken.success).length
  }
  for (let round = 0; round < 10; round += 1) t.equal(await successes(100), 100)
  t.equal(await successes(1), 0)
  pass(60_000)
  t.equal(await successes(1), 1)
})

t.test('the clientKey of Connect days is a property that only the app itself reads, with its own key', async (t) => {
  for (const clientKeyShape of ['text', 'object'] as const) {
    const { host, app } = await forgeScene(t, { clientKeyShape })
    await host.install(createAppDouble())
    const { clientKey, cloudId } = host.site()
    await host.forge.upgrade(app)
    const path = (key: string) => `/ex/jira/${cloudId}/rest/atlassian-connect/1/addons/${key}/properties/${CLIENT_KEY}`
    const system = await host.forge.systemToken()
    t.same(await call(host, path('tea-timer'), system), {
      status: 200,
      json: { key: CLIENT_KEY, value: clientKeyShape === 'text' ? clientKey : { clientKey } }
    })
    t.equal((await call(host, path('another'), system)).status, 404)
    t.equal((await call(host, path('tea-timer'), await host.forge.userToken())).status, 403)
    t.equal((await call(host, path('tea-timer'), system, { method: 'PUT', body: '"x"' })).status, 403)
  }
})

t.test('without Connect days, or without app.connect.key in the manifest, there is no such property', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: { app: {} } })
  await host.install(createAppDouble(), { site: 'confluence' })
  await host.forge.install(app)
  await host.forge.upgrade(app, { site: 'confluence' })
  for (const site of [host.site(), host.site('confluence')]) {
    const prefix = site.product === 'jira' ? '' : '/wiki'
    const path = `/ex/${site.product}/${site.cloudId}${prefix}/rest/atlassian-connect/1/addons/tea-timer/properties/${CLIENT_KEY}`
    t.equal((await call(host, path, await host.forge.systemToken({ site: site.name }))).status, 404)
  }
})

t.test('an app reads about its own installation, and about no other', async (t) => {
  const { host, app } = await forgeScene(t)
  const { id, environment } = await host.forge.install(app, { products: ['confluence'] })
  const bare = (ari: string) => ari.slice(ari.lastIndexOf('/') + 1)
  const path = (installation: string) =>
    `/forge/installation/v1/${host.forge.appId}/${bare(environment.id)}/installation/${installation}`
  const system = await host.forge.systemToken()
  t.match(await call(host, path(bare(id)), system), {
    status: 200,
    json: {
      version: '1.0.0',
      installationContext: { id: `ari:cloud:jira::site/${host.site().cloudId}` },
      secondaryInstallationContexts: [{ id: `ari:cloud:confluence::site/${host.site('confluence').cloudId}` }]
    }
  })
  t.equal((await call(host, path(host.forge.appId), system)).status, 403)
  t.equal((await call(host, path(bare(id)), 'none')).status, 401)
})
