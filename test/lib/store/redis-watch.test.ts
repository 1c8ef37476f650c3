import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import t, { type Test } from 'tap'
import { createRedisTenantStore, type RedisTenantStoreOptions } from '../../../lib/store/redis-tenant-store.ts'
import { newForgeTenant, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testRedis } from '../../helpers/redis.ts'

const appKey = 'contract-app'

t.test('what another process saves is heard of', async (t) => {
  const redis = await testRedis(t)
  if (redis === null) return
  const { url } = redis
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.destroy())

  async function watching(t: Test, options: Partial<RedisTenantStoreOptions> & { prefix: string }) {
    const store = createRedisTenantStore({ appKey, url, encryption: testEncryption, ...options })
    t.teardown(() => store.close())
    await store.open()
    const heard: string[] = []
    const watches = await store.watch?.({
      changed: (clientKey) => void heard.push(clientKey),
      missed: () => void heard.push('(missed)')
    })
    return { store, heard, watches }
  }

  t.test(
    'its own saves are not told to it, those of others for every registration of the tenant, or the tenant itself',
    async (t) => {
      const prefix = redis.freshPrefix()
      const [a, b] = [await watching(t, { prefix }), await watching(t, { prefix })]
      t.ok(a.watches && b.watches)
      const saved = await a.store.save(newTenant({ clientKey: 'first' }), null)
      const second = await a.store.save({ ...saved, connectId: 'other', clientKey: 'caf\u00e9 "\u{1f980}/' }, 1)
      const forge = await a.store.save(newForgeTenant(), null)
      await a.store.handOver({ ...forge, adoptedBy: saved.tenantId }, second)
      await until(() => b.heard.length >= 7)
      t.same(b.heard, ['first', 'first', second.clientKey, forge.tenantId, forge.tenantId, 'first', second.clientKey])
      await b.store.save(newTenant({ clientKey: 'answer' }), null)
      await until(() => a.heard.length > 0)
      t.same(a.heard, ['answer'])
    }
  )

  t.test('another app, another prefix and strangers on the channel are not heard', async (t) => {
    const prefix = redis.freshPrefix()
    const a = await watching(t, { prefix })
    const other = await watching(t, { prefix, appKey: 'other-app' })
    const elsewhere = await watching(t, { prefix: redis.freshPrefix() })
    await other.store.save(newTenant({ appKey: 'other-app' }), null)
    await elsewhere.store.save(newTenant(), null)
    for (const text of ['', 'text', '{}', '["one"]', '[1,2]', '["a","b","c"]']) {
      await client.publish(`{${prefix}}:app:${appKey}:changes`, text)
    }
    const b = await watching(t, { prefix })
    await b.store.save(newTenant({ clientKey: 'last' }), null)
    await until(() => a.heard.includes('last'))
    t.same(a.heard, ['last'])
  })

  t.test('a connection that breaks is made again, and what was remembered is forgotten twice', async (t) => {
    const prefix = redis.freshPrefix()
    const proxy = await startProxy(t, new URL(url))
    const [a, b] = [await watching(t, { prefix }), await watching(t, { prefix, url: proxy.url })]
    proxy.cut()
    await until(() => b.heard.length === 2)
    t.same(b.heard, ['(missed)', '(missed)'])
    await a.store.save(newTenant({ clientKey: 'after' }), null)
    await until(() => b.heard.length === 3)
    t.same(b.heard.at(-1), 'after')
    t.equal((await b.store.find({ clientKey: 'after' }))?.version, 1, 'commands have a new connection too')
  })

  t.test('a connection that is silent, as of a machine that is gone, is noticed', async (t) => {
    const prefix = redis.freshPrefix()
    const proxy = await startProxy(t, new URL(url))
    const b = await watching(t, { prefix, url: proxy.url, timeoutMs: 300 })
    proxy.freeze()
    const started = Date.now()
    await t.rejects(b.store.find({ clientKey: 'any' }), /did not answer in time/)
    t.ok(Date.now() - started < 2000, 'a command does not hang')
    await until(() => b.heard.length > 0, 10_000)
    t.same(b.heard, ['(missed)'])
    proxy.thaw()
    t.equal(await b.store.find({ clientKey: 'any' }), null, 'the next command takes a new connection')
    await until(() => b.heard.length === 2)
  })

  t.test('a client that was handed in lends its settings, not its connection', async (t) => {
    const prefix = redis.freshPrefix()
    const [a, b] = [await watching(t, { prefix }), await watching(t, { prefix, url: undefined, client })]
    t.ok(b.watches)
    await a.store.save(newTenant({ clientKey: 'lent' }), null)
    await until(() => b.heard.length > 0)
    await b.store.close()
    t.equal(await client.ping(), 'PONG')
  })

  t.test('where it is not wanted or not possible, nothing is heard and nothing fails', async (t) => {
    const prefix = redis.freshPrefix()
    const polling = await watching(t, { prefix, coherence: 'poll' })
    t.equal(polling.watches, false)
    const warnings: string[] = []
    const mute = {
      sendCommand: (args: readonly string[]) => client.sendCommand(args),
      duplicate: () => ({
        connect: async () => {},
        subscribe: async () => {},
        ping: async () => {},
        on() {},
        destroy() {}
      })
    }
    const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) }
    const deaf = await watching(t, { prefix, url: undefined, client: mute, log })
    t.equal(deaf.watches, false)
    t.match(warnings.at(-1), /does not tell of changed tenants/)
    await deaf.store.save(newTenant(), null)
    t.same([polling.heard, deaf.heard], [[], []])
  })
})

/** A way to the server that a test can cut, or leave open and silent as a lost machine does. */
async function startProxy(t: Test, target: URL) {
  const sockets = new Set<Socket>()
  let frozen = false
  const server = createServer((near) => {
    const far = createConnection(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (!frozen) to.write(chunk)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(() => {
    cut()
    server.close()
  })
  const url = new URL(target)
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    url: url.href,
    cut,
    freeze: () => {
      frozen = true
    },
    thaw: () => {
      frozen = false
    }
  }
}

async function until(condition: () => boolean, limitMs = 5000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen in time')
    await pause(10)
  }
}
