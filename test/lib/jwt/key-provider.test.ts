import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { AtlassianError } from '../../../lib/errors.ts'
import { createProvidedKeySource, type KeyCache } from '../../../lib/jwt/key-provider.ts'

function pemOf(modulusLength: number): string {
  return generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
}
const pem = pemOf(2048)

function counting(answer: (kid: string) => unknown) {
  const asked: string[] = []
  return {
    asked,
    provider: {
      get(kid: string) {
        asked.push(kid)
        return answer(kid) as string
      }
    }
  }
}

t.test('a key is asked for once, by all who want it at the same time and later', async (t) => {
  const { asked, provider } = counting(async () => pem)
  const keys = createProvidedKeySource({ provider })
  const [one, two] = await Promise.all([keys.get('one'), keys.get('one')])
  t.equal(one, two)
  t.equal(await keys.get('one'), one)
  t.same(asked, ['one'])
})

t.test('a key that nobody knows is not asked for again within a minute', async (t) => {
  let nowMs = 0
  const { asked, provider } = counting(() => null)
  const keys = createProvidedKeySource({ provider, clock: () => nowMs })
  t.equal(await reasonOf(keys.get('one')), 'key-unknown')
  t.equal(await reasonOf(keys.get('one')), 'key-unknown')
  t.equal(asked.length, 1)
  nowMs = 60_000
  t.equal(await reasonOf(keys.get('one')), 'key-unknown')
  t.equal(asked.length, 2)
})

t.test('what is no RSA key of 2048 bits is no key', async (t) => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })
  for (const answer of [pemOf(1024), ec.toString(), 'not a key', '', '<html>', 7, { pem }]) {
    const keys = createProvidedKeySource(counting(() => answer))
    await t.rejects(keys.get('one'), { code: 'ATL_KEYS_UNAVAILABLE' })
  }
})

t.test('a provider that fails, hangs or is asked too often gives no key', async (t) => {
  const failing = createProvidedKeySource(
    counting(() => {
      throw new Error('down')
    })
  )
  t.equal(await reasonOf(failing.get('one')), 'key-provider-failed')
  const hanging = createProvidedKeySource({ ...counting(() => new Promise(() => {})), timeoutMs: 20 })
  await t.rejects(hanging.get('one'), { code: 'ATL_KEYS_UNAVAILABLE' })
  const { asked, provider } = counting(() => null)
  const limited = createProvidedKeySource({ provider, maxFetchesPerMinute: 2, clock: () => 0 })
  t.equal(await reasonOf(limited.get('one')), 'key-unknown')
  t.equal(await reasonOf(limited.get('two')), 'key-unknown')
  t.equal(await reasonOf(limited.get('three')), 'key-fetch-limit')
  t.equal(asked.length, 2)
})

t.test('a shared cache is asked first and told after; one that fails or lies is passed over', async (t) => {
  const held = new Map<string, string>()
  const cache: KeyCache = { get: async (kid) => held.get(kid), set: async (kid, value) => void held.set(kid, value) }
  const { asked, provider } = counting(() => pem)
  await createProvidedKeySource({ provider, cache }).get('one')
  t.same([...held], [['one', pem]])
  await createProvidedKeySource({ provider, cache }).get('one')
  t.equal(asked.length, 1, 'the second process asks nobody')
  held.set('one', 'not a key')
  await createProvidedKeySource({ provider, cache }).get('one')
  t.equal(asked.length, 2)
  const failing: KeyCache = {
    get() {
      throw new Error('down')
    },
    set() {
      throw new Error('down')
    }
  }
  t.ok(await createProvidedKeySource({ provider, cache: failing }).get('one'))
  const hanging: KeyCache = { get: () => new Promise(() => {}), set: () => new Promise(() => {}) }
  t.ok(await createProvidedKeySource({ provider, cache: hanging, timeoutMs: 20 }).get('one'))
})

async function reasonOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work
    return null
  } catch (error) {
    return error instanceof AtlassianError ? error.reason : `${error}`
  }
}
