import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { findConnect } from '../helpers/find-connect.ts'

// Each test has a simulated host of its own, which shares its clock.
const DAY = 86_400

t.test('a tenant is purged when its retention is over, and not before', async (t) => {
  const { app, host, clock } = await buildApp(t, { retentionDays: 7 })
  const { tenants, events } = app.atlassian
  const purged: string[] = []
  events.on('purged', ({ tenant }) => void purged.push(tenant.tenantId))
  await host.install(app)
  await host.install(app, { site: 'confluence' })
  const clientKey = host.site().clientKey
  const tenantId = (await tenants.find({ clientKey }))?.tenantId ?? ''
  await host.uninstall()
  clock.advanceSeconds(7 * DAY)
  t.same(await tenants.purge(), { tenantIds: [], kept: [], more: false })
  clock.advanceSeconds(1)
  t.same(await tenants.purge({ dryRun: true }), { tenantIds: [tenantId], kept: [], more: false })
  t.same(await tenants.purge({ olderThanDays: 8 }), { tenantIds: [], kept: [], more: false })
  t.same(purged, [])
  t.same(await tenants.purge(), { tenantIds: [tenantId], kept: [], more: false })
  t.same(await tenants.purge(), { tenantIds: [], kept: [], more: false })
  t.same(purged, [tenantId])
  t.equal(await tenants.find({ clientKey }), null)
  t.equal((await tenants.list()).length, 1)
  await host.install(app)
  const later = await tenants.find({ clientKey })
  t.ok(later !== null && later.tenantId !== tenantId, 'whoever comes later is new')
})

t.test('a reinstall before the purge revives the tenant', async (t) => {
  const { app, host, clock } = await buildApp(t)
  const { tenants } = app.atlassian
  await host.install(app)
  const [before] = await tenants.list()
  await host.uninstall()
  clock.advanceSeconds(40 * DAY)
  await host.install(app)
  t.same(await tenants.purge({ olderThanDays: 0 }), { tenantIds: [], kept: [], more: false })
  await host.uninstall()
  clock.advanceSeconds(30 * DAY)
  t.same(await tenants.purge(), { tenantIds: [], kept: [], more: false }, 'the retention counts from the last end')
  clock.advanceSeconds(1)
  t.same((await tenants.purge()).tenantIds, [before?.tenantId])
})

t.test('a handler that throws keeps the tenant, and others are purged all the same', async (t) => {
  const { app, host, clock, lines } = await buildApp(t)
  const { tenants, events } = app.atlassian
  await host.install(app)
  await host.install(app, { site: 'confluence' })
  await host.uninstall()
  await host.uninstall({ site: 'confluence' })
  clock.advanceSeconds(31 * DAY)
  const stop = events.on('beforePurge', ({ tenant, transaction }) => {
    t.equal(transaction, null)
    if (tenant.product === 'jira') throw new Error('files are still there')
  })
  events.on('purged', () => {
    throw new Error('too late to object')
  })
  const { tenantIds, kept, more } = await tenants.purge()
  t.same([tenantIds.length, kept.length, more], [1, 1, false])
  t.equal(kept[0]?.reason, 'files are still there')
  t.equal((await tenants.list()).length, 1)
  t.ok(lines.some((line) => line.includes('tenant was not purged')))
  stop()
  t.same((await tenants.purge()).tenantIds, [kept[0]?.tenantId])
})

t.test('a purge goes no further than its limit and says that there may be more', async (t) => {
  const { app, host, clock, store } = await buildApp(t)
  await host.install(app)
  const tenant = await findConnect(store, { clientKey: host.site().clientKey })
  for (let n = 0; n < 45; n += 1) {
    const tenantId = `dead-${n}`
    const names = { tenantId, connectId: tenantId, clientKey: tenantId }
    await store.save({ ...tenant, ...names, installations: [], updatedAtMs: clock() }, null)
  }
  clock.advanceSeconds(31 * DAY)
  const first = await app.atlassian.tenants.purge({ limit: 25 })
  t.same([first.tenantIds.length, first.more], [25, true])
  const dry = await app.atlassian.tenants.purge({ dryRun: true })
  t.same([new Set(dry.tenantIds).size, dry.more], [20, false])
  const second = await app.atlassian.tenants.purge()
  t.same([second.tenantIds.length, second.more], [20, false])
  t.equal((await app.atlassian.tenants.list()).length, 1)
})

t.test('a wrong request and a store that removes nothing are refused', async (t) => {
  const { remover, ...bare } = createMemoryTenantStore({ appKey: APP_KEY })
  t.ok(remover)
  const { app } = await buildApp(t, { store: bare })
  const { tenants } = app.atlassian
  for (const limit of [0, 1001, 1.5]) await t.rejects(tenants.purge({ limit }), RangeError)
  for (const olderThanDays of [-1, Number.NaN]) await t.rejects(tenants.purge({ olderThanDays }), RangeError)
  await t.rejects(tenants.purge(), { code: 'ATL_STORE_PART' })
})
