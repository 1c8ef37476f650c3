// connect.md 9.1, entry 7: the body of `installed` is not signed. What an attacker who holds a token can change is little.
import t from 'tap'
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
