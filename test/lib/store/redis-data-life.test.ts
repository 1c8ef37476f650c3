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
import { restoreOldestLayout } from '../../helpers/redis-layout.ts'

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
    t.same(await client.keys(`{${prefix}}:*`), [`{${prefix}}:schema`])
  })

  t.test('settled deliveries are swept from every place', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    const { tenantId } = await store.save(newTenant(), null)
    const delivery = newDelivery(tenantId)
    await store.inbox.add(delivery)
    await store.inbox.complete(delivery.deliveryId, DEATH)
    t.equal(await client.zCard(`{${prefix}}:app:${appKey}:settled-of`), 1)
    t.equal(await store.inbox.sweep(DEATH + 1), 1)
    t.equal(await client.zCard(`{${prefix}}:app:${appKey}:settled-of`), 0)
  })

  t.test('the dead of an older version are found and removed, by several processes at once', async (t) => {
    const prefix = redis.freshPrefix()
    await restoreOldestLayout(client, prefix)
    const stores = [await openStore(t, { url, prefix }), await openStore(t, { url, prefix })] as const
    const lists = await Promise.all(
      stores.map(({ remover }) => remover.listDead({ diedBeforeMs: DEATH + 100, limit: 10 }))
    )
    for (const dead of lists) {
      t.same(
        dead.map(({ tenant, diedAtMs }) => [tenant.tenantId, diedAtMs - DEATH]),
        [
          ['dead-early', 0],
          ['never-installed', 1],
          ['adopted', 2],
          ['dead-late', 5]
        ]
      )
    }
    const purged = await Promise.all(stores.map((store) => purge(store)))
    t.same(purged.flatMap(({ tenantIds }) => tenantIds).sort(), [
      'adopted',
      'dead-early',
      'dead-late',
      'never-installed'
    ])
    t.equal(await stores[0].inbox.sweep(DEATH + 100), 4, 'what was settled before places were known is swept')
    t.same(
      (await stores[0].list({ limit: 10 })).map(({ tenantId }) => tenantId),
      ['alive', 'renamed']
    )
    const theirs = await openStore(t, { url, prefix, appKey: 'another-app' })
    t.same((await purge(theirs)).tenantIds, ['theirs'])
    for (const part of ['dead', 'purges']) t.equal(await client.exists(`{${prefix}}:app:${appKey}:${part}`), 0, part)
  })

  t.test('an older version that still runs kills and revives tenants without a word about it', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    const killed = await store.save(newTenant(), null)
    const [revived, later] = [await saveDead(store, DEATH - 1), await saveDead(store)]
    /** Saves, and leaves the places of the dead as they are. */
    async function saveAsBefore(...[tenant, version]: Parameters<TenantStore['save']>) {
      const [places, heads] = ['dead', 'heads'].map((name) => `{${prefix}}:app:${appKey}:${name}`)
      const before = await client.zRange(places ?? '', 0, -1)
      await store.save(tenant, version)
      await client.del(places ?? '')
      if (before.length > 0)
        await client.zAdd(
          places ?? '',
          before.map((value) => ({ score: 0, value }))
        )
      const { death: _, ...head } = JSON.parse((await client.hGet(heads ?? '', tenant.tenantId)) ?? '')
      await client.hSet(heads ?? '', tenant.tenantId, JSON.stringify(head))
    }
    await saveAsBefore({ ...revived, installations: [connectInstallation(revived.tenantId)] }, 1)
    await saveAsBefore({ ...killed, installations: [] }, 1)
    const before = { diedBeforeMs: DEATH * 2, limit: 1 }
    const ids = async () =>
      (await store.remover.listDead({ ...before, limit: 10 })).map(({ tenant }) => tenant.tenantId)
    t.same((await store.remover.listDead(before)).length, 1, 'a page is full although a place was void')
    t.same(await ids(), [later.tenantId, killed.tenantId])
    const [dead] = (await store.remover.listDead(before)).map(({ tenant }) => tenant)
    t.equal(dead !== undefined && (await store.remover.remove(dead, DEATH * 2, nothing)), true)
    t.same(await ids(), [killed.tenantId])
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
    t.equal(await client.exists(`{${prefix}}:app:${appKey}:purges`), 0)
  })

  t.test('while the handler works no other purge begins, until its time is over', async (t) => {
    const prefix = redis.freshPrefix()
    const [store, other] = [await openStore(t, { url, prefix }), await openStore(t, { url, prefix })]
    const tenant = await saveDead(store)
    const never = async () => void t.fail('it was called')
    const removed = await store.remover.remove(tenant, DEATH + 1, async () => {
      t.equal(await other.remover.remove(tenant, DEATH + 1, never), false)
      const purges = `{${prefix}}:app:${appKey}:purges`
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
      t.equal(await client.zCard(`{${prefix}}:app:${appKey}:${part}`), left, part)
    }
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
  t.same(await client.keys('*'), ['{atl}:schema'])
})

function purge(store: TenantStore) {
  return purgeTenants({ store, nowMs: DEATH * 2, log: silentLog, retentionDays: 30 })
}
