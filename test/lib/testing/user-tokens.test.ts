import jwt from 'atlassian-jwt'
import type { HostSimulator, SimulatedSite } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { createAppDouble, exampleDescriptor, startHost } from './app-double.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

interface Changes {
  readonly claims?: object
  readonly form?: Readonly<Record<string, string>>
  readonly secret?: string
}

/** Asks for a token as an app does, with an assertion by Atlassian's own library. */
async function ask(host: HostSimulator, site: SimulatedSite, { claims, form, secret }: Changes = {}) {
  const now = Math.floor(host.clock() / 1000)
  const assertion = jwt.encodeSymmetric(
    {
      iss: `urn:atlassian:connect:clientid:${site.oauthClientId}`,
      sub: 'urn:atlassian:connect:useraccountid:557058:bo-0002',
      tnt: site.baseUrl,
      aud: host.url,
      iat: now,
      exp: now + 60,
      ...claims
    },
    secret ?? site.sharedSecret
  )
  const { authorizationServer } = host.connectOptions()
  const response = await fetch(`${authorizationServer}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: GRANT, assertion, ...form })
  })
  const text = await response.text()
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : null }
}

async function callAsUser(
  site: SimulatedSite,
  token: string,
  method = 'GET',
  path = '/rest/api/3/myself',
  body?: object
) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(site.baseUrl + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return { status: response.status, json: await response.json().catch(() => null) }
}

async function installed(t: Test, scopes: readonly string[] = ['READ', 'WRITE', 'ACT_AS_USER']) {
  let now = Date.now()
  const host = await startHost(t, { clock: () => now })
  await host.install(createAppDouble({ ...exampleDescriptor, scopes }))
  return { host, site: host.site(), pass: (ms: number) => (now += ms) }
}

t.test('an assertion brings a token with which the site answers as that user, until it ends', async (t) => {
  const { host, site, pass } = await installed(t)
  const { status, json } = await ask(host, site)
  t.equal(status, 200)
  t.match(json, { expires_in: 900, token_type: 'Bearer', scope: 'READ WRITE ACT_AS_USER' })
  t.match(await callAsUser(site, json.access_token), { status: 200, json: { accountId: '557058:bo-0002' } })
  t.match(host.exchanges.at(-1), { tokenKind: 'user', token: null, verdict: /sent as Bo by the app; answered 200/ })
  t.match(host.exchanges.at(-2), {
    kind: 'token',
    site: site.name,
    status: 200,
    tokenKind: 'assertion',
    token: { claims: { tnt: site.baseUrl } },
    verdict: /may act as Bo/
  })
  t.equal((await callAsUser(host.site('confluence'), json.access_token, 'GET', '/rest/api/user')).status, 401)
  pass(900_000)
  t.equal((await callAsUser(site, json.access_token)).status, 401)
})

t.test('neither assertion nor token is in the log of exchanges', async (t) => {
  const { host, site } = await installed(t)
  const { json } = await ask(host, site)
  await callAsUser(site, json.access_token)
  const shown = JSON.stringify(host.exchanges)
  t.notMatch(shown, json.access_token)
  t.notMatch(shown, /assertion=eyJ/)
})

t.test('an assertion that is wrong in any part is refused as OAuth says', async (t) => {
  const { host, site } = await installed(t)
  const now = Math.floor(host.clock() / 1000)
  const wrong: readonly (readonly [string, Changes])[] = [
    ['invalid_grant', { secret: 'another' }],
    ['invalid_grant', { claims: { aud: 'https://elsewhere.example.com' } }],
    ['invalid_grant', { claims: { tnt: 'https://other.atlassian.net' } }],
    ['invalid_grant', { claims: { iat: now - 200, exp: now - 140 } }],
    ['invalid_grant', { claims: { exp: now + 3600 } }],
    ['invalid_grant', { claims: { iat: now + 60, exp: now + 90 } }],
    ['invalid_grant', { claims: { exp: undefined } }],
    ['invalid_grant', { claims: { sub: 'urn:atlassian:connect:useraccountid:nobody' } }],
    ['invalid_grant', { claims: { sub: '557058:bo-0002' } }],
    ['invalid_client', { claims: { iss: 'urn:atlassian:connect:clientid:other' } }],
    ['invalid_request', { form: { assertion: 'x' } }],
    ['invalid_scope', { form: { scope: 'READ ADMIN' } }],
    ['unsupported_grant_type', { form: { grant_type: 'password' } }]
  ]
  for (const [error, changes] of wrong) {
    const { status, json } = await ask(host, site, changes)
    t.match(
      { status, json },
      { status: error === 'invalid_client' ? 401 : 400, json: { error } },
      JSON.stringify(changes)
    )
    t.match(host.exchanges.at(-1)?.verdict, /^refused by the host: /)
  }
})

t.test('an app without the scope, or on a site that uninstalled it, acts as nobody', async (t) => {
  const without = await installed(t, ['READ'])
  t.match((await ask(without.host, without.site)).json, { error: 'invalid_client' })
  const { host, site } = await installed(t)
  const { json } = await ask(host, site)
  await host.uninstall()
  t.equal((await callAsUser(site, json.access_token)).status, 401)
  t.match((await ask(host, site)).json, { error: 'invalid_client' })
  await host.install()
  t.equal((await callAsUser(site, json.access_token)).status, 401, 'a token of the time before stays dead')
})

t.test('a token has the scopes that were asked for, and no others', async (t) => {
  const { host, site } = await installed(t)
  const { json } = await ask(host, site, { form: { scope: 'READ' } })
  t.equal(json.scope, 'READ')
  t.equal((await callAsUser(site, json.access_token)).status, 200)
  const comment = { body: 'as Bo' }
  const path = '/rest/api/2/issue/TEA-1/comment'
  t.equal((await callAsUser(site, json.access_token, 'POST', path, comment)).status, 403)
  const writing = await ask(host, site, { form: { scope: 'WRITE' } })
  const { status, json: created } = await callAsUser(site, writing.json.access_token, 'POST', path, comment)
  t.equal(status, 201)
  t.match(created, { author: { accountId: '557058:bo-0002' } })
})

t.test('trouble by script: slow, refused, odd, cut, and a token that the site refuses', async (t) => {
  const { host, site } = await installed(t)
  host.failNext({ target: 'token' })
  t.equal((await ask(host, site)).status, 503)
  host.failNext({ target: 'token', status: 429, headers: { 'retry-after': '7' } })
  t.equal((await ask(host, site)).status, 429)
  host.failNext({ target: 'token', body: '<html>' })
  t.match(await ask(host, site), { status: 200, text: '<html>' })
  host.failNext({ target: 'token', lost: true })
  await t.rejects(ask(host, site))
  host.failNext({ target: 'token', delayMs: 20 })
  const { json } = await ask(host, site)
  host.failNext({ target: 'rest', status: 401, path: /myself/ })
  t.equal((await callAsUser(site, json.access_token)).status, 401)
  t.equal((await callAsUser(site, json.access_token)).status, 200)
})
