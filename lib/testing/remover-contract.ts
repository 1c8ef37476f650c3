import assert from 'node:assert/strict'
import type { ConnectTenant } from '../tenant/tenant.ts'
import type { TenantRemover } from '../tenant/tenant-purge.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import {
  assertSameTenant,
  connectInstallation,
  contractTests,
  forgeInstallation,
  isConflict,
  newDelivery,
  newTenant,
  type StoreContract
} from './store-contract-fixtures.ts'

const DEATH = 1_700_000_000_000
const nothing = async () => {}

/** The promises of `TenantRemover`. Part of `tenantStoreContract`; passed over by a store that removes nothing. */
export function removerContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  function testRemover(name: string, body: (remover: TenantRemover, store: TenantStore) => Promise<void>): void {
    test(name, async (store) => {
      if (store.remover !== undefined) await body(store.remover, store)
    })
  }

  testRemover('the dead are listed by the time when their last installation ended', async (remover, store) => {
    const late = await saveDead(store, DEATH + 2)
    const [first, second] = [await saveDead(store, DEATH), await saveDead(store, DEATH)].sort(byId)
    const never = await store.save(newTenant({ installations: [], updatedAtMs: DEATH + 1 }), null)
    await store.save(newTenant(), null)
    const halfAlive = newTenant()
    const [ended] = dead(halfAlive.tenantId, DEATH)
    await store.save({ ...halfAlive, installations: [ended, forgeInstallation('ari', 'production')] }, null)
    const all = [first, second, never, late].map((tenant) => tenant?.tenantId)
    assert.deepEqual(await walk(remover, DEATH + 3, 1), all)
    assert.deepEqual(await walk(remover, DEATH + 3, 10), all)
    assert.deepEqual(await walk(remover, DEATH + 2, 10), all.slice(0, 3))
    assert.deepEqual(await walk(remover, DEATH, 10), [])
    const [found] = await remover.listDead({ diedBeforeMs: DEATH + 1, limit: 1 })
    assert.equal(found?.diedAtMs, DEATH)
    assertSameTenant(found?.tenant ?? null, first ?? late)
  })

  testRemover('a tenant with two installations died with the last of them', async (remover, store) => {
    const tenant = newTenant()
    const forge = { ...forgeInstallation('ari', ''), state: 'uninstalled', endedAtMs: DEATH + 5 } as const
    const saved = await store.save({ ...tenant, installations: [...dead(tenant.tenantId, DEATH), forge] }, null)
    assert.deepEqual(await walk(remover, DEATH + 5, 10), [])
    assert.equal(await remover.remove(saved, DEATH + 5, nothing), false)
    assert.equal(await remover.remove(saved, DEATH + 6, nothing), true)
  })

  testRemover('removing takes the tenant and all that is its own, and nothing else', async (remover, store) => {
    const tenant = await saveDead(store, DEATH)
    const other = await saveDead(store, DEATH)
    for (const { tenantId } of [tenant, other]) {
      await store.inbox.add(newDelivery(tenantId))
      for (const installation of ['', 'one']) await set(store, tenantId, installation)
      await store.accounts?.put(tenantId, { accountId: 'a', updatedAtMs: DEATH }, DEATH)
    }
    assert.equal(await remover.remove(tenant, DEATH + 1, nothing), true)
    assert.equal(await remover.remove(tenant, DEATH + 1, nothing), false)
    assert.equal(await store.find({ tenantId: tenant.tenantId }), null)
    assert.equal(await store.find({ clientKey: tenant.clientKey }), null)
    assert.equal(await store.find({ installationId: `connect:${tenant.tenantId}` }), null)
    assertSameTenant(await store.find({ tenantId: other.tenantId }), other)
    const claimed = await store.inbox.claim({ nowMs: DEATH, leaseMs: 1, limit: 10 })
    assert.deepEqual(
      claimed.map(({ tenantId }) => tenantId),
      [other.tenantId]
    )
    const again = await store.save(newTenant({ tenantId: tenant.tenantId, clientKey: tenant.clientKey }), null)
    assert.equal(again.version, 1)
    const accounts = { nowMs: DEATH, leaseMs: 1, limit: 10, answered: false }
    const [account] = (await store.accounts?.claim(accounts)) ?? []
    if (store.accounts !== undefined)
      assert.deepEqual(account?.uses, [{ tenantId: other.tenantId, updatedAtMs: DEATH }])
    for (const installation of ['', 'one']) {
      const owner = { tenantId: tenant.tenantId, installation }
      assert.equal((await store.settings?.get(owner, 'key', DEATH)) ?? null, null)
      const theirs = await store.settings?.get({ tenantId: other.tenantId, installation }, 'key', DEATH)
      assert.equal(theirs?.value, store.settings === undefined ? undefined : '1')
    }
  })

  testRemover('a living tenant, or one that came back, is never removed', async (remover, store) => {
    const alive = await store.save(newTenant(), null)
    assert.equal(await remover.remove(alive, DEATH * 2, nothing), false)
    const read = await saveDead(store, DEATH)
    const back = await store.save({ ...read, installations: [connectInstallation(read.tenantId)] }, read.version)
    assert.equal(await remover.remove(read, DEATH * 2, nothing), false)
    assert.equal(await remover.remove(back, DEATH * 2, nothing), false)
    const again = await store.save({ ...back, installations: dead(read.tenantId, DEATH + 9) }, back.version)
    assert.equal(await remover.remove(read, DEATH + 9, nothing), false)
    assert.equal(await remover.remove(again, DEATH + 9, nothing), false)
    assertSameTenant(await store.find({ tenantId: read.tenantId }), again)
  })

  testRemover('what the handler throws is thrown on, and the tenant stays whole', async (remover, store) => {
    const tenant = await saveDead(store, DEATH)
    await store.inbox.add(newDelivery(tenant.tenantId))
    await set(store, tenant.tenantId, '')
    const failure = new Error('not yet')
    const fail = async () => {
      throw failure
    }
    await assert.rejects(remover.remove(tenant, DEATH + 1, fail), failure)
    assertSameTenant(await store.find({ tenantId: tenant.tenantId }), tenant)
    assert.equal((await store.inbox.claim({ nowMs: DEATH, leaseMs: 1, limit: 10 })).length, 1)
    assert.equal(await remover.remove(tenant, DEATH + 1, nothing), true)
  })

  testRemover('the handler is not called for a tenant that is not removed', async (remover, store) => {
    const alive = await store.save(newTenant(), null)
    const called = async () => assert.fail('it was called')
    assert.equal(await remover.remove(alive, DEATH * 2, called), false)
    assert.equal(await remover.remove(newTenant({ installations: [] }), DEATH * 2, called), false)
  })

  testShared(
    'an install and a purge at the same moment: the tenant is there and alive, or new',
    async (store, connect) => {
      if (store.remover === undefined) return
      const other = await connect()
      for (let round = 0; round < 15; round += 1) {
        const tenant = await saveDead(store, DEATH)
        const { tenantId } = tenant
        const alive = { ...tenant, installations: [connectInstallation(tenantId)] }
        const results: readonly [boolean, ConnectTenant | null] = await Promise.all([
          store.remover.remove(tenant, DEATH + 1, nothing),
          other.save(alive, tenant.version).catch((error) => {
            if (!isConflict(error)) throw error
            return null
          })
        ])
        const [removed, saved] = results
        assert.equal(removed, saved === null, 'one of them wins')
        const found = await other.find({ tenantId })
        if (saved === null) assert.equal(found, null)
        else assertSameTenant(found, saved)
      }
    }
  )

  testShared('two purges of one tenant at once: one removes it', async (store, connect) => {
    const other = await connect()
    const { remover } = other
    if (store.remover === undefined || remover === undefined) return
    const tenant = await saveDead(store, DEATH)
    let handled = 0
    const count = async () => {
      handled += 1
    }
    const removed = await Promise.all([
      store.remover.remove(tenant, DEATH + 1, count),
      remover.remove(tenant, DEATH + 1, count)
    ])
    assert.deepEqual(removed.sort(), [false, true])
    assert.equal(handled, 1)
  })

  testShared('another app neither lists nor removes what is not its own', async (store, connect) => {
    const otherApp = await connect('another-app')
    if (otherApp.remover === undefined) return
    const tenant = await saveDead(store, DEATH)
    assert.deepEqual(await walk(otherApp.remover, DEATH * 2, 10), [])
    assert.equal(await otherApp.remover.remove(tenant, DEATH * 2, nothing), false)
    assertSameTenant(await store.find({ tenantId: tenant.tenantId }), tenant)
  })
}

