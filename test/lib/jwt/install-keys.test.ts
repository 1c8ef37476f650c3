import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { createInstallKeySource, type InstallKeyOptions, isWellFormedKid } from '../../../lib/jwt/install-keys.ts'
import { silentLog } from '../../../lib/ports.ts'

const rsa = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
const PEM = rsa(2048)
const FIRST = 'https://keys-1.example.com'
const SECOND = 'https://keys-2.example.com'

type Answer = (url: string, init: RequestInit | undefined) => Response | Promise<Response>

function source(answer: Answer, changes: Partial<InstallKeyOptions> = {}) {
  const asked: string[] = []
  let nowMs = 1_000_000
  const keys = createInstallKeySource({
    hosts: [FIRST, SECOND],
    clock: () => nowMs,
    log: silentLog,
    maxFetchesPerMinute: 30,
    timeoutMs: 200,
    ...changes,
    async fetch(url, init) {
      asked.push(url)
      return await answer(url, init)
    }
  })
  return {
    keys,
    asked,
    passSeconds(seconds: number) {
      nowMs += seconds * 1000
    }
  }
}

const found = () => new Response(PEM)
const missing = () => new Response('no such key', { status: 404 })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'found',
    (error: { code?: string }) => error.code ?? 'other'
  )

t.test('a key is asked for once and then kept', async (t) => {
  const { keys, asked, passSeconds } = source(found)
  const key = await keys.get('kid-1')
  t.equal(key.asymmetricKeyType, 'rsa')
  passSeconds(1e6)
  t.equal(await keys.get('kid-1'), key)
  t.same(asked, [`${FIRST}/kid-1`])
})

t.test('those who ask at the same time share one request', async (t) => {
  const { keys, asked } = source(found)
  const all = await Promise.all(Array.from({ length: 50 }, () => keys.get('kid-1')))
  t.equal(new Set(all).size, 1)
  t.equal(asked.length, 1)
})

t.test('the second host is asked, with the kid, when the first does not know it', async (t) => {
  const { keys, asked } = source((url) => (url.startsWith(SECOND) ? found() : missing()))
  await keys.get('kid-1')
  t.same(asked, [`${FIRST}/kid-1`, `${SECOND}/kid-1`])
})

t.test('the second host is asked when the first fails', async (t) => {
  const { keys } = source((url) => {
    if (url.startsWith(SECOND)) return found()
    throw new TypeError('fetch failed')
  })
  t.equal((await keys.get('kid-1')).type, 'public')
})

t.test('an unknown kid is remembered for a minute', async (t) => {
  const { keys, asked, passSeconds } = source(missing)
  t.equal(await codeOf(keys.get('kid-1')), 'ATL_UNAUTHENTICATED')
  t.equal(await codeOf(keys.get('kid-1')), 'ATL_UNAUTHENTICATED')
  passSeconds(59)
  t.equal(await codeOf(keys.get('kid-1')), 'ATL_UNAUTHENTICATED')
  t.equal(asked.length, 2)
  passSeconds(1)
  await codeOf(keys.get('kid-1'))
  t.equal(asked.length, 4)
})

t.test('a host that could not be asked is no verdict, and nothing is remembered', async (t) => {
  let down = true
  const { keys } = source((url) => {
    if (url.startsWith(SECOND)) return missing()
    return down ? new Response('', { status: 503 }) : found()
  })
  t.equal(await codeOf(keys.get('kid-1')), 'ATL_KEYS_UNAVAILABLE')
  down = false
  t.equal(await codeOf(keys.get('kid-1')), 'found')
})

t.test('a thousand made-up kids cause no more requests than the cap', async (t) => {
  const { keys, asked, passSeconds } = source(missing)
  const codes = new Map<string, number>()
  for (let i = 0; i < 1000; i++) {
    const code = await codeOf(keys.get(`made-up-${i}`))
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  t.equal(asked.length, 30)
  t.ok((codes.get('ATL_KEYS_UNAVAILABLE') ?? 0) > 900)
  passSeconds(60)
  t.equal(await codeOf(keys.get('another')), 'ATL_UNAUTHENTICATED', 'after a minute it is asked again')
})

t.test('a key that is held is given while made-up ones run into the cap', async (t) => {
  const { keys } = source((url) => (url.endsWith('/real') ? found() : missing()))
  await keys.get('real')
  for (let i = 0; i < 100; i++) await codeOf(keys.get(`made-up-${i}`))
  t.equal(await codeOf(keys.get('real')), 'found')
})

t.test('no more than four kids are asked for at once', async (t) => {
  const waiting: (() => void)[] = []
  const { keys, asked } = source(() => new Promise((resolve) => waiting.push(() => resolve(found()))))
  const four = ['a', 'b', 'c', 'd'].map((kid) => codeOf(keys.get(kid)))
  t.equal(await codeOf(keys.get('e')), 'ATL_KEYS_UNAVAILABLE')
  const again = codeOf(keys.get('a'))
  t.equal(asked.length, 4)
  for (const release of waiting) release()
  t.same(await Promise.all([...four, again]), ['found', 'found', 'found', 'found', 'found'])
  t.equal(asked.length, 4)
})

t.test('an answer that is no proper key is not used as one', async (t) => {
  const { publicKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const answers: Record<string, () => Response> = {
    'an error page': () => new Response('<html>503</html>'),
    'an error page with a key in it': () => new Response(`<html>${PEM}</html>`),
    'a key with the wrong status': () => new Response(PEM, { status: 201 }),
    nothing: () => new Response(''),
    'a body without end': () => new Response(`${PEM}${'\n'.repeat(20_000)}`),
    'a short key': () => new Response(rsa(1024)),
    'another algorithm': () => new Response(ec.export({ type: 'spki', format: 'pem' }).toString()),
    'a private key': () => new Response(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    'two keys': () => new Response(`${PEM}${PEM}`),
    'no base64': () => new Response('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')
  }
  for (const [name, answer] of Object.entries(answers)) {
    const { keys } = source(answer)
    t.equal(await codeOf(keys.get('kid-1')), 'ATL_KEYS_UNAVAILABLE', name)
  }
})

t.test('a slow host is given up, and a redirect is not followed', async (t) => {
  const seen: RequestInit[] = []
  const { keys } = source((_url, init) => {
    seen.push(init ?? {})
    return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
  })
  // A timer of the platform keeps no process alive by itself.
  const alive = setTimeout(() => {}, 5000)
  t.equal(await codeOf(keys.get('kid-1')), 'ATL_KEYS_UNAVAILABLE')
  clearTimeout(alive)
  t.ok(seen.every(({ redirect }) => redirect === 'error'))
})

t.test('a kid is one segment of harmless characters', async (t) => {
  const good = ['0d7e3b6e-6f0c-4f7e-8a4f-6d6a6f1c2b3a', 'a', 'A_b-c.d', 'x'.repeat(128), '_', '-a']
  const evil = ['', '.', '..', 'a..b', '../x', 'a/b', 'a\\b', 'a%2fb', 'a?b', 'a#b', 'a b', 'a\n', 'a@b', 'a:b', 'ä']
  for (const kid of good) t.ok(isWellFormedKid(kid), kid)
  for (const kid of [...evil, '.a', 'x'.repeat(129), null, undefined, 1, {}, ['a']]) {
    t.notOk(isWellFormedKid(kid), JSON.stringify(kid) ?? 'undefined')
  }
})
