import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'redis'
import t, { type Test } from 'tap'
import type { EncryptionOptions } from '../../../lib/encryption/encryption-options.ts'
import { Secret } from '../../../lib/secret.ts'
import { createRedisTenantStore, type RedisTenantStoreOptions } from '../../../lib/store/redis-tenant-store.ts'
import {
  assertConflict,
  assertSameTenant,
  forgeInstallation,
  newDelivery,
  newTenant
} from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testRedis, testRedisServer } from '../../helpers/redis.ts'

const appKey = 'contract-app'

async function openStore(t: Test, options: Partial<RedisTenantStoreOptions>) {
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

function recordingLog() {
  const warnings: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) }
  return { log, warnings }
}

/** A client that answers as a server with this INFO would. */
function serverWith(info: string) {
  return {
    sendCommand: async (args: readonly string[]) => (args[0] === 'INFO' ? info : ['2', 0]),
    duplicate(): never {
      throw new Error('not here')
    }
  }
}

t.test('options that cannot be meant are refused, and an address is never repeated', async (t) => {
  const base = { appKey, url: 'redis://127.0.0.1:1', encryption: testEncryption }
  const wrong: Partial<RedisTenantStoreOptions>[] = [
    { appKey: '' },
    { client: serverWith('') },
    { prefix: 'a{b}' },
    { prefix: '' },
    { timeoutMs: 0 },
    { encryption: { ...testEncryption, acceptPlaintext: true } }
  ]
  for (const change of wrong) t.throws(() => createRedisTenantStore({ ...base, ...change }), { code: 'ATL_OPTION' })
  for (const url of ['http://user:hunter2@host', 'redis://user:hunter2@ho st', 'redis:hunter2']) {
    const error = await createRedisTenantStore({ ...base, url })
      .open()
      .then(
        () => null,
        (error) => error
      )
    t.match(error, { code: 'ATL_OPTION' })
    t.notMatch(`${error.message} ${JSON.stringify(error)} ${error.stack}`, 'hunter2')
  }
  const closed = createRedisTenantStore(base)
  await t.rejects(closed.find({ clientKey: 'any' }), /call open\(\) first/)
  await t.rejects(closed.open(), 'nobody listens there')
  await t.rejects(closed.find({ clientKey: 'any' }), /call open\(\) first/)
})

t.test('a server older than 6.2 is refused, a setting that loses tenants is told', async (t) => {
  const open = (info: string, log = recordingLog().log) =>
    createRedisTenantStore({ appKey, client: serverWith(info), encryption: testEncryption, log }).open()
  for (const version of ['6.0.16', '5.0.14', '']) {
    await t.rejects(
      open(`redis_version:${version}\r\naof_enabled:1`),
      { code: 'ATL_OPTION', reason: 'redis-version' },
      version
    )
  }
  const quiet = recordingLog()
  await open('redis_version:10.0.0\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n', quiet.log)
  t.same(quiet.warnings, [])
  const loud = recordingLog()
  await open('redis_version:6.2.0\r\naof_enabled:0\r\nmaxmemory_policy:allkeys-lru\r\n', loud.log)
  t.match(loud.warnings, [/appendonly/, /maxmemory-policy/])
})

