import { randomUUID } from 'node:crypto'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { createAppEmitter } from '../../../lib/app-events.ts'
import { createEventReceiver, END, MARK } from '../../../lib/forge/events/receive-event.ts'
import { createForgeDeliveries } from '../../../lib/forge-deliveries.ts'
import { silentLog } from '../../../lib/ports.ts'
import { createForgeAssociation } from '../../../lib/tenant/forge-association.ts'
import type { Tenant } from '../../../lib/tenant/tenant.ts'
import { createTenantDirectory } from '../../../lib/tenant/tenant-directory.ts'
import { createSettingsGiver } from '../../../lib/tenant/tenant-settings.ts'
import { createTestClock } from '../../helpers/app.ts'
import { ENVIRONMENT, INSTALLATION } from '../../helpers/forge.ts'

const name = { installationId: INSTALLATION, environmentId: ENVIRONMENT }

async function start(_t: Test) {
  const clock = createTestClock()
  const store = createMemoryTenantStore({ appKey: 'app' })
  const directory = createTenantDirectory({ store, clock, log: silentLog, freshMs: 5000, maxTenants: 10 })
  const options = { store, directory, clock, log: silentLog, appKey: 'app', joined: () => {} }
  const association = createForgeAssociation(options)
  const events = createAppEmitter(silentLog)
  const ended: string[] = []
  const dispatched: string[] = []
  const deliveries = createForgeDeliveries({
    store,
    association,
    events,
    withSettings: createSettingsGiver({ store, clock, maxValueBytes: 1000 }),
    ended: async ({ tenantId }: Tenant) => void ended.push(tenantId)
  })
  const receive = createEventReceiver({
    inbox: store.inbox,
    clock,
    log: silentLog,
    handlerTimeoutMs: 1000,
    events: { enqueue: undefined, preUninstallMs: 55_000 },
    handle: deliveries.handle,
    dispatch: async (deliveryId) => void dispatched.push(deliveryId)
  })
  const arrive = (changes = {}) =>
    association.arrive({ ...name, cloudId: 'cloud', products: ['jira'], issuedAtMs: clock(), ...changes })
  const tenant = await arrive()
  const event = {
    ...name,
    kind: 'preUninstall' as const,
    event: 'forge:preUninstall',
    cloudId: 'cloud',
    appVersion: '1.0.0',
    endpoint: 'bye',
    retry: 0,
    retryReason: null,
    accountId: null,
    selfGenerated: false,
    trace: {},
    body: { context: {} }
  }
  const claim = () => store.inbox.claim({ nowMs: clock(), leaseMs: 1000, limit: 10 })
  const state = async () => (await store.find(name))?.installations.at(-1)?.state
  const take = (changes = {}) =>
    receive({ tenantId: tenant.tenantId, tokenId: randomUUID(), mode: 'inbox', event: { ...event, ...changes } })
  return { clock, store, events, deliveries, association, ended, dispatched, tenant, event, take, claim, state, arrive }
}

t.test('an installation ends when its time is over, however its handlers fare', async (t) => {
  const { clock, events, deliveries, take, claim, state, ended, tenant, dispatched } = await start(t)
  events.on('forge:preUninstall', () => {
    throw new Error('it never works')
  })
  await take()
  t.equal(dispatched.length, 1)
  const [handlers, ...others] = await claim()
  t.strictSame(others, [], 'the end is not due yet')
  t.equal(handlers?.event, 'forge:preUninstall')
  if (handlers) await t.rejects(deliveries.handleDelivery(handlers), /never works/)
  t.equal(await state(), 'installed')
  clock.advanceSeconds(55)
  const end = (await claim()).find(({ event }) => event === END)
  t.ok(end)
  if (end) await deliveries.handleDelivery(end)
  t.equal(await state(), 'uninstalled')
  t.strictSame(ended, [tenant.tenantId])
})

t.test('what was said before an installation came back does not end it', async (t) => {
  const { clock, deliveries, take, claim, state, association, arrive, ended } = await start(t)
  await take()
  await association.end(name)
  clock.advanceSeconds(2)
  await arrive()
  t.equal(await state(), 'installed')
  clock.advanceSeconds(60)
  for (const delivery of await claim()) await deliveries.handleDelivery(delivery)
  t.equal(await state(), 'installed')
  t.strictSame(ended, [])
})

t.test('what is left of a process that died is handled once, and its further names are nothing', async (t) => {
  const { clock, store, events, deliveries, take, claim, tenant } = await start(t)
  let handled = 0
  events.on('forge:*', () => {
    handled += 1
  })
  const { release } = store.inbox
  store.inbox.release = async () => {
    throw new Error('killed')
  }
  await t.rejects(take({ kind: 'scheduled', event: 'forge:scheduled' }), { code: 'ATL_STORE_UNAVAILABLE' })
  store.inbox.release = release
  await take({ kind: 'scheduled', event: 'forge:scheduled', retry: 1 })
  clock.advanceSeconds(61)
  await take({ kind: 'scheduled', event: 'forge:scheduled', retry: 1 })
  const left = await claim()
  t.strictSame(left.map(({ event }) => event).sort(), ['forge:mark', 'forge:scheduled'])
  t.ok(left.some(({ event }) => event === MARK))
  for (const delivery of left) await deliveries.handleDelivery(delivery)
  t.equal(handled, 1)
  t.equal(tenant.clientKey, null)
})

t.test('an event of an installation that ended while it waited is told to nobody', async (t) => {
  const { events, deliveries, take, claim, association } = await start(t)
  let handled = 0
  events.on('forge:*', () => {
    handled += 1
  })
  await take({ kind: 'product', event: 'avi:jira:viewed:issue' })
  await association.end(name)
  for (const delivery of await claim()) await deliveries.handleDelivery(delivery)
  t.equal(handled, 0)
})

t.test('an event arrives at whoever the installation belongs to when it is handled', async (t) => {
  const { events, deliveries, event, tenant, store } = await start(t)
  const heard: string[] = []
  events.on('forge:*', (told) => void heard.push(told.tenant.tenantId))
  await deliveries.handle({ ...event, kind: 'product', deliveryId: randomUUID(), tenantId: 'before', receivedAtMs: 0 })
  t.strictSame(heard, [tenant.tenantId])
  await deliveries.handle({
    ...event,
    installationId: 'nobody',
    deliveryId: randomUUID(),
    tenantId: tenant.tenantId,
    receivedAtMs: 0
  })
  t.equal(heard.length, 1)
  t.ok(await store.find(name))
})
