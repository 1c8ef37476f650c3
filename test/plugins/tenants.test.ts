import { createKyselyTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

t.test('tenants.list walks all tenants once, by keyset, with its filters', async (t) => {
  const { app } = await buildApp(t, { host })
  await installed(host, app)
  await installed(host, app, 'confluence')
  for (let index = 0; index < 7; index++) {
    const call = { clientKey: `client-${index}`, site: index % 2 === 0 ? 'jira' : 'confluence' }
    t.equal((await sendLifecycle(app, host, 'installed', call)).statusCode, 204)
    if (index < 3) t.equal((await sendLifecycle(app, host, 'uninstalled', call)).statusCode, 204)
  }
  const { tenants } = app.atlassian
  const walked: string[] = []
  for (let after: string | undefined; ; ) {
    const page = await tenants.list({ limit: 2, ...(after === undefined ? {} : { after }) })
    walked.push(...page.map(({ tenantId }) => tenantId))
    t.ok(page.length <= 2)
    after = page.at(-1)?.tenantId
    if (after === undefined) break
  }
  t.equal(walked.length, 9)
  t.strictSame(walked, [...new Set(walked)].sort())
  t.equal((await tenants.list()).length, 9)
  t.equal((await tenants.list({ status: 'uninstalled' })).length, 3)
  t.equal((await tenants.list({ status: 'installed', product: 'confluence' })).length, 3)
  for (const limit of [0, -1, 1001, 1.5, Number.NaN]) await t.rejects(tenants.list({ limit }))
})

t.test('a tenant is found by each of its names, dead or alive, and never by another app', async (t) => {
  const file = `${t.testdir()}/shared.sqlite`
  const { app } = await buildApp(t, {
    host,
    store: createKyselyTenantStore({ appKey: APP_KEY, database: `sqlite:${file}` })
  })
  await installed(host, app)
  const { clientKey } = host.site()
  const { tenants } = app.atlassian
  const tenant = await tenants.find({ clientKey })
  t.equal((await tenants.find({ tenantId: tenant?.tenantId ?? '' }))?.clientKey, clientKey)
  t.equal(await tenants.find({ clientKey: '__proto__' }), null)
  await host.uninstall()
  t.equal((await tenants.find({ clientKey }))?.tenantId, tenant?.tenantId)

  const other = await buildApp(t, {
    host,
    descriptorMembers: { key: 'another-app' },
    store: createKyselyTenantStore({ appKey: 'another-app', database: `sqlite:${file}` })
  })
  t.equal(await other.app.atlassian.tenants.find({ clientKey }), null)
  t.strictSame(await other.app.atlassian.tenants.list(), [])
})

t.test('the store is opened at start and closed with the app; one that does not open stops the start', async (t) => {
  const calls: string[] = []
  const { app, store } = await buildApp(t, { host })
  await app.close()
  const watched = {
    ...store,
    open: async () => void calls.push('open'),
    close: async () => void calls.push('close')
  }
  const again = await buildApp(t, { host, store: watched })
  t.strictSame(calls, ['open'])
  await again.app.close()
  t.strictSame(calls, ['open', 'close'])
  const broken = { ...store, open: () => Promise.reject(new Error('password of db is wrong')) }
  await t.rejects(buildApp(t, { host, store: broken }), { code: 'ATL_STORE_UNAVAILABLE' })
})

t.test('the store may be an address or a function that is told the app key', async (t) => {
  const keys: string[] = []
  const { store } = await buildApp(t, { host })
  const { app } = await buildApp(t, {
    host,
    store: async (appKey) => {
      keys.push(appKey)
      return store
    }
  })
  t.strictSame(keys, [APP_KEY])
  await installed(host, app)
  const file = await buildApp(t, { host, store: `sqlite:${t.testdir()}/file.sqlite` })
  await installed(host, file.app)
  t.equal((await file.app.atlassian.tenants.list()).length, 1)
  await t.rejects(buildApp(t, { host, store: 'mysql://localhost' }))
})
