import type { Setting, TenantWithSettings } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { until } from './until.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

interface Cups {
  readonly size: string
  readonly sugar?: number
}

t.test('a handler keeps settings of its tenant, and no other tenant reaches them', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) => {
      app.get('/size', app.atlassian.protect('context'), async ({ tenant }) => {
        const cups = await tenant?.settings.get<Cups>('cups')
        return { size: cups?.size ?? null }
      })
      app.post<{ Body: Cups }>('/size', app.atlassian.protect('context'), async ({ tenant, body }) => {
        return { version: await tenant?.settings.set('cups', body) }
      })
    }
  })
  await host.install(app)
  await host.install(app, { site: 'confluence' })
  const size = async (site: string) => JSON.parse((await host.callApp('/size', { site })).body).size
  t.equal(await size('jira'), null)
  const { status } = await host.callApp('/size', { method: 'POST', site: 'jira', body: { size: 'large' } })
  t.equal(status, 200)
  t.equal(await size('jira'), 'large')
  t.equal(await size('confluence'), null)
})

t.test('the record with settings is the record: frozen, printed and copied without them', async (t) => {
  const { app } = await buildApp(t, { host })
  await host.install(app)
  const tenant = await soleTenant(app.atlassian.tenants)
  const stored = await app.atlassian.tenants.find({ tenantId: tenant.tenantId })
  t.same({ ...tenant }, { ...stored })
  t.notOk('settings' in { ...tenant })
  t.notMatch(JSON.stringify(tenant), 'settings')
  t.ok(Object.isFrozen(tenant) && Object.isFrozen(tenant.settings))
})

t.test('events carry settings too, and they survive uninstall and reinstall', async (t) => {
  const seen: unknown[] = []
  const { app } = await buildApp(t, { host, hooks: { awaitMs: 1000 } })
  const { events } = app.atlassian
  events.on('installed', async ({ tenant, change }) => {
    seen.push([change, (await tenant.settings.get('plan')) ?? null])
    await tenant.settings.set('plan', change)
  })
  events.on('uninstalled', async ({ tenant }) => void seen.push(['uninstalled', await tenant.settings.get('plan')]))
  events.on('jira:issue_updated', async ({ tenant }) => void seen.push(['webhook', await tenant.settings.get('plan')]))
  await host.install(app)
  await host.sendWebhook('jira:issue_updated', {})
  await until(() => seen.length === 2)
  await host.uninstall()
  await host.install(app)
  t.same(seen, [
    ['first-install', null],
    ['webhook', 'first-install'],
    ['uninstalled', 'first-install'],
    ['reinstall', 'first-install']
  ])
})

t.test('values come back as they were, and what JSON cannot hold is refused', async (t) => {
  const { app } = await buildApp(t, { host, maxSettingBytes: 1024 })
  await host.install(app)
  const { settings } = await soleTenant(app.atlassian.tenants)
  for (const value of [null, false, 0, '', [], [null], { deep: { __proto__: null, text: '\ud800 \0 \u{1f980}' } }]) {
    await settings.set('key', value)
    t.same(await settings.get('key'), value)
  }
  const date = new Date(0)
  await settings.set('key', { date, left: undefined })
  t.same(await settings.get('key'), { date: date.toISOString() })
  const { sharedSecret } = await soleTenant(app.atlassian.tenants)
  const circle: { self?: object } = {}
  circle.self = circle
  const wrong = [() => {}, Symbol('s'), 1n, Number.NaN, [undefined], { a: { b: Infinity } }, circle, new Map()]
  for (const value of [...wrong, sharedSecret, { nested: [sharedSecret] }])
    await t.rejects(settings.set('key', value), TypeError)
  // @ts-expect-error: the compiler refuses it too.
  await t.rejects(settings.set('key', undefined), TypeError)
  await settings.set('key', 'x'.repeat(1022))
  await t.rejects(settings.set('key', 'x'.repeat(1023)), RangeError)
  await t.rejects(settings.set('key', '\u{1f980}'.repeat(256)), RangeError)
  t.equal(await settings.get('key'), 'x'.repeat(1022))
  for (const key of ['', 'x'.repeat(256), '\0', '\ud800']) {
    await t.rejects(settings.get(key), TypeError)
    await t.rejects(settings.set(key, 1), TypeError)
    await t.rejects(settings.delete(key), TypeError)
  }
})

t.test('compare-and-set tells a conflict, and the entry tells the version', async (t) => {
  const { app, clock } = await buildApp(t, { host })
  await host.install(app)
  const { settings } = await soleTenant(app.atlassian.tenants)
  const conflict = { code: 'ATL_STORE_CONFLICT', message: 'The setting was changed by another request. Try again.' }
  const version = await settings.set('key', { n: 1 }, { ifVersion: null })
  await t.rejects(settings.set('key', { n: 2 }, { ifVersion: null }), conflict)
  const entry: Setting<{ n: number }> | undefined = await settings.entry<{ n: number }>('key')
  t.same(entry, { key: 'key', value: { n: 1 }, version, expiresAtMs: null, updatedAtMs: clock() })
  const next = await settings.set('key', { n: 2 }, { ifVersion: version })
  await t.rejects(settings.delete('key', { ifVersion: version }), conflict)
  await t.rejects(settings.set('key', 3, { ifVersion: 1.5 }), TypeError)
  t.equal(await settings.delete('key', { ifVersion: next }), true)
  t.equal(await settings.delete('key'), false)
  t.equal(await settings.entry('key'), undefined)
})

