import { generateKeyPairSync } from 'node:crypto'
import { encodeSymmetric } from 'atlassian-jwt'
import {
  authErrorCodeOf,
  createInstallReplays,
  type VerifyInstallationOptions,
  verifyInstallation
} from 'fastify-atlassian/core'
import t from 'tap'
import {
  APP_KEY,
  BASE_URL,
  CLIENT_KEY,
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
  SECRET,
  sharedToken
} from '../../helpers/core-tokens.ts'

type Options = VerifyInstallationOptions<Row>
const keys = keySource()
const app = { appKey: APP_KEY, baseUrl: BASE_URL, credentialsLoader: nobody, clock, keys }

async function outcome(options: Partial<Options> & Pick<Options, 'request'>) {
  try {
    const result = await verifyInstallation<Row>({ ...app, body: installBody(), ...options })
    return { result, reason: null, code: null }
  } catch (error) {
    const { reason, code } = error as { reason: string; code: string }
    return { result: null, reason, code: authErrorCodeOf(error) ?? code }
  }
}

t.test('a first install is new, a later one is an update with what is stored', async (t) => {
  const first = await verifyInstallation({ ...app, body: installBody(), request: installRequest(installToken()) })
  t.match(first, { type: 'newInstallation', clientKey: CLIENT_KEY })
  t.notOk('storedEntity' in first)
  t.equal(first.install.payload.sharedSecret?.reveal(), SECRET)
  t.equal(first.install.payload.baseUrl, 'https://acme.atlassian.net')
  const request = installRequest(installToken())
  const again = await verifyInstallation({ ...app, credentialsLoader, body: installBody(), request })
  t.match(again, { type: 'update', storedEntity: { id: 7 } })
})

t.test('an uninstall is signed in the same way, for its own route and a tenant that is known', async (t) => {
  const url = '/uninstalled'
  const body = installBody({ eventType: 'uninstalled', sharedSecret: undefined })
  const request = () => installRequest(installToken({ url }), { url })
  const options = { event: 'uninstalled' as const, body }
  t.equal((await outcome({ ...options, credentialsLoader, request: request() })).result?.type, 'update')
  t.equal((await outcome({ ...options, request: request() })).code, 'UNKNOWN_ISSUER')
  t.equal((await outcome({ body, request: request() })).code, 'UNAUTHORIZED_REQUEST', 'not at the route of installs')
  t.equal((await outcome({ event: 'enabled' as never, request: request() })).code, 'ATL_OPTION')
})

t.test('everything that is wrong about an install token refuses it', async (t) => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const pem = other.export({ type: 'pkcs8', format: 'pem' }).toString()
  const post = { method: 'POST', url: '/installed' }
  const cases: [string, string | null, string, string][] = [
    ['no token', null, 'token-missing', 'MISSING_JWT'],
    ['another key', installToken({ pem }), 'signature', 'INVALID_SIGNATURE'],
    ['an unknown key', installToken({ kid: 'unknown' }), 'key-unknown', 'FAILED_TO_OBTAIN_PUBLIC_KEY'],
    ['a key with a path', installToken({ kid: '../evil' }), 'kid', 'MISSING_KID'],
    ['no key', installToken({ kid: '' }), 'kid', 'MISSING_KID'],
    ['the secret of the tenant', sharedToken(post), 'algorithm', 'INVALID_SIGNATURE'],
    ['the public key as secret', sharedToken({ ...post, secret: publicPem }), 'algorithm', 'INVALID_SIGNATURE'],
    ['another issuer', installToken({ claims: { iss: 'stranger' } }), 'issuer', 'WRONG_ISSUER'],
    ['another app', installToken({ claims: { aud: ['https://other.example.com'] } }), 'audience', 'WRONG_AUDIENCE'],
    ['a longer address', installToken({ claims: { aud: [`${BASE_URL}.evil.test`] } }), 'audience', 'WRONG_AUDIENCE'],
    ['no audience', installToken({ claims: { aud: undefined } }), 'audience', 'WRONG_AUDIENCE'],
    ['a context token', installToken({ claims: { qsh: 'context-qsh' } }), 'hash-missing', 'MISSING_QSH'],
    ['no hash', installToken({ claims: { qsh: undefined } }), 'hash-missing', 'MISSING_QSH'],
    ['another route', installToken({ url: '/uninstalled' }), 'hash', 'INVALID_QSH'],
    ['expired', installToken({ claims: { exp: NOW - 31 } }), 'expired', 'TOKEN_EXPIRED']
  ]
  for (const [name, token, reason, code] of cases) {
    const { result, ...said } = await outcome({ credentialsLoader, request: installRequest(token) })
    t.same(said, { reason, code }, name)
    t.equal(result, null)
  }
  const inQuery = installRequest(null, { url: `/installed?jwt=${installToken()}` })
  t.equal((await outcome({ request: inQuery })).reason, 'token-place')
})

