import { createQueryStringHash, decodeSymmetric, fromMethodAndUrl, SymmetricAlgorithm } from 'atlassian-jwt'
import {
  checkDescriptor,
  type Descriptor,
  exchangeBitbucketToken,
  resolveBitbucket,
  Secret,
  signBitbucketRequest
} from 'fastify-atlassian/core'
import t from 'tap'
import { parseBitbucketPayload } from '../../../lib/bitbucket/bitbucket-payload.ts'

const signer = { appKey: 'tea', clientKey: 'connection:1', sharedSecret: new Secret('the secret of a workspace') }
const addresses = resolveBitbucket()

t.test(
  'a call is signed as Bitbucket wants it: who installed is `sub`, and the hash is over the whole path',
  async (t) => {
    const path = '/2.0/repositories/acme/tea/src?q=name~%22x%22&pagelen=10'
    const token = signBitbucketRequest(signer, 'GET', new URL(`https://api.bitbucket.org${path}`), 1000)
    const claims = decodeSymmetric(token, signer.sharedSecret.reveal(), SymmetricAlgorithm.HS256, true)
    const qsh = createQueryStringHash(fromMethodAndUrl('get', path))
    t.same(claims, { iss: 'tea', sub: 'connection:1', iat: 1000, exp: 1180, qsh })
  }
)

t.test('an exchange asks the configured site and takes nothing but a bearer token with an end', async (t) => {
  const asked: [string, RequestInit | undefined][] = []
  const exchange = (answer: unknown, status = 200) =>
    exchangeBitbucketToken(signer, {
      bitbucket: addresses,
      userAgent: 'test',
      clock: () => 5000,
      timeoutMs: 1000,
      fetch: async (url, init) => {
        asked.push([url, init])
        return new Response(typeof answer === 'string' ? answer : JSON.stringify(answer), { status })
      }
    })
  const good = { access_token: 'abc', expires_in: 7200, token_type: 'bearer' }
  const { token, expiresAtMs } = await exchange(good)
  t.same([token.reveal(), expiresAtMs], ['abc', 7_205_000])
  const [url, init] = asked[0] ?? []
  t.equal(url, 'https://bitbucket.org/site/oauth2/access_token')
  t.match(init, { method: 'POST', redirect: 'manual', body: 'grant_type=urn%3Abitbucket%3Aoauth2%3Ajwt' })
  const odd = [
    { ...good, token_type: 'mac' },
    { ...good, access_token: 'a b' },
    { ...good, expires_in: '7200' },
    '[]',
    'no'
  ]
  for (const answer of odd) await t.rejects(exchange(answer), { code: 'ATL_USER_TOKEN_ANSWER' }, JSON.stringify(answer))
  for (const status of [400, 401, 403, 404]) await t.rejects(exchange({}, status), { code: 'ATL_USER_TOKEN_REFUSED' })
  for (const status of [429, 500]) await t.rejects(exchange({}, status), { code: 'ATL_USER_TOKEN_UNAVAILABLE' })
})

t.test('what a body says about addresses is used for nothing but a link on the site', async (t) => {
  const siteUrl = (url: string) => (url === 'https://bitbucket.org' ? url : null)
  const page = (href: unknown) =>
    parseBitbucketPayload(
      {
        key: 'tea',
        eventType: 'installed',
        clientKey: 'connection:1',
        baseUrl: 'https://bitbucket.org',
        sharedSecret: 'x',
        installationId: 'ari:cloud:ecosystem::installation/1',
        oauthClientId: 'x',
        principal: { uuid: '{1}', type: 'team', links: { html: { href } } }
      },
      ['installed'],
      { appKey: 'tea', siteUrl },
      addresses
    )
  t.match(page('https://bitbucket.org/acme/'), {
    product: 'bitbucket',
    baseUrl: 'https://api.bitbucket.org',
    displayUrl: 'https://bitbucket.org/acme/',
    principal: { uuid: '{1}', type: 'team' },
    installationId: null,
    oauthClientId: null
  })
  const foreign = [
    'https://evil.test/',
    'https://bitbucket.org.evil.test/',
    'https://x@bitbucket.org/',
    'javascript:1',
    7,
    null
  ]
  for (const href of foreign) t.equal(page(href).displayUrl, 'https://bitbucket.org', `${href}`)
})

t.test('a descriptor of Bitbucket is measured by its own rules', async (t) => {
  const descriptor = {
    key: 'tea',
    name: 'Tea',
    baseUrl: 'https://tea.example.com',
    authentication: { type: 'jwt' },
    contexts: ['account'],
    scopes: ['account', 'repository:write'],
    lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
    modules: { webhooks: [{ event: '*', url: '/hook' }] }
  }
  const found = (changes: object) =>
    checkDescriptor({ ...descriptor, ...changes } as Descriptor, 'bitbucket').map(
      ({ field, severity }) => `${severity} ${field}`
    )
  t.same(found({}), [])
  t.same(found({ contexts: undefined }), ['warning contexts'])
  t.same(found({ contexts: 'account' }), ['error contexts'])
  t.same(found({ contexts: [] }), ['error contexts'])
  t.same(found({ scopes: ['READ'] }), ['warning scopes[0]'])
  t.same(found({ apiMigrations: { gdpr: true } }), ['error apiMigrations'])
  t.ok(found({ authentication: { type: 'none' } }).includes('error authentication.type'))
  t.same(
    checkDescriptor(descriptor as Descriptor).map(({ field }) => field),
    ['scopes[0]', 'scopes[1]'],
    'it is none of Jira'
  )
})
