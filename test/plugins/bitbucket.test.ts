import { type ConnectOptions, UserTokenError } from 'fastify-atlassian'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp, createTestClock, testDescriptor } from '../helpers/app.ts'
import { newSecret, startBitbucket } from '../helpers/bitbucket.ts'

async function buildBitbucket(t: Test, overrides: AppOverrides & { readonly calls?: 'jwt' | 'access-token' } = {}) {
  const { calls = 'jwt', ...rest } = overrides
  const clock = createTestClock()
  const bitbucket = await startBitbucket(t, () => Math.floor(clock() / 1000))
  const { url } = bitbucket
  const built = await buildApp(t, {
    clock,
    product: 'bitbucket',
    bitbucket: { apiUrl: url, siteUrl: url, calls },
    // As by default: what the simulated Jira would bring is not for Bitbucket.
    allowedHosts: [url],
    descriptorMembers: descriptorMembers(),
    ...rest
  })
  return { ...built, bitbucket }
}

const descriptorMembers = () => ({
  contexts: ['account'],
  scopes: ['account', 'repository'],
  modules: {
    webhooks: [
      { event: 'repo:push', url: '/hook' },
      { event: 'issue:created', url: '/hook' }
    ]
  }
})

t.test('the first install is unsigned, and counts once Bitbucket knows the secret and the account', async (t) => {
  const { app, bitbucket, store } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  t.equal(await bitbucket.send(app, workspace, 'installed', { secret: null }), 204)
  t.same(bitbucket.asked, ['GET /2.0/user JWT'])
  const tenant = await store.find({ clientKey: workspace.clientKey })
  t.match(tenant, { product: 'bitbucket', baseUrl: bitbucket.url, displayUrl: `${bitbucket.url}/acme/` })
  t.equal(tenant?.sharedSecret?.reveal(), workspace.sharedSecret)
  t.match(bitbucket.claims, { iss: 'test-app', sub: workspace.clientKey })
  t.notOk('aud' in bitbucket.claims)
})

t.test('a first install that Bitbucket does not vouch for changes nothing', async (t) => {
  const { app, bitbucket, writes } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  const first = (body: object) => bitbucket.send(app, workspace, 'installed', { secret: null, body })
  const body = (changes: object) => bitbucket.body(workspace, 'installed', changes)
  t.equal(await first(body({ sharedSecret: 'of a stranger' })), 401, 'another secret')
  t.equal(await first(body({ clientKey: 'connection:stranger' })), 401, 'another clientKey')
  t.equal(await first(body({ principal: { uuid: '{0}' } })), 401, 'another account')
  t.equal(await first(body({ principal: undefined })), 401, 'no account')
  t.equal(await first(body({ principal: { uuid: 'evil' } })), 400, 'no uuid')
  bitbucket.otherAccount = '{1}'
  t.equal(await first(body({})), 401, 'Bitbucket names another account')
  bitbucket.otherAccount = null
  for (const status of [500, 503, 429, 302]) {
    bitbucket.failWith = status
    t.equal(await first(body({})), 503, `Bitbucket answers ${status}`)
  }
  bitbucket.failWith = 204
  t.equal(await first(body({})), 401)
  t.same(writes, [])
})

t.test('the address that is asked is configured, and a body that names another is refused', async (t) => {
  const { app, bitbucket, writes } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  const first = (changes: object) =>
    bitbucket.send(app, workspace, 'installed', { secret: null, body: bitbucket.body(workspace, 'installed', changes) })
  const before = bitbucket.asked.length
  t.equal(await first({ baseUrl: 'https://evil.test' }), 403)
  t.equal(await first({ baseApiUrl: 'https://evil.test' }), 403)
  t.equal(await first({ productType: 'jira' }), 400)
  t.equal(await first({ key: 'another-app' }), 400)
  t.equal(bitbucket.asked.length, before, 'nobody was asked')
  t.same(writes, [])
})