t.test(
  'a token that was changed to HS256 with the public key as secret is refused before any key is fetched',
  async (t) => {
    const asked: string[] = []
    const forged = encodeSymmetric(
      { iss: CLIENT_KEY, aud: [BASE_URL], iat: NOW, exp: NOW + 60, qsh: 'x' } as never,
      publicPem
    )
    t.equal((await outcome({ keys: keySource(asked), request: installRequest(forged) })).reason, 'algorithm')
    t.same(asked, [])
  }
)

t.test('the body has to be about this app, this event and an allowed site', async (t) => {
  const cases: [object | string, string][] = [
    [{ key: 'another.app' }, 'lifecycle-body'],
    [{ clientKey: 'stranger' }, 'issuer'],
    [{ clientKey: APP_KEY }, 'lifecycle-body'],
    [{ eventType: 'uninstalled' }, 'lifecycle-body'],
    [{ sharedSecret: '' }, 'lifecycle-body'],
    [{ sharedSecret: { evil: true } }, 'lifecycle-body'],
    [{ productType: 'bitbucket' }, 'lifecycle-body'],
    [{ baseUrl: 'https://acme.atlassian.net.evil.test' }, 'base-url-not-allowed'],
    [{ baseUrl: 'http://acme.atlassian.net' }, 'base-url-not-allowed'],
    ['a text', 'lifecycle-body']
  ]
  for (const [changes, reason] of cases) {
    const body = typeof changes === 'string' ? changes : installBody(changes)
    t.equal((await outcome({ body, request: installRequest(installToken()) })).reason, reason, JSON.stringify(changes))
  }
  const listed = { allowedHosts: ['acme.jira-dev.com'], body: installBody({ baseUrl: 'https://acme.jira-dev.com' }) }
  t.equal((await outcome({ ...listed, request: installRequest(installToken()) })).reason, null)
  const allowedHosts = '*.atlassian.net' as never
  t.equal((await outcome({ allowedHosts, request: installRequest(installToken()) })).code, 'ATL_OPTION', 'no list')
})

t.test('a token that comes again with another body is refused, with the same one it is not', async (t) => {
  const request = installRequest(installToken())
  t.equal((await outcome({ request })).reason, null)
  t.equal((await outcome({ request })).reason, null, 'the host may try again')
  const body = installBody({ sharedSecret: 'a secret of somebody else' })
  t.same(await outcome({ request, body }), {
    result: null,
    reason: 'install-token-reused',
    code: 'UNAUTHORIZED_REQUEST'
  })
})

t.test('what remembers install tokens may be shared, and may not fail open', async (t) => {
  const request = installRequest(installToken())
  const replays = createInstallReplays()
  t.equal((await outcome({ request, replays })).reason, null)
  const body = installBody({ sharedSecret: 'another' })
  t.equal((await outcome({ request, body, replays })).reason, 'install-token-reused')
  for (const remember of [() => undefined, () => true, () => '']) {
    const odd = { remember } as never
    t.equal((await outcome({ request, replays: odd })).reason, 'install-token-reused')
  }
  const failing = {
    remember() {
      throw new Error('down')
    }
  }
  t.equal((await outcome({ request, replays: failing })).code, 'ATL_STORE_UNAVAILABLE')
})

t.test('a loader that fails, and keys that are missing, install nothing', async (t) => {
  const request = installRequest(installToken())
  const failing = async () => {
    throw new Error('down')
  }
  t.equal((await outcome({ request, credentialsLoader: failing })).code, 'ATL_STORE_UNAVAILABLE')
  t.equal((await outcome({ request, keys: undefined as never })).code, 'ATL_OPTION')
})
