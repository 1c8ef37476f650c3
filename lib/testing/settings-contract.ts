import assert from 'node:assert/strict'
import { AtlassianError } from '../errors.ts'
import type { SettingsOwner, SettingsStore, StoredSetting } from '../tenant/settings-store.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import { assertConflict, contractTests, isConflict, newTenant, type StoreContract } from './store-contract-fixtures.ts'

const NOW = 1_700_000_000_000

/** In the order of their bytes, which is not the order in which JavaScript compares the last two. */
const KEYS = [
  '"quoted" \'twice\'',
  '%',
  '0',
  '00',
  'Case',
  '__proto__',
  'a',
  'a%',
  'a.b',
  'a_',
  'ab',
  'case',
  'constructor',
  'line\nbreak',
  'space',
  'space ',
  'x'.repeat(255),
  'caf\u00e9'.padStart(5, 'z'),
  '\ud7ff',
  '\ue000',
  '\uffee',
  '\u{1f980}'.repeat(127)
]

const IMPOSSIBLE_KEYS = ['', 'x'.repeat(256), 'nul\0', '\ud800', 'tail\udfff']

/** The promises of `SettingsStore`. Part of `tenantStoreContract`; passed over by a store without settings. */
export function settingsContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  function testSettings(name: string, body: (settings: SettingsStore, store: TenantStore) => Promise<void>): void {
    test(name, async (store) => {
      if (store.settings !== undefined) await body(store.settings, store)
    })
  }

  testSettings('a setting is kept whole, under any key and with any text', async (settings, store) => {
    const owner = await newOwner(store)
    for (const [n, key] of KEYS.entries()) {
      const value = JSON.stringify({ key, n, text: '\u{1f980} \'";--%_\\\n' })
      const version = await settings.set(owner, setting(key, { value, updatedAtMs: NOW + n }), undefined)
      const expected = { key, value, version, expiresAtMs: null, updatedAtMs: NOW + n }
      assert.deepEqual(await settings.get(owner, key, NOW), expected)
    }
    for (const [n, key] of KEYS.entries()) assert.equal((await settings.get(owner, key, NOW))?.updatedAtMs, NOW + n)
    const large = JSON.stringify('\u{1f980}'.repeat(250_000))
    await settings.set(owner, setting('large', { value: large }), undefined)
    assert.equal((await settings.get(owner, 'large', NOW))?.value, large)
  })

  testSettings('a key that cannot exist is found nowhere and never written', async (settings, store) => {
    const owner = await newOwner(store)
    for (const key of IMPOSSIBLE_KEYS) {
      await assert.rejects(settings.set(owner, setting(key), undefined), TypeError)
      assert.equal(await settings.get(owner, key, NOW), null)
      assert.equal(await settings.delete(owner, key, undefined, NOW), false)
    }
    await assert.rejects(settings.set(owner, setting('nul', { value: '"\0"' }), undefined), TypeError)
    await assert.rejects(settings.set(owner, setting('half', { expiresAtMs: 0.5 }), undefined), TypeError)
    assert.deepEqual(await page(settings, owner), [])
  })

  testSettings('owners never see each other', async (settings, store) => {
    const mine = await newOwner(store)
    const others = [await newOwner(store), { ...mine, installation: 'i'.repeat(64) }, { ...mine, installation: 'I' }]
    await settings.set(mine, setting('key', { value: '"mine"' }), undefined)
    for (const other of others) {
      assert.equal(await settings.get(other, 'key', NOW), null)
      assert.equal(await settings.delete(other, 'key', undefined, NOW), false)
      assert.deepEqual(await page(settings, other), [])
      await settings.set(other, setting('key', { value: JSON.stringify(other) }), null)
    }
    assert.equal((await settings.get(mine, 'key', NOW))?.value, '"mine"')
    for (const other of others) {
      assert.equal((await settings.get(other, 'key', NOW))?.value, JSON.stringify(other))
      assert.equal((await page(settings, other)).length, 1)
    }
  })

  testSettings('a tenant that does not exist has no settings and gets none', async (settings) => {
    for (const tenantId of ['nobody', '__proto__', 'nobody\ufffd']) {
      const owner = { tenantId, installation: '' }
      assert.equal(await settings.get(owner, 'key', NOW), null)
      assert.deepEqual(await page(settings, owner), [])
      assert.equal(await settings.delete(owner, 'key', undefined, NOW), false)
      await assert.rejects(
        settings.set(owner, setting('key'), undefined),
        (error) => error instanceof AtlassianError && error.code === 'ATL_NO_TENANT'
      )
    }
  })

  testSettings('a tenant whose data went to another one gets no more settings', async (settings, store) => {
    const heir = await newOwner(store)
    const given = await store.save(newTenant({ adoptedBy: heir.tenantId }), null)
    await assert.rejects(
      settings.set({ tenantId: given.tenantId, installation: '' }, setting('key'), undefined),
      (error) => error instanceof AtlassianError && error.code === 'ATL_NO_TENANT'
    )
  })

  testSettings('a write against a version succeeds only while it is that version', async (settings, store) => {
    const owner = await newOwner(store)
    await assertConflict(settings.set(owner, setting('key'), 1))
    const first = await settings.set(owner, setting('key'), null)
    await assertConflict(settings.set(owner, setting('key', { value: '"late"' }), null))
    const second = await settings.set(owner, setting('key', { value: '"second"' }), first)
    await assertConflict(settings.set(owner, setting('key', { value: '"late"' }), first))
    await assertConflict(settings.delete(owner, 'key', first, NOW))
    assert.equal((await settings.get(owner, 'key', NOW))?.value, '"second"')
    const third = await settings.set(owner, setting('key', { value: '"third"' }), undefined)
    assert.equal(new Set([first, second, third]).size, 3)
    assert.equal(await settings.delete(owner, 'key', third, NOW), true)
    assert.equal(await settings.delete(owner, 'key', third, NOW), false)
    assert.equal(await settings.delete(owner, 'key', undefined, NOW), false)
  })

  testSettings('a setting that was deleted and made again has a version of its own', async (settings, store) => {
    const owner = await newOwner(store)
    const before = await settings.set(owner, setting('key'), undefined)
    await settings.delete(owner, 'key', undefined, NOW)
    const again = await settings.set(owner, setting('key', { value: '"again"' }), undefined)
    assert.notEqual(again, before)
    await assertConflict(settings.set(owner, setting('key', { value: '"late"' }), before))
    assert.ok(Number.isSafeInteger(before) && Number.isSafeInteger(again))
  })

  testSettings('what has expired is as good as deleted, and swept', async (settings, store) => {
    const owner = await newOwner(store)
    const version = await settings.set(owner, setting('short', { expiresAtMs: NOW + 10 }), undefined)
    await settings.set(owner, setting('long', { expiresAtMs: NOW + 1000 }), undefined)
    await settings.set(owner, setting('ever'), undefined)
    assert.equal((await settings.get(owner, 'short', NOW + 9))?.expiresAtMs, NOW + 10)
    assert.equal(await settings.get(owner, 'short', NOW + 10), null)
    assert.deepEqual(await page(settings, owner, { nowMs: NOW + 10 }), ['ever', 'long'])
    assert.equal(await settings.delete(owner, 'short', version, NOW + 10), false)
    await assertConflict(settings.set(owner, setting('short', { updatedAtMs: NOW + 10 }), version))
    const again = await settings.set(owner, setting('short', { updatedAtMs: NOW + 10 }), null)
    assert.notEqual(again, version)
    assert.equal(await settings.sweep(NOW + 999), 0)
    assert.equal(await settings.sweep(NOW + 1000), 1)
    assert.deepEqual(await page(settings, owner, { nowMs: NOW }), ['ever', 'short'])
  })

  testSettings('a write without an expiry ends the one before', async (settings, store) => {
    const owner = await newOwner(store)
    await settings.set(owner, setting('key', { expiresAtMs: NOW + 10 }), undefined)
    await settings.set(owner, setting('key'), undefined)
    assert.equal((await settings.get(owner, 'key', NOW + 10))?.expiresAtMs, null)
    assert.equal(await settings.sweep(NOW + 100), 0)
  })

  testSettings('a walk by pages meets each key once, in the order of bytes', async (settings, store) => {
    const owner = await newOwner(store)
    for (const key of [...KEYS].reverse()) await settings.set(owner, setting(key), undefined)
    const sorted = [...KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    for (const limit of [1, 4, 1000]) assert.deepEqual(await walk(settings, owner, '', limit), sorted)
    for (const prefix of ['a', 'a_', 'a%', '%', 'Case', 'space', '\ud7ff', '\u{1f980}', 'x', 'nothing', '__']) {
      assert.deepEqual(
        await walk(settings, owner, prefix, 2),
        sorted.filter((key) => key.startsWith(prefix)),
        prefix
      )
    }
  })

  testSettings('of many writers of one new key exactly one wins, and no update is lost', async (settings, store) => {
    await assertNoLostUpdate(await newOwner(store), [settings])
  })

  testSettings('settings move to another tenant, except for keys that it has', async (settings, store) => {
    const from = await newOwner(store)
    const to = await newOwner(store)
    const ofInstallation = { ...from, installation: 'one' }
    for (const owner of [from, ofInstallation]) {
      for (const key of ['a', 'b', 'c']) await settings.set(owner, setting(key, { value: '"from"' }), undefined)
    }
    await settings.set(to, setting('b', { value: '"to"' }), undefined)
    assert.equal(await settings.move(to.tenantId, to.tenantId), 0)
    assert.equal(await settings.move(from.tenantId, to.tenantId), 2)
    assert.equal(await settings.move(from.tenantId, to.tenantId), 0)
    const values = ['a', 'b', 'c'].map(async (key) => (await settings.get(to, key, NOW))?.value)
    assert.deepEqual(await Promise.all(values), ['"from"', '"to"', '"from"'])
    assert.deepEqual(await page(settings, from), ['b'])
    assert.deepEqual(await page(settings, ofInstallation), ['a', 'b', 'c'])
    await assert.rejects(settings.move(to.tenantId, 'nobody'))
    assert.deepEqual(await page(settings, to), ['a', 'b', 'c'])
  })

  testShared('settings are the same on every connection, and those of another app are not', async (store, connect) => {
    if (store.settings === undefined) return
    const owner = await newOwner(store)
    const second = await connect()
    const otherApp = await connect('another-app')
    assert.ok(second.settings !== undefined && otherApp.settings !== undefined)
    await assertNoLostUpdate(owner, [store.settings, second.settings])
    await store.settings.set(owner, setting('key', { expiresAtMs: NOW + 1 }), undefined)
    assert.equal((await second.settings.get(owner, 'key', NOW))?.key, 'key')
    assert.equal(await otherApp.settings.get(owner, 'key', NOW), null)
    assert.equal(await otherApp.settings.delete(owner, 'key', undefined, NOW), false)
    assert.equal(await otherApp.settings.sweep(NOW + 10), 0)
    assert.deepEqual(await page(otherApp.settings, owner), [])
    await assert.rejects(otherApp.settings.set(owner, setting('key'), undefined))
    assert.equal(await second.settings.sweep(NOW + 10), 1)
  })
}

