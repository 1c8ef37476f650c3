import { authErrorCodeOf, createInstallProver, type Log } from 'fastify-atlassian/core'
import { type CompatInstallationOptions, verifyInstallation } from 'fastify-atlassian/core/compat'
import t from 'tap'
import { APP_KEY } from '../../helpers/app.ts'
import { type FakeBitbucket, newSecret, startBitbucket, type Workspace } from '../../helpers/bitbucket.ts'
import { BASE_URL, installRequest } from '../../helpers/core-tokens.ts'

type Options = CompatInstallationOptions<Workspace>
const warned: string[] = []
const log: Log = { debug() {}, info() {}, warn: (_, message) => void warned.push(message), error() {} }

/** An app without Fastify that keeps what it accepts. */
function createApp(bitbucket: FakeBitbucket) {
  const rows = new Map<string, string>()
  const addresses = { apiUrl: bitbucket.url, siteUrl: bitbucket.url }
  const prove = createInstallProver({ bitbucket: addresses })
  const app = {
    appKey: APP_KEY,
    baseUrl: BASE_URL,
    product: 'bitbucket',
    authorizationMethod: 'sharedSecret',
    bitbucket: addresses,
    prove,
    log,
    credentialsLoader(clientKey: string) {
      const sharedSecret = rows.get(clientKey)
      return sharedSecret === undefined ? null : { sharedSecret, storedEntity: { sharedSecret } as Workspace }
    }
  } as const
  async function send(token: string | null, body: object, changes: Partial<Options> = {}): Promise<string> {
    try {
      const url = `/${Reflect.get(body, 'eventType')}`
      const request = installRequest(token, { url })
      const { type, proof, clientKey, install } = await verifyInstallation({ ...app, request, body, ...changes })
      rows.set(clientKey, install.payload.sharedSecret?.reveal() ?? '')
      return `${type} by ${proof}`
    } catch (error) {
      return authErrorCodeOf(error) ?? (error as { code: string }).code
    }
  }
  return { rows, send }
}

t.test('Bitbucket without Fastify: the first install is proved, the next ones are signed', async (t) => {
  const bitbucket = await startBitbucket(t, () => Math.floor(Date.now() / 1000))
  const { rows, send } = createApp(bitbucket)
  const workspace = bitbucket.workspace()
  const first = bitbucket.body(workspace, 'installed')
  const token = (choice = {}) => bitbucket.token(workspace, 'POST', '/installed', choice)

  t.equal(await send(null, { ...first, sharedSecret: 'of a stranger' }), 'UNAUTHORIZED_REQUEST')
  t.equal(await send(null, { ...first, principal: { uuid: '{0}' } }), 'UNAUTHORIZED_REQUEST')
  t.equal(await send(null, { ...first, baseApiUrl: 'https://evil.test' }), 'UNAUTHORIZED_REQUEST')
  t.equal(await send(token(), first), 'UNKNOWN_ISSUER')
  bitbucket.failWith = 500
  t.equal(await send(null, first), 'ATL_BITBUCKET_UNAVAILABLE')
  bitbucket.failWith = null
  t.equal(rows.size, 0)

  t.equal(await send(null, first), 'newInstallation by bitbucket')
  t.equal(await send(null, first), 'MISSING_JWT', 'known by now')
  const next = { ...first, sharedSecret: newSecret() }
  t.equal(await send(token({ secret: next.sharedSecret }), next), 'INVALID_SIGNATURE')
  t.equal(await send(token(), next), 'update by sharedSecret')
  t.equal(rows.get(workspace.clientKey), next.sharedSecret)
  t.equal(warned.length, 1, 'it warns once')
})

t.test('without a proof, without a log or with public keys nothing of Bitbucket is accepted', async (t) => {
  const bitbucket = await startBitbucket(t, () => Math.floor(Date.now() / 1000))
  const { send } = createApp(bitbucket)
  const body = bitbucket.body(bitbucket.workspace(), 'installed')
  t.equal(await send(null, body, { prove: undefined as never }), 'ATL_OPTION')
  t.equal(await send(null, body, { log: undefined as never }), 'ATL_OPTION')
  t.equal(await send(null, body, { authorizationMethod: 'publicKey' }), 'ATL_OPTION')
  t.equal(await send(null, body, { product: 'jira' as never }), 'ATL_OPTION')
  t.equal(await send(null, { ...body, productType: 'jira' }), 'UNAUTHORIZED_REQUEST')
  t.equal(await send(null, body, { authorizationMethod: 'any' }), 'newInstallation by bitbucket')
})

t.test('strangers do not make the app ask Bitbucket without end', async (t) => {
  let nowMs = 0
  let asked = 0
  const prove = createInstallProver({
    maxPerMinute: 2,
    clock: () => nowMs,
    fetch: async () => {
      asked++
      return new Response('{}', { status: 401 })
    }
  })
  const bitbucket = await startBitbucket(t, () => Math.floor(Date.now() / 1000))
  const { send } = createApp(bitbucket)
  const body = () => bitbucket.body(bitbucket.workspace(), 'installed')
  t.equal(await send(null, body(), { prove }), 'UNAUTHORIZED_REQUEST')
  t.equal(await send(null, body(), { prove }), 'UNAUTHORIZED_REQUEST')
  t.equal(await send(null, body(), { prove }), 'ATL_BITBUCKET_UNAVAILABLE')
  t.equal(asked, 2)
  nowMs = 60_000
  t.equal(await send(null, body(), { prove }), 'UNAUTHORIZED_REQUEST')
})
