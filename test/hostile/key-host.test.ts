// connect.md 9.1, entry 8: a key host that answers with anything but a key, and a flood of made-up key ids.
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { type AppOverrides, createTestClock } from '../helpers/app.ts'
import {
  alive,
  everything,
  installedApp,
  KEYS_UNAVAILABLE,
  lifecycleBody,
  lifecycleCall,
  type PublicBody,
  refuses,
  type Scene,
  UNAUTHENTICATED
} from './attack.ts'

const strong = keyPair(2048)
const weak = keyPair(1024)

t.test('what is no public key of at least 2048 bits is never used as one', async (t) => {
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })
  const cases: Record<string, [answer: (response: ServerResponse) => void, expected: PublicBody]> = {
    '404 with a key in its body': [(response) => response.writeHead(404).end(strong.pem), UNAUTHENTICATED],
    '403 with a key in its body': [(response) => response.writeHead(403).end(strong.pem), UNAUTHENTICATED],
    '500 with a key in its body': [(response) => response.writeHead(500).end(strong.pem), KEYS_UNAVAILABLE],
    '201 with a key in its body': [(response) => response.writeHead(201).end(strong.pem), KEYS_UNAVAILABLE],
    '200 without a body': [(response) => response.end(), KEYS_UNAVAILABLE],
    'a page for people': [(response) => response.end('<h1>Sign in</h1>'), KEYS_UNAVAILABLE],
    'a key inside of a page': [(response) => response.end(`<pre>${strong.pem}</pre>`), KEYS_UNAVAILABLE],
    'a private key': [(response) => response.end(strong.privatePem), KEYS_UNAVAILABLE],
    'a weak key': [(response) => response.end(weak.pem), KEYS_UNAVAILABLE],
    'an elliptic key': [(response) => response.end(elliptic), KEYS_UNAVAILABLE],
    'a key with a long tail': [(response) => response.end(strong.pem + '\n'.repeat(20_000)), KEYS_UNAVAILABLE],
    'an endless answer': [sendForEver, KEYS_UNAVAILABLE],
    'a redirect': [(response) => response.writeHead(302, { location: '/moved' }).end(), KEYS_UNAVAILABLE],
    'a cut connection': [(response) => response.destroy(), KEYS_UNAVAILABLE]
  }
  let misbehave = (_response: ServerResponse): void => {}
  const { scene, keys } = await sceneWithKeys(
    t,
    (path, response) => (path === '/moved' ? response.end(strong.pem) : misbehave(response)),
    { maxKeyFetchesPerMinute: 100 }
  )
  for (const [name, [answer, expected]] of Object.entries(cases)) {
    misbehave = answer
    const token = await forged(scene, randomUUID(), name === 'a weak key' ? weak : strong)
    await refuses(t, scene, lifecycleCall(token, newcomer(scene)), expected, name)
  }
  t.notOk(keys.asked.includes('/moved'), 'no redirect was followed')
})

t.test('a key host that never answers costs the caller a time limit, and the app nothing', async (t) => {
  let limited = 0
  const { scene } = await sceneWithKeys(t, () => {}, {
    fetch: (url, init) => {
      if (init?.signal instanceof AbortSignal) limited += 1
      // The limit of the app is some seconds; the same signal fires earlier here.
      return fetch(url, { ...init, signal: AbortSignal.timeout(300) })
    }
  })
  limited = 0
  const token = await forged(scene, randomUUID())
  await refuses(t, scene, lifecycleCall(token, newcomer(scene)), KEYS_UNAVAILABLE)
  t.equal(limited, 1, 'the request for the key had a time limit')
})

t.test('1,000 forged key ids cause no more questions than the cap', async (t) => {
  // Slow enough that questions would pile up.
  const { scene, keys } = await sceneWithKeys(t, (_path, response) => {
    setTimeout(() => response.writeHead(404).end(), 20)
  })
  const before = await everything(scene.store)
  const askedBefore = keys.asked.length
  const token = await forged(scene, 'forged')
  const statuses = new Set<number>()
  for (let batch = 0; batch < 20; batch++) {
    const calls = Array.from({ length: 50 }, async () => {
      const call = lifecycleCall(withKid(token, randomUUID()), newcomer(scene))
      statuses.add((await scene.app.inject(call)).statusCode)
    })
    await Promise.all(calls)
  }
  t.ok(keys.asked.length <= 30, `the key host was asked ${keys.asked.length} times in all`)
  t.ok(keys.asked.length > askedBefore, 'it was asked at all')
  t.ok(keys.mostAtOnce <= 4, `never more than 4 questions at once: ${keys.mostAtOnce}`)
  t.strictSame([...statuses].sort(), [401, 503], 'each is refused as unknown or as too many')
  t.equal(await everything(scene.store), before, 'nothing was written')
  await alive(t, scene)
  t.equal((await scene.host.upgrade()).status, 204, 'an install with a key that is known needs no question')

  scene.clock.advanceSeconds(61)
  const asked = keys.asked.length
  await refuses(t, scene, lifecycleCall(await forged(scene, 'a-minute-later'), newcomer(scene)))
  t.equal(keys.asked.length, asked + 1, 'a minute later unknown keys are asked for again')
})

