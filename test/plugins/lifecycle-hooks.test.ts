import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { LifecycleHookEvent } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { APP_KEY, buildApp, createTestClock } from '../helpers/app.ts'
import { findConnect } from '../helpers/find-connect.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'
import { until } from './until.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

t.test('hooks and events tell every change once, after the record is stored', async (t) => {
  const seen: string[] = []
  const { app, store } = await buildApp(t, {
    host,
    hooks: {
      awaitMs: 1000,
      onInstalled: async ({ change, tenant }) => {
        seen.push(`onInstalled ${change} ${(await store.find({ tenantId: tenant.tenantId })) !== null}`)
      },
      onUninstalled: ({ change }) => void seen.push(`onUninstalled ${change}`),
      onEnabled: ({ change }) => void seen.push(`onEnabled ${change}`),
      onDisabled: ({ change }) => void seen.push(`onDisabled ${change}`)
    }
  })
  for (const name of ['installed', 'uninstalled', 'enabled', 'disabled'] as const)
    app.atlassian.events.on(name, (event: LifecycleHookEvent) => void seen.push(`event ${name} ${event.change}`))
  await host.install(app)
  await host.upgrade()
  await host.rotateSecret()
  await host.uninstall()
  await host.install()
  t.strictSame(seen, [
    'onInstalled first-install true',
    'event installed first-install',
    'onEnabled enabled',
    'event enabled enabled',
    'onInstalled update true',
    'event installed update',
    'onEnabled enabled',
    'event enabled enabled',
    'onInstalled rotation true',
    'event installed rotation',
    'onDisabled disabled',
    'event disabled disabled',
    'onUninstalled uninstalled',
    'event uninstalled uninstalled',
    'onInstalled reinstall true',
    'event installed reinstall',
    'onEnabled enabled',
    'event enabled enabled'
  ])
})

t.test('a repeated install token runs no hook again', async (t) => {
  const seen: string[] = []
  const { app } = await buildApp(t, {
    host,
    hooks: { awaitMs: 500, onInstalled: ({ change }) => void seen.push(change) }
  })
  await installed(host, app)
  const token = await host.sign.installToken()
  await sendLifecycle(app, host, 'installed', { token })
  await sendLifecycle(app, host, 'installed', { token })
  t.strictSame(seen, ['first-install', 'update'])
})

t.test(
  'beforeInstall may refuse a first install: 403, nothing written, no hook; and it is asked only then',
  async (t) => {
    const asked: string[] = []
    let refuse = true
    const { app, store, writes } = await buildApp(t, {
      host,
      hooks: {
        beforeInstall: async (tenant) => {
          asked.push(tenant.clientKey)
          await pause(1)
          if (refuse) throw new Error(`not for ${tenant.baseUrl}`)
        },
        onInstalled: () => void asked.push('hook')
      }
    })
    const answer = await host.install(app)
    t.equal(answer.status, 403)
    t.match(answer.responseBody, /ATL_INSTALL_REFUSED/)
    t.notMatch(answer.responseBody, /not for/)
    t.strictSame(writes, [])
    t.strictSame(await store.list({ limit: 1 }), [])
    refuse = false
    await installed(host, app)
    refuse = true
    t.equal((await host.rotateSecret()).status, 204)
    t.equal((await host.uninstall()).status, 204)
    t.equal((await host.install()).status, 204)
    const key = host.site().clientKey
    await until(() => asked.filter((line) => line === 'hook').length === 3)
    t.strictSame(
      asked.filter((line) => line !== 'hook'),
      [key, key]
    )
  }
)

t.test('beforeInstall is not asked by a call that is not verified', async (t) => {
  let asked = 0
  const { app } = await buildApp(t, { host, hooks: { beforeInstall: () => void asked++ } })
  await sendLifecycle(app, host, 'installed', { token: await host.sign.installToken({ header: { kid: 'unknown' } }) })
  await sendLifecycle(app, host, 'installed', { body: { clientKey: 'another' } })
  t.equal(asked, 0)
})

t.test('onInstalled is awaited within awaitMs and no longer', async (t) => {
  const done: string[] = []
  const quick = await buildApp(t, {
    host,
    hooks: {
      awaitMs: 2000,
      onInstalled: async () => {
        await pause(20)
        done.push('quick')
      }
    }
  })
  await installed(host, quick.app)
  t.strictSame(done, ['quick'])

  let finish = () => {}
  const slow = await buildApp(t, {
    host,
    hooks: {
      awaitMs: 30,
      onInstalled: async () => {
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        done.push('slow')
      }
    }
  })
  await installed(host, slow.app)
  t.strictSame(done, ['quick'], 'the answer did not wait')
  finish()
  await until(() => done.length === 2)
  t.strictSame(done, ['quick', 'slow'])
})

t.test('by default the answer waits for no hook', async (t) => {
  const release = new EventTarget()
  const { app } = await buildApp(t, {
    host,
    hooks: { onInstalled: () => once(release, 'go') }
  })
  await installed(host, app)
  release.dispatchEvent(new Event('go'))
})

