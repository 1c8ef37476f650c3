import assert from 'node:assert/strict'
import { AtlassianError } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import type { TokenKey, TokenStore } from '../tenant/token-store.ts'
import { contractTests, newTenant, type StoreContract } from './store-contract-fixtures.ts'

const NOW = 1_700_000_000_000

/** Names that must not be mistaken for each other. */
const NAMES = ['a', 'A', 'a ', '__proto__', '["client","557058:ada",["READ"]]', '\u{1f980}', 'x'.repeat(8192)]

const IMPOSSIBLE_NAMES = ['', 'x'.repeat(8193), 'nul\0', '\ud800']

/** The promises of `TokenStore`. Part of `tenantStoreContract`; passed over by a store that keeps no tokens. */
export function tokenStoreContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  function testTokens(name: string, body: (tokens: TokenStore, store: TenantStore) => Promise<void>): void {
    test(name, async (store) => {
      if (store.tokens !== undefined) await body(store.tokens, store)
    })
  }

  testTokens('a token is kept whole, apart from those of other names, kinds and tenants', async (tokens, store) => {
    const mine = await newKey(store)
    const keys = [mine, await newKey(store), { ...mine, kind: 'system' as const }]
    const all = keys.flatMap((key) => NAMES.map((name) => ({ ...key, name })))
    for (const [n, key] of all.entries()) {
      assert.equal(await tokens.get(key), null)
      assert.equal(await tokens.put(key, token(`${n}-${'t'.repeat(4000)}`, NOW + n)), true)
    }
    for (const [n, key] of all.entries()) {
      const stored = await tokens.get(key)
      assert.equal(stored?.token.reveal(), `${n}-${'t'.repeat(4000)}`)
      assert.equal(stored?.expiresAtMs, NOW + n)
    }
  })

  testTokens('what cannot be stored is refused', async (tokens, store) => {
    const key = await newKey(store)
    for (const name of IMPOSSIBLE_NAMES) await assert.rejects(tokens.put({ ...key, name }, token('t')), TypeError)
    for (const value of ['', 'nul\0', '\ud800']) await assert.rejects(tokens.put(key, token(value)), TypeError)
    for (const expiresAtMs of [0, 0.5, Number.NaN])
      await assert.rejects(tokens.put(key, token('t', expiresAtMs)), TypeError)
    for (const owner of ['', 'o'.repeat(65)]) await assert.rejects(tokens.acquire(key, lease(owner)), TypeError)
    assert.equal(await tokens.get(key), null)
  })

  testTokens('a tenant that does not exist has no tokens and gets none', async (tokens) => {
    const key: TokenKey = { tenantId: 'nobody', kind: 'user', name: 'a' }
    assert.equal(await tokens.get(key), null)
    await assert.rejects(tokens.put(key, token('t')), isNoTenant)
    await assert.rejects(tokens.acquire(key, lease('one')), isNoTenant)
    assert.equal(await tokens.delete(key, new Secret('t')), false)
    assert.equal(await tokens.deleteAll('nobody'), 0)
    await tokens.release(key, 'one')
  })

  testTokens('a token takes the place of another only if it lasts longer', async (tokens, store) => {
    const key = await newKey(store)
    assert.equal(await tokens.put(key, token('first', NOW)), true)
    for (const expiresAtMs of [NOW, NOW - 1]) assert.equal(await tokens.put(key, token('late', expiresAtMs)), false)
    assert.equal(await textOf(tokens, key), 'first')
    assert.equal(await tokens.put(key, token('second', NOW + 1)), true)
    assert.equal(await textOf(tokens, key), 'second')
  })

  testTokens('only the token that was refused is forgotten', async (tokens, store) => {
    const key = await newKey(store)
    await tokens.put(key, token('new', NOW))
    assert.equal(await tokens.delete(key, new Secret('old')), false)
    assert.equal(await textOf(tokens, key), 'new')
    assert.equal(await tokens.delete(key, new Secret('new')), true)
    assert.equal(await tokens.delete(key, new Secret('new')), false)
    assert.equal(await tokens.get(key), null)
    assert.equal(await tokens.put(key, token('shorter', NOW - 1)), true, 'nothing is left that lasts longer')
  })

  testTokens('all tokens of a tenant go, or those of one kind, and nobody else loses any', async (tokens, store) => {
    const mine = await newKey(store)
    const system = { ...mine, kind: 'system' as const }
    const other = await newKey(store)
    for (const key of [mine, { ...mine, name: 'b' }, system, other]) await tokens.put(key, token('t'))
    assert.equal(await tokens.deleteAll(mine.tenantId, 'user'), 2)
    assert.equal(await tokens.get(mine), null)
    assert.equal(await textOf(tokens, system), 't')
    await tokens.put(mine, token('t'))
    assert.equal(await tokens.deleteAll(mine.tenantId), 2)
    assert.equal(await tokens.get(system), null)
    assert.equal(await tokens.deleteAll(mine.tenantId), 0)
    assert.equal(await textOf(tokens, other), 't')
  })

  testTokens('a sweep takes what has expired and leaves who is asking', async (tokens, store) => {
    const base = await newKey(store)
    const named = (name: string): TokenKey => ({ ...base, name })
    await tokens.put(named('over'), token('over', NOW))
    await tokens.put(named('good'), token('good', NOW + 1))
    await tokens.put(named('leased'), token('leased', NOW))
    assert.equal(await tokens.acquire(named('leased'), lease('one', NOW)), true)
    assert.equal(await tokens.acquire(named('given up'), lease('one', NOW - 1000)), true)
    assert.equal(await tokens.sweep(NOW), 2)
    assert.equal(await tokens.get(named('over')), null)
    assert.equal(await textOf(tokens, named('good')), 'good')
    assert.equal(await textOf(tokens, named('leased')), 'leased')
    assert.equal(await tokens.acquire(named('leased'), lease('two', NOW)), false)
  })

  testTokens('one owner at a time may ask, until the lease ends or is given back', async (tokens, store) => {
    const key = await newKey(store)
    assert.equal(await tokens.acquire(key, lease('one')), true)
    assert.equal(await tokens.acquire(key, lease('two')), false)
    assert.equal(await tokens.acquire(key, lease('one')), true, 'the owner takes it again')
    assert.equal(await tokens.acquire({ ...key, name: 'other' }, lease('two')), true, 'another token is free')
    assert.equal(await tokens.acquire({ ...key, kind: 'system' }, lease('two')), true, 'and another kind')
    await tokens.release(key, 'two')
    assert.equal(await tokens.acquire(key, lease('two')), false, 'nobody gives back what another one has')
    await tokens.release(key, 'one')
    assert.equal(await tokens.acquire(key, lease('two')), true)
    assert.equal(await tokens.acquire(key, lease('one', NOW + 999)), false)
    assert.equal(await tokens.acquire(key, lease('one', NOW + 1000)), true, 'a lease that has run out is free')
    await tokens.release(key, 'two')
    assert.equal(await tokens.acquire(key, lease('two', NOW + 1000)), false)
  })

  testTokens('a lease and a token do not touch each other', async (tokens, store) => {
    const key = await newKey(store)
    await tokens.acquire(key, lease('one'))
    assert.equal(await tokens.get(key), null)
    await tokens.put(key, token('t'))
    assert.equal(await tokens.acquire(key, lease('two')), false)
    await tokens.delete(key, new Secret('t'))
    assert.equal(await tokens.acquire(key, lease('two')), false)
    await tokens.put(key, token('u'))
    await tokens.release(key, 'one')
    assert.equal(await textOf(tokens, key), 'u')
  })

  testTokens('a tenant that is removed takes its tokens along', async (tokens, store) => {
    if (store.remover === undefined) return
    const dead = newTenant({ installations: [], updatedAtMs: NOW })
    const tenant = await store.save(dead, null)
    const key: TokenKey = { tenantId: tenant.tenantId, kind: 'user', name: 'a' }
    await tokens.put(key, token('t'))
    assert.equal(await store.remover.remove(tenant, NOW + 1, async () => {}), true)
    assert.equal(await tokens.get(key), null)
    await store.save(dead, null)
    assert.equal(await tokens.get(key), null)
  })

  testShared('of many who ask at once, in several processes, one gets the lease', async (store, connect) => {
    const others = [store, await connect(), await connect()]
    const key = await newKey(store)
    if (store.tokens === undefined) return
    for (let round = 0; round < 5; round += 1) {
      const nowMs = NOW + round * 1000
      const owners = Array.from({ length: 12 }, (_, n) => `${round}-${n}`)
      const taken = await Promise.all(
        owners.map(async (owner, n) => others[n % others.length]?.tokens?.acquire(key, lease(owner, nowMs)))
      )
      assert.equal(taken.filter((one) => one === true).length, 1)
    }
  })

  testShared('of many that are put at once the one that lasts longest stays', async (store, connect) => {
    const others = [store, await connect()]
    const key = await newKey(store)
    if (store.tokens === undefined) return
    const times = [5, 2, 9, 1, 7, 3, 8, 4, 6]
    await Promise.all(times.map(async (n) => others[n % others.length]?.tokens?.put(key, token(`token-${n}`, NOW + n))))
    assert.equal(await textOf(store.tokens, key), 'token-9')
  })

  testShared('a token that comes while the one before it is forgotten stays', async (store, connect) => {
    const other = await connect()
    const key = await newKey(store)
    if (store.tokens === undefined || other.tokens === undefined) return
    for (let round = 0; round < 40; round += 2) {
      await store.tokens.put(key, token('old', NOW + round))
      const results: readonly [boolean, boolean] = await Promise.all([
        store.tokens.delete(key, new Secret('old')),
        other.tokens.put(key, token('new', NOW + round + 1))
      ])
      assert.equal(await textOf(store.tokens, key), 'new', `round ${round}, dropped ${results[0]}`)
      await store.tokens.delete(key, new Secret('new'))
    }
  })

  testShared('another process sees the token, another app does not', async (store, connect) => {
    const [same, otherApp] = [await connect(), await connect('another-app')]
    if (store.tokens === undefined || same.tokens === undefined || otherApp.tokens === undefined) return
    const key = await newKey(store)
    await store.tokens.put(key, token('t', NOW))
    assert.equal(await textOf(same.tokens, key), 't')
    assert.equal(await otherApp.tokens.get(key), null)
    assert.equal(await otherApp.tokens.delete(key, new Secret('t')), false)
    assert.equal(await otherApp.tokens.deleteAll(key.tenantId), 0)
    assert.equal(await otherApp.tokens.sweep(NOW), 0)
    await assert.rejects(otherApp.tokens.put(key, token('theirs', NOW + 1)), isNoTenant)
    await assert.rejects(otherApp.tokens.acquire(key, lease('theirs')), isNoTenant)
    assert.equal(await textOf(store.tokens, key), 't')
  })
}

async function newKey(store: TenantStore): Promise<TokenKey> {
  const { tenantId } = await store.save(newTenant(), null)
  return { tenantId, kind: 'user', name: 'a' }
}

function token(text: string, expiresAtMs = NOW) {
  return { token: new Secret(text), expiresAtMs }
}

function lease(owner: string, nowMs = NOW) {
  return { owner, nowMs, leaseMs: 1000 }
}

async function textOf(tokens: TokenStore, key: TokenKey): Promise<string | null> {
  return (await tokens.get(key))?.token.reveal() ?? null
}

function isNoTenant(error: unknown): boolean {
  return error instanceof AtlassianError && error.code === 'ATL_NO_TENANT'
}