function setting(key: string, changes: Partial<StoredSetting> = {}): Omit<StoredSetting, 'version'> {
  return { key, value: '"value"', expiresAtMs: null, updatedAtMs: NOW, ...changes }
}

async function newOwner(store: TenantStore): Promise<SettingsOwner> {
  const { tenantId } = await store.save(newTenant(), null)
  return { tenantId, installation: '' }
}

async function page(
  settings: SettingsStore,
  owner: SettingsOwner,
  query: { prefix?: string; after?: string; limit?: number; nowMs?: number } = {}
): Promise<string[]> {
  const found = await settings.list(owner, { prefix: '', after: '', limit: 100, nowMs: NOW, ...query })
  return found.map(({ key }) => key)
}

async function walk(settings: SettingsStore, owner: SettingsOwner, prefix: string, limit: number): Promise<string[]> {
  const found: string[] = []
  for (let after = ''; ; after = found.at(-1) ?? '') {
    const keys = await page(settings, owner, { prefix, after, limit })
    found.push(...keys)
    if (keys.length < limit) return found
  }
}

/** Counts up from several writers at once: with every conflict tried again, nothing is lost and nothing counted twice. */
async function assertNoLostUpdate(owner: SettingsOwner, writers: readonly SettingsStore[]): Promise<void> {
  const [reader] = writers
  assert.ok(reader !== undefined)
  await Promise.all(
    Array.from({ length: 12 }, async (_, n) => {
      const writer = writers[n % writers.length] ?? reader
      for (;;) {
        const current = await writer.get(owner, 'count', NOW)
        const value = String(Number(current?.value ?? 0) + 1)
        const written = await writer
          .set(owner, setting('count', { value }), current?.version ?? null)
          .catch((error) => {
            if (!isConflict(error)) throw error
            return null
          })
        if (written !== null) return
      }
    })
  )
  assert.equal((await reader.get(owner, 'count', NOW))?.value, '12')
  const free = Array.from({ length: 12 }, (_, n) =>
    (writers[n % writers.length] ?? reader).set(owner, setting('free', { value: String(n) }), undefined)
  )
  assert.equal(new Set(await Promise.all(free)).size, 12)
}
