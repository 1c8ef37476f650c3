import { randomBytes } from 'node:crypto'
import { createClient } from 'redis'
import t, { type Test } from 'tap'
import type { EncryptionOptions } from '../../../lib/encryption/encryption-options.ts'
import { Secret } from '../../../lib/secret.ts'
import { createRedisTenantStore } from '../../../lib/store/redis-tenant-store.ts'
import { replaceTokenScript } from '../../../lib/store/redis-token-scripts.ts'
import type { TokenKey, TokenStore } from '../../../lib/tenant/token-store.ts'
import { newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testRedis, testRedisServer } from '../../helpers/redis.ts'
import { contentOf, keysWithData } from '../../helpers/redis-layout.ts'

const appKey = 'contract-app'
const NOW = 1_790_000_000_000
const keyNamed = (id: string) => ({ id, key: randomBytes(32).toString('base64') })
const [one, two, gone] = [keyNamed('one'), keyNamed('two'), keyNamed('gone')]

async function openStore(t: Test, url: string, prefix: string, keys: EncryptionOptions['keys'] = [one]) {
  const store = createRedisTenantStore({ appKey, url, prefix, encryption: { keys } })
  t.teardown(() => store.close())
  await store.open()
  const { tokens, remover } = store
  if (tokens === undefined || remover === undefined) throw new Error('parts are missing')
  return { ...store, tokens, remover }
}

async function connectClient(t: Test, url: string) {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.destroy())
  return client
}

async function newNames(store: Awaited<ReturnType<typeof openStore>>) {
  const { tenantId } = await store.save(newTenant(), null)
  return (name: string): TokenKey => ({ tenantId, kind: 'user', name })
}

function token(text: string, expiresAtMs = NOW) {
  return { token: new Secret(text), expiresAtMs }
}

function lease(owner: string) {
  return { owner, nowMs: NOW, leaseMs: 1000 }
}

async function textOf(tokens: TokenStore, key: TokenKey) {
  return (await tokens.get(key))?.token.reveal() ?? null
}

