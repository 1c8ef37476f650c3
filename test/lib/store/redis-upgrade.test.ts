import { createClient } from 'redis'
import t, { type Test } from 'tap'
import { silentLog } from '../../../lib/ports.ts'
import type { RedisClient } from '../../../lib/store/redis-connection.ts'
import { createRedisTenantStore, type RedisTenantStoreOptions } from '../../../lib/store/redis-tenant-store.ts'
import { hasRegistration } from '../../../lib/tenant/tenant.ts'
import { purgeTenants } from '../../../lib/tenant/tenant-purge.ts'
import type { TenantStore } from '../../../lib/tenant/tenant-store.ts'
import { newDelivery, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testRedis, testRedisServer } from '../../helpers/redis.ts'
import { contentOf, restoreOldestLayout } from '../../helpers/redis-layout.ts'

const appKey = 'contract-app'
const DEATH = 1_700_000_000_000
/** A setting of a tenant, as the first layout had it and as this one has it. */
const SETTING = { 'setting-keys': 'alive\0\0colour', settings: '7  1700000000000 "red"' }

async function openStore(t: Test, options: Partial<RedisTenantStoreOptions>): Promise<TenantStore> {
  const store = createRedisTenantStore({ appKey, encryption: testEncryption, ...options })
  t.teardown(() => store.close())
  await store.open()
  return store
}

async function connectClient(t: Test, url: string) {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.destroy())
  return client
}

async function restore(client: Awaited<ReturnType<typeof connectClient>>, prefix: string): Promise<void> {
  await restoreOldestLayout(client, prefix)
  const key = `{${prefix}}:app:${appKey}`
  await client.hSet(`${key}:settings`, SETTING['setting-keys'], SETTING.settings)
  await client.zAdd(`${key}:setting-keys`, { score: 0, value: SETTING['setting-keys'] })
}

