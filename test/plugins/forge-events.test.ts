import type { ForgeEventMessage, ForgePreUninstallEvent, LifecycleHookEvent } from 'fastify-atlassian'
import { resolveOptions } from 'fastify-atlassian/core'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { APP_KEY } from '../helpers/app.ts'
import { APP_ID, CLOUD_ID, ENVIRONMENT, INSTALLATION } from '../helpers/forge.ts'
import { BARE_INSTALLATION, buildEventApp, issueUpdated, TRACE } from '../helpers/forge-events.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'
import { until } from './until.ts'

const nameOf = { installationId: INSTALLATION, environmentId: ENVIRONMENT }

t.test('an event is written, answered with 204, and handled afterwards', async (t) => {
  const order: string[] = []
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const add = memory.inbox.add
  const store = {
    ...memory,
    inbox: {
      ...memory.inbox,
      add: async (delivery: Parameters<typeof add>[0]) => {
        order.push('written')
        return await add(delivery)
      }
    }
  }
  const scene = await buildEventApp(t, { store })
  let finish: (() => void) | undefined
  scene.app.atlassian.events.on('avi:jira:updated:issue', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    order.push('handled')
  })
  const answer = await scene.send(issueUpdated())
  t.equal(answer.statusCode, 204, scene.lines.join(''))
  t.equal(answer.body, '')
  order.push('answered')
  await until(() => finish !== undefined)
  finish?.()
  await until(() => order.includes('handled'))
  t.strictSame(order, ['written', 'answered', 'handled'])
  const [event] = scene.heard
  t.match(event, {
    platform: 'forge',
    kind: 'product',
    event: 'avi:jira:updated:issue',
    ...nameOf,
    cloudId: CLOUD_ID,
    appVersion: '16.0.1',
    endpoint: 'events',
    retry: 0,
    retryReason: null,
    accountId: '5b10ac8d82e05b22cc7d4ef5',
    selfGenerated: false,
    trace: TRACE,
    body: { issue: { key: 'ACME-1' } },
    tenant: { clientKey: null, cloudId: CLOUD_ID }
  })
  t.type(event?.tenant.settings.get, 'function')
})

t.test('an event may come bare or in "payload", and says what its retries are', async (t) => {
  const scene = await buildEventApp(t)
  const retryContext = { retryCount: 2, retryReason: 'TIMEOUT_ERROR', retryData: null }
  await scene.send({ payload: issueUpdated({ selfGenerated: true, retryContext }) })
  await scene.send({ ...issueUpdated({ timestamp: 2 }), retryContext })
  await scene.send({ payload: { eventType: 'not one of ours' } })
  await until(() => scene.heard.length === 3)
  const told = scene.heard.map(({ event, retry, retryReason, selfGenerated }) => [
    event,
    retry,
    retryReason,
    selfGenerated
  ])
  t.strictSame(told.sort(), [
    ['avi:jira:updated:issue', 2, 'TIMEOUT_ERROR', false],
    ['avi:jira:updated:issue', 2, 'TIMEOUT_ERROR', true],
    ['forge:unknown', 0, null, false]
  ])
})

t.test(
  'installed and upgraded make a tenant that is known by Forge alone, and tell only the handlers of Forge',
  async (t) => {
    const hooks: LifecycleHookEvent[] = []
    const scene = await buildEventApp(t, { hooks: { onInstalled: (event) => void hooks.push(event) } })
    scene.app.atlassian.events.on('installed', (event) => void hooks.push(event))
    const versions: unknown[] = []
    scene.app.atlassian.events.on('forge:installed', ({ body, tenant }) =>
      versions.push([body.app?.version, tenant.clientKey])
    )
    scene.app.atlassian.events.on('forge:upgraded', ({ body, tenant }) =>
      versions.push([body.app?.version, tenant.clientKey])
    )
    const app = { id: '8db33809-1f32-48bb-8c52-5877dab48107', version: '1.0.0' }
    const environment = { id: ENVIRONMENT.slice(ENVIRONMENT.lastIndexOf('/') + 1) }
    t.equal(
      (await scene.send({ id: BARE_INSTALLATION, app, environment }, { url: '/forge/lifecycle/installed' })).statusCode,
      204
    )
    await until(() => versions.length === 1)
    const upgraded = { id: INSTALLATION, app: { ...app, version: '2.0.0' }, eventType: 'avi:forge:upgraded:app' }
    t.equal((await scene.send(upgraded, { url: '/forge/lifecycle/upgraded' })).statusCode, 204)
    await until(() => versions.length === 2)
    t.strictSame(versions, [
      ['1.0.0', null],
      ['2.0.0', null]
    ])
    t.strictSame(
      scene.heard.map(({ event }) => event),
      ['forge:installed', 'forge:upgraded']
    )
    t.strictSame(hooks, [])
    t.match(await scene.store.find(nameOf), { clientKey: null, installations: [{ state: 'installed' }] })
  }
)