t.test('on a real Redis', async (t) => {
  const redis = await testRedis(t)
  if (redis === null) return
  const { url } = redis
  const client = await connectClient(t, url)

  t.test('data of a newer version is refused and left as it is', async (t) => {
    const prefix = redis.freshPrefix()
    await openStore(t, { url, prefix })
    t.equal(await client.get(`{${prefix}}:schema`), '2')
    await client.set(`{${prefix}}:schema`, '3')
    const store = createRedisTenantStore({ appKey, url, prefix, encryption: testEncryption })
    await t.rejects(store.open(), { code: 'ATL_MIGRATION_NEEDED', reason: 'schema-newer' })
    t.equal(await client.get(`{${prefix}}:schema`), '3')
  })

  t.test('every key of a prefix is in one slot of a cluster', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    const { tenantId } = await store.save(newTenant(), null, [])
    await store.inbox.add(newDelivery(tenantId))
    const keys = await client.keys(`*${prefix}*`)
    t.ok(keys.length >= 12, `there are ${keys.length}`)
    for (const key of keys) t.ok(key.startsWith(`{${prefix}}:`), key)
  })

  t.test('a secret that is moved to another tenant does not open', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    const [one, two] = [await store.save(newTenant(), null), await store.save(newTenant(), null)]
    const registrations = `{${prefix}}:2:app:${appKey}:registrations`
    const record = async (id: string) => JSON.parse((await client.hGet(registrations, id)) ?? '')
    const moved = { ...(await record(two.connectId)), sharedSecret: (await record(one.connectId)).sharedSecret }
    await client.hSet(registrations, two.connectId, JSON.stringify(moved))
    await t.rejects(store.find({ tenantId: two.tenantId }), { code: 'ATL_ENCRYPTION_KEY' })
    const plain = { ...moved, sharedSecret: 'plain' }
    await client.hSet(registrations, two.connectId, JSON.stringify(plain))
    await t.rejects(store.find({ tenantId: two.tenantId }), { code: 'ATL_ENCRYPTION_KEY', reason: 'plaintext' })
    assertSameTenant(await store.find({ tenantId: one.tenantId }), one)
  })

  t.test('keys are rotated while the store serves, and the old one can then be taken away', async (t) => {
    const prefix = redis.freshPrefix()
    const old = await openStore(t, { url, prefix })
    const saved = []
    for (let n = 0; n < 7; n += 1) saved.push(await old.save(newTenant(n === 0 ? { previousSecret: null } : {}), null))
    const newest = { id: 'newest', key: Buffer.alloc(32, 8).toString('base64') }
    const both: EncryptionOptions = { keys: [newest, ...testEncryption.keys] }
    const store = await openStore(t, { url, prefix, encryption: both })
    t.match(await store.reencrypt({ signal: AbortSignal.abort() }), { tenants: 0, complete: false })
    const progress: number[] = []
    t.same(await store.reencrypt({ batchSize: 3, onProgress: ({ tenants }) => progress.push(tenants) }), {
      tenants: 7,
      rewritten: 13,
      plaintext: 0,
      complete: true
    })
    t.same(progress, [3, 6, 7])
    t.match(await store.reencrypt(), { tenants: 7, rewritten: 0 })
    const alone = await openStore(t, { url, prefix, encryption: { keys: [newest] } })
    for (const tenant of saved) assertSameTenant(await alone.find({ tenantId: tenant.tenantId }), tenant)
    await t.rejects(old.find({ tenantId: saved[0]?.tenantId ?? '' }), /"newest"/)
  })

  t.test('names that a tenant gave up are free, and nothing of them is left', async (t) => {
    const prefix = redis.freshPrefix()
    const store = await openStore(t, { url, prefix })
    const first = await store.save(newTenant({ installations: [forgeInstallation('ari', 'production')] }), null)
    await store.save({ ...first, baseUrl: 'https://renamed.atlassian.net', cloudId: null, installations: [] }, 1)
    const { baseUrl, cloudId, installations } = first
    const second = await store.save(newTenant({ baseUrl, cloudId, installations }), null)
    assertSameTenant(await store.find({ cloudId: cloudId ?? '' }), second)
    assertSameTenant(await store.find({ installationId: 'ari' }), second)
    t.equal((await store.findByBaseUrl(first.baseUrl)).length, 1)
    t.equal(await client.hLen(`{${prefix}}:installations`), 1)
    t.equal(await client.zCard(`{${prefix}}:2:app:${appKey}:places`), 6)
    t.equal(await client.zCard(`{${prefix}}:2:app:${appKey}:order`), 8)
  })

  t.test('more deliveries than one script takes are claimed, moved and swept', async (t) => {
    const store = await openStore(t, { url, prefix: redis.freshPrefix() })
    const to = await store.save(newTenant(), null)
    const from = newTenant()
    const deliveries = Array.from({ length: 1100 }, () => newDelivery(from.tenantId))
    await store.save(from, null, deliveries)
    t.equal(await store.inbox.move(from.tenantId, to.tenantId), 1100)
    const request = { nowMs: 1_800_000_000_000, leaseMs: 1000, limit: 700 }
    const claimed = [...(await store.inbox.claim(request)), ...(await store.inbox.claim(request))]
    t.equal(new Set(claimed.map(({ deliveryId }) => deliveryId)).size, 1100)
    t.ok(claimed.every(({ tenantId }) => tenantId === to.tenantId))
    for (const { deliveryId } of claimed) await store.inbox.complete(deliveryId, request.nowMs)
    t.equal(await store.inbox.sweep(request.nowMs), 1100)
  })

  t.test('a clock that runs behind gets nothing before its time', async (t) => {
    const store = await openStore(t, { url, prefix: redis.freshPrefix() })
    const { tenantId } = await store.save(newTenant(), null)
    const dueAtMs = 1_700_000_000_000
    for (let n = 0; n < 3; n += 1) await store.inbox.add(newDelivery(tenantId, { dueAtMs }))
    t.equal((await store.inbox.claim({ nowMs: dueAtMs, leaseMs: 1000, limit: 1 })).length, 1)
    t.same(await store.inbox.claim({ nowMs: dueAtMs - 1, leaseMs: 1000, limit: 9 }), [])
    t.equal((await store.inbox.claim({ nowMs: dueAtMs, leaseMs: 1000, limit: 9 })).length, 2)
  })
})

