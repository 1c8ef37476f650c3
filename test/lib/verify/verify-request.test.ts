import { SymmetricAlgorithm } from 'atlassian-jwt'
import { authErrorCodeOf, type VerifyRequestOptions, verifyRequest } from 'fastify-atlassian/core'
import { SignJWT } from 'jose'
import t from 'tap'
import { Secret } from '../../../lib/secret.ts'
import {
  APP_KEY,
  BASE_URL,
  CLIENT_KEY,
  clock,
  contextToken,
  credentialsLoader,
  installToken,
  NOW,
  publicPem,
  type Row,
  SECRET,
  sharedToken,
  signedRequest
} from '../../helpers/core-tokens.ts'

type Options = VerifyRequestOptions<Row>
const app = { appKey: APP_KEY, baseUrl: BASE_URL, credentialsLoader, clock }

async function outcome(options: Partial<Options> & Pick<Options, 'request'>) {
  try {
    return { result: await verifyRequest({ ...app, ...options }), reason: null, code: null }
  } catch (error) {
    const { reason, code } = error as { reason: string; code: string }
    return { result: null, reason, code: authErrorCodeOf(error) ?? code }
  }
}

t.test('a token of the tenant for this address opens it, and the stored entity comes back', async (t) => {
  const { connect, storedEntity } = await verifyRequest({ ...app, request: signedRequest(sharedToken()) })
  t.same(storedEntity, { id: 7 })
  t.match(connect, { tokenKind: 'page', clientKey: CLIENT_KEY, accountId: 'ada', appKey: APP_KEY })
  t.ok(Object.isFrozen(connect))
})

t.test('a token that jose signed opens it as well, in the query and in a form', async (t) => {
  const claims = { iss: CLIENT_KEY, qsh: qshOf(sharedToken({ url: '/panel' })) }
  const sign = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
  const token = await sign
    .setIssuedAt(NOW)
    .setExpirationTime(NOW + 60)
    .sign(new TextEncoder().encode(SECRET))
  const byQuery = signedRequest(null, { url: `/panel?jwt=${token}` })
  t.equal((await outcome({ request: byQuery })).reason, null)
  const posted = sharedToken({ method: 'POST', url: '/panel' })
  const form = {
    method: 'POST',
    url: '/panel',
    contentType: 'application/x-www-form-urlencoded',
    form: { jwt: posted }
  }
  t.equal((await outcome({ request: signedRequest(null, form) })).reason, null)
  const json = { ...form, contentType: 'application/json' }
  t.equal((await outcome({ request: signedRequest(null, json) })).code, 'MISSING_JWT', 'JSON is no form')
})

t.test('the kind of hash is the one that the route asks for', async (t) => {
  const computed = signedRequest(sharedToken())
  const context = signedRequest(contextToken())
  t.equal((await outcome({ request: context })).reason, 'token-kind', 'computed is the default')
  t.equal((await outcome({ request: computed, queryStringHashType: 'context' })).reason, 'token-kind')
  t.equal((await outcome({ request: context, queryStringHashType: 'context' })).result?.connect.tokenKind, 'context')
  t.equal((await outcome({ request: context, queryStringHashType: 'any' })).reason, null)
  t.equal((await outcome({ request: computed, queryStringHashType: 'any' })).reason, null)
  for (const wrong of ['skip', 'none', '__proto__', 'toString']) {
    const { code } = await outcome({ request: context, queryStringHashType: wrong as 'any' })
    t.equal(code, 'ATL_OPTION', wrong)
  }
})

