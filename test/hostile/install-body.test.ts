// connect.md 9.1, entries 7 and 19: the body of `installed` is not signed, so what an attacker who holds a token can
// change is little; and bodies without a usable secret or with base URLs that no real site has.

import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { createTestClock } from '../helpers/app.ts'
import { findConnect } from '../helpers/find-connect.ts'
import {
  BAD_LIFECYCLE_BODY,
  HOST_NOT_ALLOWED,
  installedApp,
  lifecycleBody,
  lifecycleCall,
  refuses,
  UNAUTHENTICATED
} from './attack.ts'

t.test('a token that was accepted once is worth nothing with another body', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira } = scene
  const token = await host.sign.installToken()
  t.equal((await app.inject(lifecycleCall(token, lifecycleBody(jira)))).statusCode, 204)
  for (const changes of [
    { sharedSecret: 'taken-over-by-a-stranger' },
    { displayUrl: 'https://evil.example.com' },
    { oauthClientId: 'of-a-stranger' },
    { unknownMember: 1 }
  ]) {
    const altered = lifecycleCall(token, lifecycleBody(jira, changes))
    await refuses(t, scene, altered, UNAUTHENTICATED, JSON.stringify(changes))
  }
})

t.test('a fresh token moves no tenant to a site, an app or an event that it is not for', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const cases = [
    [{ baseUrl: 'https://evil.example.com' }, HOST_NOT_ALLOWED],
    [{ baseUrl: 'https://acme.atlassian.net' }, HOST_NOT_ALLOWED],
    [{ baseUrl: `${jira.origin}.evil.test` }, HOST_NOT_ALLOWED],
    [{ baseUrl: jira.origin.replace('http://', 'http://user:pass@') }, HOST_NOT_ALLOWED],
    [{ key: 'another-app' }, BAD_LIFECYCLE_BODY],
    [{ key: undefined }, BAD_LIFECYCLE_BODY],
    [{ eventType: 'uninstalled' }, BAD_LIFECYCLE_BODY],
    [{ eventType: 'enabled' }, BAD_LIFECYCLE_BODY],
    [{ eventType: undefined }, BAD_LIFECYCLE_BODY],
    [{ eventType: ['installed'] }, BAD_LIFECYCLE_BODY],
    [{ productType: 'bitbucket' }, BAD_LIFECYCLE_BODY]
  ] as const
  for (const [changes, expected] of cases) {
    const token = await host.sign.installToken()
    const altered = lifecycleCall(token, lifecycleBody(jira, changes))
    await refuses(t, scene, altered, expected, JSON.stringify(changes))
  }
})

t.test('a token for one life-cycle route is refused by the other, whatever the body says', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  for (const [signedFor, sentTo] of [
    ['/installed', '/uninstalled'],
    ['/uninstalled', '/installed'],
    ['/enabled', '/installed']
  ] as const) {
    const token = await host.sign.installToken({ url: signedFor })
    const body = lifecycleBody(jira, { eventType: sentTo.slice(1) })
    await refuses(t, scene, lifecycleCall(token, body, sentTo), undefined, `${signedFor} at ${sentTo}`)
  }
})

t.test('members that we do not know, and the public key of the body, stay out of the record', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const body = lifecycleBody(jira, {
    publicKey: '-----BEGIN PUBLIC KEY----- of a stranger',
    isAdmin: true,
    tenantId: 'chosen-by-a-stranger',
    version: 99,
    adoptedBy: 'a-stranger',
    cloudId: 'a-stranger',
    appKey: 'another-app'
  })
  t.equal((await app.inject(lifecycleCall(await host.sign.installToken(), body))).statusCode, 204)
  const tenant = await store.find({ clientKey: jira.clientKey })
  t.notMatch(JSON.stringify(tenant), /stranger|isAdmin|another-app|publicKey/)
  t.not(tenant?.version, 99)
})

t.test('an install without a usable secret is refused, and the old secret stays', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const secrets: unknown[] = [
    undefined,
    null,
    '',
    0,
    1234567890,
    true,
    false,
    [],
    ['secret'],
    {},
    { toString: 'secret' },
    'a\u0000b',
    'a\nb',
    'a\ud800b',
    'x'.repeat(4097)
  ]
  for (const sharedSecret of secrets) {
    const call = lifecycleCall(await host.sign.installToken(), lifecycleBody(jira, { sharedSecret }))
    await refuses(t, scene, call, BAD_LIFECYCLE_BODY, JSON.stringify(sharedSecret)?.slice(0, 40))
  }
  const huge = lifecycleCall(await host.sign.installToken(), lifecycleBody(jira, { sharedSecret: 'x'.repeat(1 << 20) }))
  const { statusCode } = await scene.app.inject(huge)
  t.equal(statusCode, 413, 'a secret of one megabyte is too much')
  t.equal((await findConnect(scene.store, { clientKey: jira.clientKey })).sharedSecret.reveal(), jira.sharedSecret)
})