t.test('on a real Redis', async (t) => {
  const redis = await testRedis(t)
  if (redis === null) return
  const { url } = redis
  const client = await connectClient(t, url)
  const keyOf = (prefix: string, part: string) => `{${prefix}}:2:app:${appKey}:${part}`
  const leftTokens = async (prefix: string) =>
    (await keysWithData(client, prefix)).filter((key) => key.includes(':token'))

  t.test('whoever reads all of it finds neither a token nor whose it is', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, url, prefix)
    const named = await newNames(store)
    const ada = named('["client","557058:ada-0001",["READ"]]')
    await store.tokens.put(ada, token('the-token'))
    await store.tokens.acquire(ada, lease('process-1'))
    const dump = JSON.stringify([...(await contentOf(client, prefix))])
    t.match(dump, /\d+ atlenc1\.one\./)
    t.match(dump, 'process-1')
    t.notMatch(dump, /the-token|ada-0001|READ/)
  })

  t.test('a token that is moved to another user, kind or tenant does not open there', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, url, prefix)
    const [named, other] = [await newNames(store), await newNames(store)]
    const rows = [named('ada'), named('bo'), { ...named('ada'), kind: 'system' as const }, other('ada')]
    await store.tokens.put(named('ada'), token('ada'))
    const [sealed = ''] = await client.hVals(keyOf(prefix, 'tokens'))
    for (const row of rows) await store.tokens.put(row, token('theirs'))
    for (const field of await client.hKeys(keyOf(prefix, 'tokens'))) {
      await client.hSet(keyOf(prefix, 'tokens'), field, sealed)
    }
    const results = await Promise.allSettled(rows.map((row) => textOf(store.tokens, row)))
    t.same(
      results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.code)),
      ['ada', 'ATL_ENCRYPTION_KEY', 'ATL_ENCRYPTION_KEY', 'ATL_ENCRYPTION_KEY']
    )
    await t.rejects(store.tokens.delete(named('bo'), new Secret('ada')), { code: 'ATL_ENCRYPTION_KEY' })
    await client.hSet(keyOf(prefix, 'tokens'), (await client.hKeys(keyOf(prefix, 'tokens')))[0] ?? '', `${NOW} plain`)
    const plain = await Promise.allSettled(rows.map((row) => store.tokens.get(row)))
    t.ok(plain.some((result) => result.status === 'rejected' && result.reason.reason === 'plaintext'))
  })

  t.test('new keys take tokens along while the store serves, and what has expired goes unread', async (t) => {
    const prefix = redis.freshPrefix()
    const old = await openStore(t, url, prefix)
    const named = await newNames(old)
    for (let n = 0; n < 25; n += 1) await old.tokens.put(named(`${n}`), token(`token-${n}`, NOW + 1))
    await old.tokens.put({ ...named('0'), kind: 'system' }, token('of the app', NOW + 1))
    await old.tokens.acquire(named('asking'), lease('a'))
    const lost = await openStore(t, url, prefix, [gone])
    await lost.tokens.put(named('expired'), token('expired', NOW))
    const store = await openStore(t, url, prefix, [two, one])
    const options = { batchSize: 10, clock: () => NOW }
    t.match(await store.reencrypt(options), { tenants: 1, rewritten: 28, plaintext: 0, complete: true })
    t.match(await store.reencrypt(options), { rewritten: 0, complete: true })
    const { tokens } = await openStore(t, url, prefix, [two])
    for (let n = 0; n < 25; n += 1) t.equal(await textOf(tokens, named(`${n}`)), `token-${n}`)
    t.equal(await textOf(tokens, { ...named('0'), kind: 'system' }), 'of the app')
    t.equal((await tokens.get(named('1')))?.expiresAtMs, NOW + 1)
    t.equal(await tokens.get(named('expired')), null)
    t.equal(await tokens.acquire(named('asking'), lease('b')), false, 'a lease stays')
    await t.rejects(old.tokens.get(named('1')), { code: 'ATL_ENCRYPTION_KEY', message: /"two"/ })
  })

  t.test('a walk that is stopped among the tokens says that it is not complete', async (t) => {
    const prefix = redis.freshPrefix()
    const old = await openStore(t, url, prefix)
    const named = await newNames(old)
    for (const name of ['a', 'b', 'c']) await old.tokens.put(named(name), token('t', NOW + 1))
    const store = await openStore(t, url, prefix, [two, one])
    const stop = new AbortController()
    // The clock is read when the tenants are done.
    const clock = () => {
      stop.abort()
      return NOW
    }
    t.match(await store.reencrypt({ signal: stop.signal, clock }), { tenants: 1, rewritten: 2, complete: false })
    t.match(await store.reencrypt({ batchSize: 1, clock: () => NOW }), { rewritten: 3, complete: true })
  })

  t.test('a token that is forgotten or followed by another while keys change stays so', async (t) => {
    const prefix = redis.freshPrefix()
    const old = await openStore(t, url, prefix)
    const named = await newNames(old)
    for (const name of ['refused', 'early']) await old.tokens.put(named(name), token(name, NOW + 1))
    // What was read is sealed anew, and before that is written somebody else is there.
    const meddler = {
      async sendCommand(args: readonly string[]) {
        if (args[1] === replaceTokenScript.sha) {
          await old.tokens.delete(named('refused'), new Secret('refused'))
          await old.tokens.put(named('early'), token('late', NOW + 2))
        }
        return client.sendCommand([...args])
      },
      duplicate: () => client.duplicate()
    }
    const store = createRedisTenantStore({ appKey, client: meddler, prefix, encryption: { keys: [two, one] } })
    await store.open()
    t.match(await store.reencrypt({ clock: () => NOW }), { rewritten: 2, complete: true }, 'the secrets of the tenant')
    t.equal(await old.tokens.get(named('refused')), null)
    t.equal(await textOf(old.tokens, named('early')), 'late')
    await store.close()
  })

  t.test('more tokens than one script takes are swept and forgotten', async (t) => {
    const prefix = redis.freshPrefix()
    const { tokens, ...store } = await openStore(t, url, prefix)
    const [named, other] = [await newNames({ ...store, tokens }), await newNames({ ...store, tokens })]
    const names = Array.from({ length: 1050 }, (_, n) => `${n}`)
    await tokens.put(other('stays'), token('stays', NOW + 1))
    await Promise.all(names.map((name) => tokens.put(named(name), token('t'))))
    t.equal(await tokens.sweep(NOW), 1050)
    await Promise.all(names.map((name) => tokens.put(named(name), token('t'))))
    t.equal(await tokens.deleteAll(named('').tenantId, 'system'), 0)
    t.equal(await tokens.deleteAll(named('').tenantId, 'user'), 1050)
    t.equal(await textOf(tokens, other('stays')), 'stays')
    for (const part of ['token-names', 'token-ends']) t.equal(await client.zCard(keyOf(prefix, part)), 1, part)
  })

  t.test('what is forgotten, given back, swept or purged leaves nothing behind', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, url, prefix)
    const named = await newNames(store)
    await store.tokens.acquire(named('a'), lease('one'))
    await store.tokens.put(named('a'), token('t'))
    await store.tokens.release(named('a'), 'one')
    t.equal((await leftTokens(prefix)).length, 3)
    await store.tokens.delete(named('a'), new Secret('t'))
    t.same(await leftTokens(prefix), [])
    await store.tokens.put(named('a'), token('t'))
    await store.tokens.acquire(named('a'), lease('one'))
    t.equal(await store.tokens.sweep(NOW + 999), 0, 'a lease holds its token')
    t.equal(await store.tokens.sweep(NOW + 1000), 1)
    t.same(await leftTokens(prefix), [])
    const dead = await store.save(newTenant({ installations: [], updatedAtMs: NOW }), null)
    const key = { ...named('a'), tenantId: dead.tenantId }
    const removed = await store.remover.remove(dead, NOW + 1, async () => {
      await store.tokens.put(key, token('t'))
      await store.tokens.acquire({ ...key, kind: 'system' }, lease('one'))
    })
    t.equal(removed, true)
    t.same(await leftTokens(prefix), [], 'even what came while the handler worked')
  })

  t.test('times as large as they may be are kept apart, and so are owners of any text', async (t) => {
    const { tokens, ...store } = await openStore(t, url, redis.freshPrefix())
    const key = (await newNames({ ...store, tokens }))('a')
    const last = Number.MAX_SAFE_INTEGER
    t.equal(await tokens.put(key, token('early', last - 1)), true)
    t.equal(await tokens.put(key, token('late', last)), true)
    t.equal((await tokens.get(key))?.expiresAtMs, last)
    t.equal(await tokens.sweep(last - 1), 0)
    t.equal(await tokens.acquire(key, lease('\ufffd 1')), true)
    for (const owner of ['\ud800 1', '1', '\ufffd', '']) await tokens.release(key, owner)
    t.equal(await tokens.acquire(key, lease('two')), false)
    await tokens.release(key, '\ufffd 1')
    t.equal(await tokens.acquire(key, lease('two')), true)
  })
})

t.test('a Redis whose memory is full takes no token, and still forgets one that was refused', async (t) => {
  const server = await testRedisServer(t)
  if (server === null) return
  const store = await openStore(t, server.url, 'atl')
  const client = await connectClient(t, server.url)
  const named = await newNames(store)
  await store.tokens.put(named('a'), token('refused'))
  await store.tokens.acquire(named('a'), lease('one'))
  await client.configSet('maxmemory', '1')
  await t.rejects(store.tokens.put(named('a'), token('newer', NOW + 1)), /OOM/)
  await t.rejects(store.tokens.acquire(named('b'), lease('one')), /OOM/)
  t.equal(await textOf(store.tokens, named('a')), 'refused')
  t.equal(await store.tokens.delete(named('a'), new Secret('refused')), true)
  await store.tokens.release(named('a'), 'one')
  t.notOk((await keysWithData(client, 'atl')).some((key) => key.includes(':token')))
})
