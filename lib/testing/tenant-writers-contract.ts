import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { Secret } from '../secret.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import {
  APP_KEY,
  assertConflict,
  assertSameTenant,
  connectInstallation,
  contractTests,
  findConnect,
  forgeInstallation,
  installTokenMark,
  isConflict,
  listIds,
  newDelivery,
  newTenant,
  type StoreContract
} from './store-contract-fixtures.ts'

/** The promises about many writers, processes, restarts and apps. Part of `tenantStoreContract`. */
export function tenantWritersContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  test('of two writers at once exactly one wins, and the record is whole', async (store) => {
    const given = newTenant()
    await assertOneWins(store, [store, store], null, (n) => ({ ...given, ...mark(n) }))
    await assertOneWins(store, [store, store], 1, (n) => ({ ...given, ...mark(n) }))
    await assertOneWins(store, [store, store], null, (n) => newTenant({ clientKey: 'same', ...mark(n) }))
  })

  test('50 writers that read and save again on conflict lose no update', async (store) => {
    await assertNoLostUpdate(store, [store], 50)
  })

  testShared('everything is there after a restart', async (store, connect) => {
    const given = newTenant()
    const delivery = newDelivery(given.tenantId)
    const saved = await store.save(given, null, [delivery])
    await store.close()
    const restarted = await connect()
    assertSameTenant(await restarted.find({ clientKey: given.clientKey }), saved)
    assert.equal((await restarted.inbox.claim({ nowMs: delivery.dueAtMs, leaseMs: 1, limit: 9 })).length, 1)
    assert.equal((await restarted.save(saved, 1)).version, 2)
  })

  testShared('writers on several connections: exactly one wins, and no update is lost', async (store, connect) => {
    const other = await connect()
    const given = newTenant()
    await assertOneWins(store, [store, other], null, (n) => ({ ...given, ...mark(n) }))
    await assertOneWins(store, [store, other], 1, (n) => ({ ...given, ...mark(n) }))
    await assertOneWins(store, [store, other], null, (n) => newTenant({ clientKey: 'same', ...mark(n) }))
    await assertNoLostUpdate(store, [store, other], 20)
  })

  testShared('a reader on another connection never sees half of a save', async (store, connect) => {
    const reader = await connect()
    const record = (n: number): Partial<ConnectTenant> => ({
      ...mark(n),
      installations: [forgeInstallation('ari', String(n))]
    })
    let current = await store.save(newTenant(record(0)), null)
    let saving = true
    const saveAll = async () => {
      for (let n = 1; n <= 30; n += 1) current = await store.save({ ...current, ...record(n) }, n)
    }
    const readAll = async () => {
      while (saving) {
        const found = await reader.find({ tenantId: current.tenantId })
        assert.equal(found?.secretVersion, (found?.version ?? 0) - 1)
        assert.equal(found?.installations.map((of) => of.environmentId).join(), String(found?.secretVersion))
      }
    }
    const saved = saveAll().finally(() => {
      saving = false
    })
    await Promise.all([saved, readAll()])
  })

  testShared('two apps on one storage never see each other', async (store, connect) => {
    const otherApp = await connect('another-app')
    const mine = await store.save(newTenant({ clientKey: 'shared-site', baseUrl: 'https://a.atlassian.net' }), null)
    const theirs = await otherApp.save(newTenant({ ...mine, ...named('theirs'), appKey: 'another-app' }), null)
    assertSameTenant(await store.find({ clientKey: 'shared-site' }), mine)
    assertSameTenant(await otherApp.find({ clientKey: 'shared-site' }), theirs)
    assert.equal(await store.find({ tenantId: 'theirs' }), null)
    assert.equal(await store.find({ installationId: 'connect:theirs' }), null)
    assert.deepEqual(await listIds(store, {}), [mine.tenantId])
    assert.equal((await store.findByBaseUrl('https://a.atlassian.net')).length, 1)
    await assertConflict(store.save(newTenant(named('theirs')), null))
    await assertConflict(store.save({ ...theirs, appKey: APP_KEY }, 1))
    const delivery = newDelivery('theirs')
    await otherApp.inbox.add(delivery)
    const request = { nowMs: delivery.dueAtMs, leaseMs: 1000, limit: 10 }
    assert.deepEqual(await store.inbox.claim(request), [])
    await store.inbox.complete(delivery.deliveryId, request.nowMs)
    assert.equal((await otherApp.inbox.claim(request)).length, 1)
  })
}

function named(tenantId: string): Partial<ConnectTenant> {
  return { tenantId, connectId: tenantId, installations: [connectInstallation(tenantId)] }
}

/** The fields that one writer changes together, so that a mixture of two writers shows. */
function mark(n: number): Partial<ConnectTenant> {
  return { sharedSecret: new Secret(`secret-${n}`), secretVersion: n, baseUrl: `https://site-${n}.atlassian.net` }
}

async function assertOneWins(
  reader: TenantStore,
  writers: readonly TenantStore[],
  expectedVersion: number | null,
  record: (n: number) => ConnectTenant
): Promise<void> {
  const results = await Promise.allSettled(writers.map((writer, n) => writer.save(record(n), expectedVersion)))
  const written = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  assert.equal(written.length, 1)
  assert.ok(failures.every(isConflict), inspect(failures))
  const [winner] = written
  assert.ok(winner !== undefined)
  assertSameTenant(await reader.find({ clientKey: winner.clientKey }), winner)
}

async function assertNoLostUpdate(reader: TenantStore, writers: readonly TenantStore[], count: number): Promise<void> {
  const given = await reader.save(newTenant({ installTokens: [] }), null)
  const lookup = { tenantId: given.tenantId }
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const writer = writers[n % writers.length] ?? reader
      for (let written = false; !written; ) {
        const current = await findConnect(writer, lookup)
        const installTokens = [...current.installTokens, installTokenMark(String(n))]
        written = await writer.save({ ...current, installTokens }, current.version).then(
          () => true,
          (error) => {
            if (isConflict(error)) return false
            throw error
          }
        )
      }
    })
  )
  const end = await findConnect(reader, lookup)
  assert.equal(end.version, count + 1)
  assert.equal(new Set(end.installTokens.map(({ token }) => token)).size, count)
}
