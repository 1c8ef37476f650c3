import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { Secret } from '../secret.ts'
import type { Tenant } from '../tenant/tenant.ts'
import type { TenantListQuery, TenantStore } from '../tenant/tenant-store.ts'
import { deliveryInboxContract } from './delivery-inbox-contract.ts'
import {
  APP_KEY,
  assertConflict,
  assertSameTenant,
  connectInstallation,
  contractTests,
  forgeInstallation,
  installTokenMark,
  isConflict,
  newDelivery,
  newTenant,
  type StoreContract
} from './store-contract-fixtures.ts'

/** Names that must be kept byte for byte and never be mistaken for each other. */
const HOSTILE_NAMES = [
  'a&b#%',
  'a&b#%25',
  'O\'Brien"; drop table atl_tenants; --',
  '__proto__',
  'constructor',
  'toString',
  '%',
  '_',
  'back\\slash',
  'Case',
  'case',
  'space ',
  'space',
  'line\nbreak\ttab',
  'caf\u00e9',
  'cafe\u0301',
  '\u{1f980}',
  '\ufffd',
  '\uffee',
  'null',
  '0',
  '00'
]

/** Names that some database would refuse or change: they are found nowhere and never written. */
const IMPOSSIBLE_NAMES = ['nul\0', '\ud800', 'tail\udfff', 'long'.repeat(500)]

/**
 * Every promise of `TenantStore` and its inbox as a test. Whoever writes a store runs it on that store:
 * `tenantStoreContract({ test, createStore })` with the `test` function of node:test, tap or vitest.
 */