function dead(tenantId: string, endedAtMs: number) {
  return [connectInstallation(tenantId, { state: 'uninstalled', enabled: false, endedAtMs })] as const
}

async function saveDead(store: TenantStore, endedAtMs: number): Promise<ConnectTenant> {
  const tenant = newTenant()
  return store.save({ ...tenant, installations: dead(tenant.tenantId, endedAtMs) }, null)
}

async function set({ settings }: TenantStore, tenantId: string, installation: string): Promise<void> {
  const setting = { key: 'key', value: '1', expiresAtMs: null, updatedAtMs: DEATH }
  await settings?.set({ tenantId, installation }, setting, undefined)
}

function byId(a: ConnectTenant, b: ConnectTenant): number {
  return a.tenantId < b.tenantId ? -1 : 1
}

async function walk(remover: TenantRemover, diedBeforeMs: number, limit: number): Promise<string[]> {
  const found: string[] = []
  let after: { diedAtMs: number; tenantId: string } | undefined
  for (;;) {
    const page = await remover.listDead({ diedBeforeMs, limit, ...(after === undefined ? {} : { after }) })
    found.push(...page.map(({ tenant }) => tenant.tenantId))
    const last = page.at(-1)
    if (last === undefined || page.length < limit) return found
    after = { diedAtMs: last.diedAtMs, tenantId: last.tenant.tenantId }
  }
}
