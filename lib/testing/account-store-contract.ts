import assert from 'node:assert/strict'
import { AtlassianError } from '../errors.ts'
import type { AccountStore, ClaimedAccount } from '../tenant/account-store.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import { contractTests, newTenant, type StoreContract } from './store-contract-fixtures.ts'

const NOW = 1_700_000_000_000
const LEASE = 60_000

/** The promises of `AccountStore`. Part of `tenantStoreContract`; passed over by a store that keeps no accounts. */
export function accountStoreContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  function testAccounts(
    name: string,
    body: (accounts: AccountStore, tenantId: string, store: TenantStore) => Promise<void>
  ): void {
    test(name, async (store) => {
      if (store.accounts === undefined) return
      const { tenantId } = await store.save(newTenant(), null)
      await body(store.accounts, tenantId, store)
    })
  }

  testAccounts('an account is kept for each tenant that has it, with its latest time', async (accounts, one, store) => {
    const { tenantId: two } = await store.save(newTenant(), null)
    await accounts.put(one, { accountId: 'a:1', updatedAtMs: NOW }, NOW)
    await accounts.put(one, { accountId: 'a:1', updatedAtMs: NOW - 1 }, NOW)
    await accounts.put(two, { accountId: 'a:1', updatedAtMs: NOW + 1 }, NOW)
    await accounts.put(one, { accountId: 'A:1', updatedAtMs: NOW + 2 }, NOW)
    const all = { after: '', limit: 10 }
    assert.deepEqual(await accounts.list(one, all), [
      { accountId: 'A:1', updatedAtMs: NOW + 2 },
      { accountId: 'a:1', updatedAtMs: NOW }
    ])
    assert.deepEqual(await accounts.list(one, { after: 'A:1', limit: 10 }), [{ accountId: 'a:1', updatedAtMs: NOW }])
    assert.deepEqual(await accounts.list(two, all), [{ accountId: 'a:1', updatedAtMs: NOW + 1 }])
    assert.deepEqual(await accounts.list('nobody', all), [])
  })

  testAccounts('what cannot be an account, and what belongs to nobody, is refused', async (accounts, tenantId) => {
    for (const accountId of ['', 'x'.repeat(129), 'a b', 'a/b', 'nul\0', '\ud800']) {
      await assert.rejects(accounts.put(tenantId, { accountId, updatedAtMs: NOW }, NOW), TypeError)
    }
    await assert.rejects(accounts.put(tenantId, { accountId: 'a', updatedAtMs: 0.5 }, NOW), TypeError)
    await assert.rejects(accounts.put('nobody', { accountId: 'a', updatedAtMs: NOW }, NOW), isNoTenant)
    await assert.rejects(accounts.put('nul\0', { accountId: 'a', updatedAtMs: NOW }, NOW), isNoTenant)
    assert.equal(await accounts.delete(tenantId, 'nul\0'), false)
    assert.equal(await accounts.delete('nobody', 'a'), false)
    assert.deepEqual(await claim(accounts), [])
  })

  testAccounts('an account is claimed once until its lease ends, longest due first', async (accounts, tenantId) => {
    await accounts.put(tenantId, { accountId: 'later', updatedAtMs: NOW }, NOW + 1)
    await accounts.put(tenantId, { accountId: 'second', updatedAtMs: NOW }, NOW)
    await accounts.put(tenantId, { accountId: 'first', updatedAtMs: NOW }, NOW - 1)
    const claimed = await claim(accounts)
    assert.deepEqual(
      claimed.map(({ accountId, answer, uses }) => ({ accountId, answer, uses })),
      ['first', 'second'].map((accountId) => ({ accountId, answer: null, uses: [{ tenantId, updatedAtMs: NOW }] }))
    )
    assert.deepEqual(await claim(accounts), [])
    assert.deepEqual(idsOf(await claim(accounts, NOW + LEASE)), ['later', 'first', 'second'])
  })

  testAccounts('a claim that ran out changes nothing any more', async (accounts, tenantId) => {
    await accounts.put(tenantId, { accountId: 'a', updatedAtMs: NOW }, NOW)
    const [late] = await claim(accounts)
    const [mine] = await claim(accounts, NOW + LEASE)
    assert.ok(late && mine)
    assert.equal(await accounts.settle(late, { answer: 'closed', dueAtMs: NOW }), false)
    assert.equal(await accounts.erased(late, NOW), false)
    assert.equal(await accounts.refreshed(late, NOW + 9, NOW), false)
    assert.equal(await accounts.settle(mine, { answer: null, dueAtMs: NOW + 5 * LEASE }), true)
    assert.equal(await accounts.settle(mine, { answer: 'closed', dueAtMs: NOW }), false, 'a claim ends once')
    assert.deepEqual(await claim(accounts, NOW + 4 * LEASE), [])
    assert.deepEqual(await accounts.list(tenantId, { after: '', limit: 9 }), [{ accountId: 'a', updatedAtMs: NOW }])
  })

  testAccounts('an answer waits apart from what is to be reported', async (accounts, tenantId) => {
    for (const accountId of ['a', 'b']) await accounts.put(tenantId, { accountId, updatedAtMs: NOW }, NOW)
    const [a] = await claim(accounts)
    assert.ok(a)
    await accounts.settle(a, { answer: 'closed', dueAtMs: NOW })
    assert.deepEqual(await claim(accounts, NOW), [])
    const answered = await claim(accounts, NOW, true)
    assert.deepEqual(
      answered.map(({ accountId, answer }) => ({ accountId, answer })),
      [{ accountId: 'a', answer: 'closed' }]
    )
    assert.deepEqual(await claim(accounts, NOW, true), [])
  })

  testAccounts('what was erased goes, and what was stored meanwhile stays', async (accounts, one, store) => {
    const { tenantId: two } = await store.save(newTenant(), null)
    for (const tenantId of [one, two]) await accounts.put(tenantId, { accountId: 'a', updatedAtMs: NOW }, NOW)
    const [claimed] = await claim(accounts)
    assert.ok(claimed)
    await accounts.put(two, { accountId: 'a', updatedAtMs: NOW + 1 }, NOW)
    assert.equal(await accounts.erased(claimed, NOW), true)
    assert.deepEqual(await accounts.list(one, { after: '', limit: 9 }), [])
    const [rest] = await claim(accounts)
    assert.deepEqual(rest?.uses, [{ tenantId: two, updatedAtMs: NOW + 1 }])
    assert.equal(rest && (await accounts.erased(rest, NOW)), true)
    assert.deepEqual(await claim(accounts, NOW + 9 * LEASE), [])
  })

  testAccounts('what was fetched anew is new where it still is', async (accounts, one, store) => {
    const { tenantId: two } = await store.save(newTenant(), null)
    for (const tenantId of [one, two]) await accounts.put(tenantId, { accountId: 'a', updatedAtMs: NOW }, NOW)
    const [claimed] = await claim(accounts)
    assert.ok(claimed)
    assert.equal(await accounts.delete(two, 'a'), true)
    assert.equal(await accounts.refreshed(claimed, NOW + 7, NOW + LEASE), true)
    assert.deepEqual(await accounts.list(one, { after: '', limit: 9 }), [{ accountId: 'a', updatedAtMs: NOW + 7 }])
    assert.deepEqual(await accounts.list(two, { after: '', limit: 9 }), [])
    assert.deepEqual(await claim(accounts, NOW + LEASE - 1), [])
    assert.deepEqual(idsOf(await claim(accounts, NOW + LEASE)), ['a'])
  })

  testAccounts('an account that no tenant has is gone', async (accounts, tenantId) => {
    await accounts.put(tenantId, { accountId: 'a', updatedAtMs: NOW }, NOW)
    assert.equal(await accounts.delete(tenantId, 'a'), true)
    assert.equal(await accounts.delete(tenantId, 'a'), false)
    assert.deepEqual(await claim(accounts), [])
    await accounts.put(tenantId, { accountId: 'a', updatedAtMs: NOW }, NOW)
    assert.deepEqual(idsOf(await claim(accounts)), ['a'], 'it can come back')
  })

  testAccounts(
    'accounts move to the tenant that took over, and the later time stays',
    async (accounts, from, store) => {
      const { tenantId: to } = await store.save(newTenant(), null)
      await accounts.put(from, { accountId: 'both', updatedAtMs: NOW + 1 }, NOW)
      await accounts.put(from, { accountId: 'mine', updatedAtMs: NOW }, NOW)
      await accounts.put(to, { accountId: 'both', updatedAtMs: NOW }, NOW)
      assert.equal(await accounts.move(from, to), 2)
      assert.equal(await accounts.move(from, to), 0)
      assert.equal(await accounts.move(to, to), 0)
      assert.deepEqual(await accounts.list(from, { after: '', limit: 9 }), [])
      assert.deepEqual(await accounts.list(to, { after: '', limit: 9 }), [
        { accountId: 'both', updatedAtMs: NOW + 1 },
        { accountId: 'mine', updatedAtMs: NOW }
      ])
      assert.deepEqual(idsOf(await claim(accounts)).sort(), ['both', 'mine'])
    }
  )

  testShared('claimants in several processes never have the same account', async (store, connect) => {
    if (store.accounts === undefined) return
    const stores = [store, await connect(), await connect()]
    const { tenantId } = await store.save(newTenant(), null)
    const ids = Array.from({ length: 30 }, (_, n) => `account-${n}`)
    await Promise.all(
      ids.map((accountId, n) =>
        stores[n % stores.length]?.accounts?.put(tenantId, { accountId, updatedAtMs: NOW }, NOW)
      )
    )
    const got = await Promise.all(stores.map((each) => each.accounts && claim(each.accounts)))
    const all = idsOf(got.flatMap((claimed) => claimed ?? []))
    assert.equal(new Set(all).size, all.length, 'none twice')
    const rest = idsOf(await claim(store.accounts))
    assert.deepEqual([...all, ...rest].sort(), ids.sort())
  })
}

function claim(accounts: AccountStore, nowMs = NOW, answered = false): Promise<ClaimedAccount[]> {
  return accounts.claim({ nowMs, leaseMs: LEASE, limit: 100, answered })
}

function idsOf(claimed: readonly ClaimedAccount[]): string[] {
  return claimed.map(({ accountId }) => accountId)
}

function isNoTenant(error: unknown): boolean {
  return error instanceof AtlassianError && error.code === 'ATL_NO_TENANT'
}