t.test('everything that is wrong about a token refuses it', async (t) => {
  const good = sharedToken()
  const [header = '', payload = '', signature = ''] = good.split('.')
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  const cases: [string, string | null, string, string][] = [
    ['no token', null, 'token-missing', 'MISSING_JWT'],
    ['an unknown tenant', sharedToken({ claims: { iss: 'stranger' } }), 'tenant-unknown', 'UNKNOWN_ISSUER'],
    ['no issuer', sharedToken({ claims: { iss: undefined } }), 'claim-missing', 'FAILED_TO_DECODE'],
    ['another secret', sharedToken({ secret: 'guessed' }), 'signature', 'INVALID_SIGNATURE'],
    ['an empty secret', sharedToken({ secret: ' ' }), 'signature', 'INVALID_SIGNATURE'],
    ['the public key as secret', sharedToken({ secret: publicPem }), 'signature', 'INVALID_SIGNATURE'],
    ['HS384', sharedToken({ algorithm: SymmetricAlgorithm.HS384 }), 'algorithm', 'INVALID_SIGNATURE'],
    ['HS512', sharedToken({ algorithm: SymmetricAlgorithm.HS512 }), 'algorithm', 'INVALID_SIGNATURE'],
    ['an install token', installToken({ url: '/panel?issue=TEA-1' }), 'algorithm', 'INVALID_SIGNATURE'],
    ['no algorithm', `${none}.${payload}.${signature}`, 'algorithm', 'INVALID_SIGNATURE'],
    ['no signature', `${header}.${payload}.`, 'token-shape', 'FAILED_TO_DECODE'],
    ['four segments', `${good}.${signature}`, 'token-shape', 'FAILED_TO_DECODE'],
    ['expired', sharedToken({ claims: { exp: NOW - 31 } }), 'expired', 'TOKEN_EXPIRED'],
    ['no end', sharedToken({ claims: { exp: undefined } }), 'claim-shape', 'FAILED_TO_DECODE'],
    ['from the future', sharedToken({ claims: { iat: NOW + 31 } }), 'issued-in-the-future', 'UNAUTHORIZED_REQUEST'],
    ['not yet', sharedToken({ claims: { nbf: NOW + 31 } }), 'not-yet-valid', 'UNAUTHORIZED_REQUEST'],
    ['for ever', sharedToken({ claims: { exp: NOW + 90_000 } }), 'lifetime-too-long', 'UNAUTHORIZED_REQUEST'],
    ['no hash', sharedToken({ claims: { qsh: undefined } }), 'hash-missing', 'MISSING_QSH'],
    ['another address', sharedToken({ url: '/panel?issue=TEA-2' }), 'hash', 'INVALID_QSH'],
    ['another method', sharedToken({ method: 'POST' }), 'hash', 'INVALID_QSH'],
    ['our own outbound token', sharedToken({ claims: { iss: APP_KEY } }), 'token-kind', 'UNAUTHORIZED_REQUEST']
  ]
  for (const [name, token, reason, code] of cases) {
    const { result, ...said } = await outcome({ request: signedRequest(token) })
    t.same(said, { reason, code }, name)
    t.equal(result, null)
  }
})

t.test('a token that stands in two places, or in a wrong one, is refused', async (t) => {
  const token = sharedToken()
  const twice = signedRequest(token, { url: `/panel?issue=TEA-1&jwt=${token}` })
  t.equal((await outcome({ request: twice })).reason, 'several-tokens')
  const headers = signedRequest(token, { authorization: [`JWT ${token}`, `JWT ${token}`] })
  t.equal((await outcome({ request: headers })).reason, 'several-authorization-headers')
  const bearer = signedRequest(token, { authorization: [`Bearer ${token}`] })
  t.equal((await outcome({ request: bearer })).reason, 'authorization-scheme')
  const fragment = signedRequest(token, { url: '/panel?issue=TEA-1#more' })
  t.equal((await outcome({ request: fragment })).reason, 'url')
})

t.test('a loader that has no usable secret opens nothing', async (t) => {
  const request = signedRequest(sharedToken())
  const odd: unknown[] = [
    {},
    { sharedSecret: '' },
    { sharedSecret: 7 },
    { sharedSecret: new Secret('') },
    Object.prototype
  ]
  for (const given of odd) {
    const { reason } = await outcome({ request, credentialsLoader: (async () => given) as never })
    t.equal(reason, 'tenant-without-secret')
  }
  for (const empty of [null, undefined]) {
    t.equal((await outcome({ request, credentialsLoader: () => empty })).reason, 'tenant-unknown')
  }
  const failing = () => {
    throw new Error('the database is down')
  }
  t.equal((await outcome({ request, credentialsLoader: failing })).code, 'ATL_STORE_UNAVAILABLE')
  const kept = () => ({ sharedSecret: new Secret(SECRET), storedEntity: { id: 1 } })
  t.equal((await outcome({ request, credentialsLoader: kept })).result?.storedEntity.id, 1)
})

