// Where the keys come from, and what makes the app ask for them (forge.md 9: 3, 4, 5, 16, 17, 18).
import t from 'tap'
import { buildForgeApp, createKeyServer, type ForgeScene, keyPair, kidOf, until } from '../helpers/forge.ts'
import { KEYS_UNAVAILABLE } from './attack.ts'
import { refusesForge } from './forge-attack.ts'

const CLOUD = 'd0d52620-3203-4cfa-8db5-f2587155f0dd'

async function status(scene: ForgeScene, token: string): Promise<number> {
  return (await scene.app.inject(scene.call(token))).statusCode
}

t.test('a flood of made-up key ids causes one fetch', async (t) => {
  const scene = await buildForgeApp(t)
  const kids = Array.from({ length: 60 }, (_, n) =>
    scene.token({}, { key: 'stranger', header: { kid: kidOf(`x${n}`) } })
  )
  const answers = await Promise.all((await Promise.all(kids)).map((token) => status(scene, token)))
  t.same([...new Set(answers)], [401])
  t.equal(scene.keys.fetches(), 2, 'the one of the start and one more')
  for (let n = 0; n < 3; n++) {
    scene.clock.advanceSeconds(29)
    await status(scene, await scene.token({}, { key: 'stranger', header: { kid: kidOf('known-to-be-unknown') } }))
  }
  t.ok(scene.keys.fetches() <= 4, 'and at most one in thirty seconds afterwards')
})

t.test('garbage causes no fetch', async (t) => {
  const scene = await buildForgeApp(t)
  const kid = kidOf('new')
  const attacks = [
    await scene.token({ iss: 'someone' }, { header: { kid } }),
    await scene.token({ aud: 'someone' }, { header: { kid } }),
    await scene.token({}, { header: { kid, alg: 'none' } }),
    await scene.token({}, { header: { kid, crit: ['exp'] } }),
    await scene.token({ padding: 'x'.repeat(16_384) }, { header: { kid } }),
    'not.a.token',
    'ey'
  ]
  for (const token of attacks) await refusesForge(t, scene, scene.call(token), undefined, token.slice(0, 30))
  t.equal(scene.keys.fetches(), 1)
})

t.test('a key id is compared and never part of an address', async (t) => {
  const scene = await buildForgeApp(t)
  for (const name of [
    '../../keys',
    '..%2f..%2fkeys',
    'http://evil.example.com/',
    '__proto__',
    'constructor',
    '\u0000',
    'x'.repeat(600)
  ]) {
    scene.clock.advanceSeconds(31)
    await refusesForge(
      t,
      scene,
      scene.call(await scene.token({}, { key: 'stranger', header: { kid: name } })),
      undefined,
      name
    )
  }
})

t.test('no claim and no header chooses the key server', async (t) => {
  const evil = await createKeyServer(t)
  await evil.publish('stranger')
  const scene = await buildForgeApp(t)
  const place = `${new URL(evil.url).origin}/ex/confluence/${CLOUD}`
  const changes = { app: { apiBaseUrl: place }, icLabel: new URL(evil.url).host }
  for (const header of [{}, { jku: evil.url }, { x5u: evil.url }, { kid: evil.url }]) {
    await refusesForge(t, scene, scene.call(await scene.token(changes, { key: 'stranger', header })))
  }
  const staging = { app: { apiBaseUrl: `https://api.stg.atlassian.com/ex/confluence/${CLOUD}` } }
  await refusesForge(t, scene, scene.call(await scene.token(staging)), undefined, 'a staging address under our key')
  t.equal(evil.fetches(), 0)
})

t.test('a new key is found by the first token that it signs, with one fetch for all who come at once', async (t) => {
  const scene = await buildForgeApp(t)
  await scene.keys.publish('one', 'two')
  const tokens = await Promise.all(Array.from({ length: 50 }, (_, n) => scene.token({ jti: `${n}` }, { key: 'two' })))
  t.same([...new Set(await Promise.all(tokens.map((token) => status(scene, token))))], [200])
  t.equal(scene.keys.fetches(), 2)
  t.equal(await status(scene, await scene.token()), 200, 'the former key is still published')
  t.equal(scene.keys.fetches(), 2)
})

t.test('a key that is not published any more ends with the next reading', async (t) => {
  const scene = await buildForgeApp(t)
  t.equal(await status(scene, await scene.token()), 200)
  await scene.keys.publish('two')
  scene.clock.advanceSeconds(601)
  t.equal(await status(scene, await scene.token()), 200, 'the reading goes on in the background')
  let answer = 200
  for (let tries = 0; answer === 200 && tries < 200; tries++)
    answer = await status(scene, await scene.token({ jti: `${tries}` }))
  t.equal(answer, 401)
  t.ok(scene.keys.fetches() <= 3, 'and one more for a key that is not there')
})

