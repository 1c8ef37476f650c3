import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Delivery, DeliveryInbox, TenantStore } from '../tenant/tenant-store.ts'
import { contractTests, newDelivery, newTenant, type StoreContract } from './store-contract-fixtures.ts'

const NOW = 1_700_000_000_000
const LEASE = 60_000

/** The promises of `DeliveryInbox`. Part of `tenantStoreContract`. */
export function deliveryInboxContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  test('a delivery is claimed whole, and counts its attempts', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const payload = JSON.stringify({
      text: '\u{1f980} \'";--%_\\',
      deep: { __proto__: null },
      long: 'x'.repeat(200_000)
    })
    for (const identifier of ['a&b#%', '__proto__', null]) {
      const delivery = newDelivery(tenantId, { payload, identifier, event: 'jira:issue_updated' })
      assert.equal(await store.inbox.add(delivery), true)
      assert.deepEqual(await claim(store.inbox), [{ ...delivery, attempts: 1 }])
    }
  })

  test('one identifier of one tenant and kind is taken once', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const other = await store.save(newTenant(), null)
    const identifier = 'delivery-1'
    const first = newDelivery(tenantId, { identifier })
    assert.equal(await store.inbox.add(first), true)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier })), false)
    assert.equal(await store.inbox.add(newDelivery(other.tenantId, { identifier })), true)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier, kind: 'lifecycle' })), true)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier: 'Delivery-1' })), true)
    await store.inbox.complete(first.deliveryId, NOW)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier })), false)
  })

  test('of many equal deliveries at once exactly one is taken', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const added = await Promise.all(
      Array.from({ length: 10 }, () => store.inbox.add(newDelivery(tenantId, { identifier: 'same' })))
    )
    assert.equal(added.filter(Boolean).length, 1)
    assert.equal((await claim(store.inbox)).length, 1)
  })

  test('a delivery without an identifier is never a duplicate, unless it is the same one', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const first = newDelivery(tenantId, { identifier: null })
    assert.equal(await store.inbox.add(first), true)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier: null })), true)
    assert.equal(await store.inbox.add(first), false)
    assert.equal((await claim(store.inbox)).length, 2)
  })

  test('a delivery for a tenant that does not exist is refused', async (store) => {
    await assert.rejects(store.inbox.add(newDelivery('nobody')))
    assert.deepEqual(await claim(store.inbox), [])
  })

  test('a value that some database could not keep is refused', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    await assert.rejects(store.inbox.add(newDelivery(tenantId, { identifier: 'nul\0' })), TypeError)
    await assert.rejects(store.inbox.add(newDelivery(tenantId, { payload: '\ud800' })), TypeError)
    await assert.rejects(store.inbox.add(newDelivery(tenantId, { receivedAtMs: 0.5 })), TypeError)
    assert.deepEqual(await claim(store.inbox), [])
  })

  test('nothing is claimed before it is due', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    await store.inbox.add(newDelivery(tenantId, { dueAtMs: NOW + 10 }))
    assert.deepEqual(await claim(store.inbox, { nowMs: NOW + 9 }), [])
    assert.equal((await claim(store.inbox, { nowMs: NOW + 10 })).length, 1)
  })

  test('the oldest are claimed first, and no more than asked for', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    for (const age of [3, 1, 5, 2, 4]) await store.inbox.add(newDelivery(tenantId, { receivedAtMs: NOW - age }))
    assert.deepEqual(ages(await claim(store.inbox, { limit: 2 })), [5, 4])
    assert.deepEqual(ages(await claim(store.inbox, { limit: 2 })), [3, 2])
    assert.deepEqual(ages(await claim(store.inbox, { limit: 2 })), [1])
  })

  test('a claimed delivery is given to nobody else until its lease ends', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    await store.inbox.add(newDelivery(tenantId))
    assert.equal((await claim(store.inbox)).length, 1)
    assert.deepEqual(await claim(store.inbox, { nowMs: NOW + LEASE - 1 }), [])
    const again = await claim(store.inbox, { nowMs: NOW + LEASE })
    assert.deepEqual(
      again.map(({ attempts }) => attempts),
      [2]
    )
  })

  test('a claim for one delivery gives that one or nothing', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const wanted = newDelivery(tenantId, { receivedAtMs: NOW + 5 })
    await store.inbox.add(newDelivery(tenantId))
    await store.inbox.add(wanted)
    assert.deepEqual(await claim(store.inbox, { deliveryId: randomUUID() }), [])
    assert.deepEqual(await claim(store.inbox, { deliveryId: 'nul\0' }), [])
    const claimed = await claim(store.inbox, { deliveryId: wanted.deliveryId })
    assert.deepEqual(
      claimed.map(({ deliveryId }) => deliveryId),
      [wanted.deliveryId]
    )
    assert.deepEqual(await claim(store.inbox, { deliveryId: wanted.deliveryId }), [])
  })

  test('a released delivery comes back when it is due again', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const delivery = newDelivery(tenantId)
    await store.inbox.add(delivery)
    await claim(store.inbox)
    await store.inbox.release(delivery.deliveryId, NOW + 1000)
    assert.deepEqual(await claim(store.inbox, { nowMs: NOW + 999 }), [])
    const again = await claim(store.inbox, { nowMs: NOW + 1000 })
    assert.deepEqual(again, [{ ...delivery, dueAtMs: NOW + 1000, attempts: 2 }])
  })

  test('a completed delivery is never claimed again', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const delivery = newDelivery(tenantId)
    await store.inbox.add(delivery)
    await claim(store.inbox)
    await store.inbox.complete(delivery.deliveryId, NOW)
    await store.inbox.release(delivery.deliveryId, NOW)
    await store.inbox.fail(delivery.deliveryId, NOW)
    assert.deepEqual(await claim(store.inbox, { nowMs: NOW + 10 * LEASE }), [])
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier: delivery.identifier })), false)
  })

  test('a failed delivery is never claimed again, and its identifier may come again', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const delivery = newDelivery(tenantId)
    await store.inbox.add(delivery)
    await claim(store.inbox)
    await store.inbox.fail(delivery.deliveryId, NOW)
    const again = newDelivery(tenantId, { identifier: delivery.identifier })
    assert.equal(await store.inbox.add(again), true)
    await store.inbox.complete(delivery.deliveryId, NOW)
    await store.inbox.release(delivery.deliveryId, NOW)
    const claimed = await claim(store.inbox, { nowMs: NOW + 10 * LEASE })
    assert.deepEqual(
      claimed.map(({ deliveryId }) => deliveryId),
      [again.deliveryId]
    )
  })

  test('settling a delivery that does not exist changes nothing', async (store) => {
    for (const deliveryId of [randomUUID(), '__proto__', 'nul\0']) {
      await store.inbox.complete(deliveryId, NOW)
      await store.inbox.fail(deliveryId, NOW)
      await store.inbox.release(deliveryId, NOW)
    }
    assert.deepEqual(await claim(store.inbox), [])
  })

  test('sweeping removes what is settled and old, and nothing else', async (store) => {
    const { tenantId } = await store.save(newTenant(), null)
    const old = { receivedAtMs: NOW - 2, dueAtMs: NOW - 2 }
    const done = newDelivery(tenantId, old)
    const failed = newDelivery(tenantId, old)
    const recent = newDelivery(tenantId, { receivedAtMs: NOW - 1 })
    const pending = newDelivery(tenantId, old)
    for (const delivery of [done, failed, recent, pending]) await store.inbox.add(delivery)
    await store.inbox.complete(done.deliveryId, NOW)
    await store.inbox.fail(failed.deliveryId, NOW)
    await store.inbox.complete(recent.deliveryId, NOW)
    assert.equal(await store.inbox.sweep(NOW - 2), 0)
    assert.equal(await store.inbox.sweep(NOW - 1), 2)
    assert.equal(await store.inbox.sweep(NOW - 1), 0)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier: done.identifier })), true)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier: recent.identifier })), false)
    assert.equal(await store.inbox.add(newDelivery(tenantId, { identifier: pending.identifier })), false)
  })

  test('what is not handled moves to another tenant, without duplicates', async (store) => {
    const from = await store.save(newTenant(), null)
    const to = await store.save(newTenant(), null)
    const pending = newDelivery(from.tenantId)
    const claimed = newDelivery(from.tenantId)
    const done = newDelivery(from.tenantId)
    const known = newDelivery(from.tenantId)
    const unnamed = newDelivery(from.tenantId, { identifier: null })
    for (const delivery of [claimed, done, pending, known, unnamed]) await store.inbox.add(delivery)
    await store.inbox.add(newDelivery(to.tenantId, { identifier: known.identifier }))
    await claim(store.inbox, { deliveryId: claimed.deliveryId })
    await store.inbox.complete(done.deliveryId, NOW)
    assert.equal(await store.inbox.move(to.tenantId, to.tenantId), 0)
    assert.equal(await store.inbox.move(from.tenantId, to.tenantId), 3)
    assert.equal(await store.inbox.move(from.tenantId, to.tenantId), 0)
    const all = await claim(store.inbox, { nowMs: NOW + LEASE })
    assert.deepEqual(
      all.map(({ tenantId }) => tenantId),
      Array(4).fill(to.tenantId)
    )
    assert.ok(!all.some(({ deliveryId }) => deliveryId === known.deliveryId))
    assert.equal(await store.inbox.add(newDelivery(from.tenantId, { identifier: done.identifier })), false)
    await assert.rejects(store.inbox.move(to.tenantId, 'nobody'))
  })

  test('many claims at once give each delivery to exactly one', async (store) => {
    await assertClaimedOnce(store, [store])
  })

  testShared('claims on several connections give each delivery to exactly one', async (store, connect) => {
    await assertClaimedOnce(store, [store, await connect(), await connect()])
  })
}

function claim(inbox: DeliveryInbox, request: { nowMs?: number; limit?: number; deliveryId?: string } = {}) {
  return inbox.claim({ nowMs: NOW, leaseMs: LEASE, limit: 100, ...request })
}

function ages(deliveries: readonly Delivery[]): number[] {
  return deliveries.map(({ receivedAtMs }) => NOW - receivedAtMs)
}

async function assertClaimedOnce(store: TenantStore, claimers: readonly TenantStore[]): Promise<void> {
  const { tenantId } = await store.save(newTenant(), null)
  const added = Array.from({ length: 30 }, () => newDelivery(tenantId))
  for (const delivery of added) await store.inbox.add(delivery)
  const claims = await Promise.all(
    Array.from({ length: 24 }, (_, n) => claim((claimers[n % claimers.length] ?? store).inbox, { limit: 4 }))
  )
  const given = claims.flat().map(({ deliveryId }) => deliveryId)
  const left = (await claim(store.inbox)).map(({ deliveryId }) => deliveryId)
  assert.deepEqual([...given, ...left].sort(), added.map(({ deliveryId }) => deliveryId).sort())
}
