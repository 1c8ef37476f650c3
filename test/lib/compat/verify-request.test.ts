import { SymmetricAlgorithm } from 'atlassian-jwt'
import { authErrorCodeOf, type Log } from 'fastify-atlassian/core'
import { type CompatRequestOptions, verifyRequest } from 'fastify-atlassian/core/compat'
import t from 'tap'
import {
  APP_KEY,
  BASE_URL,
  clock,
  contextToken,
  credentialsLoader,
  installToken,
  NOW,
  type Row,
  sharedToken,
  signedRequest
} from '../../helpers/core-tokens.ts'

type Options = CompatRequestOptions<Row>
const app = { appKey: APP_KEY, baseUrl: BASE_URL, credentialsLoader, clock }

function collecting() {
  const warned: string[] = []
  const log: Log = { debug() {}, info() {}, warn: (_, message) => void warned.push(message), error() {} }
  return { log, warned }
}

async function outcome(options: Partial<Options> & Pick<Options, 'request'>): Promise<string | null> {
  try {
    await verifyRequest({ ...app, ...options })
    return null
  } catch (error) {
    return authErrorCodeOf(error) ?? (error as { code: string }).code
  }
}

t.test('without a loose mode it is the core', async (t) => {
  t.equal(await outcome({ request: signedRequest(sharedToken()) }), null)
  t.equal(await outcome({ request: signedRequest(sharedToken({ url: '/other' })) }), 'INVALID_QSH')
  t.equal(await outcome({ request: signedRequest(contextToken()), queryStringHashType: 'context' }), null)
  const { log } = collecting()
  const request = signedRequest(sharedToken({ url: '/other' }))
  t.equal(
    await outcome({ request, log, unsafeSkipQueryStringHash: true }),
    'INVALID_QSH',
    'the option alone skips nothing'
  )
})

t.test('skip needs the literal option, and a log that is told once', async (t) => {
  const request = signedRequest(sharedToken({ url: '/other' }))
  const skip = 'skip' as const
  const { log, warned } = collecting()
  for (const almost of [undefined, false, 1, 'true', 'yes', {}, []]) {
    const unsafeSkipQueryStringHash = almost as true
    t.equal(await outcome({ request, queryStringHashType: skip, log, unsafeSkipQueryStringHash }), 'ATL_OPTION')
  }
  const asked = { request, queryStringHashType: skip, unsafeSkipQueryStringHash: true } as const
  t.equal(await outcome(asked), 'ATL_OPTION', 'no log')
  t.same(warned, [])
  t.equal(await outcome({ ...asked, log }), null)
  t.equal(await outcome({ ...asked, log }), null)
  t.equal(warned.length, 1)
  t.match(warned[0], /skip.*loose/)
})

t.test('what is skipped is the hash and nothing else', async (t) => {
  const { log } = collecting()
  const loose = { queryStringHashType: 'skip', unsafeSkipQueryStringHash: true, log } as const
  const cases: [string, string | null, string | null][] = [
    ['for another address', sharedToken({ url: '/other' }), null],
    ['a context token', contextToken(), null],
    ['no hash', sharedToken({ claims: { qsh: undefined } }), null],
    ['no token', null, 'MISSING_JWT'],
    ['another secret', sharedToken({ secret: 'guessed' }), 'INVALID_SIGNATURE'],
    ['an unknown tenant', sharedToken({ claims: { iss: 'stranger' } }), 'UNKNOWN_ISSUER'],
    ['our own token', sharedToken({ claims: { iss: APP_KEY } }), 'WRONG_ISSUER'],
    ['expired', sharedToken({ claims: { exp: NOW - 31 } }), 'TOKEN_EXPIRED'],
    ['no end', sharedToken({ claims: { exp: undefined } }), 'FAILED_TO_DECODE'],
    ['HS512', sharedToken({ algorithm: SymmetricAlgorithm.HS512 }), 'INVALID_SIGNATURE'],
    ['an install token', installToken(), 'INVALID_SIGNATURE']
  ]
  for (const [name, token, code] of cases)
    t.equal(await outcome({ ...loose, request: signedRequest(token) }), code, name)
  const noSecret = { credentialsLoader: (async () => ({ sharedSecret: '' })) as never }
  t.equal(await outcome({ ...loose, ...noSecret, request: signedRequest(sharedToken()) }), 'UNAUTHORIZED_REQUEST')
})
