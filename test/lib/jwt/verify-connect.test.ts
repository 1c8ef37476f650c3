import { createHmac } from 'node:crypto'
import { createQueryStringHash, encodeSymmetric, fromMethodAndUrl } from 'atlassian-jwt'
import t from 'tap'
import { AuthenticationError } from '../../../lib/errors.ts'
import type { TokenPlace } from '../../../lib/jwt/extract-token.ts'
import { acceptedKinds, type PolicyOption, policyProblem, type TokenKind } from '../../../lib/jwt/policy.ts'
import { signSessionToken } from '../../../lib/jwt/session-token.ts'
import { signHostRequest } from '../../../lib/jwt/sign-host-request.ts'
import { parseSignedUrl } from '../../../lib/jwt/signed-url.ts'
import { type ConnectRules, readConnectToken, verifyConnectToken } from '../../../lib/jwt/verify-connect.ts'
import { Secret } from '../../../lib/secret.ts'
import type { ConnectTenant } from '../../../lib/tenant/tenant.ts'
import { APP_KEY, makeTenant, SECRET, uninstalled } from '../tenant/make-tenant.ts'

const NOW = 1_790_000_000
const rules: ConnectRules = {
  appKey: APP_KEY,
  clock: () => NOW * 1000,
  leewaySeconds: 30,
  maxLifetimeSeconds: 86_400,
  previousSecretSeconds: 900,
  sessionMaxHours: 12
}
const URL = '/panel?issue=TEA-1'
const QSH = createQueryStringHash(fromMethodAndUrl('get', URL))

const claimsOf = (changes: object = {}) => ({
  iss: 'acme-client',
  sub: 'ada',
  iat: NOW,
  exp: NOW + 180,
  qsh: QSH,
  ...changes
})
const hostToken = (changes: object = {}, secret = SECRET) => encodeSymmetric(claimsOf(changes), secret)
const contextToken = (changes: object = {}) => hostToken({ qsh: 'context-qsh', ...changes })
const sessionOf = (
  tenant: ConnectTenant,
  changes: { authTimeSeconds?: number; nowSeconds?: number; minutes?: number } = {}
) =>
  signSessionToken(
    { tenant, accountId: 'ada', context: {}, authTimeSeconds: changes.authTimeSeconds ?? NOW },
    changes.nowSeconds ?? NOW,
    (changes.minutes ?? 15) * 60
  )

/** Signs any header and claims with HMAC. */
function forge(header: object, claims: object, secret = SECRET): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

interface Given {
  readonly kinds?: readonly TokenKind[]
  readonly place?: TokenPlace
  readonly tenant?: ConnectTenant
  readonly method?: string
  readonly url?: string
  readonly rules?: Partial<ConnectRules>
  readonly acceptEnded?: boolean
}

function verify(token: string, given: Given = {}) {
  const all = { ...rules, ...given.rules }
  const unverified = readConnectToken({ token, place: given.place ?? 'header' }, given.kinds ?? ['page'], all)
  const input = { method: given.method ?? 'GET', url: parseSignedUrl(given.url ?? URL), basePaths: [] }
  return verifyConnectToken(unverified, given.tenant ?? makeTenant(), input, all, given.acceptEnded)
}

/** Why it was refused; `null` if it was not. */
function reasonOf(token: string, given: Given = {}): string | null {
  try {
    verify(token, given)
    return null
  } catch (error) {
    if (error instanceof AuthenticationError) return error.reason
    throw error
  }
}

t.test('a good token of each kind says who speaks', async (t) => {
  const common = { appKey: APP_KEY, clientKey: 'acme-client', accountId: 'ada', authTimeSeconds: NOW, context: {} }
  const page = { ...common, tokenKind: 'page', issuedAtSeconds: NOW, expiresAtSeconds: NOW + 180 }
  t.same(verify(hostToken()), page)
  t.same(verify(hostToken(), { kinds: ['webhook'] }), { ...page, tokenKind: 'webhook' })
  t.same(verify(contextToken(), { kinds: ['context'] }), { ...page, tokenKind: 'context' })
  const session = { ...page, tokenKind: 'session', expiresAtSeconds: NOW + 900 }
  t.same(verify(sessionOf(makeTenant()), { kinds: ['session'] }), session)
  t.equal(verify(hostToken({ sub: undefined })).accountId, null, 'an anonymous visitor')
  t.ok(Object.isFrozen(verify(hostToken())))
})

