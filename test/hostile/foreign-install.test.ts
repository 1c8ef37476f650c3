// connect.md 9.1, entries 5 and 6: install tokens of another tenant, and install tokens for another app.
import t from 'tap'
import { BASE_URL } from '../helpers/app.ts'
import { BAD_LIFECYCLE_BODY, installedApp, lifecycleBody, lifecycleCall, refuses, type Scene } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

t.test('the issuer of an install token has to be the clientKey of its body', async (t) => {
  const { host, wiki } = scene
  for (const eventType of ['installed', 'uninstalled']) {
    const url = `/${eventType}`
    const call = (token: string, body: object) => lifecycleCall(token, body, url)
    const takeover = lifecycleBody(wiki, { eventType, sharedSecret: 'taken-over-by-a-stranger' })
    const ofJira = await host.sign.installToken({ url })
    await refuses(t, scene, call(ofJira, takeover), undefined, `${eventType} of another tenant`)

    const nobody = await host.sign.installToken({ url, claims: { iss: 'nobody' } })
    await refuses(t, scene, call(nobody, takeover), undefined, `${eventType} by an unknown issuer`)

    for (const iss of [undefined, '', null, [wiki.clientKey], { toString: wiki.clientKey }, 0, true]) {
      const token = await host.sign.installToken({ url, claims: { iss } })
      await refuses(t, scene, call(token, takeover), undefined, `${eventType} by issuer ${JSON.stringify(iss)}`)
    }
    for (const clientKey of [
      wiki.clientKey.toUpperCase(),
      ` ${wiki.clientKey}`,
      `${wiki.clientKey}/`,
      wiki.clientKey.slice(0, -1)
    ]) {
      const token = await host.sign.installToken({ url, site: 'confluence' })
      const body = lifecycleBody(wiki, { eventType, clientKey })
      await refuses(t, scene, call(token, body), undefined, `${eventType} for ${JSON.stringify(clientKey)}`)
    }
  }
})

t.test('nobody becomes a tenant under the name of the app itself', async (t) => {
  const token = await scene.host.sign.installToken({ claims: { iss: 'test-app' } })
  const body = lifecycleBody(scene.jira, { clientKey: 'test-app' })
  await refuses(t, scene, lifecycleCall(token, body), BAD_LIFECYCLE_BODY)
})

t.test('the right issuer with a signature of another key changes nothing', async (t) => {
  const { host, jira } = scene
  const [header, claims] = (await host.sign.installToken()).split('.')
  const [, , signature] = (await host.sign.installToken({ site: 'confluence' })).split('.')
  const body = lifecycleBody(jira, { sharedSecret: 'taken-over-by-a-stranger' })
  await refuses(t, scene, lifecycleCall(`${header}.${claims}.${signature}`, body))
})

const audiences: unknown[] = [
  undefined,
  null,
  '',
  [],
  [[]],
  ['https://other-app.example.com'],
  'https://other-app.example.com',
  `${BASE_URL}.evil.test`,
  `${BASE_URL}/other`,
  `${BASE_URL}//`,
  `${BASE_URL}?`,
  `${BASE_URL}#`,
  `${BASE_URL}:443`,
  `${BASE_URL}:8443`,
  'https://app.example.com@evil.test',
  'https://evil.test@app.example.com',
  'https://evil.test/https://app.example.com',
  'http://app.example.com',
  'https://APP.example.com',
  'app.example.com',
  '//app.example.com',
  ` ${BASE_URL}`,
  'https://app.example.co',
  'https://app.example.com.',
  { '0': BASE_URL, length: 1 },
  [{ toString: BASE_URL }],
  [[BASE_URL]],
  true,
  0,
  'test-app',
  ['https://a.example.com', 1, BASE_URL],
  Array.from({ length: 21 }, () => BASE_URL)
]

t.test('an install token has to be for exactly this app', async (t) => {
  const { host, jira } = scene
  for (const aud of audiences) {
    const name = JSON.stringify(aud)?.slice(0, 80) ?? 'no audience'
    const token = await host.sign.installToken({ claims: { aud } })
    const body = lifecycleBody(jira, { sharedSecret: 'taken-over-by-a-stranger' })
    await refuses(t, scene, lifecycleCall(token, body), undefined, name)
  }
})

t.test('our address is accepted alone, in a list, and with one trailing slash', async (t) => {
  const { app, host, jira } = scene
  for (const aud of [BASE_URL, [BASE_URL], `${BASE_URL}/`, ['https://other.example.com', BASE_URL]]) {
    const token = await host.sign.installToken({ claims: { aud } })
    const { statusCode } = await app.inject(lifecycleCall(token, lifecycleBody(jira)))
    t.equal(statusCode, 204, JSON.stringify(aud))
  }
})
