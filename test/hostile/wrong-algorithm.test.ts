// connect.md 9.1, entries 3 and 4: RS256 where HMAC is due, and HMAC of another length with the right secret.
import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import { installedApp, refuses, withHeader, withQuery } from './attack.ts'

t.test('an RS256 token opens no page, webhook or API, not even signed by the host', async (t) => {
  const scene = await installedApp(t)
  const { host } = scene
  const routes = [
    ['/panel', 'GET', undefined],
    ['/hook', 'POST', undefined],
    ['/enabled', 'POST', undefined],
    ['/own-webhook', 'POST', undefined],
    ['/api', 'GET', 'context-qsh'],
    ['/mixed', 'GET', 'context-qsh']
  ] as const
  for (const [url, method, qsh] of routes) {
    const token = await host.sign.installToken({ url, method, claims: qsh === undefined ? {} : { qsh } })
    await refuses(t, scene, withHeader(url, token, method), undefined, `header, ${url}`)
    await refuses(t, scene, withQuery(url, token, method), undefined, `query, ${url}`)
  }
})

t.test('a key pair of a stranger is no better', async (t) => {
  const scene = await installedApp(t)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const nowSeconds = Math.floor(scene.clock() / 1000)
  for (const alg of ['RS256', 'RS512', 'PS256']) {
    const token = await new SignJWT({ qsh: 'context-qsh' })
      .setProtectedHeader({ alg, typ: 'JWT' })
      .setIssuer(scene.jira.clientKey)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + 180)
      .sign(privateKey)
    await refuses(t, scene, withHeader('/api', token), undefined, alg)
  }
})

t.test('HS384 and HS512 are refused with the right secret, as is a header that lies about HS256', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  for (const alg of ['HS384', 'HS512']) {
    const header = { alg }
    const key = jira.sharedSecret
    const page = await host.sign.pageToken({ url: '/panel', header, key })
    await refuses(t, scene, withQuery('/panel', page), undefined, `${alg} page`)
    const context = await host.sign.contextToken({ header, key })
    await refuses(t, scene, withHeader('/api', context), undefined, `${alg} context`)
    const webhook = await host.sign.webhookToken({ url: '/hook', header, key })
    await refuses(t, scene, withHeader('/hook', webhook, 'POST'), undefined, `${alg} webhook`)

    const [, claims, signature] = context.split('.')
    const lie = Buffer.from('{"typ":"JWT","alg":"HS256"}').toString('base64url')
    await refuses(t, scene, withHeader('/api', `${lie}.${claims}.${signature}`), undefined, `${alg} called HS256`)
  }
})

t.test('a header that brings its own key or demands an extension is refused', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const extras = {
    jwk: { kty: 'oct', k: 'c2VjcmV0' },
    jku: 'https://evil.example.com/keys',
    x5c: ['MIIB'],
    x5u: 'https://evil.example.com/cert',
    crit: ['exp'],
    b64: false,
    zip: 'DEF',
    enc: 'A256GCM'
  }
  for (const [name, value] of Object.entries(extras)) {
    const token = await host.sign.contextToken({ header: { [name]: value }, key: jira.sharedSecret })
    await refuses(t, scene, withHeader('/api', token), undefined, name)
  }
  for (const typ of ['atl-session+jwt', 'at+jwt', 'JWE']) {
    const token = await host.sign.contextToken({ header: { typ }, key: jira.sharedSecret })
    await refuses(t, scene, withHeader('/api', token), undefined, `typ ${typ}`)
  }
})