t.test('each kind of token opens its own policy and no other', async (t) => {
  const tokens: Record<string, string> = {
    page: hostToken(),
    context: contextToken(),
    session: sessionOf(makeTenant()),
    'the app to the host': signHostRequest(
      makeTenant(),
      'GET',
      new globalThis.URL(`https://acme.atlassian.net${URL}`),
      NOW
    )
  }
  const policies: [PolicyOption, accepted: string[]][] = [
    ['page', ['page']],
    // The same claims: only the route and the place make a computed hash a webhook's.
    ['webhook', ['page']],
    ['context', ['context']],
    ['session', ['session']],
    [
      ['page', 'context'],
      ['page', 'context']
    ],
    [
      ['context', 'session'],
      ['context', 'session']
    ],
    [
      ['session', 'page'],
      ['session', 'page']
    ],
    [
      ['page', 'context', 'session'],
      ['page', 'context', 'session']
    ]
  ]
  for (const [policy, accepted] of policies) {
    for (const [name, token] of Object.entries(tokens)) {
      const reason = reasonOf(token, { kinds: acceptedKinds(policy) })
      t.equal(reason === null, accepted.includes(name), `${name} under ${String(policy)}: ${reason}`)
    }
  }
})

t.test('a token in a place where its kind may not be is refused', async (t) => {
  const places: readonly TokenPlace[] = ['header', 'query', 'form']
  const allowed: Record<string, readonly TokenPlace[]> = {
    page: places,
    context: ['header', 'query'],
    session: ['header', 'query'],
    webhook: ['header']
  }
  const tokens = { page: hostToken(), webhook: hostToken(), context: contextToken(), session: sessionOf(makeTenant()) }
  for (const kind of ['page', 'webhook', 'context', 'session'] as const) {
    for (const place of places) {
      const reason = reasonOf(tokens[kind], { kinds: [kind], place })
      t.equal(reason, allowed[kind]?.includes(place) ? null : 'token-place', `${kind} in ${place}`)
    }
  }
})

t.test('a header that asks for another algorithm or another key is refused', async (t) => {
  const headers: Record<string, object> = {
    none: { alg: 'none' },
    missing: {},
    lower: { alg: 'hs256' },
    HS384: { alg: 'HS384' },
    RS256: { alg: 'RS256' },
    list: { alg: ['HS256'] },
    crit: { alg: 'HS256', crit: ['exp'] },
    jwk: { alg: 'HS256', jwk: { k: 'x' } },
    jku: { alg: 'HS256', jku: 'https://evil.example.com' },
    x5c: { alg: 'HS256', x5c: ['x'] },
    x5u: { alg: 'HS256', x5u: 'https://evil.example.com' },
    b64: { alg: 'HS256', b64: false },
    zip: { alg: 'HS256', zip: 'DEF' },
    enc: { alg: 'HS256', enc: 'A256GCM' },
    'a session that is none': { alg: 'HS256', typ: 'atl-session+jwt' },
    'another type': { alg: 'HS256', typ: 'at+jwt' }
  }
  for (const [name, header] of Object.entries(headers)) t.ok(reasonOf(forge(header, claimsOf())), name)
  t.equal(reasonOf(forge({ alg: 'HS256' }, claimsOf())), null, 'a type is not needed')
  t.equal(reasonOf(forge({ alg: 'HS256', typ: 'jwt' }, claimsOf())), null, 'in whatever capitals')
  t.equal(reasonOf(forge({ alg: 'HS256', kid: 'any', other: 1 }, claimsOf())), null, 'members without meaning')
})

