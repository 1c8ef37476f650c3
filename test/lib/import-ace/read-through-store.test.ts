import { createAceReadThroughStore, openAceSource } from 'fastify-atlassian/import-ace'
import { createKyselyTenantStore, createMemoryTenantStore } from 'fastify-atlassian/store'
import { tenantStoreContract } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { findConnect } from '../../helpers/find-connect.ts'
import { APP, aceFile, newFolder, secretOf } from './ace-tables.ts'

async function setup(t: Test, ace = aceFile(t)) {
  const inner = createMemoryTenantStore({ appKey: APP })
  const said: string[] = []
  const say = (details: object, message: string) => void said.push(`${message} ${JSON.stringify(details)}`)
  const log = { debug: say, info: say, warn: say, error: say }
  const store = createAceReadThroughStore({ store: inner, ace: ace.url, appKey: APP, log })
  await store.open()
  t.teardown(() => store.close())
  return { ace, inner, store, said }
}

t.test('a tenant moves when it is first asked for, by whichever name', async (t) => {
  const { ace, inner, store, said } = await setup(t)
  ace.installed('acme')
  ace.installed('forged', { installationId: 'forge-1' })
  ace.link('forge-1', 'forged')
  t.equal(await store.find({ clientKey: 'stranger' }), null)
  t.same(await inner.list({ limit: 10 }), [])
  const found = await findConnect(store, { clientKey: 'acme' })
  t.equal(found.sharedSecret.reveal(), secretOf('acme'))
  t.equal((await inner.find({ clientKey: 'acme' }))?.tenantId, found.tenantId)
  t.equal((await store.find({ tenantId: found.tenantId }))?.clientKey, 'acme')
  t.equal((await store.find({ installationId: 'forge-1' }))?.clientKey, 'forged')
  t.equal(await store.find({ installationId: 'forge-2' }), null)
  t.equal((await store.list({ limit: 10 })).length, 2)
  t.equal((await store.findByBaseUrl('https://acme.atlassian.net')).length, 1)
  t.equal((await store.find({ clientKey: 'acme' }))?.version, 1, 'nothing is written while nothing changes')
  t.notMatch(said.join('\n'), /SECRET-/)
})

t.test('what ACE changes is taken over until an install was verified here', async (t) => {
  const { ace, inner, store } = await setup(t)
  ace.installed('acme')
  await store.find({ clientKey: 'acme' })
  ace.changed('acme', { sharedSecret: secretOf('acme', 2) })
  const followed = await findConnect(store, { clientKey: 'acme' })
  t.equal(followed.sharedSecret.reveal(), secretOf('acme', 2))
  t.equal(followed.previousSecret?.reveal(), secretOf('acme', 1))
  await store.save({ ...followed, lastInstallIatSeconds: 1000 }, followed.version)
  ace.changed('acme', { sharedSecret: secretOf('acme', 3) })
  t.equal((await findConnect(store, { clientKey: 'acme' })).sharedSecret.reveal(), secretOf('acme', 2), 'ours is newer')
  t.equal((await inner.find({ clientKey: 'acme' }))?.version, followed.version + 1)
})

t.test('a tenant that ended here is not brought back by ACE', async (t) => {
  const { ace, store } = await setup(t)
  ace.installed('acme')
  const tenant = await store.find({ clientKey: 'acme' })
  if (!tenant) throw new Error('a tenant')
  const installations = tenant.installations.map((one) => ({ ...one, state: 'uninstalled' as const, endedAtMs: 1 }))
  await store.save({ ...tenant, installations }, tenant.version)
  ace.changed('acme', { sharedSecret: secretOf('acme', 2) })
  t.match(await store.find({ clientKey: 'acme' }), { installations: [{ state: 'uninstalled' }] })
})

t.test('many requests at once for the same new tenant make one', async (t) => {
  const { ace, store } = await setup(t)
  ace.installed('acme')
  const found = await Promise.all(Array.from({ length: 20 }, () => store.find({ clientKey: 'acme' })))
  t.equal(new Set(found.map((tenant) => tenant?.tenantId)).size, 1)
  t.equal((await store.list({ limit: 10 })).length, 1)
})

t.test('before a store it keeps every promise of the port', async (t) => {
  const ace = aceFile(t)
  tenantStoreContract({
    test: (name, run) => t.test(name, run),
    async createStore({ appKey }) {
      const inner = createMemoryTenantStore({ appKey })
      const store = createAceReadThroughStore({ store: inner, ace: ace.url, appKey })
      await store.open()
      return { store, dispose: () => store.close() }
    }
  })
})

t.test('a row that cannot be taken is no tenant, and the log says why without its secret', async (t) => {
  const { ace, store, said } = await setup(t)
  ace.installed('evil', { baseUrl: 'https://evil.example.com' })
  ace.installed('others', { key: 'another-app' })
  t.equal(await store.find({ clientKey: 'evil' }), null)
  t.equal(await store.find({ clientKey: 'others' }), null)
  t.match(said.join('\n'), /host-not-allowed.*evil\.example\.com/)
  t.notMatch(said.join('\n'), /SECRET-/)
})

t.test('names that no database keeps never reach ACE', async (t) => {
  const { store } = await setup(t)
  for (const name of ['nul\0', '\ud800', 'long'.repeat(500), '']) {
    t.equal(await store.find({ clientKey: name }), null)
    t.equal(await store.find({ installationId: name }), null)
  }
})

t.test('while ACE cannot be read, only tenants that no longer follow it are served', async (t) => {
  const ace = aceFile(t)
  ace.installed('follows')
  ace.installed('ours')
  const inner = createMemoryTenantStore({ appKey: APP })
  const source = await openAceSource(ace.url)
  let down = false
  const broken = {
    ...source,
    clientInfos: async (name: string) => (down ? Promise.reject(new Error('gone')) : source.clientInfos(name))
  }
  const store = createAceReadThroughStore({ store: inner, ace: broken, appKey: APP })
  await store.open()
  const ours = await findConnect(store, { clientKey: 'ours' })
  await store.find({ clientKey: 'follows' })
  await store.save({ ...ours, lastInstallIatSeconds: 1000 }, ours.version)
  down = true
  await t.rejects(store.find({ clientKey: 'follows' }), { message: 'gone' })
  await t.rejects(store.find({ clientKey: 'stranger' }), { message: 'gone' })
  t.equal((await store.find({ clientKey: 'ours' }))?.tenantId, ours.tenantId)
  await store.close()
  t.equal((await source.clientInfos('ours')).length, 1, 'a source that was handed in stays open')
  await source.close()
})

t.test('it says what the store below says of its keys, and refuses wrong options at once', async (t) => {
  const ace = aceFile(t)
  const inner = createKyselyTenantStore({ appKey: APP, database: `${newFolder(t)}/app.sqlite` })
  const store = createAceReadThroughStore({ store: inner, ace: ace.url, appKey: APP })
  await t.rejects(store.find({ installationId: 'forge-1' }), /not open/)
  await store.open()
  t.match(store.developmentKeyFile, /app\.sqlite\.key$/)
  await store.close()
  t.throws(() => createAceReadThroughStore({ store: inner, ace: ace.url, appKey: '' }), { code: 'ATL_OPTION' })
  t.throws(() => createAceReadThroughStore({ store: inner, ace: ace.url, appKey: APP, allowedHosts: ['*'] }), {
    code: 'ATL_OPTION'
  })
  const missing = createAceReadThroughStore({ store: inner, ace: `${newFolder(t)}/none.sqlite`, appKey: APP })
  await t.rejects(missing.open(), { code: 'ATL_STORE_UNAVAILABLE' })
})