t.test('on a real Redis', async (t) => {
  const redis = await testRedis(t)
  if (redis === null) return
  const { url } = redis
  const client = await connectClient(t, url)

  t.test('everything of the first layout is there, by every name', async (t) => {
    const prefix = redis.freshPrefix()
    await restore(client, prefix)
    const store = await openStore(t, { url, prefix })
    const alive = await store.find({ tenantId: 'alive' })
    t.match(alive, {
      connectId: 'alive',
      clientKey: 'client-alive',
      version: 2,
      secretVersion: 3,
      updatedAtMs: DEATH + 2000
    })
    t.match(alive?.sharedSecret?.reveal(), /./, 'its secret opens')
    t.same(
      alive?.installations.map(({ platform, clientKey, products }) => [platform, clientKey, products]),
      [
        ['connect', 'client-alive', ['jira']],
        ['forge', null, []],
        ['forge', null, []]
      ]
    )
    const renamed = {
      baseUrl: 'https://renamed.atlassian.net/wiki',
      clientKey: 'caf\u00e9 "\u{1f980}',
      cloudId: 'cloud-renamed'
    }
    for (const lookup of [
      { clientKey: renamed.clientKey },
      { baseUrl: renamed.baseUrl },
      { cloudId: renamed.cloudId },
      { installationId: 'connect:renamed' }
    ]) {
      t.match(await store.find(lookup), { tenantId: 'renamed', ...renamed, product: 'confluence' })
    }
    t.equal((await store.find({ installationId: 'ari:alive', environmentId: 'staging' }))?.tenantId, 'alive')
    t.equal((await store.find({ cloudId: 'cloud-alive', environmentId: 'staging' }))?.tenantId, 'alive')
    t.same(
      (await store.names('renamed')).map(({ kind, value, sinceMs, untilMs }) => [
        kind,
        value,
        sinceMs - DEATH,
        untilMs
      ]),
      [
        ['baseUrl', renamed.baseUrl, 0, null],
        ['clientKey', renamed.clientKey, 0, null],
        ['cloudId', renamed.cloudId, 0, null],
        ['displayUrl', 'https://jira.example.com', 0, null]
      ]
    )
    t.same(
      (await store.list({ status: 'installed', limit: 10 })).map(({ tenantId }) => tenantId),
      ['alive', 'renamed']
    )
    t.equal((await store.settings?.get({ tenantId: 'alive', installation: '' }, 'colour', DEATH))?.value, '"red"')
    const claimed = await store.inbox.claim({ nowMs: DEATH + 5000, leaseMs: 1000, limit: 10 })
    t.same(claimed.map(({ deliveryId, attempts }) => [deliveryId, attempts]).sort(), [
      ['delivery-alive-claimed', 2],
      ['delivery-alive-lifecycle', 1],
      ['delivery-alive-waiting', 1],
      ['delivery-dead-early-claimed', 2],
      ['delivery-dead-early-waiting', 1]
    ])
    t.equal(await store.inbox.add(newDelivery('alive', { identifier: 'identifier-alive-done' })), false)
    if (alive === null || !hasRegistration(alive)) return void t.fail('it has no registration')
    const moved = await store.save({ ...alive, baseUrl: 'https://moved.atlassian.net', updatedAtMs: DEATH + 9000 }, 2)
    t.same(await store.findByBaseUrl(alive.baseUrl), [])
    t.equal((await store.find({ baseUrl: moved.baseUrl }))?.version, 3)
    t.equal((await store.names('alive')).find(({ value }) => value === alive.baseUrl)?.untilMs, DEATH + 9000)
  })

  t.test('several processes at once upgrade it once, and find and purge its dead', async (t) => {
    const prefix = redis.freshPrefix()
    await restore(client, prefix)
    const stores = await Promise.all([1, 2, 3].map(() => openStore(t, { url, prefix })))
    for (const store of stores) {
      const dead = await store.remover?.listDead({ diedBeforeMs: DEATH + 100, limit: 10 })
      t.same(
        dead?.map(({ tenant, diedAtMs }) => [tenant.tenantId, diedAtMs - DEATH]),
        [
          ['dead-early', 0],
          ['never-installed', 1],
          ['dead-late', 5],
          ['adopted', 9]
        ]
      )
    }
    const purged = await Promise.all(stores.map(purge))
    t.same(purged.flatMap(({ tenantIds }) => tenantIds).sort(), [
      'adopted',
      'dead-early',
      'dead-late',
      'never-installed'
    ])
    t.equal(await stores[0]?.inbox.sweep(DEATH + 100), 4, 'what was settled before places were known is swept')
    const theirs = await openStore(t, { url, prefix, appKey: 'another-app' })
    t.same((await purge(theirs)).tenantIds, ['theirs'], 'another app is upgraded when it opens')
  })

  t.test('an upgrade that is cut off after any of its steps ends like one that was not', async (t) => {
    const straight = redis.freshPrefix()
    await restore(client, straight)
    await openStore(t, { url, prefix: straight })
    const whole = await contentOf(client, straight)
    t.notOk([...whole.keys()].some((key) => key.endsWith(':old-tenants')))
    let cuts = 0
    for (let hasEnded = false; !hasEnded; cuts += 1) {
      const prefix = redis.freshPrefix()
      await restore(client, prefix)
      const cut = createRedisTenantStore({
        appKey,
        encryption: testEncryption,
        prefix,
        client: breakingAfter(client, cuts)
      })
      hasEnded = await cut.open().then(
        () => true,
        () => false
      )
      if (hasEnded) break
      await Promise.all([openStore(t, { url, prefix }), openStore(t, { url, prefix })])
      t.same(await contentOf(client, prefix), whole, `cut after ${cuts} commands`)
    }
    t.ok(cuts > 8, `there were ${cuts} of them`)
  })

  t.test('a process that knows only the first layout fails, and never finds empty storage', async (t) => {
    for (const isFresh of [true, false]) {
      const prefix = redis.freshPrefix()
      if (!isFresh) await restore(client, prefix)
      await openStore(t, { url, prefix })
      t.equal(await client.get(`{${prefix}}:schema`), '2', 'it does not start again')
      const of = (name: string) => `{${prefix}}:app:${appKey}:${name}`
      for (const name of ['tenants', 'heads', 'client-keys', 'settings', 'deliveries', 'states', 'dedupe', 'purges']) {
        await t.rejects(client.hGet(of(name), 'alive'), /WRONGTYPE/, name)
        await t.rejects(client.hSet(of(name), 'alive', 'changed'), /WRONGTYPE/, name)
      }
      for (const name of ['base-urls', 'installation-ids', 'order', 'dead', 'waiting', 'ready', 'settled', 'pending']) {
        await t.rejects(client.zRange(of(name), 0, -1), /WRONGTYPE/, name)
        await t.rejects(client.zAdd(of(name), { score: 0, value: 'changed' }), /WRONGTYPE/, name)
      }
    }
  })

  t.test('an app that has not been upgraded yet works on, and is not touched', async (t) => {
    const prefix = redis.freshPrefix()
    await restore(client, prefix)
    const ofOther = async () =>
      [...(await contentOf(client, prefix))].filter(([key]) => key.startsWith('{}:app:another-app:'))
    const before = await ofOther()
    t.equal(before.length, 6)
    await openStore(t, { url, prefix })
    t.same(await ofOther(), before)
  })

  t.test('data of one app in both layouts is refused, and none of it is lost', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    await store.save(newTenant(), null, [])
    await store.inbox.add(newDelivery((await store.list({ limit: 1 }))[0]?.tenantId ?? ''))
    for (const key of await client.keys(`{${prefix}}:app:*`)) await client.del(key)
    await client.del(`{${prefix}}:schema`)
    await restore(client, prefix)
    const before = await contentOf(client, prefix)
    await t.rejects(openStore(t, { url, prefix }), /in two layouts/)
    t.same(await contentOf(client, prefix), before)
  })
})

t.test('a Redis whose memory is full refuses the upgrade, and older processes keep their data', async (t) => {
  const server = await testRedisServer(t)
  if (server === null) return
  const client = await connectClient(t, server.url)
  await restore(client, 'atl')
  const before = await contentOf(client, 'atl')
  await client.configSet('maxmemory', '1')
  await t.rejects(openStore(t, { url: server.url }), /OOM/)
  await client.configSet('maxmemory', '0')
  t.same(await contentOf(client, 'atl'), before)
  t.equal((await (await openStore(t, { url: server.url })).list({ limit: 10 })).length, 6)
})

/** A client that is gone after so many commands. What it had sent by then is done. */
function breakingAfter(client: Pick<RedisClient, 'sendCommand'>, commands: number): RedisClient {
  let sent = 0
  return {
    async sendCommand(args) {
      sent += 1
      if (sent > commands) throw new Error('cut off')
      return client.sendCommand([...args])
    },
    duplicate(): never {
      throw new Error('not here')
    }
  }
}

function purge(store: TenantStore) {
  return purgeTenants({ store, nowMs: DEATH * 2, log: silentLog, retentionDays: 30 })
}