t.test('a known workspace signs with the secret of its last install, and so brings the next', async (t) => {
  const { app, bitbucket, store } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  await bitbucket.send(app, workspace, 'installed', { secret: null })
  const first = workspace.sharedSecret
  const next = bitbucket.body(workspace, 'installed', { sharedSecret: newSecret() })
  const secretNow = async () => (await store.find({ clientKey: workspace.clientKey }))?.sharedSecret?.reveal()
  const stranger = bitbucket.workspace()
  const refused: [string, Parameters<typeof bitbucket.send>[3]][] = [
    ['unsigned', { secret: null, body: next }],
    ['unsigned, with a secret that Bitbucket would vouch for', { secret: null }],
    ['signed with the new secret', { secret: `${next.sharedSecret}`, body: next }],
    ['signed by another workspace', { claims: { iss: stranger.clientKey }, body: next }],
    ['a context token', { claims: { qsh: 'context-qsh' }, body: next }],
    ['no hash', { claims: { qsh: undefined }, body: next }],
    ['a token of the app', { claims: { iss: 'test-app' }, body: next }],
    ['expired', { claims: { exp: 1 }, body: next }]
  ]
  for (const [name, choice] of refused) t.equal(await bitbucket.send(app, workspace, 'installed', choice), 401, name)
  t.equal(await secretNow(), first)

  t.equal(await bitbucket.send(app, workspace, 'installed', { body: next }), 204)
  t.equal(await secretNow(), next.sharedSecret)
  t.equal(await bitbucket.send(app, workspace, 'installed', { secret: first, body: next }), 401, 'the secret before')
})

t.test('an unknown workspace can sign nothing', async (t) => {
  const { app, bitbucket, writes } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  for (const event of ['installed', 'uninstalled', 'enabled', 'disabled']) {
    t.equal(await bitbucket.send(app, workspace, event), 401, event)
  }
  for (const event of ['uninstalled', 'enabled', 'disabled']) {
    t.equal(await bitbucket.send(app, workspace, event, { secret: null }), 401, `${event}, unsigned`)
  }
  t.same(writes, [])
})

t.test('an uninstall is signed as well, and the workspace comes back with the secret that it had', async (t) => {
  const { app, bitbucket, store } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  const page = () => {
    const jwt = bitbucket.token(workspace, 'GET', '/panel')
    return app.inject(`/panel?jwt=${jwt}`)
  }
  await bitbucket.send(app, workspace, 'installed', { secret: null })
  t.match((await page()).json(), { clientKey: workspace.clientKey, kind: 'page' })
  t.equal(await bitbucket.send(app, workspace, 'uninstalled', { secret: null }), 401)
  t.equal((await page()).statusCode, 200)
  t.equal(await bitbucket.send(app, workspace, 'disabled'), 204)
  t.equal(await bitbucket.send(app, workspace, 'uninstalled'), 204)
  t.equal((await page()).statusCode, 401)

  const next = bitbucket.body(workspace, 'installed', { sharedSecret: newSecret() })
  t.equal(await bitbucket.send(app, workspace, 'installed', { secret: null, body: next }), 401, 'unsigned')
  t.equal(await bitbucket.send(app, workspace, 'installed', { body: next }), 204)
  workspace.sharedSecret = `${next.sharedSecret}`
  t.equal((await page()).statusCode, 200)
  t.equal((await store.list({ limit: 10 })).length, 1, 'it is one tenant')
})

t.test('an app that is not configured for Bitbucket refuses all of it', async (t) => {
  const bitbucket = await startBitbucket(t, () => Math.floor(Date.now() / 1000))
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  const allowedHosts = [...host.connectOptions().allowedHosts, bitbucket.url]
  const { app, store } = await buildApp(t, { host, allowedHosts })
  await host.install(app)
  const workspace = bitbucket.workspace()
  t.equal(await bitbucket.send(app, workspace, 'installed', { secret: null }), 401, 'unsigned')
  t.equal(await bitbucket.send(app, workspace, 'installed'), 401, 'signed with its secret')
  // Even what Atlassian signed is no install of Bitbucket.
  const token = await host.sign.installToken({ claims: { iss: workspace.clientKey } })
  const headers = { authorization: `JWT ${token}`, 'content-type': 'application/json' }
  const post = (payload: object) => app.inject({ method: 'POST', url: '/installed', headers, payload })
  t.equal((await post(bitbucket.body(workspace, 'installed'))).statusCode, 400)
  // Nor does a known tenant get there with its secret.
  const { clientKey, baseUrl } = host.site('jira')
  const shared = await host.sign.webhookToken({ url: '/installed' })
  const payload = { ...bitbucket.body(workspace, 'installed'), clientKey, baseUrl, productType: 'jira' }
  const signed = { ...headers, authorization: `JWT ${shared}` }
  t.equal((await app.inject({ method: 'POST', url: '/installed', headers: signed, payload })).statusCode, 401)
  t.same(bitbucket.asked, [])
  t.equal((await store.list({ limit: 10 })).length, 1)
})

