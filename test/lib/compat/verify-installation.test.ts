import { SymmetricAlgorithm } from 'atlassian-jwt'
import { authErrorCodeOf, type Log } from 'fastify-atlassian/core'
import { type CompatInstallationOptions, verifyInstallation } from 'fastify-atlassian/core/compat'
import t from 'tap'
import {
  APP_KEY,
  BASE_URL,
  clock,
  credentialsLoader,
  installBody,
  installRequest,
  installToken,
  keySource,
  NOW,
  nobody,
  publicPem,
  type Row,
  sharedToken
} from '../../helpers/core-tokens.ts'

type Options = CompatInstallationOptions<Row>
const keys = keySource()
const app = { appKey: APP_KEY, baseUrl: BASE_URL, clock, keys, body: installBody() }
const post = { method: 'POST', url: '/installed' }

function collecting() {
  const warned: string[] = []
  const log: Log = { debug() {}, info() {}, warn: (_, message) => void warned.push(message), error() {} }
  return { log, warned }
}

const { log } = collecting()
const legacy = { authorizationMethod: 'sharedSecret', unsafeLegacyInstalls: true, log } as const
const either = { ...legacy, authorizationMethod: 'any' } as const

async function outcome(options: Partial<Options> & Pick<Options, 'request'>): Promise<string> {
  try {
    const { type, proof } = await verifyInstallation<Row>({ ...app, credentialsLoader: nobody, ...options })
    return `${type} by ${proof}`
  } catch (error) {
    return authErrorCodeOf(error) ?? (error as { code: string }).code
  }
}

t.test('without a loose mode it is the core: signed by Atlassian or nothing', async (t) => {
  t.equal(await outcome({ request: installRequest(installToken()) }), 'newInstallation by publicKey')
  t.equal(await outcome({ request: installRequest(null) }), 'MISSING_JWT')
  t.equal(await outcome({ credentialsLoader, request: installRequest(sharedToken(post)) }), 'INVALID_SIGNATURE')
  t.equal(await outcome({ keys: undefined as never, request: installRequest(installToken()) }), 'ATL_OPTION')
})

t.test('shared secrets need a word of their own beside the method, and a log', async (t) => {
  const request = installRequest(null)
  for (const authorizationMethod of ['sharedSecret', 'any'] as const) {
    t.equal(await outcome({ request, authorizationMethod, log }), 'ATL_OPTION')
    for (const almost of [false, 1, 'true']) {
      const unsafeLegacyInstalls = almost as true
      t.equal(await outcome({ request, authorizationMethod, log, unsafeLegacyInstalls }), 'ATL_OPTION')
    }
    t.equal(await outcome({ request, authorizationMethod, unsafeLegacyInstalls: true }), 'ATL_OPTION', 'no log')
    const told = collecting()
    const options = { request, authorizationMethod, unsafeLegacyInstalls: true as const, log: told.log }
    t.equal(await outcome(options), 'newInstallation by none')
    t.equal(told.warned.length, 1)
  }
  for (const product of ['jira', 'confluence', '']) {
    t.equal(await outcome({ request, ...legacy, product: product as never }), 'ATL_OPTION', 'no other product opens it')
  }
  t.equal(await outcome({ request, authorizationMethod: 'none' as never }), 'ATL_OPTION')
  t.equal(await outcome({ request, unsafeLegacyInstalls: true, log }), 'MISSING_JWT', 'the word alone opens nothing')
})

t.test('a body that says it is of Bitbucket opens nothing', async (t) => {
  const body = installBody({ productType: 'bitbucket', baseUrl: 'https://bitbucket.org' })
  t.equal(await outcome({ request: installRequest(null), body }), 'MISSING_JWT')
  t.equal(await outcome({ request: installRequest(null), body, ...legacy }), 'UNAUTHORIZED_REQUEST')
})

