import { createClient } from 'redis'
import t, { type Test } from 'tap'
import { silentLog } from '../../../lib/ports.ts'
import { createRedisTenantStore, type RedisTenantStoreOptions } from '../../../lib/store/redis-tenant-store.ts'
import type { SettingsStore } from '../../../lib/tenant/settings-store.ts'
import { purgeTenants, type TenantRemover } from '../../../lib/tenant/tenant-purge.ts'
import type { TenantStore } from '../../../lib/tenant/tenant-store.ts'
import {
  connectInstallation,
  forgeInstallation,
  newDelivery,
  newTenant
} from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testRedis, testRedisServer } from '../../helpers/redis.ts'
import { keysWithData } from '../../helpers/redis-layout.ts'

const appKey = 'contract-app'
const DEATH = 1_700_000_000_000
const nothing = async () => {}

interface Opened extends TenantStore {
  readonly settings: SettingsStore
  readonly remover: TenantRemover
}

async function openStore(t: Test, options: Partial<RedisTenantStoreOptions>): Promise<Opened> {
  const store = createRedisTenantStore({ appKey, encryption: testEncryption, ...options })
  t.teardown(() => store.close())
  await store.open()
  const { settings, remover } = store
  if (settings === undefined || remover === undefined) throw new Error('parts are missing')
  return { ...store, settings, remover }
}

async function connectClient(t: Test, url: string) {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.destroy())
  return client
}

async function saveDead(store: TenantStore, endedAtMs = DEATH) {
  const tenant = newTenant()
  const ended = { state: 'uninstalled', enabled: false, endedAtMs } as const
  const forge = { ...forgeInstallation(`ari:${tenant.tenantId}`, 'production'), ...ended }
  return store.save({ ...tenant, installations: [connectInstallation(tenant.tenantId, ended), forge] }, null)
}

function setting(key: string, expiresAtMs: number | null = null) {
  return { key, value: '"value"', expiresAtMs, updatedAtMs: DEATH }
}

