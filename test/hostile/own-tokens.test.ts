// connect.md 9.1, entry 12: tokens that the app itself signed, sent back to it, and session tokens where they do not belong.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { sessionKey } from '../../lib/jwt/session-token.ts'
import { APP_KEY } from '../helpers/app.ts'
import { findConnect } from '../helpers/find-connect.ts'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene, withHeader, withQuery } from './attack.ts'

const routes = [
  ['GET', '/panel'],
  ['GET', '/api'],
  ['GET', '/session'],
  ['GET', '/mixed'],
  ['POST', '/hook'],
  ['POST', '/own-webhook'],
  ['POST', '/atlassian/session'],
  ['POST', '/enabled'],
  ['POST', '/installed']
] as const

t.test('a token that the app signed for the host opens nothing of the app, even at the same path', async (t) => {
  const sent: string[] = []
  const scene = await installedApp(t, {
    fetch: (url, init) => {
      const authorization = new Headers(init?.headers).get('authorization')
      if (authorization !== null) sent.push(authorization.replace('JWT ', ''))
      return fetch(url, init)
    }
  })
  const { app, jira } = scene
  const client = app.atlassian.hostClient({ clientKey: jira.clientKey })
  for (const [method, url] of routes) {
    // The host knows no such address; what counts is the token, whose hash is right for ours.
    await (method === 'GET' ? client.get(url) : client.post(url)).catch(() => {})
    const token = sent.pop() ?? ''
    t.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/, `the app sent a token for ${url}`)
    await refuses(t, scene, withHeader(url, token, method), undefined, `header, ${url}`)
    await refuses(t, scene, withQuery(url, token, method), undefined, `query, ${url}`)
  }
})

t.test('an assertion for the authorization server opens nothing', async (t) => {
  const scene = await installedApp(t)
  const { jira } = scene
  const nowSeconds = Math.floor(scene.clock() / 1000)
  const claims = {
    iss: `urn:atlassian:connect:clientid:${jira.oauthClientId}`,
    sub: 'urn:atlassian:connect:useraccountid:557058:ada-0001',
    tnt: jira.baseUrl,
    aud: scene.app.atlassian.authorizationServer,
    iat: nowSeconds,
    exp: nowSeconds + 60
  }
  for (const [method, url] of routes) {
    const plain = sign({ typ: 'JWT', alg: 'HS256' }, claims, jira.sharedSecret)
    await refuses(t, scene, withHeader(url, plain, method), undefined, `header, ${url}`)
    const withHash = sign({ typ: 'JWT', alg: 'HS256' }, { ...claims, qsh: 'context-qsh' }, jira.sharedSecret)
    await refuses(t, scene, withHeader(url, withHash, method), undefined, `with the fixed hash, ${url}`)
  }
})

t.test('a session token of one tenant speaks for no other', async (t) => {
  const scene = await installedApp(t)
  const { app, jira, wiki } = scene
  const ofJira = await sessionToken(scene, 'jira')
  t.equal((await app.inject(withHeader('/session', ofJira))).json().clientKey, jira.clientKey)
  const [header = '', payload = '', signature = ''] = ofJira.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  for (const aud of [[wiki.clientKey], wiki.clientKey, [wiki.clientKey, jira.clientKey], [], undefined, [APP_KEY]]) {
    const forged = `${header}.${encode({ ...claims, aud })}.${signature}`
    await refuses(t, scene, withHeader('/session', forged), undefined, `audience ${JSON.stringify(aud)}`)
    const bySecret = sign(JSON.parse(decode(header)), { ...claims, aud }, jira.sharedSecret)
    await refuses(t, scene, withHeader('/session', bySecret), undefined, `by the secret, ${JSON.stringify(aud)}`)
  }
})

t.test('whoever holds the shared secret alone makes no session token', async (t) => {
  const scene = await installedApp(t)
  const { jira } = scene
  const [header = '', payload = ''] = (await sessionToken(scene, 'jira')).split('.')
  for (const typ of [JSON.parse(decode(header)).typ, 'JWT', undefined]) {
    const token = sign({ alg: 'HS256', typ }, JSON.parse(decode(payload)), jira.sharedSecret)
    await refuses(t, scene, withHeader('/session', token), undefined, `typ ${typ}`)
    await refuses(t, scene, withHeader('/mixed', token), undefined, `typ ${typ}, list`)
  }
})