t.test('a Connect install that names the installation without its prefix is the tenant of its events', async (t) => {
  const scene = await buildEventApp(t)
  await installed(scene.host, scene.app)
  const { clientKey } = scene.host.site()
  const again = { body: { installationId: BARE_INSTALLATION } }
  t.equal((await sendLifecycle(scene.app, scene.host, 'installed', again)).statusCode, 204)
  await scene.send({ id: BARE_INSTALLATION }, { url: '/forge/lifecycle/installed' })
  await until(() => scene.heard.length === 1)
  t.equal(scene.heard[0]?.tenant.clientKey, clientKey)
  t.equal((await scene.store.find(nameOf))?.tenantId, (await scene.store.find({ clientKey }))?.tenantId)
})

t.test('preUninstall runs its handlers while the installation lives, and ends it after them', async (t) => {
  const scene = await buildEventApp(t, { retentionDays: 30 })
  const states: unknown[] = []
  scene.app.atlassian.events.on('forge:preUninstall', ({ tenant, lastInstallation }: ForgePreUninstallEvent) => {
    states.push([tenant.installations[0]?.state, lastInstallation])
  })
  await scene.send({ id: BARE_INSTALLATION }, { url: '/forge/lifecycle/installed' })
  const body = { context: { cloudId: CLOUD_ID, moduleKey: 'bye' }, contextToken: 'opaque' }
  t.equal((await scene.send(body, { url: '/forge/lifecycle/pre-uninstall' })).statusCode, 204)
  await until(() => states.length === 1)
  t.strictSame(states, [['installed', true]])
  const state = async () => (await scene.store.find(nameOf))?.installations[0]?.state
  for (let tries = 0; tries < 100 && (await state()) === 'installed'; tries++)
    await new Promise((next) => setTimeout(next, 5))
  t.equal(await state(), 'uninstalled')

  t.test('a late event is answered, handled by nobody, and brings nothing back', async (t) => {
    scene.clock.advanceSeconds(5)
    const before = scene.heard.length
    t.equal((await scene.send(issueUpdated())).statusCode, 204)
    t.equal((await scene.send({ context: {} }, { url: '/forge/scheduled' })).statusCode, 204)
    t.equal(scene.heard.length, before)
    t.equal(await state(), 'uninstalled')
  })

  t.test('its retention counts from the end, and a new install of the same name ends that', async (t) => {
    scene.clock.advanceSeconds(29 * 86_400)
    t.strictSame((await scene.app.atlassian.tenants.purge()).tenantIds, [])
    scene.clock.advanceSeconds(2 * 86_400)
    t.equal((await scene.app.atlassian.tenants.purge({ dryRun: true })).tenantIds.length, 1)
    t.equal(
      (await scene.send({ id: BARE_INSTALLATION, again: true }, { url: '/forge/lifecycle/installed' })).statusCode,
      204
    )
    t.equal(await state(), 'installed')
  })
})

t.test('preUninstall of one platform leaves the tenant alive by the other', async (t) => {
  const scene = await buildEventApp(t)
  await installed(scene.host, scene.app)
  await sendLifecycle(scene.app, scene.host, 'installed', { body: { installationId: INSTALLATION } })
  await scene.send({ id: BARE_INSTALLATION }, { url: '/forge/lifecycle/installed' })
  const last: boolean[] = []
  scene.app.atlassian.events.on('forge:preUninstall', (event) => void last.push(event.lastInstallation))
  await scene.send({ context: {} }, { url: '/forge/lifecycle/pre-uninstall' })
  await until(() => last.length === 1)
  const alive = async () => await scene.app.atlassian.tenants.find({ clientKey: scene.host.site().clientKey })
  const forge = async () => (await alive())?.installations.find(({ platform }) => platform === 'forge')?.state
  for (let tries = 0; tries < 100 && (await forge()) === 'installed'; tries++)
    await new Promise((next) => setTimeout(next, 5))
  t.strictSame(last, [false])
  t.equal(await forge(), 'uninstalled')
  t.ok((await alive())?.installations.some(({ state }) => state === 'installed'))
})