t.test('an app of Bitbucket refuses what Atlassian signs for Jira', async (t) => {
  const { app, host, writes } = await buildBitbucket(t)
  t.equal((await host.install(app)).status, 401)
  t.same(writes, [])
})

t.test('webhooks are heard by the name that Bitbucket gives, if the descriptor lists it', async (t) => {
  const heard: string[] = []
  const { app, bitbucket } = await buildBitbucket(t, { webhooks: { mode: 'await' } })
  app.atlassian.events.on('*', ({ event, retry }) => void heard.push(`${event} ${retry}`))
  const workspace = bitbucket.workspace()
  await bitbucket.send(app, workspace, 'installed', { secret: null })
  const hook = (key: string, more: object = {}) =>
    app.inject({
      method: 'POST',
      url: '/hook',
      headers: { authorization: `JWT ${bitbucket.token(workspace, 'POST', '/hook')}`, 'x-event-key': key, ...more },
      payload: { data: {} }
    })
  t.equal((await hook('repo:push')).statusCode, 204)
  t.equal((await hook('issue:created', { 'x-attempt-number': '3' })).statusCode, 204)
  t.equal((await hook('repo:deleted')).statusCode, 204)
  t.same(heard, ['repo:push 0', 'issue:created 2', 'unknown 0'])
})

t.test('the app calls with a token of its own for each call', async (t) => {
  const { app, bitbucket } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  await bitbucket.send(app, workspace, 'installed', { secret: null })
  const client = app.atlassian.hostClient({ clientKey: workspace.clientKey })
  const path = '/2.0/repositories/acme/tea?q=a%20b&sort=x'
  t.same(await client.get(path), { path, as: workspace.uuid })
  t.match(bitbucket.asked.at(-1), /JWT$/)
  const { claims } = bitbucket
  t.match(claims, { iss: 'test-app', sub: workspace.clientKey })
  t.equal(Number(claims.exp) - Number(claims.iat), 180)
  await t.rejects(client.get('https://evil.test/2.0/user'), { code: 'ATL_HOST_ADDRESS' })
  await t.rejects(client.asUser('ada').get('/2.0/user'), { code: 'ATL_USER_TOKEN_SETUP' })
})

t.test('a list of Bitbucket is read to its end, and to no other address', async (t) => {
  const { app, bitbucket } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  await bitbucket.send(app, workspace, 'installed', { secret: null })
  const client = app.atlassian.hostClient({ clientKey: workspace.clientKey })
  const read = async (path: string) => {
    const found: unknown[] = []
    for await (const item of client.items(path)) found.push(item)
    return found
  }
  t.same(await read('/2.0/list'), [1, 2, 3])
  await t.rejects(read('/2.0/far'), { code: 'ATL_HOST_ADDRESS' })
})

t.test('the app calls with an access token, gets one for all calls, and a new one when it is refused', async (t) => {
  const { app, bitbucket } = await buildBitbucket(t, { calls: 'access-token' })
  const workspace = bitbucket.workspace()
  await bitbucket.send(app, workspace, 'installed', { secret: null })
  const client = app.atlassian.hostClient({ clientKey: workspace.clientKey })
  const start = bitbucket.asked.length
  await Promise.all([client.get('/2.0/one'), client.get('/2.0/two')])
  t.same(bitbucket.asked.slice(start).sort(), [
    'GET /2.0/one Bearer',
    'GET /2.0/two Bearer',
    'POST /site/oauth2/access_token JWT'
  ])
  const token = await app.atlassian.bitbucketToken({ clientKey: workspace.clientKey })
  t.match(token.reveal(), /^[0-9a-f]{24}$/)
  const exchanges = () => bitbucket.asked.filter((one) => one.includes('access_token')).length
  t.equal(exchanges(), 1, 'it is the same')
  const next = bitbucket.body(workspace, 'installed', { sharedSecret: newSecret() })
  t.equal(await bitbucket.send(app, workspace, 'installed', { body: next }), 204)
  workspace.sharedSecret = `${next.sharedSecret}`
  t.notOk(
    (await app.atlassian.bitbucketToken({ clientKey: workspace.clientKey })).equals(token),
    'none outlives a secret'
  )
  t.equal(exchanges(), 2)
})