t.test('a token that is not exactly three clean segments is refused', async (t) => {
  const token = hostToken()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const wrong: Record<string, string> = {
    empty: '',
    dots: '..',
    'no signature': `${header}.${payload}`,
    'an empty signature': `${header}.${payload}.`,
    'an empty header': `.${payload}.${signature}`,
    'an empty payload': `${header}..${signature}`,
    'a fourth segment': `${token}.${signature}`,
    'a leading dot': `.${token}`,
    padding: `${token}=`,
    'padding inside': `${header}=.${payload}.${signature}`,
    'plain base64': `${header}.${payload}.${signature.replace(/[-_]/g, '+')}+`,
    'a line end': `${token}\n`,
    'a blank': `${header}. ${payload}.${signature}`,
    'no JSON': `${Buffer.from('{').toString('base64url')}.${payload}.${signature}`,
    'a list': `${header}.${Buffer.from('[]').toString('base64url')}.${signature}`,
    'a null': `${header}.${Buffer.from('null').toString('base64url')}.${signature}`,
    'too long': forge({ alg: 'HS256' }, claimsOf({ filler: 'x'.repeat(8192) }))
  }
  for (const [name, text] of Object.entries(wrong)) t.ok(reasonOf(text), name)
})

t.test('one changed character anywhere makes a token worthless', async (t) => {
  const token = hostToken()
  for (let index = 0; index < token.length; index++) {
    if (token[index] === '.') continue
    const changed = `${token.slice(0, index)}${token[index] === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`
    if (reasonOf(changed) === null) t.fail(`character ${index}`)
  }
  // The last character of 43 holds two bits that no byte needs.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const accepted = Array.from(alphabet).filter((last) => reasonOf(`${token.slice(0, -1)}${last}`) === null)
  t.same(accepted, [token.at(-1)])
})

t.test('the signature has to be of this tenant', async (t) => {
  t.equal(reasonOf(hostToken({}, 'another secret')), 'signature')
  t.equal(reasonOf(forge({ alg: 'HS256' }, claimsOf(), '')), 'signature')
  const other = makeTenant({ tenantId: 'tenant-2', clientKey: 'other-client', sharedSecret: new Secret('of-other') })
  t.equal(reasonOf(hostToken(), { tenant: other }), 'tenant')
  t.equal(reasonOf(hostToken({ iss: 'other-client' }), { tenant: other }), 'signature')
  t.equal(reasonOf(hostToken(), { tenant: makeTenant({ appKey: 'another.app' }) }), 'tenant')
})

t.test('two tenants with the same secret are still two tenants', async (t) => {
  const twin = makeTenant({ tenantId: 'tenant-2', clientKey: 'twin-client' })
  t.equal(reasonOf(hostToken(), { tenant: twin }), 'tenant')
  t.equal(reasonOf(sessionOf(makeTenant()), { tenant: twin, kinds: ['session'] }), 'tenant')
})

t.test('after a rotation the secret before it verifies for a while', async (t) => {
  const rotated = (ageSeconds: number) =>
    makeTenant({
      sharedSecret: new Secret('the new one'),
      previousSecret: new Secret(SECRET),
      previousSecretRetiredAtMs: (NOW - ageSeconds) * 1000
    })
  t.equal(reasonOf(hostToken(), { tenant: rotated(0) }), null)
  t.equal(reasonOf(hostToken(), { tenant: rotated(899) }), null)
  t.equal(reasonOf(hostToken(), { tenant: rotated(900) }), 'signature')
  t.equal(reasonOf(hostToken(), { tenant: rotated(1), rules: { previousSecretSeconds: 0 } }), 'signature')
  t.equal(reasonOf(hostToken({}, 'the new one'), { tenant: rotated(1) }), null)
  t.equal(reasonOf(sessionOf(makeTenant()), { tenant: rotated(0), kinds: ['session'] }), 'signature', 'sessions end')
})

t.test('a token is good for one request and one time', async (t) => {
  t.equal(reasonOf(hostToken(), { url: '/panel?issue=TEA-2' }), 'hash')
  t.equal(reasonOf(hostToken(), { url: '/admin?issue=TEA-1' }), 'hash')
  t.equal(reasonOf(hostToken(), { method: 'POST' }), 'hash')
  t.equal(reasonOf(hostToken({ qsh: undefined })), 'hash-missing')
  t.equal(reasonOf(hostToken({ exp: NOW - 31 })), 'expired')
  t.equal(reasonOf(hostToken({ iat: NOW + 31, exp: NOW + 60 })), 'issued-in-the-future')
  t.equal(reasonOf(contextToken(), { kinds: ['context'], url: '/any', method: 'DELETE' }), null)
})