t.test('even the right key makes no session token of other claims', async (t) => {
  const scene = await installedApp(t)
  const { app, jira, wiki, store } = scene
  const tenant = await findConnect(store, { clientKey: jira.clientKey })
  const [header = '', payload = ''] = (await sessionToken(scene, 'jira')).split('.')
  const good = JSON.parse(decode(payload))
  const goodHeader = JSON.parse(decode(header))
  const signed = (head: object, claims: object) => {
    const input = `${encode(head)}.${encode(claims)}`
    return `${input}.${createHmac('sha256', sessionKey(tenant)).update(input).digest('base64url')}`
  }
  t.equal((await app.inject(withHeader('/session', signed(goodHeader, good)))).statusCode, 200, 'the claims are good')
  const nowSeconds = scene.clock() / 1000
  const changes: Record<string, unknown>[] = [
    { aud: [jira.clientKey, wiki.clientKey] },
    { aud: [] },
    { qsh: 'context-qsh' },
    { qsh: 'x' },
    { iss: 'another-app' },
    { iss: jira.clientKey },
    { auth_time: undefined },
    { auth_time: null },
    { auth_time: String(nowSeconds) },
    { auth_time: nowSeconds + 31 },
    { auth_time: nowSeconds - 12 * 3600 - 1 },
    { exp: nowSeconds - 31 },
    { exp: undefined },
    { iat: undefined }
  ]
  for (const change of changes) {
    const token = signed(goodHeader, { ...good, ...change })
    await refuses(t, scene, withHeader('/session', token), undefined, JSON.stringify(change))
  }
  for (const typ of ['JWT', 'jwt', '', undefined, null, [goodHeader.typ]]) {
    const token = signed({ ...goodHeader, typ }, good)
    await refuses(t, scene, withHeader('/session', token), undefined, `typ ${JSON.stringify(typ)}`)
  }
})

t.test('a session token opens pages, webhooks, life-cycle routes and context routes never', async (t) => {
  const scene = await installedApp(t)
  const token = await sessionToken(scene, 'jira')
  for (const [method, url] of routes) {
    if (url === '/session' || url === '/mixed' || url === '/atlassian/session') continue
    await refuses(t, scene, withHeader(url, token, method), undefined, url)
  }
  const body = lifecycleBody(scene.jira, { sharedSecret: 'taken-over-by-a-stranger' })
  await refuses(t, scene, lifecycleCall(token, body), undefined, '/installed with a body')
})

t.test('a rotation ends every session at once', async (t) => {
  const scene = await installedApp(t)
  const { app, host } = scene
  const token = await sessionToken(scene, 'jira')
  t.equal((await app.inject(withHeader('/session', token))).statusCode, 200)
  t.equal((await host.rotateSecret()).status, 204)
  await refuses(t, scene, withHeader('/session', token))
  await refuses(t, scene, withHeader('/atlassian/session', token, 'POST'), undefined, 'and cannot be renewed')
})

t.test('an uninstall ends every session at once, and a reinstall with the same secret revives none', async (t) => {
  const scene = await installedApp(t)
  const { app, host } = scene
  const token = await sessionToken(scene, 'jira')
  t.equal((await host.uninstall()).status, 204)
  t.equal((await app.inject(withHeader('/session', token))).statusCode, 401, 'uninstalled')
  t.equal((await host.install()).status, 204)
  await refuses(t, scene, withHeader('/session', token), undefined, 'installed again')
})

t.test('renewing a session does not make it endless', async (t) => {
  const scene = await installedApp(t)
  const { app, clock } = scene
  let token = await sessionToken(scene, 'jira')
  for (let minutes = 0; minutes < 12 * 60; minutes += 10) {
    clock.advanceSeconds(600)
    const answer = await app.inject(withHeader('/atlassian/session', token, 'POST'))
    t.equal(answer.statusCode, 200, `renewed after ${minutes + 10} minutes`)
    token = answer.json().token
  }
  clock.advanceSeconds(60)
  await refuses(t, scene, withHeader('/session', token), undefined, 'after twelve hours')
  await refuses(t, scene, withHeader('/atlassian/session', token, 'POST'), undefined, 'nor is it renewed')
})

async function sessionToken({ app, host }: Scene, site: string): Promise<string> {
  const answer = await app.inject(withHeader('/atlassian/session', await host.contextToken({ site }), 'POST'))
  return answer.json().token
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(segment: string): string {
  return Buffer.from(segment, 'base64url').toString()
}

/** HMAC by hand, so that nothing here is shared with the code under test. */
function sign(header: object, claims: object, secret: string): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
