// connect.md 9.1, entry 6: install tokens for another app, and audiences that only look like ours.
import t from 'tap'
import { BASE_URL } from '../helpers/app.ts'
import { installedApp, lifecycleBody, lifecycleCall, refuses } from './attack.ts'

const wrong: unknown[] = [
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
  const scene = await installedApp(t)
  const { host, jira } = scene
  for (const aud of wrong) {
    const name = JSON.stringify(aud)?.slice(0, 80) ?? 'no audience'
    const token = await host.sign.installToken({ claims: { aud } })
    const body = lifecycleBody(jira, { sharedSecret: 'taken-over-by-a-stranger' })
    await refuses(t, scene, lifecycleCall(token, body), undefined, name)
  }
})

t.test('our address is accepted alone, in a list, and with one trailing slash', async (t) => {
  const { app, host, jira } = await installedApp(t)
  for (const aud of [BASE_URL, [BASE_URL], `${BASE_URL}/`, ['https://other.example.com', BASE_URL]]) {
    const token = await host.sign.installToken({ claims: { aud } })
    const { statusCode } = await app.inject(lifecycleCall(token, lifecycleBody(jira)))
    t.equal(statusCode, 204, JSON.stringify(aud))
  }
})