t.test('a tenant that is gone signs nothing', async (t) => {
  const gone = uninstalled(makeTenant())
  t.equal(reasonOf(hostToken(), { tenant: gone }), 'tenant-not-installed')
  t.equal(reasonOf(hostToken(), { tenant: makeTenant({ adoptedBy: 'tenant-2' }) }), 'tenant-not-installed')
  t.equal(reasonOf(hostToken(), { tenant: gone, kinds: ['webhook'], acceptEnded: true }), null)
  t.equal(reasonOf(hostToken({}, 'another'), { tenant: gone, acceptEnded: true }), 'signature')
})

t.test('a session token is ours, of this tenant, and of these twelve hours', async (t) => {
  const tenant = makeTenant()
  const kinds = ['session'] as const
  t.equal(reasonOf(sessionOf(tenant, { nowSeconds: NOW - 931 }), { kinds }), 'expired')
  const old = NOW - 12 * 3600
  t.equal(reasonOf(sessionOf(tenant, { authTimeSeconds: old }), { kinds }), null)
  t.equal(reasonOf(sessionOf(tenant, { authTimeSeconds: old - 1 }), { kinds }), 'session-too-old')
  t.equal(reasonOf(sessionOf(tenant, { authTimeSeconds: NOW + 31 }), { kinds }), 'issued-in-the-future')
  t.equal(reasonOf(sessionOf(tenant), { kinds, tenant: makeTenant({ secretVersion: 2 }) }), 'signature')
  t.equal(reasonOf(sessionOf(tenant), { kinds, tenant: makeTenant({ tenantId: 'tenant-2' }) }), 'signature')
  t.equal(reasonOf(sessionOf(tenant), { kinds, rules: { appKey: 'another.app' } }), 'token-kind', 'of another app')
  t.equal(reasonOf(sessionOf(tenant), { kinds, tenant: uninstalled(tenant) }), 'tenant-not-installed')
})

t.test('a session token cannot be made with the shared secret itself', async (t) => {
  const header = { alg: 'HS256', typ: 'atl-session+jwt' }
  const claims = { iss: APP_KEY, aud: ['acme-client'], sub: 'ada', iat: NOW, exp: NOW + 900, auth_time: NOW }
  const kinds = ['session'] as const
  t.equal(reasonOf(forge(header, claims), { kinds }), 'signature')
  const shapes: Record<string, [header: object, claims: object]> = {
    'no type': [{ alg: 'HS256' }, claims],
    'the type of a host': [{ alg: 'HS256', typ: 'JWT' }, claims],
    'two audiences': [header, { ...claims, aud: ['acme-client', 'other-client'] }],
    'no audience': [header, { ...claims, aud: [] }],
    'a hash': [header, { ...claims, qsh: QSH }],
    'the fixed hash': [header, { ...claims, qsh: 'context-qsh' }],
    'no time of proof': [header, { ...claims, auth_time: undefined }],
    'a time in words': [header, { ...claims, auth_time: `${NOW}` }]
  }
  for (const [name, [wrongHeader, wrongClaims]] of Object.entries(shapes)) {
    const reason = reasonOf(forge(wrongHeader, wrongClaims), { kinds })
    t.match(reason, /^(?:token-type|audience|claim-shape)$/, name)
  }
})

t.test('a policy is one of six words or a list of three', async (t) => {
  for (const policy of [
    'page',
    'context',
    'session',
    'webhook',
    'lifecycle',
    'none',
    ['page'],
    ['session', 'context']
  ]) {
    t.equal(policyProblem(policy), null, String(policy))
  }
  const wrong = ['pages', 'Page', '', null, undefined, true, 1, {}, [], ['none'], ['webhook'], ['lifecycle']]
  const lists = [['page', 'page'], ['page', 'none'], ['page', 1], [['page']]]
  for (const policy of [...wrong, ...lists])
    t.type(policyProblem(policy), 'string', JSON.stringify(policy) ?? 'undefined')
  t.same(acceptedKinds('none'), [])
})