t.test('on a real Redis', async (t) => {
  const redis = await testRedis(t)
  if (redis === null) return
  const { url } = redis
  const client = await connectClient(t, url)

  t.test('nothing of a removed tenant is left, settled deliveries included', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    const tenant = await saveDead(store)
    const { tenantId } = tenant
    const deliveries = Array.from({ length: 4 }, () => newDelivery(tenantId))
    for (const delivery of deliveries) await store.inbox.add(delivery)
    await store.inbox.claim({ nowMs: DEATH, leaseMs: 1000, limit: 3 })
    await store.inbox.complete(deliveries[0]?.deliveryId ?? '', DEATH)
    await store.inbox.fail(deliveries[1]?.deliveryId ?? '', DEATH)
    for (const installation of ['', 'one']) {
      await store.settings.set({ tenantId, installation }, setting('stays'), undefined)
      await store.settings.set({ tenantId, installation }, setting('ends', DEATH * 2), undefined)
    }
    t.equal(await store.remover.remove(tenant, DEATH + 1, nothing), true)
    t.same(await keysWithData(client, prefix), [])
  })

  t.test('settled deliveries are swept from every place', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    const { tenantId } = await store.save(newTenant(), null)
    const delivery = newDelivery(tenantId)
    await store.inbox.add(delivery)
    await store.inbox.complete(delivery.deliveryId, DEATH)
    t.equal(await client.zCard(`{${prefix}}:2:app:${appKey}:settled-of`), 1)
    t.equal(await store.inbox.sweep(DEATH + 1), 1)
    t.equal(await client.zCard(`{${prefix}}:2:app:${appKey}:settled-of`), 0)
  })

  t.test('a tenant that comes back while the handler works stays whole', async (t) => {
    const prefix = redis.freshPrefix()
    const [store, other] = [await openStore(t, { url, prefix }), await openStore(t, { url, prefix })]
    const tenant = await saveDead(store)
    const back = { ...tenant, installations: [connectInstallation(tenant.tenantId)] }
    const transactions: unknown[] = []
    const removed = await store.remover.remove(tenant, DEATH + 1, async (transaction) => {
      transactions.push(transaction)
      await other.save(back, 1)
    })
    t.equal(removed, false)
    t.same(transactions, [null])
    t.equal((await other.find({ clientKey: tenant.clientKey }))?.version, 2)
    t.equal(await client.exists(`{${prefix}}:2:app:${appKey}:purges`), 0)
  })

  t.test('while the handler works no other purge begins, until its time is over', async (t) => {
    const prefix = redis.freshPrefix()
    const [store, other] = [await openStore(t, { url, prefix }), await openStore(t, { url, prefix })]
    const tenant = await saveDead(store)
    const never = async () => void t.fail('it was called')
    const removed = await store.remover.remove(tenant, DEATH + 1, async () => {
      t.equal(await other.remover.remove(tenant, DEATH + 1, never), false)
      const purges = `{${prefix}}:2:app:${appKey}:purges`
      const [until, claim] = ((await client.hGet(purges, tenant.tenantId)) ?? '').split(' ')
      t.match(Number(until) - Date.now(), /^\d{5}$/, 'for less than a minute and a half')
      await client.hSet(purges, tenant.tenantId, `${Date.now() - 1} ${claim}`)
      t.equal(await other.remover.remove(tenant, DEATH + 1, nothing), true)
    })
    t.equal(removed, false)
    t.equal(await store.find({ tenantId: tenant.tenantId }), null)
  })

  t.test('other processes hear of the removal', async (t) => {
    const prefix = redis.freshPrefix()
    const [store, other] = [await openStore(t, { url, prefix }), await openStore(t, { url, prefix })]
    const tenant = await saveDead(store)
    const heard = new Promise<string>((resolve) => {
      other.watch?.({ changed: resolve, missed() {} }).then(() => store.remover.remove(tenant, DEATH + 1, nothing))
    })
    t.equal(await heard, tenant.clientKey)
  })

  t.test('more settings than one script takes are walked, moved and swept', async (t) => {
    const prefix = redis.freshPrefix()
    const { settings, ...store } = await openStore(t, { url, prefix })
    const [from, to] = [await store.save(newTenant(), null), await store.save(newTenant(), null)]
    const owner = { tenantId: from.tenantId, installation: '' }
    const target = { tenantId: to.tenantId, installation: '' }
    const keys = Array.from({ length: 250 }, (_, n) => `key-${n}`)
    for (const key of keys) await settings.set(owner, setting(key, DEATH + 1), undefined)
    for (const key of keys.slice(0, 120)) await settings.set(target, setting(key), undefined)
    await settings.set(owner, setting('last'), undefined)
    const page = { prefix: '', after: '', limit: 1000, nowMs: DEATH }
    t.equal((await settings.list(owner, page)).length, 251)
    t.same(
      (await settings.list(owner, { ...page, limit: 1, nowMs: DEATH + 1 })).map(({ key }) => key),
      ['last'],
      'a page is full although most have expired'
    )
    t.equal(await settings.move(from.tenantId, to.tenantId), 131)
    t.equal((await settings.list(owner, page)).length, 120)
    t.equal((await settings.list(target, page)).length, 251)
    t.equal(await settings.sweep(DEATH + 1), 250, 'an expiry moves with its setting')
    t.equal((await settings.list(target, page)).length, 121)
    for (const [part, left] of Object.entries({ 'setting-keys': 121, 'setting-expiries': 0 })) {
      t.equal(await client.zCard(`{${prefix}}:2:app:${appKey}:${part}`), left, part)
    }
  })

  t.test('settings of installations that go along move, those of others stay', async (t) => {
    const { settings, ...store } = await openStore(t, { url, prefix: redis.freshPrefix() })
    const [from, to] = [await store.save(newTenant(), null), await store.save(newTenant(), null)]
    for (const installation of ['', 'one', 'two', 'stays']) {
      for (let n = 0; n < 120; n += 1) {
        await settings.set({ tenantId: from.tenantId, installation }, setting(`key-${n}`), undefined)
      }
    }
    await settings.set({ tenantId: to.tenantId, installation: 'two' }, setting('key-7'), undefined)
    t.equal(await settings.move(from.tenantId, to.tenantId, ['one', 'two', 'one', 'nul\0']), 359)
    t.equal(await settings.move(from.tenantId, to.tenantId, ['one', 'two']), 0)
    const page = { prefix: '', after: '', limit: 1000, nowMs: DEATH }
    const left = await Promise.all(
      ['', 'one', 'two', 'stays'].map((installation) => settings.list({ tenantId: from.tenantId, installation }, page))
    )
    t.same(
      left.map(({ length }) => length),
      [0, 0, 1, 120]
    )
  })

  t.test('text that no key can hold finds nothing and reaches nobody', async (t) => {
    const { settings, ...store } = await openStore(t, { url, prefix: redis.freshPrefix() })
    const { tenantId } = await store.save(newTenant(), null)
    await settings.set({ tenantId, installation: 'one' }, setting('\ufffd'), undefined)
    const page = { prefix: '', after: '', limit: 10, nowMs: DEATH }
    t.same(await settings.list({ tenantId, installation: 'one' }, { ...page, prefix: '\ud800' }), [])
    t.same(await settings.list({ tenantId: `${tenantId}\0one`, installation: '' }, page), [])
    t.equal(await settings.get({ tenantId, installation: 'one\0' }, '\ufffd', DEATH), null)
    await t.rejects(settings.set({ tenantId, installation: 'one\0' }, setting('a'), undefined), {
      code: 'ATL_NO_TENANT'
    })
  })
})

t.test('a Redis whose memory is full keeps settings as they are, and purging makes room', async (t) => {
  const server = await testRedisServer(t)
  if (server === null) return
  const store = await openStore(t, { url: server.url })
  const client = await connectClient(t, server.url)
  const tenant = await saveDead(store)
  const owner = { tenantId: tenant.tenantId, installation: '' }
  await store.settings.set(owner, setting('key'), undefined)
  await client.configSet('maxmemory', '1')
  await t.rejects(store.settings.set(owner, { ...setting('key'), value: '"changed"' }, undefined), /OOM/)
  await t.rejects(store.settings.set(owner, setting('other'), undefined), /OOM/)
  t.same((await store.settings.list(owner, { prefix: '', after: '', limit: 9, nowMs: DEATH })).length, 1)
  t.equal((await store.settings.get(owner, 'key', DEATH))?.value, '"value"')
  t.same((await purge(store)).tenantIds, [tenant.tenantId])
  t.same(await keysWithData(client, 'atl'), [])
})

function purge(store: TenantStore) {
  return purgeTenants({ store, nowMs: DEATH * 2, log: silentLog, retentionDays: 30 })
}
