import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  AsymmetricAlgorithm,
  createQueryStringHash,
  encodeAsymmetric,
  encodeSymmetric,
  fromMethodAndUrl
} from 'atlassian-jwt'
import t from 'tap'
import { compileAllowedHosts, productionHosts } from '../../../lib/allowed-hosts.ts'
import { AtlassianError } from '../../../lib/errors.ts'
import type { InstallKeySource } from '../../../lib/jwt/install-keys.ts'
import { type InstallRules, readInstallToken, verifyInstall } from '../../../lib/jwt/verify-install.ts'
import { parseLifecyclePayload } from '../../../lib/tenant/lifecycle-payload.ts'
import { APP_KEY } from '../tenant/make-tenant.ts'

const NOW = 1_790_000_000
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

const rules: InstallRules = {
  appKey: APP_KEY,
  clock: () => NOW * 1000,
  audiences: ['https://tea.example.com', 'https://tea.example.org/app'],
  needsBasePath: false,
  basePaths: ['/app'],
  leewaySeconds: 30,
  maxLifetimeSeconds: 86_400
}
const body = {
  key: APP_KEY,
  clientKey: 'acme-client',
  sharedSecret: 'a secret that is long enough',
  baseUrl: 'https://acme.atlassian.net',
  productType: 'jira',
  eventType: 'installed'
}
const claims = {
  iss: 'acme-client',
  aud: ['https://tea.example.com'],
  iat: NOW,
  exp: NOW + 900,
  qsh: createQueryStringHash(fromMethodAndUrl('post', '/installed'))
}

function sign(changes: object = {}, kid = 'kid-1', pem = privatePem): string {
  return encodeAsymmetric({ ...claims, ...changes }, pem, AsymmetricAlgorithm.RS256, { kid })
}

interface Given {
  readonly url?: string
  readonly method?: string
  readonly authorization?: readonly string[]
  readonly body?: object
  readonly key?: KeyObject
}

async function install(token: string, given: Given = {}) {
  const asked: string[] = []
  const keys: InstallKeySource = {
    async get(kid) {
      asked.push(kid)
      return given.key ?? publicKey
    }
  }
  const authorization = given.authorization ?? [`JWT ${token}`]
  const sent = given.body ?? body
  try {
    const { url = '/installed', method = 'POST' } = given
    const unverified = readInstallToken({ method, url, authorization, contentType: 'application/json' }, rules)
    const siteUrl = compileAllowedHosts(productionHosts).siteUrl
    const payload = parseLifecyclePayload(sent, ['installed'], { appKey: APP_KEY, siteUrl })
    return { install: await verifyInstall(unverified, payload, sent, keys, rules), reason: null, asked }
  } catch (error) {
    if (error instanceof AtlassianError) return { install: null, reason: error.reason, asked }
    throw error
  }
}

t.test('a signed install is believed', async (t) => {
  const { install: verified, asked } = await install(sign())
  t.match(verified, {
    connect: { tokenKind: 'lifecycle', appKey: APP_KEY, clientKey: 'acme-client', accountId: null },
    payload: { eventType: 'installed', baseUrl: 'https://acme.atlassian.net', product: 'jira' },
    mark: { token: /^[0-9a-f]{64}$/, body: /^[0-9a-f]{64}$/, expSeconds: NOW + 930 },
    iatSeconds: NOW
  })
  t.equal(verified?.payload.sharedSecret?.reveal(), body.sharedSecret)
  t.same(asked, ['kid-1'])
})

t.test('the audience may be one of several, with a slash behind it', async (t) => {
  t.equal((await install(sign({ aud: 'https://tea.example.com/' }))).reason, null)
  t.equal((await install(sign({ aud: ['https://else.example.com', 'https://tea.example.org/app'] }))).reason, null)
  t.equal((await install(sign(), { url: '/app/installed' })).reason, null, 'a base path is no part of the hash')
})