export function tenantStoreContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  test('a saved tenant is found whole by each of its names', async (store) => {
    const saved = await store.save(newTenant(), null)
    await store.save(newTenant(), null)
    assert.equal(saved.version, 1)
    assertSameTenant(await store.find({ tenantId: saved.tenantId }), saved)
    assertSameTenant(await store.find({ clientKey: saved.clientKey }), saved)
    assertSameTenant(await store.find({ installationId: `connect:${saved.tenantId}` }), saved)
  })

  test('what a host did not tell stays null', async (store) => {
    const nothing = {
      cloudId: null,
      displayUrl: null,
      displayUrlServicedeskHelpCenter: null,
      oauthClientId: null,
      entitlementId: null,
      entitlementNumber: null,
      previousSecret: null,
      previousSecretRetiredAtMs: null,
      possiblySupersededBy: null,
      installTokens: [],
      installations: []
    }
    const saved = await store.save(newTenant(nothing), null)
    assertSameTenant(await store.find({ clientKey: saved.clientKey }), { ...newTenant(saved), ...nothing, version: 1 })
  })

  test('a name that nobody has is found nowhere', async (store) => {
    await store.save(newTenant(), null)
    for (const name of [...HOSTILE_NAMES, ...IMPOSSIBLE_NAMES, '']) {
      assert.equal(await store.find({ tenantId: name }), null)
      assert.equal(await store.find({ clientKey: name }), null)
      assert.equal(await store.find({ installationId: name }), null)
      assert.equal(await store.find({ installationId: name, environmentId: name }), null)
      assert.deepEqual(await store.findByBaseUrl(name), [])
    }
  })

  test('hostile names are kept as they are and never mistaken for each other', async (store) => {
    for (const name of HOSTILE_NAMES) {
      await store.save(
        newTenant({ tenantId: name, clientKey: name, baseUrl: name, installations: [forgeInstallation(name, name)] }),
        null
      )
    }
    for (const name of HOSTILE_NAMES) {
      for (const lookup of [{ tenantId: name }, { clientKey: name }, { installationId: name, environmentId: name }]) {
        const found = await store.find(lookup)
        assert.equal(found?.tenantId, name)
        assert.equal(found?.clientKey, name)
      }
      assert.deepEqual(
        (await store.findByBaseUrl(name)).map(({ tenantId }) => tenantId),
        [name]
      )
    }
  })

  test('a value that some database could not keep is refused before anything is written', async (store) => {
    for (const name of IMPOSSIBLE_NAMES) {
      await assert.rejects(store.save(newTenant({ clientKey: name }), null), TypeError)
      await assert.rejects(store.save(newTenant({ installations: [forgeInstallation(name, '')] }), null), TypeError)
    }
    for (const number of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      await assert.rejects(store.save(newTenant({ lastInstallIatSeconds: number }), null), TypeError)
    }
    await assert.rejects(store.save(newTenant({ sharedSecret: new Secret('nul\0') }), null), (error) => {
      assert.ok(error instanceof TypeError)
      return !inspect(error).includes('nul')
    })
    assert.deepEqual(await store.list({ limit: 10 }), [])
  })

  test('secrets of 400 bytes and of any character come back exactly and do not print', async (store) => {
    for (const text of ['s'.repeat(400), '\u{1f980}'.repeat(100), '\'"\\%_\n$1;--', '__proto__']) {
      const given = newTenant({ sharedSecret: new Secret(text), previousSecret: new Secret(`${text}-previous`) })
      await store.save(given, null)
      const found = await store.find({ tenantId: given.tenantId })
      assert.equal(found?.sharedSecret.reveal(), text)
      assert.equal(found?.previousSecret?.reveal(), `${text}-previous`)
      assert.ok(!inspect(found, { depth: 10, showHidden: true }).includes(text))
      assert.ok(!JSON.stringify(found).includes(JSON.stringify(text)))
    }
  })

  test('numbers as large as a number can be come back as numbers', async (store) => {
    const largest = Number.MAX_SAFE_INTEGER
    const given = newTenant({
      previousSecretRetiredAtMs: largest,
      lastInstallIatSeconds: largest,
      createdAtMs: 0,
      updatedAtMs: largest
    })
    const saved = await store.save(given, null)
    assertSameTenant(await store.find({ tenantId: given.tenantId }), saved)
  })

  test('each save adds one to the version, and only against the version it was made from', async (store) => {
    const first = await store.save(newTenant({ version: 77 }), null)
    const second = await store.save({ ...first, sharedSecret: new Secret('second') }, 1)
    assert.deepEqual([first.version, second.version], [1, 2])
    await assertConflict(store.save({ ...first, sharedSecret: new Secret('late') }, 1))
    await assertConflict(store.save({ ...first, sharedSecret: new Secret('early') }, 3))
    await assertConflict(store.save({ ...first, sharedSecret: new Secret('again') }, null))
    await assertConflict(store.save(newTenant(), 1))
    assertSameTenant(await store.find({ tenantId: first.tenantId }), second)
    assert.equal((await store.list({ limit: 10 })).length, 1)
  })

  test('one clientKey never belongs to two tenants', async (store) => {
    const first = await store.save(newTenant({ clientKey: 'one' }), null)
    const other = await store.save(newTenant({ clientKey: 'other' }), null)
    await assertConflict(store.save(newTenant({ clientKey: 'one' }), null))
    await assertConflict(store.save({ ...other, clientKey: 'one' }, 1))
    assertSameTenant(await store.find({ clientKey: 'one' }), first)
    assertSameTenant(await store.find({ clientKey: 'other' }), other)
    const renamed = await store.save({ ...other, clientKey: 'renamed' }, 1)
    assert.equal(await store.find({ clientKey: 'other' }), null)
    assertSameTenant(await store.find({ clientKey: 'renamed' }), renamed)
  })

  test('one installation never belongs to two tenants', async (store) => {
    const first = await store.save(newTenant({ installations: [forgeInstallation('ari', 'production')] }), null)
    const other = await store.save(newTenant(), null)
    const taking = { installations: [...other.installations, forgeInstallation('ari', 'production')] }
    await assertConflict(store.save({ ...other, ...taking, sharedSecret: new Secret('changed') }, 1))
    await assertConflict(store.save(newTenant(taking), null))
    assertSameTenant(await store.find({ installationId: 'ari' }), first)
    assertSameTenant(await store.find({ tenantId: other.tenantId }), other)
    assert.equal((await store.list({ limit: 10 })).length, 2)
  })

  test('installations are added, changed and removed with the record, in their order', async (store) => {
    const first = await store.save(newTenant(), null)
    const connect = connectInstallation(first.tenantId, { state: 'uninstalled', enabled: false, endedAtMs: 5 })
    const withForge = [forgeInstallation('ari', 'production'), connect, forgeInstallation('ari', 'staging')]
    const second = await store.save({ ...first, installations: withForge }, 1)
    assertSameTenant(await store.find({ installationId: 'ari' }), second)
    assertSameTenant(await store.find({ installationId: 'ari', environmentId: 'staging' }), second)
    const third = await store.save({ ...second, installations: [forgeInstallation('ari', 'staging')] }, 2)
    assertSameTenant(await store.find({ tenantId: first.tenantId }), third)
    assert.equal(await store.find({ installationId: 'ari', environmentId: 'production' }), null)
    assert.equal(await store.find({ installationId: connect.installationId }), null)
  })

  test('an installation in two environments needs its environment to be found', async (store) => {
    const staging = await store.save(newTenant({ installations: [forgeInstallation('ari', 'staging')] }), null)
    await store.save(newTenant({ installations: [forgeInstallation('ari', 'production')] }), null)
    assert.equal(await store.find({ installationId: 'ari' }), null)
    assertSameTenant(await store.find({ installationId: 'ari', environmentId: 'staging' }), staging)
  })

  test('a tenant of another app is not taken', async (store) => {
    await assert.rejects(store.save(newTenant({ appKey: 'another-app' }), null), TypeError)
    assert.deepEqual(await store.list({ limit: 10 }), [])
  })

  test('a record that was found or saved cannot be changed in the store from outside', async (store) => {
    const given = newTenant()
    const saved = await store.save(given, null)
    const found = await store.find({ tenantId: saved.tenantId })
    for (const record of [saved, found]) {
      Reflect.set(record ?? {}, 'clientKey', 'changed')
      Reflect.set(record?.installations[0] ?? {}, 'state', 'uninstalled')
      Reflect.set(record?.installTokens ?? [], 'length', 0)
    }
    assertSameTenant(await store.find({ tenantId: saved.tenantId }), { ...given, version: 1 })
  })

  test('a dead tenant is still found, and listed as uninstalled', async (store) => {
    const alive = await store.save(newTenant(), null)
    const dead = await store.save(newTenant({ installations: [] }), null)
    const adopted = await store.save(newTenant({ adoptedBy: alive.tenantId }), null)
    const ended = connectInstallation(alive.tenantId, { state: 'uninstalled', endedAtMs: 5 })
    assertSameTenant(await store.find({ clientKey: dead.clientKey }), dead)
    assert.deepEqual(await ids(store, { status: 'installed' }), [alive.tenantId])
    assert.deepEqual(await ids(store, { status: 'uninstalled' }), [dead.tenantId, adopted.tenantId].sort())
    await store.save({ ...alive, installations: [ended] }, 1)
    assert.deepEqual(await ids(store, { status: 'installed' }), [])
  })

  test('a walk by pages meets each tenant exactly once, in order', async (store) => {
    const saved: Tenant[] = []
    for (let n = 0; n < 23; n += 1) {
      saved.push(await store.save(newTenant({ product: n % 3 === 0 ? 'confluence' : 'jira' }), null))
    }
    const all = saved.map(({ tenantId }) => tenantId).sort()
    assert.deepEqual(await ids(store, {}, 4), all)
    assert.deepEqual(await ids(store, { status: 'installed' }, 1), all)
    assert.deepEqual(await ids(store, { status: 'uninstalled' }, 4), [])
    const confluence = saved.filter(({ product }) => product === 'confluence').map(({ tenantId }) => tenantId)
    assert.deepEqual(await ids(store, { product: 'confluence' }, 3), confluence.sort())
    assert.deepEqual(await ids(store, { product: 'confluence', status: 'installed' }, 1000), confluence)
    const [page] = await store.list({ limit: 1 })
    assertSameTenant(page ?? null, saved.find(({ tenantId }) => tenantId === all[0]) ?? newTenant())
  })

  test('a page has 1 to 1000 tenants', async (store) => {
    for (const limit of [0, -1, 1001, 1.5, Number.NaN]) await assert.rejects(store.list({ limit }), RangeError)
  })

  test('tenants of one base URL are all found by it, and nothing is joined', async (store) => {
    const baseUrl = 'https://one.atlassian.net'
    const first = await store.save(newTenant({ baseUrl }), null)
    const second = await store.save(newTenant({ baseUrl, installations: [] }), null)
    await store.save(newTenant({ baseUrl: `${baseUrl}/wiki` }), null)
    const found = await store.findByBaseUrl(baseUrl)
    assert.deepEqual(found.map(({ tenantId }) => tenantId).sort(), [first.tenantId, second.tenantId].sort())
  })

  test('of two writers at once exactly one wins, and the record is whole', async (store) => {
    const given = newTenant()
    await assertOneWins(store, [store, store], null, (n) => ({ ...given, ...mark(n) }))
    await assertOneWins(store, [store, store], 1, (n) => ({ ...given, ...mark(n) }))
    await assertOneWins(store, [store, store], null, (n) => newTenant({ clientKey: 'same', ...mark(n) }))
  })

  test('50 writers that read and save again on conflict lose no update', async (store) => {
    await assertNoLostUpdate(store, [store], 50)
  })

  test('deliveries are written with the tenant, or not at all', async (store) => {
    const given = newTenant()
    const delivery = newDelivery(given.tenantId, { kind: 'lifecycle', identifier: null })
    const saved = await store.save(given, null, [delivery])
    await assertConflict(store.save(saved, 7, [newDelivery(given.tenantId)]))
    await assert.rejects(store.save(saved, 1, [newDelivery('nobody')]))
    assert.equal((await store.find({ tenantId: given.tenantId }))?.version, 1)
    const again = newDelivery(given.tenantId, { identifier: 'twice' })
    const doubled = [again, newDelivery(given.tenantId, { identifier: 'twice', dueAtMs: 1 })]
    assert.equal((await store.save(saved, 1, doubled)).version, 2)
    const claimed = await store.inbox.claim({ nowMs: delivery.dueAtMs, leaseMs: 1000, limit: 10 })
    assert.deepEqual(claimed.map(({ deliveryId }) => deliveryId).sort(), [delivery.deliveryId, again.deliveryId].sort())
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
    const record = (n: number): Partial<Tenant> => ({
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
    assert.deepEqual(await ids(store, {}), [mine.tenantId])
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

  deliveryInboxContract(contract)
}

function named(tenantId: string): Partial<Tenant> {
  return { tenantId, installations: [connectInstallation(tenantId)] }
}

/** The fields that one writer changes together, so that a mixture of two writers shows. */
function mark(n: number): Partial<Tenant> {
  return { sharedSecret: new Secret(`secret-${n}`), secretVersion: n, baseUrl: `https://site-${n}.atlassian.net` }
}

/** Every tenant that the query selects, walked by pages. */
async function ids(store: TenantStore, query: Omit<TenantListQuery, 'limit' | 'after'>, limit = 2): Promise<string[]> {
  const found: string[] = []
  for (let after: string | undefined; ; after = found.at(-1)) {
    const page = await store.list({ ...query, limit, ...(after === undefined ? {} : { after }) })
    found.push(...page.map(({ tenantId }) => tenantId))
    if (page.length < limit) return found
  }
}

async function assertOneWins(
  reader: TenantStore,
  writers: readonly TenantStore[],
  expectedVersion: number | null,
  record: (n: number) => Tenant
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
        const current = await writer.find(lookup)
        assert.ok(current !== null)
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
  const end = await reader.find(lookup)
  assert.equal(end?.version, count + 1)
  assert.equal(new Set(end?.installTokens.map(({ token }) => token)).size, count)
}