t.test('an exchange that fails is told as it is, without secrets', async (t) => {
  const { app, bitbucket, lines } = await buildBitbucket(t)
  const workspace = bitbucket.workspace()
  await bitbucket.send(app, workspace, 'installed', { secret: null })
  const token = () => app.atlassian.bitbucketToken({ clientKey: workspace.clientKey })
  bitbucket.failWith = 403
  await t.rejects(token(), { code: 'ATL_USER_TOKEN_REFUSED' })
  bitbucket.failWith = 503
  await t.rejects(token(), { code: 'ATL_USER_TOKEN_UNAVAILABLE' })
  bitbucket.failWith = 200
  await t.rejects(token(), { code: 'ATL_USER_TOKEN_ANSWER' })
  bitbucket.failWith = 302
  await t.rejects(token(), { code: 'ATL_USER_TOKEN_ANSWER' })
  t.ok((await token().catch((error: unknown) => error)) instanceof UserTokenError)
  bitbucket.failWith = null
  t.equal(await bitbucket.send(app, workspace, 'uninstalled'), 204)
  await t.rejects(token(), { code: 'ATL_NO_TENANT' })
  t.notOk(lines.some((line) => line.includes(workspace.sharedSecret)))
})

t.test('other apps have no such tokens', async (t) => {
  const { app } = await buildApp(t)
  await t.rejects(app.atlassian.bitbucketToken({ clientKey: 'x' }), { code: 'ATL_OPTION' })
})

t.test('the descriptor is served without what Bitbucket does not know', async (t) => {
  const { app } = await buildBitbucket(t, {
    descriptorMembers: { ...descriptorMembers(), apiMigrations: { gdpr: true } }
  })
  const served = (await app.inject('/atlassian-connect.json')).json()
  t.notOk('apiMigrations' in served)
  t.same(served.contexts, ['account'])
})

t.test('what does not go together is refused at the start', async (t) => {
  const wrong: [Partial<ConnectOptions>, string][] = [
    [{ product: 'jira' as never }, 'product'],
    [{ product: undefined, bitbucket: {} }, 'bitbucket'],
    [{ bitbucket: { apiUrl: 'https://api.bitbucket.org/2.0' } }, 'bitbucket.apiUrl'],
    [{ bitbucket: { siteUrl: 'ftp://bitbucket.org' } }, 'bitbucket.siteUrl'],
    [{ bitbucket: { accountPath: 'user' } }, 'bitbucket.accountPath'],
    [{ bitbucket: { calls: 'basic' as never } }, 'bitbucket.calls'],
    [{ bitbucket: { token: 'x' } as never }, 'bitbucket.token'],
    [{ environment: 'production', bitbucket: { apiUrl: 'http://127.0.0.1:1' } }, 'bitbucket.apiUrl'],
    [{ forge: { appId: 'x' } as never }, 'product']
  ]
  const { resolveOptions } = await import('fastify-atlassian/core')
  const start = (changes: Partial<ConnectOptions>) =>
    resolveOptions(
      {
        descriptor: testDescriptor(),
        baseUrl: 'https://app.example.com',
        product: 'bitbucket',
        ...changes
      } as ConnectOptions,
      'test'
    )
  for (const [changes, option] of wrong) {
    t.throws(
      () => start(changes),
      { code: 'ATL_OPTION', message: new RegExp(`"${option.replace('.', '\\.')}"`) },
      option
    )
  }
  const options = start({})
  t.equal(options.hostScriptUrl, 'https://bitbucket.org/atlassian-connect/all.js')
  t.equal(options.hosts.siteUrl('https://bitbucket.org'), 'https://bitbucket.org')
  t.equal(options.hosts.siteUrl('https://acme.atlassian.net'), null)
})
