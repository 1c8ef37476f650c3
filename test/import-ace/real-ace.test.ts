import Fastify from 'fastify'
import { connectPlugin, type TenantStore } from 'fastify-atlassian'
import { createAceReadThroughStore, importAce, openAceSource } from 'fastify-atlassian/import-ace'
import { createKyselyTenantStore, createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { testEncryption } from '../helpers/encryption.ts'
import { findConnect } from '../helpers/find-connect.ts'
import { testMariadb } from '../helpers/mariadb.ts'
import { testPostgres } from '../helpers/postgres.ts'
import { testRedis } from '../helpers/redis.ts'
import { type AceApp, hasAce, startAce } from './real-ace.ts'

const APP = 'ace-app'
const FORGE_1 = 'ari:cloud:ecosystem::installation/1'
const FORGE_2 = 'ari:cloud:ecosystem::installation/2'
const SITES = ['one', 'two', 'three'].map((name) => ({ name, product: 'jira' as const }))

async function simulate(t: Test): Promise<HostSimulator> {
  const host = await createHostSimulator({ sites: SITES })
  t.teardown(() => host.close())
  return host
}

/** Our app at the address under which the host knows the one on ACE. */
async function ourApp(t: Test, host: HostSimulator, ace: AceApp, store: TenantStore) {
  const app = Fastify({ logger: { level: 'fatal' } })
  t.teardown(() => app.close())
  await app.register(connectPlugin, {
    descriptor: {
      key: APP,
      name: 'An app that left ACE',
      baseUrl: '{{localBaseUrl}}',
      authentication: { type: 'jwt' },
      lifecycle: { installed: '/installed' },
      modules: { generalPages: [{ key: 'page', name: { value: 'Page' }, url: '/page' }] }
    },
    baseUrl: ace.address,
    store,
    environment: 'test',
    tokens: { previousSecretSeconds: 0 },
    ...host.connectOptions()
  })
  app.get('/page', (request) => ({ tenant: request.tenant?.clientKey ?? null }))
  await app.ready()
  return {
    app,
    /** Opens the page as the host does, with a token of now, and gives the status. */
    async page(site: string): Promise<number> {
      const url = new URL(await host.pageUrl('page', { site }))
      return (await app.inject({ url: `${url.pathname}${url.search}` })).statusCode
    }
  }
}

async function memoryStore(): Promise<TenantStore> {
  const store = createMemoryTenantStore({ appKey: APP })
  await store.open()
  return store
}

async function importEverything(t: Test, databases: { freshDatabase(): Promise<string> }) {
  const url = await databases.freshDatabase()
  const host = await simulate(t)
  // Sequelize would take another driver for mariadb://.
  const ace = await startAce(t, host, { url: url.replace(/^mariadb:/, 'mysql:') })
  for (const { name } of SITES) t.equal((await host.install(ace.address, { site: name })).status, 204, name)
  await host.rotateSecret({ site: 'two' })
  const [one, two, three] = SITES.map(({ name }) => host.site(name))
  if (!one || !two || !three) throw new Error('three sites')
  const installed = { key: APP, baseUrl: three.baseUrl, productType: 'jira', eventType: 'installed' }
  const forged = { ...installed, clientKey: 'forge-site', sharedSecret: 's'.repeat(64) }
  await ace.store(
    ['set', `bearer:${'0'.repeat(32)}`, { token: 'user-token-of-ace', expiresAt: 'soon' }, one.clientKey],
    ['set', 'colour', { sky: 'blue' }, one.clientKey],
    ['set', 'plain', 'just text', one.clientKey],
    ['row', 'clientInfo', { ...installed, clientKey: two.clientKey, sharedSecret: two.sharedSecret }, two.clientKey],
    ['row', 'clientInfo', { ...installed, clientKey: 'no-secret' }, 'no-secret'],
    ['saveInstallation', { ...forged, installationId: FORGE_1 }, 'forge-site'],
    ['saveInstallation', { ...forged, installationId: FORGE_2 }, 'forge-site'],
    [`forge:${FORGE_2}`, 'answer', 42]
  )

  const source = await openAceSource(url)
  t.teardown(() => source.close())
  const options = { source, appKey: APP, allowedHosts: host.connectOptions().allowedHosts }
  const expected = { tenants: 5, refused: 1, verified: 4, duplicateRows: 1, userTokens: 1, settings: 3 }
  const problems = [{ clientKey: 'no-secret', reason: 'member', detail: 'sharedSecret' }]
  t.match(await importAce({ ...options, store: null, dryRun: true }), { ...expected, created: 4, problems })

  const database = await databases.freshDatabase()
  const store = createKyselyTenantStore({ appKey: APP, database, migrate: true, encryption: testEncryption })
  await store.open()
  t.teardown(() => store.close())
  const result = await importAce({ ...options, store })
  t.match(result, { ...expected, created: 4, settingsTaken: 3, complete: true, problems, notes: [] })
  for (const { sharedSecret } of host.sites) t.notMatch(JSON.stringify(result), sharedSecret)
  const again = await importAce({ ...options, store })
  t.match(again, { created: 0, unchanged: 4, verified: 4, settingsTaken: 0, problems }, 'again: nothing to do')

  const newest = await store.find({ installationId: FORGE_2 })
  const before = await store.find({ installationId: FORGE_1 })
  t.equal(newest?.clientKey, 'forge-site')
  t.equal(before?.tenantId, newest?.tenantId, 'the installation before leads to the same tenant')
  t.same(
    newest?.installations.map(({ installationId, state }) => `${installationId.at(-1)} ${state}`),
    ['2 installed', '1 uninstalled']
  )

  const ours = await ourApp(t, host, ace, store)
  for (const { name } of SITES) t.equal(await ours.page(name), 200, name)
  const { tenants } = ours.app.atlassian
  const settings = (await tenants.find({ clientKey: one.clientKey }))?.settings
  t.same([await settings?.get('colour'), await settings?.get('plain')], [{ sky: 'blue' }, 'just text'])
  const ofForge = (await tenants.find({ clientKey: 'forge-site' }))?.settings.ofInstallation(FORGE_2)
  t.equal(await ofForge?.get('answer'), 42)

  t.equal((await host.rotateSecret({ site: 'one' })).status, 204, 'ACE gets one more rotation')
  t.match(await importAce({ ...options, store }), { updated: 1, unchanged: 3, verified: 4 }, 'which the next run takes')
  t.equal(await ours.page('one'), 200, 'and the app at once')
}

if (hasAce(t)) {
  for (const [name, server] of Object.entries({ PostgreSQL: testPostgres, MariaDB: testMariadb })) {
    t.test(`what the real ACE left in ${name} is imported, and its tenants open pages at once`, async (t) => {
      const database = await server(t)
      if (database !== null) await importEverything(t, database)
    })
  }

  t.test('of two rows the one that ACE wrote last wins', async (t) => {
    const postgres = await testPostgres(t)
    if (postgres === null) return
    const url = await postgres.freshDatabase()
    const host = await simulate(t)
    const ace = await startAce(t, host, { url })
    await host.install(ace.address, { site: 'one' })
    const { clientKey, sharedSecret, baseUrl } = host.site('one')
    // ACE updates one of the two; whichever it is, the host knows the secret that was written then.
    await ace.store([
      'row',
      'clientInfo',
      { key: APP, clientKey, sharedSecret, baseUrl, productType: 'jira' },
      clientKey
    ])
    await host.rotateSecret({ site: 'one' })
    const source = await openAceSource(url)
    t.teardown(() => source.close())
    const store = await memoryStore()
    const { allowedHosts } = host.connectOptions()
    const result = await importAce({ source, store, appKey: APP, allowedHosts })
    t.match(result, { created: 1, duplicateRows: 1, notes: [{ clientKey, reason: 'two-secrets' }] })
    t.equal((await findConnect(store, { clientKey })).sharedSecret.reveal(), host.site('one').sharedSecret)
  })

  t.test(
    'a table with a name of the app is found as ACE was told it, and a wrong name lists the right one',
    async (t) => {
      const postgres = await testPostgres(t)
      if (postgres === null) return
      const url = await postgres.freshDatabase()
      const host = await simulate(t)
      const ace = await startAce(t, host, { url, table: 'MyTenant' })
      await host.install(ace.address)
      await t.rejects(openAceSource(url), { code: 'ATL_OPTION', message: /look like it: .*MyTenants/ })
      for (const table of ['MyTenant', 'MyTenants']) {
        const source = await openAceSource(url, { table })
        const { allowedHosts } = host.connectOptions()
        const result = await importAce({ source, store: await memoryStore(), appKey: APP, allowedHosts })
        await source.close()
        t.match(result, { created: 1, verified: 1, problems: [] }, table)
      }
    }
  )

  t.test('side by side: ACE installs and rotates, and both backends serve', async (t) => {
    const postgres = await testPostgres(t)
    if (postgres === null) return
    const url = await postgres.freshDatabase()
    const host = await simulate(t)
    const ace = await startAce(t, host, { url })
    await host.install(ace.address, { site: 'one' })
    const inner = await memoryStore()
    const { allowedHosts } = host.connectOptions()
    const store = createAceReadThroughStore({ store: inner, ace: url, appKey: APP, allowedHosts })
    const ours = await ourApp(t, host, ace, store)
    const pageOfAce = async (site: string) => (await host.openPage('page', { site })).status

    t.same(await inner.list({ limit: 10 }), [], 'nothing is moved before it is asked for')
    t.equal(await ours.page('one'), 200, 'a tenant of ACE opens a page here')
    t.equal((await inner.list({ limit: 10 })).length, 1, 'and lives here from then on')
    t.equal(await pageOfAce('one'), 200)

    await host.rotateSecret({ site: 'one' })
    t.equal(await ours.page('one'), 200, 'a rotation at ACE holds here at once')
    t.equal(await pageOfAce('one'), 200)
    await host.install(ace.address, { site: 'two' })
    t.equal(await ours.page('two'), 200, 'so does an install')
    t.match(await inner.find({ clientKey: host.site('two').clientKey }), { lastInstallIatSeconds: 0 })

    // The switch: from now on the host's calls arrive here.
    t.equal((await host.install(ours.app, { site: 'one' })).status, 204)
    t.equal((await host.rotateSecret({ site: 'one' })).status, 204)
    t.equal(await ours.page('one'), 200, 'a rotation here wins over the row that ACE still has')
    t.equal(await ours.page('two'), 200, 'and the others go on')
    t.equal((await host.install(ours.app, { site: 'three' })).status, 204)
    t.equal(await ours.page('three'), 200)
  })

  t.test('ACE on Redis is imported as well', async (t) => {
    const redis = await testRedis(t)
    if (redis === null) return
    const host = await simulate(t)
    const ace = await startAce(t, host, { adapter: 'redis', url: redis.url })
    await host.install(ace.address, { site: 'one' })
    const { clientKey } = host.site('one')
    const id = 'ari:cloud:ecosystem::installation/7'
    await ace.store(
      ['set', `bearer:${'0'.repeat(32)}`, { token: 'user-token-of-ace' }, clientKey],
      ['set', 'colour', { sky: 'blue' }, clientKey],
      ['associateInstallations', id, clientKey],
      [`forge:${id}`, 'answer', { is: 42 }]
    )
    const source = await openAceSource(redis.url)
    t.teardown(() => source.close())
    const settings: unknown[] = []
    const store = await memoryStore()
    const { allowedHosts } = host.connectOptions()
    const result = await importAce({
      source,
      store,
      appKey: APP,
      allowedHosts,
      onSetting: ({ installationId, key, value }) => settings.push([installationId, key, value])
    })
    t.match(result, { tenants: 1, created: 1, verified: 1, userTokens: 1, settings: 2, settingsTaken: 2, problems: [] })
    t.same(settings, [
      [null, 'colour', { sky: 'blue' }],
      [id, 'answer', { is: 42 }]
    ])
    t.equal((await store.find({ installationId: id }))?.clientKey, clientKey)
    const ours = await ourApp(t, host, ace, store)
    t.equal(await ours.page('one'), 200)
  })
}