t.test('a tenant that is known has to sign with the secret it has', async (t) => {
  const known = { ...legacy, credentialsLoader }
  const cases: [string, string | null, string][] = [
    ['its own secret', sharedToken(post), 'update by sharedSecret'],
    ['no token', null, 'MISSING_JWT'],
    ['the new secret of the body', sharedToken({ ...post, secret: 'new' }), 'INVALID_SIGNATURE'],
    ['another tenant', sharedToken({ ...post, claims: { iss: 'stranger' } }), 'WRONG_ISSUER'],
    ['a context token', sharedToken({ ...post, claims: { qsh: 'context-qsh' } }), 'UNAUTHORIZED_REQUEST'],
    ['a page token', sharedToken(), 'INVALID_QSH'],
    ['no hash', sharedToken({ ...post, claims: { qsh: undefined } }), 'MISSING_QSH'],
    ['our own token', sharedToken({ ...post, claims: { iss: APP_KEY } }), 'UNAUTHORIZED_REQUEST'],
    ['expired', sharedToken({ ...post, claims: { exp: NOW - 31 } }), 'TOKEN_EXPIRED'],
    ['HS512', sharedToken({ ...post, algorithm: SymmetricAlgorithm.HS512 }), 'INVALID_SIGNATURE'],
    ['signed by a key', installToken(), 'INVALID_SIGNATURE']
  ]
  for (const [name, token, expected] of cases) {
    t.equal(await outcome({ ...known, request: installRequest(token) }), expected, name)
  }
  const inQuery = installRequest(null, { url: `/installed?jwt=${sharedToken(post)}` })
  t.equal(await outcome({ ...known, request: inQuery }), 'UNAUTHORIZED_REQUEST')
})

t.test('a tenant that is not known can sign nothing, and only its first install comes without a token', async (t) => {
  t.equal(await outcome({ ...legacy, request: installRequest(null) }), 'newInstallation by none')
  t.equal(await outcome({ ...legacy, request: installRequest(sharedToken(post)) }), 'UNKNOWN_ISSUER')
  const url = '/uninstalled'
  const body = installBody({ eventType: 'uninstalled', sharedSecret: undefined })
  const gone = { ...legacy, event: 'uninstalled' as const, body }
  t.equal(await outcome({ ...gone, request: installRequest(null, { url }) }), 'MISSING_JWT')
  const token = sharedToken({ method: 'POST', url })
  t.equal(
    await outcome({ ...gone, credentialsLoader, request: installRequest(token, { url }) }),
    'update by sharedSecret'
  )
})

t.test('under `any` the token says which of both it is, and has to be right', async (t) => {
  t.equal(await outcome({ ...either, request: installRequest(installToken()) }), 'newInstallation by publicKey')
  t.equal(
    await outcome({ ...either, credentialsLoader, request: installRequest(installToken()) }),
    'update by publicKey'
  )
  t.equal(
    await outcome({ ...either, credentialsLoader, request: installRequest(sharedToken(post)) }),
    'update by sharedSecret'
  )
  t.equal(await outcome({ ...either, credentialsLoader, request: installRequest(null) }), 'MISSING_JWT')
  const byPem = installRequest(sharedToken({ ...post, secret: publicPem }))
  t.equal(await outcome({ ...either, credentialsLoader, request: byPem }), 'INVALID_SIGNATURE')
  const stranger = installRequest(installToken({ claims: { iss: 'stranger' } }))
  t.equal(await outcome({ ...either, request: stranger }), 'WRONG_ISSUER')
  const nonsense = installRequest('not.a.token')
  t.equal(await outcome({ ...either, request: nonsense }), 'FAILED_TO_DECODE')
})

t.test('the hash of an install may be skipped where Atlassian signed it, and nowhere else', async (t) => {
  const request = () => installRequest(installToken({ url: '/elsewhere' }))
  const skip = { queryStringHashType: 'skip', log } as const
  t.equal(await outcome({ request: request() }), 'INVALID_QSH')
  t.equal(await outcome({ request: request(), ...skip }), 'ATL_OPTION')
  const loose = { ...skip, unsafeSkipQueryStringHash: true } as const
  t.equal(await outcome({ request: request(), ...loose, log: undefined as never }), 'ATL_OPTION')
  t.equal(await outcome({ request: request(), ...loose }), 'newInstallation by publicKey')
  t.equal(await outcome({ request: request(), ...loose, queryStringHashType: 'context' as never }), 'ATL_OPTION')
  const shared = { ...legacy, ...loose, credentialsLoader, request: installRequest(sharedToken()) }
  t.equal(await outcome(shared), 'ATL_OPTION', 'any page token would replace the secret')
  t.equal(await outcome({ ...loose, request: installRequest(sharedToken(post)) }), 'INVALID_SIGNATURE')
})

t.test('an install that was accepted does not come again with another body', async (t) => {
  const request = installRequest(sharedToken({ ...post, claims: { jti: 'once' } }))
  const known = { ...legacy, credentialsLoader, request }
  t.equal(await outcome(known), 'update by sharedSecret')
  t.equal(await outcome({ ...known, body: installBody({ sharedSecret: 'evil' }) }), 'UNAUTHORIZED_REQUEST')
})