t.test('an app behind a path, with several addresses, or behind a proxy', async (t) => {
  const token = sharedToken()
  const below = (url: string) => signedRequest(token, { url })
  const baseUrl = ['https://tea.example.com/connect', 'https://tea.example.org/tea']
  t.equal((await outcome({ baseUrl, request: below('/connect/panel?issue=TEA-1') })).reason, null)
  t.equal((await outcome({ baseUrl, request: below('/tea/panel?issue=TEA-1') })).reason, null)
  t.equal((await outcome({ baseUrl, request: below('/panel?issue=TEA-1') })).reason, 'hash', 'not below any')
  t.equal((await outcome({ baseUrl, request: below('/connectors/panel?issue=TEA-1') })).reason, 'hash')
  t.equal((await outcome({ baseUrl, mountPath: '', request: below('/panel?issue=TEA-1') })).reason, null)
})

t.test('the app finds tokens in its own way', async (t) => {
  const token = contextToken()
  const request = signedRequest(null, { url: `/api?customJwt=${token}` })
  const own = (one: typeof request) => new URL(one.url, BASE_URL).searchParams.get('customJwt')
  const options = { queryStringHashType: 'context' as const, extractToken: own }
  t.equal((await outcome({ request, ...options })).reason, null)
  t.equal((await outcome({ request: signedRequest(null), ...options })).reason, 'token-missing')
  const usual: NonNullable<Options['extractToken']> = (_, find) => find()
  t.equal((await outcome({ request: signedRequest(sharedToken()), extractToken: usual })).reason, null)
  t.equal((await outcome({ request: signedRequest(null), extractToken: usual })).reason, 'token-missing')
  t.equal((await outcome({ request: signedRequest(null), extractToken: () => '' })).reason, 'token-missing')
})

t.test('what a parser of queries makes of a token that is written twice is refused, and no fault', async (t) => {
  const token = sharedToken()
  const odd: unknown[] = [
    7,
    true,
    {},
    [token, token],
    { token: 7, place: 'header' },
    { token: [token], place: 'query' }
  ]
  odd.push({ token, place: 'toString' }, { token }, Buffer.from(token))
  for (const found of odd) {
    const extractToken = () => found as string
    t.equal((await outcome({ request: signedRequest(null), extractToken })).reason, 'token-shape', String(found))
  }
  const late: unknown = async () => token
  t.equal((await outcome({ request: signedRequest(null), extractToken: late as () => string })).code, 'ATL_OPTION')
})

t.test('a clock that gives no time accepts no token', async (t) => {
  const request = signedRequest(sharedToken({ claims: { iat: 0, exp: 60 } }))
  t.equal((await outcome({ request, clock: () => Number.NaN })).reason, 'expired')
})

t.test('a mistake of the app is told at once', async (t) => {
  const request = signedRequest(sharedToken())
  const wrong: Partial<Options>[] = [
    { appKey: '' },
    { baseUrl: 'tea.example.com' },
    { baseUrl: [] },
    { mountPath: 'connect' },
    { extractToken: 'jwt' as never },
    { leewaySeconds: 61 },
    { leewaySeconds: Number.NaN },
    { maxLifetimeSeconds: Number.POSITIVE_INFINITY }
  ]
  for (const options of wrong)
    t.equal((await outcome({ request, ...options })).code, 'ATL_OPTION', Object.keys(options).join())
})

t.test('no error holds the token or the secret', async (t) => {
  const token = sharedToken({ secret: 'guessed' })
  const error = await verifyRequest({ ...app, request: signedRequest(token) }).catch((caught: unknown) => caught)
  const { details, reason } = error as { details: object; reason: string }
  const text = `${error} ${JSON.stringify(error)} ${JSON.stringify(details)} ${reason}`
  t.notOk(text.includes(token) || text.includes(SECRET))
})

function qshOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).qsh
}