t.test('whoever reads the whole disk of Redis finds no secret', async (t) => {
  const server = await testRedisServer(t, ['--appendonly', 'yes', '--rdbcompression', 'no'])
  if (server === null) return
  const store = await openStore(t, { url: server.url })
  const tenant = newTenant({ clientKey: 'dumped', sharedSecret: new Secret('the-first-secret'), previousSecret: null })
  const first = await store.save(tenant, null, [newDelivery(tenant.tenantId)])
  await store.save(
    { ...first, sharedSecret: new Secret('the-second-secret'), previousSecret: new Secret('the-first-secret') },
    1
  )
  await (await connectClient(t, server.url)).sendCommand(['SAVE'])
  let dump = ''
  for (const file of await readdir(server.directory, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) dump += await readFile(join(file.parentPath, file.name), 'latin1')
  }
  t.ok(dump.split('"clientKey":"dumped"').length >= 4, 'both saves and the snapshot are in it, uncompressed')
  t.match(dump, 'atlenc1.test.')
  for (const secret of ['the-first-secret', 'the-second-secret']) {
    for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      t.notOk(dump.includes(Buffer.from(secret).toString(encoding).replace(/=+$/, '')), `${secret} as ${encoding}`)
    }
  }
})

t.test('a Redis whose memory is full refuses a save as a whole', async (t) => {
  const server = await testRedisServer(t)
  if (server === null) return
  const store = await openStore(t, { url: server.url })
  const client = await connectClient(t, server.url)
  const first = await store.save(newTenant(), null)
  await client.configSet('maxmemory', '1')
  await t.rejects(store.save({ ...first, baseUrl: 'changed', sharedSecret: new Secret('changed') }, 1), /OOM/)
  await t.rejects(store.save(newTenant(), null, []), /OOM/)
  assertSameTenant(await store.find({ clientKey: first.clientKey }), first)
  await client.configSet('maxmemory', '0')
  t.equal((await store.list({ limit: 10 })).length, 1)
  t.equal(await store.find({ baseUrl: 'changed' }), null)
  t.equal((await store.save(first, 1)).version, 2)
  await assertConflict(store.save(first, 1))
})
