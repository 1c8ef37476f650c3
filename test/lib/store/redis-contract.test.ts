import { createClient } from 'redis'
import t from 'tap'
import { createRedisTenantStore, type RedisTenantStoreOptions } from '../../../lib/store/redis-tenant-store.ts'
import { tenantStoreContract } from '../../../lib/testing/tenant-store-contract.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testRedis, testRedisServer } from '../../helpers/redis.ts'

function runContract(
  test: (name: string, run: () => Promise<void>) => unknown,
  freshPrefix: () => string,
  connection: Pick<RedisTenantStoreOptions, 'url' | 'client'>
): void {
  tenantStoreContract({
    test,
    async createStore({ appKey }) {
      const prefix = freshPrefix()
      const connect = async (options: { appKey: string }) => {
        const store = createRedisTenantStore({ ...options, ...connection, prefix, encryption: testEncryption })
        await store.open()
        return store
      }
      const store = await connect({ appKey })
      return { store, connect, dispose: () => store.close() }
    }
  })
}

t.test('the Redis store keeps every promise of the port', async (t) => {
  const redis = await testRedis(t)
  if (redis === null) return
  runContract((name, run) => t.test(name, run), redis.freshPrefix, { url: redis.url })
})

t.test('it keeps them on a cluster, where one script reaches one slot only, with a client of the app', async (t) => {
  const server = await testRedisServer(t, ['--cluster-enabled', 'yes'])
  if (server === null) return
  const client = createClient({ url: server.url, RESP: 3 })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.destroy())
  await client.sendCommand(['CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => String(slot))])
  while (!String(await client.sendCommand(['CLUSTER', 'INFO'])).includes('cluster_state:ok')) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await t.rejects(client.sendCommand(['MGET', 'one', 'two']), /CROSSSLOT/, 'the server does check slots')
  let stores = 0
  runContract(
    (name, run) => t.test(name, run),
    () => `app.${++stores}`,
    { client }
  )
  t.test('a client that was handed in stays open', async (t) => t.ok(client.isReady))
})
