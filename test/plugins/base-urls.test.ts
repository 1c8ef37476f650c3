import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

t.test('an app below a path has all its routes there, and the hash leaves the path out', async (t) => {
  const { app } = await buildApp(t, { host, baseUrl: 'https://app.example.com/connect' })
  await installed(host, app)
  t.equal((await host.openPage('panel')).status, 200)
  t.equal((await host.callApp('/api')).status, 200)
  t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
  for (const url of ['/connect/atlassian-connect.json', '/connect/installed', '/connect/hook', '/connect/panel'])
    t.not((await app.inject({ method: url.endsWith('json') ? 'GET' : 'POST', url })).statusCode, 404, url)
  for (const url of ['/atlassian-connect.json', '/installed', '/hook'])
    t.equal((await app.inject({ method: url.endsWith('json') ? 'GET' : 'POST', url })).statusCode, 404, url)
  t.equal((await host.uninstall()).status, 204)
})

t.test('a path that only looks like the path of the base URL is not stripped', async (t) => {
  const { app } = await buildApp(t, {
    host,
    baseUrl: 'https://app.example.com/connect',
    routes: (app) => app.get('/connectors/panel', async () => 'reached')
  })
  await installed(host, app)
  const stripped = await host.sign.pageToken({ url: '/ors/panel' })
  const whole = await host.sign.pageToken({ url: '/connectors/panel' })
  t.equal((await app.inject(`/connectors/panel?jwt=${stripped}`)).statusCode, 401)
  t.equal(
    (await app.inject(`/connectors/panel?jwt=${whole}`)).statusCode,
    401,
    'the host signs nothing outside of the base URL'
  )
})

t.test('a proxy that removes the path leaves the routes at the root, by mountPath', async (t) => {
  const { app } = await buildApp(t, { host, baseUrl: 'https://app.example.com/connect', mountPath: '' })
  t.equal((await app.inject('/atlassian-connect.json')).statusCode, 200)
  t.equal((await app.inject('/connect/atlassian-connect.json')).statusCode, 404)
  const proxied = {
    atlassian: app.atlassian,
    inject: (request: { method: string; url: string; headers: Record<string, string>; payload?: string }) =>
      app.inject({ ...request, method: request.method as 'GET', url: request.url.replace('/connect/', '/') })
  }
  t.equal((await host.install(proxied)).status, 204)
  t.equal((await host.openPage('panel')).status, 200)
  t.equal((await host.callApp('/api')).status, 200)
  t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
})

t.test('a proxy that adds a path is told by mountPath as well', async (t) => {
  const { app } = await buildApp(t, { host, baseUrl: 'https://app.example.com', mountPath: '/inner' })
  const proxied = {
    atlassian: app.atlassian,
    inject: (request: { method: string; url: string; headers: Record<string, string>; payload?: string }) =>
      app.inject({ ...request, method: request.method as 'GET', url: `/inner${request.url}` })
  }
  t.equal((await host.install(proxied)).status, 204, 'the hash covers the public path')
  t.equal((await host.openPage('panel')).status, 200)
})

