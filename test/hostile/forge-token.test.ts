// Tokens that Atlassian did not sign, or not for this app, or not now (forge.md 9: 1, 2, 3, 6, 7, 8, 9, 12, 13).
import t from 'tap'
import {
  APP_ARI,
  APP_ID,
  buildForgeApp,
  type Changes,
  INSTALLATION,
  keyPair,
  type Signing,
  segment
} from '../helpers/forge.ts'
import { refusesForge } from './forge-attack.ts'

const OTHER_APP = 'ari:cloud:ecosystem::app/11111111-2222-4333-8444-555555555555'

t.test('an invocation token is refused', async (t) => {
  const scene = await buildForgeApp(t)
  await scene.app.inject(scene.call(await scene.token()))
  const now = Math.floor(scene.clock() / 1000)
  const publicPem = keyPair('one').publicKey.export({ type: 'spki', format: 'pem' })
  const publicDer = keyPair('one').publicKey.export({ type: 'spki', format: 'der' })
  const jwk = keyPair('stranger').publicKey.export({ format: 'jwk' })

  const attacks: Record<string, [Changes, Signing?]> = {
    'that says it is not signed': [{}, { header: { alg: 'none' } }],
    'signed by HMAC with the text of the public key': [{}, { hmac: Buffer.from(publicPem) }],
    'signed by HMAC with the bytes of the public key': [{}, { hmac: publicDer }],
    'with another RSA algorithm': [{}, { header: { alg: 'PS256' } }],
    'with RS512': [{}, { header: { alg: 'RS512' } }],
    'signed by a key that the header brings': [
      {},
      { key: 'stranger', header: { kid: 'forge/invocation-token/one', jwk } }
    ],
    'signed by a stranger under our kid': [{}, { key: 'stranger', header: { kid: 'forge/invocation-token/one' } }],
    'that names critical extensions': [{}, { header: { crit: ['exp'], exp: now } }],
    'without a kid': [{}, { header: { kid: undefined } }],
    'with a kid that is no text': [{}, { header: { kid: 1 } }],

    'of another app': [{ aud: OTHER_APP, app: { id: OTHER_APP } }],
    'of another app that says it is this one': [{ aud: OTHER_APP }],
    'for this app whose claims are of another': [{ app: { id: OTHER_APP } }],
    'for several audiences': [{ aud: [APP_ARI, OTHER_APP] }],
    'for several audiences, ours last': [{ aud: [OTHER_APP, APP_ARI] }],
    'for the same audience twice': [{ aud: [APP_ARI, APP_ARI] }],
    'for the bare id of the app': [{ aud: APP_ID, app: { id: APP_ID } }],
    'for nobody': [{ aud: undefined }],
    'for an empty list': [{ aud: [] }],
    'for a list in a list': [{ aud: [[APP_ARI]] }],
    'of another issuer': [{ iss: 'forge/context-token' }],
    'of an issuer that begins alike': [{ iss: 'forge/invocation-token/' }],
    'of no issuer': [{ iss: undefined }],
    'whose issuer is a list': [{ iss: ['forge/invocation-token'] }],

    'that has expired': [{ iat: now - 60, nbf: now - 60, exp: now - 35 }],
    'that has expired just now': [{ iat: now - 30, nbf: now - 30, exp: now - 5 }],
    'that is not valid yet': [{ nbf: now + 6 }],
    'of the future': [{ iat: now + 6, nbf: now, exp: now + 31 }],
    'that never expires': [{ exp: undefined }],
    'that was never issued': [{ iat: undefined }],
    'without a beginning': [{ nbf: undefined }],
    'that lives too long': [{ exp: now + 301 }],
    'that ends before it begins': [{ iat: now + 4, exp: now + 3 }],
    'whose times are texts': [{ exp: String(now + 25) }],
    'whose times have no end': [{ exp: Number.POSITIVE_INFINITY }],

    'without the app': [{ app: undefined }],
    'whose app is a list': [{ app: [] }],
    'without an installation': [{ app: { installationId: undefined } }],
    'with the bare id of an installation': [{ app: { installationId: '0a3a7799-53ae-4a5b-9e7e-03338980abb5' } }],
    'with two installations': [{ app: { installation: { id: INSTALLATION.replace('0a3a', '0b3b') } } }],
    'with a path as installation': [{ app: { installationId: 'ari:cloud:ecosystem::installation/../x' } }],
    'whose contexts are no list': [{ app: { installation: { contexts: {} } } }],
    'whose context is text': [{ app: { installation: { contexts: ['jira'] } } }],
    'without an environment': [{ app: { environment: undefined } }],
    'without a module': [{ app: { module: undefined } }],
    'whose module has no key': [{ app: { module: { key: undefined } } }],
    'without an address': [{ app: { apiBaseUrl: undefined } }],
    'without an id': [{ jti: undefined }],
    'whose user is an object': [{ principal: { id: 'someone' } }],
    'whose context is text ': [{ context: 'issue' }],
    'whose license is text': [{ app: { license: 'active' } }],
    'of an isolated cloud': [{ icLabel: 'acme' }]
  }
  for (const [name, [changes, signing]] of Object.entries(attacks)) {
    await refusesForge(t, scene, scene.call(await scene.token(changes, signing)), undefined, name)
  }

  const good = await scene.token()
  const [header = '', payload = '', signature = ''] = good.split('.')
  const texts: Record<string, string> = {
    'without a signature': `${header}.${payload}.`,
    'of two segments': `${header}.${payload}`,
    'of four segments': `${good}.x`,
    'with an unsigned header': `${segment({ alg: 'none' })}.${payload}.`,
    'with other claims under the same signature': `${header}.${segment({ ...scene.claims(), principal: 'admin' })}.${signature}`,
    'with a padded signature': `${good}==`,
    'with another spelling of the signature': otherSpelling(good),
    'whose payload is a list': `${header}.${segment([])}.${signature}`,
    'whose payload is no JSON': `${header}.e30e30.${signature}`,
    'that is empty': '..',
    'with spaces inside': `${header}. ${payload}.${signature}`
  }
  for (const [name, text] of Object.entries(texts)) await refusesForge(t, scene, scene.call(text), undefined, name)
  t.equal(scene.keys.fetches(), 1, 'and none of it made the app fetch keys')
})