t.test('whatever can be refused without a key is refused before one is fetched', async (t) => {
  const hash = (url: string) => createQueryStringHash(fromMethodAndUrl('post', url))
  const cases: Record<string, [token: string, given?: Given]> = {
    'no token': ['', { authorization: [] }],
    'a token in the query': [sign(), { authorization: [], url: `/installed?jwt=${sign()}` }],
    'two tokens': [sign(), { url: `/installed?jwt=${sign()}` }],
    Bearer: ['', { authorization: [`Bearer ${sign()}`] }],
    HS256: [encodeSymmetric(claims, body.sharedSecret)],
    'HS256 with the public key': [encodeSymmetric(claims, publicPem)],
    'a kid that is a path': [sign({}, '../x')],
    'a kid that is an address': [sign({}, 'https://evil.example.com')],
    'an endless kid': [sign({}, 'x'.repeat(200))],
    'another audience': [sign({ aud: ['https://evil.example.com'] })],
    'an audience that only begins like ours': [sign({ aud: ['https://tea.example.com.evil.example.com'] })],
    'an audience below ours': [sign({ aud: ['https://tea.example.com/x'] })],
    'two slashes behind it': [sign({ aud: ['https://tea.example.com//'] })],
    'no audience': [sign({ aud: undefined })],
    expired: [sign({ iat: NOW - 1000, exp: NOW - 100 })],
    'not yet': [sign({ iat: NOW + 100, exp: NOW + 200 })],
    'no end': [sign({ exp: undefined })],
    'no hash': [sign({ qsh: undefined })],
    'the fixed hash': [sign({ qsh: 'context-qsh' })],
    'a hash of another path': [sign({ qsh: hash('/uninstalled') })],
    'a hash of another query': [sign(), { url: '/installed?user=x' }],
    'another method': [sign(), { method: 'PUT' }],
    'a broken URL': [sign(), { url: '/installed?a=%ff' }],
    'another issuer than the body': [sign({ iss: 'other-client' })],
    'no issuer': [sign({ iss: undefined })],
    'another app': [sign(), { body: { ...body, key: 'another.app' } }],
    'another event': [sign(), { body: { ...body, eventType: 'uninstalled' } }],
    'another site': [sign(), { body: { ...body, baseUrl: 'https://evil.example.com' } }],
    'no secret': [sign(), { body: { ...body, sharedSecret: '' } }]
  }
  for (const [name, [token, given]] of Object.entries(cases)) {
    const { reason, asked } = await install(token, given)
    t.type(reason, 'string', `${name}: ${reason}`)
    t.same(asked, [], `${name}: no key`)
  }
})

t.test('a wrong signature is refused', async (t) => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const otherPem = other.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  t.equal((await install(sign({}, 'kid-1', otherPem))).reason, 'signature')
  t.equal((await install(sign(), { key: other.publicKey })).reason, 'signature')
  const [header, , signature] = sign().split('.')
  const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'mallory' })).toString('base64url')
  t.equal((await install(`${header}.${payload}.${signature}`)).reason, 'signature')
})

t.test('another spelling of the same signature is refused', async (t) => {
  // 256 bytes end in four spare bits.
  const token = sign()
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const spelled = Array.from(alphabet).filter((last) => {
    const text = `${token.slice(0, -1)}${last}`
    return Buffer.from(text.split('.')[2] ?? '', 'base64url').equals(
      Buffer.from(token.split('.')[2] ?? '', 'base64url')
    )
  })
  t.equal(spelled.length, 16)
  for (const last of spelled) {
    const { reason } = await install(`${token.slice(0, -1)}${last}`)
    t.equal(reason, last === token.at(-1) ? null : 'signature', last)
  }
})

t.test('two bodies under one token leave different marks, the same body leaves the same', async (t) => {
  const token = sign()
  const first = (await install(token)).install?.mark
  const second = (await install(token, { body: { ...body } })).install?.mark
  const changed = (await install(token, { body: { ...body, sharedSecret: 'another one' } })).install?.mark
  t.same(second, first)
  t.equal(changed?.token, first?.token)
  t.not(changed?.body, first?.body)
})
