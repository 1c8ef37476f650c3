import { createSecretKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { exampleManifest, forgeScene } from './forge-scene.ts'

t.test('an invocation token says what Atlassian says, and lives for 25 seconds', async (t) => {
  const { host, app, verified, pass } = await forgeScene(t)
  const installation = await host.forge.install(app)
  const token = await host.forge.sign.invocationToken({ user: 'Bo', issue: 'TEA-1' })
  t.match(decodeProtectedHeader(token), { alg: 'RS256', kid: /^forge\/invocation-token\/wf-/ })
  const site = host.site()
  const apiBaseUrl = `${host.url}/ex/jira/${site.cloudId}`
  const claims = await verified(token)
  t.match(claims, {
    iss: 'forge/invocation-token',
    aud: `ari:cloud:ecosystem::app/${host.forge.appId}`,
    iat: 1_800_000_000,
    nbf: 1_800_000_000,
    exp: 1_800_000_025,
    jti: /^[0-9a-f]{40}$/,
    principal: '557058:bo-0002',
    app: {
      id: `ari:cloud:ecosystem::app/${host.forge.appId}`,
      appVersion: '1.0.0',
      installationId: installation.id,
      apiBaseUrl,
      installation: { id: installation.id, contexts: [{ name: 'jira', apiBaseUrl, cloudId: site.cloudId }] },
      environment: host.forge.environments.PRODUCTION,
      module: { type: 'jira:issuePanel', key: 'panel' }
    },
    context: {
      cloudId: site.cloudId,
      siteUrl: site.origin,
      moduleKey: 'panel',
      extension: { type: 'jira:issuePanel', issue: { id: '10001', key: 'TEA-1' }, project: { key: 'TEA' } }
    }
  })
  t.match(installation.id, /^ari:cloud:ecosystem::installation\/[0-9a-f-]{36}$/)
  pass(26_000)
  await t.rejects(verified(token), { code: 'ERR_JWT_EXPIRED' })
})

t.test('a visitor without a name has no principal, an event neither that nor a context', async (t) => {
  const { host, app, verified } = await forgeScene(t)
  await host.forge.install(app)
  const visitor = await verified(await host.forge.sign.invocationToken({ user: null }))
  t.notOk('principal' in visitor)
  t.match(visitor.context, { accountType: 'anonymous' })
  const event = await verified(await host.forge.sign.invocationToken({ kind: 'event', module: 'heartbeat' }))
  t.notOk('principal' in event || 'context' in event)
  t.match(event.app, { module: { type: 'core:endpoint', key: 'heartbeat' } })
})

t.test('keys rotate: what the former one signed is good until it is withdrawn', async (t) => {
  const { host, app, verified } = await forgeScene(t)
  await host.forge.install(app)
  const old = await host.forge.sign.invocationToken()
  await host.forge.rotateKeys()
  const young = await host.forge.sign.invocationToken()
  t.not(decodeProtectedHeader(old).kid, decodeProtectedHeader(young).kid)
  await verified(old)
  await verified(young)
  await host.forge.rotateKeys({ withdraw: true })
  await t.rejects(verified(young), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  t.match(host.exchanges.at(-1), { kind: 'key', status: 200, url: host.forge.jwksUrl })
  t.notMatch(host.exchanges.at(-1)?.responseBody, '"d":')
})

t.test('the published keys can be lost, late and wrong', async (t) => {
  const { host } = await forgeScene(t)
  host.failNext({ target: 'forge-keys', times: 2 })
  t.equal((await fetch(host.forge.jwksUrl)).status, 503)
  t.equal((await fetch(host.forge.jwksUrl)).status, 503)
  host.failNext({ target: 'forge-keys', lost: true })
  await t.rejects(fetch(host.forge.jwksUrl))
  host.failNext({ target: 'forge-keys', body: '{"keys":[]}' })
  t.same(await (await fetch(host.forge.jwksUrl)).json(), { keys: [] })
  t.equal((await fetch(host.forge.jwksUrl)).status, 200)
})

t.test('claims and headers can be changed at any depth, left out, and signed by anybody', async (t) => {
  const { host, app, verified } = await forgeScene(t)
  const { id } = await host.forge.install(app)
  const changed = await host.forge.sign.invocationToken({
    claims: { exp: undefined, app: { environment: { type: 'STAGING' }, installation: undefined } }
  })
  const claims = decodeJwt(changed)
  t.notOk('exp' in claims)
  t.match(claims.app, { installationId: id, environment: { type: 'STAGING' }, module: { key: 'panel' } })
  t.notOk(Object.hasOwn(Object(claims.app), 'installation'))
  await verified(changed)

  const unsigned = await host.forge.sign.invocationToken({ header: { alg: 'none' } })
  t.ok(unsigned.endsWith('.'))
  const publicPem = await host.forge.publicKey()
  const confused = await host.forge.sign.invocationToken({ header: { alg: 'HS256' }, key: publicPem })
  await jwtVerify(confused, createSecretKey(Buffer.from(publicPem)), { currentDate: new Date(host.clock()) })
  await t.rejects(verified(confused))
  const named = await host.forge.sign.invocationToken({ header: { kid: '../../keys', crit: ['exp'] } })
  t.match(decodeProtectedHeader(named), { alg: 'RS256', kid: '../../keys' })
  t.equal(host.forge.sign.custom({ alg: 'none' }, '{', '').split('.')[2], '')
})

t.test('a system token is the same until two hours are left, and dies after four', async (t) => {
  const { host, app, pass } = await forgeScene(t)
  const installation = await host.forge.install(app)
  const call = async (token: string) =>
    (await fetch(`${host.url}/ex/jira/${host.site().cloudId}/rest/api/3/myself`, bearer(token))).status
  const first = await host.forge.systemToken()
  t.equal(decodeJwt(first).exp, 1_800_000_000 + 4 * 3600)
  pass(2 * 3_600_000)
  t.equal(await host.forge.systemToken(), first)
  pass(1)
  const second = await host.forge.systemToken()
  t.not(second, first)
  t.equal(await call(first), 200)
  pass(2 * 3_600_000 - 1)
  t.equal(await call(first), 401)
  t.equal(await call(second), 200)
  host.forge.revokeTokens({ installation })
  t.equal(await call(second), 401)
})

t.test('environments are known by id and type, and the app by the id of its manifest', async (t) => {
  const appId = '8db33809-1f32-48bb-8c52-5877dab48107'
  const manifest = { ...exampleManifest, app: { id: `ari:cloud:ecosystem::app/${appId}` } }
  const { host, app, verified } = await forgeScene(t, { manifest })
  t.equal(host.forge.appId, appId)
  t.same(host.forge.connectOptions(), {
    appId,
    environments: ['DEVELOPMENT', 'STAGING', 'PRODUCTION'],
    jwksUrl: `${host.url}/.well-known/jwks.json`,
    apiHosts: [host.url]
  })
  await host.forge.install(app, { environment: 'DEVELOPMENT' })
  await host.forge.install(app)
  const token = await host.forge.sign.invocationToken({ environment: 'DEVELOPMENT' })
  const { DEVELOPMENT } = host.forge.environments
  t.ok(DEVELOPMENT.id.startsWith(`ari:cloud:ecosystem::environment/${appId}/`))
  t.match((await verified(token)).app, { environment: DEVELOPMENT })
  t.throws(() => host.forge.installation({ environment: 'STAGING' }), /has no Forge app \(STAGING\)/)
})

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } }
}