t.test('while the key server fails, the last good set is believed for a day', async (t) => {
  for (const instead of [
    { status: 500 },
    { status: 302, location: 'http://127.0.0.1:9/' },
    { body: '{"keys":[]}' },
    { body: 'no keys here' },
    { body: `{"keys":[]}${' '.repeat(300_000)}` }
  ]) {
    const scene = await buildForgeApp(t)
    t.equal(await status(scene, await scene.token()), 200)
    scene.keys.answer(instead)
    scene.clock.advanceSeconds(23 * 3600)
    t.equal(await status(scene, await scene.token()), 200)
    await until(() => scene.lines.some((line) => line.includes('keys of Forge cannot be fetched')))
    scene.clock.advanceSeconds(3601)
    const answer = await scene.app.inject(scene.call(await scene.token()))
    t.strictSame([answer.statusCode, answer.json()], [503, { ...KEYS_UNAVAILABLE }])
    t.match(answer.headers, { 'retry-after': /^\d+$/ })
    scene.keys.answer(null)
    scene.clock.advanceSeconds(6)
    t.equal(await status(scene, await scene.token()), 200, 'and it mends itself')
  }
})

t.test(
  'a key server that is down at the start keeps nobody from starting, and is not asked by every token',
  async (t) => {
    const keys = await createKeyServer(t)
    keys.answer({ status: 503 })
    const scene = await buildForgeApp(t, { keys })
    await until(() => scene.lines.some((line) => line.includes('keys of Forge cannot be fetched')))
    for (let n = 0; n < 20; n++) t.equal(await status(scene, await scene.token({ jti: `${n}` })), 503)
    t.equal(keys.fetches(), 1, 'a failure is not repeated at once')
    keys.answer(null)
    await keys.publish('one')
    scene.clock.advanceSeconds(5)
    t.equal(await status(scene, await scene.token()), 200)
  }
)

t.test('only RSA keys for signatures are taken from the set', async (t) => {
  const scene = await buildForgeApp(t)
  const { n, e } = keyPair('weird').publicKey.export({ format: 'jwk' })
  const kid = kidOf('weird')
  const keys: object[] = [
    { kty: 'oct', kid, k: Buffer.from('secret').toString('base64url') },
    { kty: 'RSA', kid, n, e, use: 'enc' },
    { kty: 'RSA', kid, n, e, alg: 'RS512' },
    { kty: 'RSA', kid, n: 'AQAB', e },
    { kty: 'EC', kid, crv: 'P-256', x: n, y: n },
    { kty: 'RSA', kid: [kid], n, e }
  ]
  const good = { ...keyPair('one').publicKey.export({ format: 'jwk' }), kid: kidOf('one') }
  for (const key of keys) {
    scene.clock.advanceSeconds(61)
    scene.keys.answer({ body: JSON.stringify({ keys: [key, null, 'text', good] }) })
    await refusesForge(
      t,
      scene,
      scene.call(await scene.token({}, { key: 'weird' })),
      undefined,
      JSON.stringify(key).slice(0, 60)
    )
  }
  t.ok(scene.keys.fetches() > keys.length, 'the set was read each time')
})

t.test('an isolated cloud has keys of its own, and a label that the app does not list has none', async (t) => {
  const isolated = await createKeyServer(t)
  await isolated.publish('isolated')
  const jwksUrl = `${isolated.url}?cloud={IC_LABEL}`
  const scene = await buildForgeApp(t, { forge: { isolatedClouds: { labels: ['acme'], jwksUrl } } })
  t.equal(await status(scene, await scene.token({ icLabel: 'acme' }, { key: 'isolated' })), 200)
  const attacks: [string, Parameters<ForgeScene['token']>][] = [
    ['its key for the commercial cloud', [{}, { key: 'isolated' }]],
    ['the commercial key for it', [{ icLabel: 'acme' }, { key: 'one' }]],
    ['another cloud', [{ icLabel: 'other' }, { key: 'isolated' }]],
    ['a label that is an address', [{ icLabel: 'evil.com/#' }, { key: 'isolated' }]],
    ['a label that is a list', [{ icLabel: ['acme'] }, { key: 'isolated' }]],
    ['an empty label', [{ icLabel: '' }, { key: 'one' }]]
  ]
  for (const [name, [changes, signing]] of attacks) {
    await refusesForge(t, scene, scene.call(await scene.token(changes, signing)), undefined, name)
  }
})
