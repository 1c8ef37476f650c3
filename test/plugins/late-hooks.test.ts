import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { connectPlugin, type LifecycleHookEvent, type TenantStore } from 'fastify-atlassian'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { buildApp, createTestClock } from '../helpers/app.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'
import { until } from './until.ts'

const clock = createTestClock()
const host = await createHostSimulator({ clock })
t.teardown(() => host.close())

/** What the hooks of a restarted app hear of the deliveries that the first one could not handle. */
async function heardAfterRestart(t: Test, store: TenantStore): Promise<string[]> {
  const heard: string[] = []
  const note = ({ tenant, change }: LifecycleHookEvent) => void heard.push(`${tenant.clientKey} ${change}`)
  clock.advanceSeconds(60)
  const { app } = await buildApp(t, { host, clock, store, hooks: { onInstalled: note, onUninstalled: note } })
  let marked = false
  app.atlassian.events.on('jira:issue_created', () => {
    marked = true
  })
  // Younger than everything that waits, so that all of it was taken up when this one is handled.
  clock.advanceSeconds(1)
  const [tenant] = await store.list({ limit: 1, status: 'installed' })
  const received = { receivedAtMs: clock(), dueAtMs: clock() }
  const payload = JSON.stringify({ retry: 0, flow: null, accountId: null, params: {}, query: {} })
  const marker = { deliveryId: randomUUID(), kind: 'webhook' as const, event: 'jira:issue_created', identifier: null }
  await store.inbox.add({ ...marker, ...received, payload, tenantId: tenant?.tenantId ?? '' })
  await app.ready()
  await until(() => marked)
  t.ok(marked, 'the inbox was emptied')
  return heard
}

const failing = () => {
  throw new Error('not now')
}

t.test('an uninstall hook that failed is not run again for a tenant that is back', async (t) => {
  const { app, store } = await buildApp(t, { host, clock, hooks: { awaitMs: 1000, onUninstalled: failing } })
  await installed(host, app)
  await host.uninstall()
  await installed(host, app)
  await app.close()
  t.strictSame(await heardAfterRestart(t, store), [], 'what is over is not told')
})

t.test('an adopted tenant does not bring its own uninstall to the one that took its data', async (t) => {
  const { app, store } = await buildApp(t, { host, clock, hooks: { awaitMs: 1000, onUninstalled: failing } })
  await installed(host, app)
  const before = await store.find({ clientKey: host.site().clientKey })
  await host.uninstall()
  await sendLifecycle(app, host, 'installed', { clientKey: 'newcomer' })
  const newcomer = await store.find({ clientKey: 'newcomer' })
  await app.atlassian.tenants.adopt(before?.tenantId ?? '', newcomer?.tenantId ?? '')
  await app.close()
  t.strictSame(await heardAfterRestart(t, store), [])
})

t.test('two adoptions in opposite directions never end both tenants', async (t) => {
  const { app, store } = await buildApp(t, { host, clock })
  await installed(host, app)
  const one = await store.find({ clientKey: host.site().clientKey })
  await sendLifecycle(app, host, 'installed', { clientKey: 'other' })
  const other = await store.find({ clientKey: 'other' })
  const [a, b] = [one?.tenantId ?? '', other?.tenantId ?? '']
  await Promise.allSettled([app.atlassian.tenants.adopt(a, b), app.atlassian.tenants.adopt(b, a)])
  const ended = (await Promise.all([store.find({ tenantId: a }), store.find({ tenantId: b })])).filter(
    (tenant) => tenant?.adoptedBy !== null
  )
  t.ok(ended.length <= 1)
})

t.test('an installation id that belongs to another tenant does not keep a newcomer from being installed', async (t) => {
  let asked = 0
  const { app, store } = await buildApp(t, { host, clock, hooks: { beforeInstall: () => void asked++ } })
  const installationId = 'ari:cloud:ecosystem::installation/1'
  await installed(host, app)
  await sendLifecycle(app, host, 'installed', { iat: clock() / 1000 + 1, body: { installationId } })
  const second = await sendLifecycle(app, host, 'installed', { clientKey: 'imported', body: { installationId } })
  t.equal(second.statusCode, 204)
  t.equal(asked, 2, 'each tenant was asked for once')
  t.equal((await store.find({ installationId }))?.clientKey, host.site().clientKey, 'the name stays where it was')
  t.ok(await store.find({ clientKey: 'imported' }))
})

t.test('an app in a scope with a prefix finds its routes, yields its webhooks and checks its pages', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const lines: string[] = []
  const descriptor = {
    key: 'app',
    name: 'App',
    authentication: { type: 'jwt' },
    lifecycle: { installed: '/installed' },
    modules: {
      webhooks: [{ event: 'jira:issue_updated', url: '/hook' }],
      generalPages: [{ key: 'page', name: { value: 'Page' }, url: '/page' }]
    }
  }
  await app.register(
    async (scope) => {
      await scope.register(connectPlugin, {
        descriptor,
        baseUrl: 'https://app.example.com/x',
        mountPath: '',
        store: ':memory:'
      })
      scope.post('/hook', { config: { atlassian: { auth: 'none' } } }, async () => 'own')
      scope.get('/page', { config: { atlassian: { auth: 'none' } } }, async () => lines)
    },
    { prefix: '/x' }
  )
  await t.rejects(async () => app.ready(), { code: 'ATL_DESCRIPTOR', message: /module "page"|Module "page"/ })
})