t.test('every member that we keep has to be text of a bounded length', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const members = [
    'key',
    'clientKey',
    'baseUrl',
    'displayUrl',
    'displayUrlServicedeskHelpCenter',
    'productType',
    'oauthClientId',
    'entitlementId',
    'entitlementNumber',
    'installationId'
  ]
  for (const member of members) {
    for (const value of [0, true, [], {}, ['x'], 'a\u0000b', '\ud800', 'x'.repeat(5000)]) {
      // The issuer agrees wherever it can, so that nothing but the body is wrong.
      const claims = member === 'clientKey' && typeof value === 'string' ? { iss: value } : {}
      const call = lifecycleCall(await host.sign.installToken({ claims }), lifecycleBody(jira, { [member]: value }))
      const name = `${member} ${JSON.stringify(value).slice(0, 30)}`
      const statuses = member === 'clientKey' && typeof value === 'string' ? [400, 401] : [400]
      const { statusCode } = await scene.app.inject(call)
      t.ok(statuses.includes(statusCode), `${name}: ${statusCode}`)
      t.strictSame(scene.writes, [], `${name}: nothing was written`)
    }
  }
})

t.test('a prototype is no body', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const good = JSON.stringify(lifecycleBody(jira))
  const inherited = `{"__proto__":${good}}`
  const { statusCode } = await scene.app.inject(lifecycleCall(await host.sign.installToken(), inherited))
  t.equal(statusCode, 400, 'members that a prototype would give do not count')
  t.strictSame(scene.writes, [])
  for (const body of ['null', '[]', '"text"', '1', 'true', `[${good}]`]) {
    const call = lifecycleCall(await host.sign.installToken(), body)
    await refuses(t, scene, call, BAD_LIFECYCLE_BODY, body.slice(0, 30))
  }
})

const foreign = [
  'http://acme.atlassian.net',
  'ftp://acme.atlassian.net',
  'javascript://acme.atlassian.net/%0aalert(1)',
  'file:///etc/passwd',
  'https://user:password@acme.atlassian.net',
  'https://acme.atlassian.net@evil.test',
  'https://evil.test#.atlassian.net',
  'https://evil.test/.atlassian.net',
  'https://evil.test?.atlassian.net',
  'https://evil.test\\.atlassian.net',
  'https:\\\\acme.atlassian.net',
  'https://acme.atlassian.net.evil.test',
  'https://acme-atlassian.net',
  'https://acmeatlassian.net',
  'https://atlassian.net',
  'https://.atlassian.net',
  'https://a.b.atlassian.net',
  'https://-acme.atlassian.net',
  'https://acme.atlassian.net.',
  'https://acme.atlassian.net:8443',
  'https://acme.atlassian.net:80',
  'https://acme.atlassian.net?x=1',
  'https://acme.atlassian.net#x',
  'https://acme.atlassian.net/?',
  'https://acme.atlassian.net/wiki/../..',
  'https://acme.jira-dev.com',
  'https://acme.atlassian-us-gov-mod.net',
  'https://api.bitbucket.org',
  'https://localhost',
  'https://127.0.0.1',
  'https://10.0.0.1',
  'https://169.254.169.254/latest/meta-data',
  'https://[::1]',
  'https://2130706433',
  'https://0x7f.1',
  'https://\u0430cme.atlassian.net/',
  'acme.atlassian.net',
  '//acme.atlassian.net',
  'https://',
  'https:acme.atlassian.net',
  ' https://acme.atlassian.net',
  'https://acme .atlassian.net',
  '*',
  'https://*.atlassian.net'
]

t.test('with the default list only real sites may install', async (t) => {
  const clock = createTestClock()
  const host = await createHostSimulator({ clock })
  t.teardown(() => host.close())
  const sites = host.sites.map(({ origin }) => origin)
  const scene = await installedApp(t, { host, clock, allowedHosts: ['*.atlassian.net', '*.jira.com', ...sites] })
  const { jira, app, store } = scene
  for (const baseUrl of foreign) {
    const newcomer = lifecycleBody(jira, { clientKey: 'newcomer', baseUrl })
    const token = await host.sign.installToken({ claims: { iss: 'newcomer' } })
    await refuses(t, scene, lifecycleCall(token, newcomer), HOST_NOT_ALLOWED, baseUrl)
  }
  for (const [index, baseUrl] of [
    'https://acme.atlassian.net',
    'https://acme.atlassian.net/',
    'https://acme-2.atlassian.net/wiki',
    'https://ACME.jira.com'
  ].entries()) {
    const clientKey = `newcomer-${index}`
    const token = await host.sign.installToken({ claims: { iss: clientKey } })
    const { statusCode } = await app.inject(lifecycleCall(token, lifecycleBody(jira, { clientKey, baseUrl })))
    t.equal(statusCode, 204, `${baseUrl} is a site`)
    t.notMatch((await store.find({ clientKey }))?.baseUrl, /\/$|[A-Z]/, 'kept in one spelling')
  }
})