t.test('mode "await" answers 500 when a handler fails, and takes the next try', async (t) => {
  const scene = await buildEventApp(t, { events: { product: { mode: 'await' } } })
  let tries = 0
  scene.app.atlassian.events.on('avi:jira:updated:issue', () => {
    tries += 1
    if (tries === 1) throw new Error('not yet')
  })
  const body = issueUpdated()
  const failed = await scene.send(body)
  t.equal(failed.statusCode, 500)
  t.match(failed.json(), { code: 'ATL_WEBHOOK_FAILED' })
  t.notMatch(failed.body, /not yet/)
  scene.clock.advanceSeconds(60)
  const retryContext = { retryCount: 1, retryReason: 'INVALID_REMOTE_INVOCATION_ERROR', retryData: null }
  t.equal((await scene.send({ ...body, retryContext })).statusCode, 204)
  scene.clock.advanceSeconds(60)
  t.equal((await scene.send({ ...body, retryContext: { ...retryContext, retryCount: 2 } })).statusCode, 204)
  t.equal(tries, 2)
})

t.test(
  'mode "await" without a time in the event: the try that failed is forgotten, the one that succeeded is not',
  async (t) => {
    const scene = await buildEventApp(t, { events: { mode: 'await' } })
    let tries = 0
    scene.app.atlassian.events.on('forge:scheduled:nightly', () => {
      tries += 1
      if (tries === 1) throw new Error('not yet')
    })
    const claims = { app: { module: { type: 'core:endpoint', key: 'nightly' } } }
    const statuses: number[] = []
    for (const retryCount of [0, 1, 2]) {
      const retryContext = retryCount === 0 ? {} : { retryContext: { retryCount, retryReason: 'X', retryData: null } }
      const body = { context: { moduleKey: 'job' }, contextToken: `token-${retryCount}`, ...retryContext }
      statuses.push((await scene.send(body, { url: '/forge/scheduled', claims })).statusCode)
      scene.clock.advanceSeconds(63)
    }
    t.strictSame(statuses, [500, 204, 204])
    t.equal(tries, 2)
  }
)

t.test('a queue of the app gets plain data, and its worker runs the handlers', async (t) => {
  const queue: string[] = []
  let isDown = true
  const scene = await buildEventApp(t, {
    events: {
      enqueue: async (message) => {
        if (isDown) throw new Error('the queue is down')
        queue.push(JSON.stringify(message))
      }
    }
  })
  t.equal((await scene.send(issueUpdated())).statusCode, 500)
  isDown = false
  t.equal((await scene.send(issueUpdated())).statusCode, 204)
  t.equal(scene.heard.length, 0)
  t.notMatch(queue[0], /sharedSecret/)
  const message: ForgeEventMessage = JSON.parse(queue[0] ?? '')
  await scene.app.atlassian.handleForgeEvent(message)
  t.match(scene.heard, [
    { event: 'avi:jira:updated:issue', deliveryId: message.deliveryId, tenant: nameOf.installationId && {} }
  ])
})

t.test('a failing store is 503, so that the host tries again', async (t) => {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const store = { ...memory, inbox: { ...memory.inbox, add: async () => Promise.reject(new Error('down')) } }
  const scene = await buildEventApp(t, { store })
  const answer = await scene.send(issueUpdated())
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { code: 'ATL_STORE_UNAVAILABLE' })
})

