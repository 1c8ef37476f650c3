import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { Secret } from '../secret.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import { accountStoreContract } from './account-store-contract.ts'
import { deliveryInboxContract } from './delivery-inbox-contract.ts'
import { identityContract } from './identity-contract.ts'
import { removerContract } from './remover-contract.ts'
import { settingsContract } from './settings-contract.ts'
import {
  assertConflict,
  assertSameTenant,
  connectInstallation,
  contractTests,
  findConnect,
  forgeInstallation,
  listIds,
  newDelivery,
  newTenant,
  type StoreContract
} from './store-contract-fixtures.ts'
import { tenantWritersContract } from './tenant-writers-contract.ts'
import { tokenStoreContract } from './token-store-contract.ts'

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
 * Every promise of `TenantStore`, its inbox and the parts that it has (`settings`, `tokens`, `accounts`, `remover`) as a test. Whoever writes a store runs it on that store:
 * `tenantStoreContract({ test, createStore })` with the `test` function of node:test, tap or vitest.
 */
export function tenantStoreContract(contract: StoreContract): void {
  const { test } = contractTests(contract)

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
      assert.equal(await store.find({ cloudId: name }), null)
      assert.equal(await store.find({ baseUrl: name }), null)
      assert.equal(await store.find({ displayUrl: name }), null)
      assert.deepEqual(await store.names(name), [])
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

  test('names as long as they may be are kept whole, in any script, and one character more is refused', async (store) => {
    for (const character of ['a', '\u{1f980}']) {
      const names = [`${character.repeat(254)}x`, `${character.repeat(254)}y`]
      for (const name of names) {
        const installations = [forgeInstallation(name, name)]
        const baseUrl = character.repeat(257) + name
        await store.save(newTenant({ tenantId: name, clientKey: name, cloudId: name, baseUrl, installations }), null)
        assert.equal(await store.inbox.add(newDelivery(name, { deliveryId: name, identifier: name })), true)
      }
      for (const name of names) {
        assert.equal((await store.find({ clientKey: name }))?.tenantId, name)
        assert.equal((await store.find({ installationId: name, environmentId: name }))?.cloudId, name)
        assert.equal((await store.findByBaseUrl(character.repeat(257) + name)).length, 1)
        const longer = `${name}z`
        assert.equal(await store.find({ clientKey: longer }), null)
        await assert.rejects(store.save(newTenant({ clientKey: longer }), null), TypeError)
        await assert.rejects(store.save(newTenant({ baseUrl: character.repeat(513) }), null), TypeError)
      }
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
      const found = await findConnect(store, { tenantId: given.tenantId })
      assert.equal(found.sharedSecret.reveal(), text)
      assert.equal(found.previousSecret?.reveal(), `${text}-previous`)
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
    await assertConflict(store.save({ ...other, clientKey: 'renamed' }, 1))
    assert.equal(await store.find({ clientKey: 'renamed' }), null)
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
    assert.deepEqual(await listIds(store, { status: 'installed' }), [alive.tenantId])
    assert.deepEqual(await listIds(store, { status: 'uninstalled' }), [dead.tenantId, adopted.tenantId].sort())
    await store.save({ ...alive, installations: [ended] }, 1)
    assert.deepEqual(await listIds(store, { status: 'installed' }), [])
  })

  test('a walk by pages meets each tenant exactly once, in order', async (store) => {
    const saved: ConnectTenant[] = []
    for (let n = 0; n < 23; n += 1) {
      saved.push(await store.save(newTenant({ product: n % 3 === 0 ? 'confluence' : 'jira' }), null))
    }
    const all = saved.map(({ tenantId }) => tenantId).sort()
    assert.deepEqual(await listIds(store, {}, 4), all)
    assert.deepEqual(await listIds(store, { status: 'installed' }, 1), all)
    assert.deepEqual(await listIds(store, { status: 'uninstalled' }, 4), [])
    const confluence = saved.filter(({ product }) => product === 'confluence').map(({ tenantId }) => tenantId)
    assert.deepEqual(await listIds(store, { product: 'confluence' }, 3), confluence.sort())
    assert.deepEqual(await listIds(store, { product: 'confluence', status: 'installed' }, 1000), confluence)
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

  identityContract(contract)
  tenantWritersContract(contract)
  deliveryInboxContract(contract)
  settingsContract(contract)
  tokenStoreContract(contract)
  accountStoreContract(contract)
  removerContract(contract)
}
