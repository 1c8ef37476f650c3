import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createClient } from 'redis'
import t, { type Test } from 'tap'
import { createRedisTenantStore } from '../../../lib/store/redis-tenant-store.ts'
import { newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testRedis, testRedisServer } from '../../helpers/redis.ts'

const APP_KEY = 'killed-app'

t.test('SIGKILL of one of two writers leaves whole records, and nothing that was reported is lost', async (t) => {
  const redis = await testRedis(t)
  if (redis === null) return
  const prefix = redis.freshPrefix()
  for (let round = 0; round < 3; round += 1) {
    const savers = [startSaver(redis.url, prefix), startSaver(redis.url, prefix)]
    await Promise.all(savers.map((saver) => saver.saidSomething))
    const [told, toldToo] = await Promise.all(savers.map((saver) => saver.killAfter(30 + Math.random() * 200)))
    await assertWhole(t, redis.url, prefix, [told ?? '', toldToo ?? ''])
  }
})

t.test(
  'SIGKILL of Redis itself, with every write on disk: nothing reported is lost, and nobody restarts',
  async (t) => {
    const server = await testRedisServer(t, ['--appendonly', 'yes', '--appendfsync', 'always'])
    if (server === null) return
    const saver = startSaver(server.url, 'atl')
    await saver.saidSomething
    const store = createRedisTenantStore({ appKey: APP_KEY, url: server.url, encryption: testEncryption })
    t.teardown(() => store.close())
    await store.open()
    await server.signal('SIGKILL')
    await t.rejects(store.find({ clientKey: 'one' }), 'a server that is gone is an error')
    await t.rejects(store.save(newTenant({ appKey: APP_KEY }), null))
    await saver.hasSaid('failed')
    const before = saver.told()
    await server.start()
    t.ok(await store.find({ clientKey: 'one' }), 'the store is back with its server')
    await saver.hasSaidSince(before, /\w+ \d+\n/)
    const told = await saver.killAfter(0)
    await assertWhole(t, server.url, 'atl', [told])
  }
)

t.test('a Redis that is frozen is an error within the time, and serves again when it wakes', async (t) => {
  const server = await testRedisServer(t)
  if (server === null) return
  const options = { appKey: APP_KEY, url: server.url, encryption: testEncryption, timeoutMs: 300 }
  const store = createRedisTenantStore(options)
  t.teardown(() => store.close())
  await store.open()
  const saved = await store.save(newTenant({ appKey: APP_KEY }), null)
  await server.signal('SIGSTOP')
  const started = Date.now()
  const attempts = [store.find({ clientKey: 'any' }), store.save(saved, 1), createRedisTenantStore(options).open()]
  for (const result of await Promise.allSettled(attempts)) t.equal(result.status, 'rejected')
  await t.rejects(store.find({ clientKey: 'any' }), 'a new connection is no better')
  t.ok(Date.now() - started < 3000, `all of it took ${Date.now() - started} ms`)
  await server.signal('SIGCONT')
  const found = await store.find({ tenantId: saved.tenantId })
  t.ok(found?.version === 1 || found?.version === 2, 'what had no answer is done or not, but not by half')
  t.equal((await store.save(saved, found?.version ?? 0)).version, (found?.version ?? 0) + 1)
})

function startSaver(url: string, prefix: string) {
  const file = join(import.meta.dirname, 'redis-save-until-killed.ts')
  const saver = spawn(process.execPath, ['--conditions=fastify-atlassian-source', file, url, prefix, APP_KEY], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let said = ''
  const closed = once(saver, 'close')
  saver.stdout.on('data', (chunk) => {
    said += chunk
  })
  const until = async (condition: () => boolean) => {
    const ended = closed.then(() => {
      throw new Error('the saver ended by itself')
    })
    ended.catch(() => {})
    while (!condition()) await Promise.race([once(saver.stdout, 'data'), ended])
  }
  return {
    told: () => said,
    saidSomething: until(() => /\w+ \d+\n/.test(said)),
    hasSaid: (text: string) => until(() => said.includes(text)),
    hasSaidSince: (before: string, text: RegExp) => until(() => text.test(said.slice(before.length))),
    async killAfter(ms: number): Promise<string> {
      await new Promise((resolve) => setTimeout(resolve, ms))
      saver.kill('SIGKILL')
      await closed
      return said
    }
  }
}

async function assertWhole(t: Test, url: string, prefix: string, told: readonly string[]): Promise<void> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  const store = createRedisTenantStore({ appKey: APP_KEY, url, prefix, encryption: testEncryption })
  await store.open()
  const reported = told.flatMap((text) => [...text.matchAll(/(\w+ \d+)\n/g)].map(([, line]) => line))
  t.equal(new Set(reported).size, reported.length, 'no version was given to two writers')
  const tenants = await store.list({ limit: 10 })
  t.ok(tenants.length > 0)
  const states = await client.hVals(`{${prefix}}:2:app:${APP_KEY}:states`)
  for (const { tenantId, clientKey, version, ...fields } of tenants) {
    const versions = reported.flatMap((line) => (line?.startsWith(`${clientKey} `) ? [Number(line.split(' ')[1])] : []))
    t.ok(version >= Math.max(0, ...versions), 'what was reported is there')
    t.equal(fields.sharedSecret?.reveal(), `secret-${version}`)
    t.equal(fields.secretVersion, version)
    t.same(
      fields.installations.map((of) => of.environmentId),
      [`a-${version}`, `b-${version}`]
    )
    t.equal((await store.find({ installationId: clientKey ?? '' }))?.version, version)
    const deliveries = states.filter((state) => JSON.parse(state).tenant === tenantId)
    t.equal(deliveries.length, version, 'one delivery for each save')
  }
  t.equal(await client.hLen(`{${prefix}}:installations`), 2 * tenants.length, 'no name outlives its save')
  t.equal(await client.zCard(`{${prefix}}:2:app:${APP_KEY}:places`), 5 * tenants.length)
  t.equal(await client.zCard(`{${prefix}}:2:app:${APP_KEY}:order`), 4 * tenants.length)
  await store.close()
  client.destroy()
}