t.test('a setting expires, and a list gives pages by prefix', async (t) => {
  const { app, clock } = await buildApp(t, { host })
  await host.install(app)
  const { settings } = await soleTenant(app.atlassian.tenants)
  await settings.set('a:1', 1, { ttlSeconds: 10 })
  await settings.set('a:2', 2, { expiresAtMs: clock() + 20_000 })
  await settings.set('b', 3)
  t.same(
    (await settings.list({ prefix: 'a:' })).map(({ key, value }) => [key, value]),
    [
      ['a:1', 1],
      ['a:2', 2]
    ]
  )
  t.same(
    (await settings.list({ after: 'a:1', limit: 1 })).map(({ key }) => key),
    ['a:2']
  )
  clock.advanceSeconds(10)
  t.equal(await settings.get('a:1'), undefined)
  t.same(
    (await settings.list()).map(({ key }) => key),
    ['a:2', 'b']
  )
  clock.advanceSeconds(10)
  t.same(
    (await settings.list()).map(({ key }) => key),
    ['b']
  )
  for (const wrong of [{ ttlSeconds: 0 }, { ttlSeconds: -1 }, { ttlSeconds: Number.NaN }, { expiresAtMs: 0.5 }])
    await t.rejects(settings.set('key', 1, wrong), RangeError)
  await t.rejects(settings.set('key', 1, { ttlSeconds: 1, expiresAtMs: 1 }), TypeError)
  for (const limit of [0, 1001, 1.5]) await t.rejects(settings.list({ limit }), RangeError)
})

t.test('an installation has settings of its own', async (t) => {
  const { app } = await buildApp(t, { host })
  await host.install(app)
  const tenant = await soleTenant(app.atlassian.tenants)
  const [installation] = tenant.installations
  const own = tenant.settings.ofInstallation(installation?.installationId ?? '')
  await own.set('key', 'of the installation')
  t.equal(await tenant.settings.get('key'), undefined)
  await tenant.settings.set('key', 'of the tenant')
  t.equal(
    await tenant.settings.ofInstallation(installation?.installationId ?? '', '').get('key'),
    'of the installation'
  )
  for (const name of ['', 'another', '__proto__']) {
    t.throws(() => tenant.settings.ofInstallation(name), { code: 'ATL_NO_TENANT' })
  }
  t.throws(() => tenant.settings.ofInstallation(installation?.installationId ?? '', 'staging'), {
    code: 'ATL_NO_TENANT'
  })
})

t.test('an adopted tenant gives its settings away', async (t) => {
  const { app } = await buildApp(t, { host })
  await host.install(app)
  await host.install(app, { site: 'confluence' })
  const [from, to] = await app.atlassian.tenants.list()
  if (from === undefined || to === undefined) return t.fail('two tenants')
  await from.settings.set('cups', 3)
  await from.settings.set('both', 'old')
  await to.settings.set('both', 'new')
  await app.atlassian.tenants.adopt(from.tenantId, to.tenantId)
  t.same([await to.settings.get('cups'), await to.settings.get('both')], [3, 'new'])
  t.same([await from.settings.get('cups'), await from.settings.get('both')], [undefined, 'old'])
})

t.test('a store without settings says so, and one that fails answers 503', async (t) => {
  const { settings: parts, ...bare } = createMemoryTenantStore({ appKey: APP_KEY })
  const without = await buildApp(t, { host, store: bare })
  await host.install(without.app)
  const { settings } = await soleTenant(without.app.atlassian.tenants)
  await t.rejects(settings.get('key'), { code: 'ATL_STORE_PART', statusCode: 500 })

  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const failing = await buildApp(t, {
    host,
    store: {
      ...store,
      ...(parts === undefined
        ? {}
        : {
            settings: {
              ...parts,
              get: async () => {
                throw new Error('connection lost, password=hunter2')
              }
            }
          })
    },
    routes: (app) => {
      app.get('/size', app.atlassian.protect('context'), async ({ tenant }) => tenant?.settings.get('cups'))
    }
  })
  await host.install(failing.app)
  const answer = await host.callApp('/size')
  t.equal(answer.status, 503)
  t.notMatch(answer.body, 'hunter2')
})

async function soleTenant(tenants: { list(): Promise<TenantWithSettings[]> }): Promise<TenantWithSettings> {
  const [tenant] = await tenants.list()
  if (tenant === undefined) throw new Error('no tenant')
  return tenant
}