t.test('one unknown key id, sent again and again, is asked for once', async (t) => {
  const { scene, keys } = await sceneWithKeys(t, (_path, response) => response.writeHead(404).end())
  const call = lifecycleCall(await forged(scene, 'always-the-same'), newcomer(scene))
  const answers = await Promise.all(Array.from({ length: 20 }, () => scene.app.inject(call)))
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [401])
  await refuses(t, scene, call)
  t.equal(keys.asked.filter((path) => path === '/always-the-same').length, 1)
})

t.test('the next key host is asked for the same key when the first does not know it', async (t) => {
  const second = await keyServer(t, (_path, response) => response.end(strong.pem))
  const { scene, keys } = await sceneWithKeys(t, (_path, response) => response.writeHead(404).end(), {}, [second.url])
  const call = lifecycleCall(await forged(scene, 'second-knows'), newcomer(scene))
  t.equal((await scene.app.inject(call)).statusCode, 204)
  t.ok(keys.asked.includes('/second-knows'))
  t.strictSame(second.asked, ['/second-knows'])
})

t.test('nothing that a request says chooses who is asked for the key', async (t) => {
  const evil = await keyServer(t, (_path, response) => response.end(strong.pem))
  const { scene } = await sceneWithKeys(t, (_path, response) => response.writeHead(404).end())
  const { host } = new URL(evil.url)
  const disguises: Record<string, string>[] = [
    { host },
    { 'x-forwarded-host': host, forwarded: `host=${host}` },
    { origin: evil.url, referer: evil.url }
  ]
  for (const headers of disguises) {
    const token = await forged(scene, randomUUID())
    const call = lifecycleCall(token, { ...newcomer(scene), keyHost: evil.url, publicKey: strong.pem })
    const attack = { ...call, headers: { ...call.headers, ...headers } }
    await refuses(t, scene, attack, UNAUTHENTICATED, Object.keys(headers).join())
  }
  // A site of another environment must not bring that environment's keys with it.
  const token = await forged(scene, randomUUID())
  const body = { ...newcomer(scene), baseUrl: evil.url }
  const { statusCode } = await scene.app.inject(lifecycleCall(token, body))
  t.equal(statusCode, 403, 'the site is not on the list')
  t.strictSame(evil.asked, [])
})

interface KeyServer {
  readonly url: string
  readonly asked: string[]
  mostAtOnce: number
}

type AnswerKey = (path: string, response: ServerResponse) => unknown

/** A key host on a real port that counts what it is asked. */
async function keyServer(t: Test, answer: AnswerKey): Promise<KeyServer> {
  let now = 0
  const server = createServer((request, response) => {
    keys.asked.push(request.url ?? '')
    now += 1
    keys.mostAtOnce = Math.max(keys.mostAtOnce, now)
    response.on('close', () => {
      now -= 1
    })
    answer(request.url ?? '', response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const keys: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    mostAtOnce: 0
  }
  return keys
}

/** An installed app whose key host knows the simulator's key and answers for all others as it is told. */
async function sceneWithKeys(
  t: Test,
  answer: AnswerKey,
  overrides: AppOverrides = {},
  furtherHosts: readonly string[] = []
): Promise<{ scene: Scene; keys: KeyServer }> {
  const clock = createTestClock()
  const host: HostSimulator = await createHostSimulator({ clock })
  t.teardown(() => host.close())
  const keys = await keyServer(t, (path, response) => {
    void fetch(`${host.connectOptions().installKeyHosts[0]}${path}`).then(async (known) => {
      if (known.status === 200) response.end(await known.text())
      else answer(path, response)
    })
  })
  const installKeyHosts = [keys.url, ...furtherHosts]
  const scene = await installedApp(t, { host, clock, installKeyHosts, ...overrides })
  return { scene, keys }
}

/** Right in everything but the key, which is ours and has this name. */
async function forged({ host }: Scene, kid: string, { privatePem } = strong): Promise<string> {
  return await host.sign.installToken({ header: { kid }, key: privatePem, claims: { iss: 'newcomer' } })
}

function withKid(token: string, kid: string): string {
  const [header = '', ...rest] = token.split('.')
  const parts = JSON.parse(Buffer.from(header, 'base64url').toString())
  return [Buffer.from(JSON.stringify({ ...parts, kid })).toString('base64url'), ...rest].join('.')
}

function newcomer({ jira }: Scene): object {
  return lifecycleBody(jira, { clientKey: 'newcomer', sharedSecret: 'of-the-newcomer' })
}

function keyPair(modulusLength: number): { pem: string; privatePem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }
}

/** Spaces after a key, for as long as anyone listens. */
function sendForEver(response: ServerResponse): void {
  response.write(strong.pem)
  const chunk = '\n'.repeat(16_384)
  const timer = setInterval(() => response.write(chunk), 1)
  response.on('close', () => clearInterval(timer))
}
