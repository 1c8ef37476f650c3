// connect.md 9.1, entry 19: `installed` without a usable secret, and base URLs that no real site has.

import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { createTestClock } from '../helpers/app.ts'
import { BAD_LIFECYCLE_BODY, HOST_NOT_ALLOWED, installedApp, lifecycleBody, lifecycleCall, refuses } from './attack.ts'

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
  t.equal((await scene.store.find({ clientKey: jira.clientKey }))?.sharedSecret.reveal(), jira.sharedSecret)
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