t.test('lines of the log name the trace, and so do calls of the handlers', async (t) => {
  const scene = await buildEventApp(t, {
    routes: (app) =>
      app.get('/traced', app.atlassian.protect('forge'), async (request) => {
        request.log.info('here')
        return {}
      })
  })
  const headers = { authorization: `Bearer ${await scene.token()}`, ...TRACE }
  await scene.app.inject({ url: '/traced', headers })
  const lines = scene.lines.map((line) => JSON.parse(line))
  const fields = { traceId: TRACE['x-b3-traceid'], spanId: TRACE['x-b3-spanid'] }
  t.match(
    lines.find(({ msg }) => msg === 'here'),
    fields
  )
  t.match(
    lines.find(({ msg }) => msg === 'request completed'),
    fields
  )
  scene.lines.length = 0
  await scene.app.inject({ url: '/public', headers: TRACE })
  t.notMatch(scene.lines.join(''), 'traceId')
})

t.test('each route can be left out or moved', async (t) => {
  const scene = await buildEventApp(t, {
    events: { installed: '/forge/hooks', upgraded: '/forge/hooks', product: '/forge/hooks', scheduled: false }
  })
  const url = '/forge/hooks'
  await scene.send({ id: BARE_INSTALLATION, eventType: 'avi:forge:installed:app' }, { url })
  await scene.send({ id: BARE_INSTALLATION, eventType: 'avi:forge:upgraded:app' }, { url })
  await scene.send(issueUpdated(), { url })
  await until(() => scene.heard.length === 3)
  t.strictSame(scene.heard.map(({ event }) => event).sort(), [
    'avi:jira:updated:issue',
    'forge:installed',
    'forge:upgraded'
  ])
  t.equal((await scene.send({ id: BARE_INSTALLATION }, { url })).statusCode, 400, 'nothing says what it is')
  t.equal((await scene.send({}, { url: '/forge/scheduled' })).statusCode, 404)
  t.equal((await scene.send(issueUpdated(), { url: '/forge/lifecycle/pre-uninstall' })).statusCode, 400)
})

t.test('the routes are among those that checks of a manifest are given', async (t) => {
  const move = async () => {}
  const dataResidency = {
    schedule: move,
    start: move,
    status: async () => 'failed' as const,
    commit: move,
    rollback: move
  }
  const { app } = await buildEventApp(t, { events: { dataResidency } })
  const paths = app.atlassian.routes().flatMap(({ url, policy }) => (policy === 'forge' ? [url] : []))
  for (const path of [
    'lifecycle/installed',
    'lifecycle/upgraded',
    'lifecycle/pre-uninstall',
    'events',
    'scheduled',
    'dare/status'
  ]) {
    t.ok(paths.includes(`/forge/${path}`), path)
  }
})

t.test('what can never work stops the start and says which option it is', async (t) => {
  const options = (events: object, more: object = {}) =>
    resolveOptions({ baseUrl: 'https://app.example.com', forge: { appId: APP_ID, events }, ...more }, 'test')
  const wrong: [object, RegExp, object?][] = [
    [{ install: '/x' }, /"forge\.events\.install" is/],
    [{ product: 'events' }, /"forge\.events\.product" is "events"/],
    [{ product: { path: '/a/:b' } }, /"forge\.events\.product\.path"/],
    [{ product: true }, /"forge\.events\.product" is true/],
    [{ product: { endpoints: [] } }, /"forge\.events\.product\.endpoints"/],
    [{ product: { mode: 'memory' } }, /"forge\.events\.product\.mode"/],
    [{ product: { key: 'x' } }, /"forge\.events\.product\.key"/],
    [{ mode: 'later' }, /"forge\.events\.mode"/],
    [{ enqueue: 'queue' }, /"forge\.events\.enqueue"/],
    [{ preUninstallMs: -1 }, /"forge\.events\.preUninstallMs"/],
    [{ scheduled: '/same', product: '/same' }, /"forge\.events\.scheduled".*path of its own/],
    [{ preUninstall: '/same', installed: '/same' }, /"forge\.events\.preUninstall".*path of its own/],
    [{ dataResidency: { schedule: () => {} } }, /"forge\.events\.dataResidency\.start"/],
    [{}, /"hooks\.onInstalled".*"forge:installed"/, { hooks: { onInstalled: () => {} } }]
  ]
  for (const [events, message, more] of wrong) t.throws(() => options(events, more), message)
  t.equal(options({}).forge?.events?.routes.length, 5)
  t.equal(options({}, { forge: { appId: APP_ID } }).forge?.events, null)
})