t.test('several base URLs: the routes are below each path, and each address is an audience', async (t) => {
  const { app } = await buildApp(t, {
    host,
    baseUrl: 'https://app.example.com/eu/app',
    allowedBaseUrls: ['https://old.example.com/', 'https://app.example.com/eu']
  })
  await installed(host, app)
  for (const path of ['', '/eu', '/eu/app']) {
    t.equal((await app.inject(`${path}/atlassian-connect.json`)).statusCode, 200, path)
    t.equal((await app.inject({ method: 'POST', url: `${path}/hook` })).statusCode, 401, path)
  }
  // The longest path that fits is removed.
  const token = await host.sign.contextToken()
  t.equal((await app.inject({ url: '/eu/app/api', headers: { authorization: `JWT ${token}` } })).statusCode, 200)
  const site = host.site()
  let iat = Math.floor(Date.now() / 1000)
  for (const [audience, status] of [
    ['https://app.example.com/eu/app', 204],
    ['https://app.example.com/eu/app/', 204],
    ['https://old.example.com', 204],
    [['https://elsewhere.example.com', 'https://app.example.com/eu'], 204],
    ['https://app.example.com', 401],
    ['https://app.example.com/eu/app//', 401],
    ['https://app.example.com/eu/application', 401],
    ['https://app.example.com.evil.test/eu/app', 401]
  ] as const) {
    iat += 1
    const answer = await app.inject({
      method: 'POST',
      url: '/eu/app/installed',
      headers: {
        authorization: `JWT ${await host.sign.installToken({ url: '/installed', claims: { aud: audience, iat, exp: iat + 60 } })}`
      },
      payload: {
        key: 'test-app',
        clientKey: site.clientKey,
        sharedSecret: site.sharedSecret,
        baseUrl: site.baseUrl,
        productType: 'jira',
        eventType: 'installed'
      }
    })
    t.equal(answer.statusCode, status, String(audience))
  }
})

t.test('addresses of regions in the descriptor are audiences, and their paths are removed', async (t) => {
  const { app } = await buildApp(t, {
    host,
    descriptorMembers: { regionBaseUrls: { EU: 'https://eu.app.example.com/region' } },
    routes: (app) => app.get('/region/panel', async () => 'reached')
  })
  await installed(host, app)
  const token = await host.sign.pageToken({ url: '/panel' })
  t.equal((await app.inject(`/region/panel?jwt=${token}`)).body, 'reached')
})

t.test('no header of the request moves the base URL', async (t) => {
  const { app } = await buildApp(t, { host, baseUrl: 'https://app.example.com/connect', fastify: { trustProxy: true } })
  await installed(host, app)
  const token = await host.sign.pageToken({ url: '/connect/panel' })
  for (const headers of [
    { host: 'other.example.com' },
    { 'x-forwarded-prefix': '/other', 'x-forwarded-path': '/' },
    { 'x-forwarded-host': 'app.example.com', 'x-forwarded-proto': 'http', 'x-original-url': '/panel' }
  ])
    t.equal((await app.inject({ url: `/connect/panel?jwt=${token}`, headers })).statusCode, 401)
})

t.test('a descriptor with a foreign base URL stops the start', async (t) => {
  await t.rejects(buildApp(t, { host, descriptorMembers: { baseUrl: 'https://elsewhere.example.com' } }), {
    code: 'ATL_DESCRIPTOR',
    message: /baseUrl of the descriptor is "https:\/\/elsewhere/
  })
})

t.test(
  'a base URL written in capitals is the same address, to hosts that repeat it and to hosts that do not',
  async (t) => {
    const { app } = await buildApp(t, { host, baseUrl: 'https://App.Example.com/' })
    t.equal(app.atlassian.descriptor.baseUrl, 'https://App.Example.com')
    await installed(host, app)
    for (const aud of ['https://App.Example.com', 'https://app.example.com']) {
      const token = await host.sign.installToken({ claims: { aud } })
      t.equal((await sendLifecycle(app, host, 'installed', { token })).statusCode, 204, aud)
    }
    t.equal((await host.openPage('panel')).status, 200)
  }
)

t.test('rewriteUrl changes the route and not what the host signed', async (t) => {
  const { app } = await buildApp(t, {
    host,
    fastify: { rewriteUrl: (request) => (request.url ?? '/').replace('/public-name', '/panel') }
  })
  await installed(host, app)
  const token = await host.sign.pageToken({ url: '/public-name?issue=TEA-1' })
  t.equal((await app.inject(`/public-name?issue=TEA-1&jwt=${token}`)).statusCode, 200)
  t.equal((await app.inject(`/panel?issue=TEA-1&jwt=${token}`)).statusCode, 401)
})
