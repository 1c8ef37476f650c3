// connect.md 9.1, entries 2, 3 and 4: HMAC where RS256 is due, RS256 where HMAC is due, and HMAC of another length.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene, withHeader, withQuery } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

t.test('the secret of a tenant signs no life-cycle call of that tenant', async (t) => {
  const { host, jira } = scene
  for (const eventType of ['installed', 'uninstalled'] as const) {
    const url = `/${eventType}`
    const body = lifecycleBody(jira, { eventType, sharedSecret: 'taken-over-by-a-stranger' })
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const token = await host.sign.installToken({ url, header: { alg }, key: jira.sharedSecret })
      await refuses(t, scene, lifecycleCall(token, body, url), undefined, `${alg} on ${url}`)
    }
    const webhook = await host.sign.webhookToken({ url })
    await refuses(t, scene, lifecycleCall(webhook, body, url), undefined, `a webhook token for ${url}`)
  }
})

t.test('the public key is no HMAC secret, in none of its spellings', async (t) => {
  const { host, jira } = scene
  const pem = await installKey(scene)
  const spellings: Record<string, string> = {
    'as published': pem,
    'without its last line break': pem.trimEnd(),
    'with Windows line breaks': pem.replaceAll('\n', '\r\n'),
    'only its base64': pem.replace(/-----[^-]+-----|\s/g, ''),
    'as PKCS #1': createPublicKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString()
  }
  for (const [name, key] of Object.entries(spellings)) {
    for (const url of ['/installed', '/uninstalled']) {
      const token = await host.sign.installToken({ url, header: { alg: 'HS256' }, key })
      const body = lifecycleBody(jira, { eventType: url.slice(1) })
      await refuses(t, scene, lifecycleCall(token, body, url), undefined, `${name}, on ${url}`)
    }
  }
})

t.test('an RS256 token opens no page, webhook or API, not even signed by the host', async (t) => {
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

async function installKey({ host }: Scene): Promise<string> {
  const [header = ''] = (await host.sign.installToken()).split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const answer = await fetch(`${host.connectOptions().installKeyHosts[0]}/${kid}`)
  return await answer.text()
}