t.test('a hook that fails never undoes the secret, is logged, and is run again after its pause', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const clock = createTestClock()
  const tries: string[] = []
  const hooks = {
    awaitMs: 1000,
    onInstalled: ({ change }: LifecycleHookEvent) => {
      tries.push(change)
      if (tries.length < 3) throw new Error('the mail server is down')
    }
  }
  const start = () => buildApp(t, { host, store, clock, hooks })
  const first = await start()
  await installed(host, first.app)
  t.strictSame(tries, ['first-install'])
  t.equal(
    (await findConnect(store, { clientKey: host.site().clientKey })).sharedSecret.reveal(),
    host.site().sharedSecret
  )
  t.equal((await first.app.inject(`/panel?jwt=${await host.sign.pageToken({ url: '/panel' })}`)).statusCode, 200)
  const line = first.lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'delivery handler failed')
  t.match(line, { level: 50, event: 'installed', attempts: 1, reason: 'the mail server is down' })
  await first.app.close()

  const early = await start()
  await pause(30)
  t.equal(tries.length, 1, 'not before its pause')
  await early.app.close()
  clock.advanceSeconds(1)
  const second = await start()
  await until(() => tries.length === 2)
  await second.app.close()
  clock.advanceSeconds(2)
  const third = await start()
  await until(() => tries.length === 3)
  await third.app.close()
  clock.advanceSeconds(3600)
  await start()
  await pause(30)
  t.strictSame(tries, ['first-install', 'first-install', 'first-install'], 'and never after it succeeded')
})

t.test('a hook that was not yet run when the process died runs after the restart', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const clock = createTestClock()
  const dead = await buildApp(t, {
    host,
    clock,
    // The process dies between the commit and the hook.
    store: { ...store, inbox: { ...store.inbox, claim: async () => [] } }
  })
  await installed(host, dead.app)
  await dead.app.close()
  const seen: string[] = []
  await buildApp(t, { host, clock, store, hooks: { onInstalled: ({ change }) => void seen.push(change) } })
  await until(() => seen.length === 1)
  t.strictSame(seen, ['first-install'])
})

t.test(
  'a new clientKey on a known base URL is a new tenant, the old one is marked and joined with nothing',
  async (t) => {
    const adopted: string[] = []
    const { app, store } = await buildApp(t, { host })
    app.atlassian.events.on('adopted', ({ from, to }) => void adopted.push(`${from.tenantId} ${to.tenantId}`))
    await installed(host, app)
    const oldSite = { clientKey: host.site().clientKey, sharedSecret: host.site().sharedSecret }
    const oldPage = await host.sign.pageToken({ url: '/panel' })
    t.equal((await host.install(app, { newClientKey: true })).status, 204)
    const from = await store.find({ clientKey: oldSite.clientKey })
    const to = await store.find({ clientKey: host.site().clientKey })
    t.not(to?.tenantId, from?.tenantId)
    t.equal(from?.baseUrl, to?.baseUrl)
    t.equal(from?.possiblySupersededBy, to?.tenantId)
    t.equal(to?.possiblySupersededBy, null)
    t.match((await app.inject(`/panel?jwt=${oldPage}`)).json(), { clientKey: oldSite.clientKey }, 'it still lives')
    t.strictSame(adopted, [])

    const { tenants } = app.atlassian
    const [fromId, toId] = [from?.tenantId ?? '', to?.tenantId ?? '']
    await t.rejects(tenants.adopt(fromId, fromId), { code: 'ATL_ADOPT_REFUSED' })
    await t.rejects(tenants.adopt(fromId, 'nobody'), { code: 'ATL_NO_TENANT' })
    await tenants.adopt(fromId, toId)
    t.strictSame(adopted, [`${fromId} ${toId}`])
    t.equal((await store.find({ tenantId: fromId }))?.adoptedBy, toId)
    t.equal((await app.inject(`/panel?jwt=${oldPage}`)).statusCode, 401)
    await t.rejects(app.atlassian.hostClient({ tenantId: fromId }).get('/rest/api/3/myself'), { code: 'ATL_NO_TENANT' })
    await t.rejects(tenants.adopt(toId, fromId), { code: 'ATL_ADOPT_REFUSED' }, 'not back to one that has ended')
    await t.resolves(tenants.adopt(fromId, toId), 'it can be repeated')
  }
)

t.test('a handler of adopted that fails is seen by the caller, who can repeat', async (t) => {
  const { app, store } = await buildApp(t, { host })
  let fail = true
  const moved: string[] = []
  app.atlassian.events.on('adopted', ({ to }) => {
    if (fail) throw new Error('rows are locked')
    moved.push(to.tenantId)
  })
  await installed(host, app)
  const from = await store.find({ clientKey: host.site().clientKey })
  await host.install(app, { newClientKey: true })
  const to = await store.find({ clientKey: host.site().clientKey })
  const ids = [from?.tenantId ?? '', to?.tenantId ?? ''] as const
  await t.rejects(app.atlassian.tenants.adopt(...ids), /rows are locked/)
  fail = false
  await app.atlassian.tenants.adopt(...ids)
  t.strictSame(moved, [ids[1]])
})

t.test('the next owner of a freed site name reads nothing of the one before', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) => app.get('/whose', async ({ tenant }) => ({ tenantId: tenant?.tenantId }))
  })
  await installed(host, app)
  const whose = async () =>
    (await app.inject(`/whose?jwt=${await host.sign.pageToken({ url: '/whose' })}`)).json().tenantId
  const before = await whose()
  await host.uninstall()
  await host.install(app, { newClientKey: true })
  t.not(await whose(), before)
  const ended = await app.atlassian.tenants.find({ tenantId: before })
  t.match(ended, { installations: [{ state: 'uninstalled' }], adoptedBy: null })
})