t.test('an audience in a list of one, unknown claims and unknown header members are what they are', async (t) => {
  const scene = await buildForgeApp(t)
  const changes = { aud: [APP_ARI], another: { claim: [1] }, app: { another: true, license: { another: null } } }
  const token = await scene.token(changes, {
    header: { typ: 'JWT', jku: 'https://evil.example.com', x5u: 'https://e.com' }
  })
  t.equal((await scene.app.inject(scene.call(token))).statusCode, 200)
  t.equal(scene.keys.fetches(), 1, 'an address in the header is not looked at')
})

t.test('a few seconds of difference between clocks are forgiven, as many as the option says', async (t) => {
  const scene = await buildForgeApp(t, { forge: { leewaySeconds: 10 } })
  const now = Math.floor(scene.clock() / 1000)
  const status = async (iat: number, exp: number) =>
    (await scene.app.inject(scene.call(await scene.token({ iat, nbf: iat, exp })))).statusCode
  t.equal(await status(now - 34, now - 9), 200)
  t.equal(await status(now - 35, now - 10), 401)
  t.equal(await status(now + 10, now + 35), 200)
  t.equal(await status(now + 11, now + 36), 401)
})

t.test('a token that was accepted is refused once it has ended', async (t) => {
  const scene = await buildForgeApp(t)
  const attack = scene.call(await scene.token())
  t.equal((await scene.app.inject(attack)).statusCode, 200)
  scene.clock.advanceSeconds(24)
  t.equal((await scene.app.inject(attack)).statusCode, 200)
  scene.clock.advanceSeconds(6)
  await refusesForge(t, scene, attack)
})

t.test('an accepted token with another signature is another token', async (t) => {
  const scene = await buildForgeApp(t)
  const good = await scene.token()
  t.equal((await scene.app.inject(scene.call(good))).statusCode, 200)
  const [header, payload, signature = ''] = good.split('.')
  await refusesForge(t, scene, scene.call(`${header}.${payload}.${signature.slice(0, -4)}AAAA`))
  await refusesForge(t, scene, scene.call(otherSpelling(good)))
})

/** The last character of a signature of 256 bytes has spare bits: the same bytes in other letters. */
function otherSpelling(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = letters.indexOf(token.at(-1) ?? '')
  return `${token.slice(0, -1)}${letters[last ^ 1]}`
}
