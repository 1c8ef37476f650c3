// connect.md 9.1, entry 8: what a `kid` may look like. It becomes part of an address, so it is judged before that.
import t from 'tap'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

const bad: unknown[] = [
  undefined,
  null,
  '',
  '.',
  '..',
  '../private',
  'a/../../b',
  '..%2f..%2fprivate',
  'a/b',
  'a\\b',
  '/etc/passwd',
  'https://evil.example.com/key',
  '//evil.example.com/key',
  'evil.example.com:443@x',
  'key?x=1',
  'key#x',
  'key%00',
  'key\u0000',
  'key\r\nHost: evil.example.com',
  'key\n',
  ' key',
  'key ',
  'ключ',
  '\ud800',
  'k'.repeat(129),
  'k'.repeat(5000),
  ['key'],
  { toString: 'key' },
  7,
  true,
  '.hidden'
]

t.test('a `kid` that is not one plain segment is refused, and no key host is asked', async (t) => {
  const { host, jira } = scene
  const asked: string[] = []
  host.onExchange((exchange) => exchange.kind === 'key' && asked.push(exchange.url))
  for (const kid of bad) {
    const name = JSON.stringify(kid)?.slice(0, 60) ?? 'no kid'
    const token = await host.sign.installToken({ header: { kid } })
    await refuses(t, scene, lifecycleCall(token, lifecycleBody(jira)), undefined, name)
  }
  t.strictSame(asked, [], 'nobody was asked for a key')
})

t.test('a header that points at a key of its own is refused, and its address is not asked', async (t) => {
  const { host, jira } = scene
  const evil = 'http://127.0.0.1:9/key'
  for (const extra of [
    { jku: evil },
    { x5u: evil },
    { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } },
    { x5c: ['MIIB'] }
  ]) {
    const token = await host.sign.installToken({ header: extra })
    await refuses(t, scene, lifecycleCall(token, lifecycleBody(jira)), undefined, Object.keys(extra)[0])
  }
})
