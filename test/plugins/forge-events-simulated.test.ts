import type { InjectOptions } from 'fastify'
import type { ForgeEvent } from 'fastify-atlassian'
import { createHostSimulator, type ForgeManifest } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp, createTestClock } from '../helpers/app.ts'
import { until } from './until.ts'

const endpoint = (key: string, path: string) => ({ key, route: { path }, remote: 'backend' })
const manifest: ForgeManifest = {
  remotes: [{ key: 'backend', baseUrl: 'https://app.example.com' }],
  modules: {
    endpoint: [
      endpoint('installed', '/forge/lifecycle/installed'),
      endpoint('upgraded', '/forge/lifecycle/upgraded'),
      endpoint('bye', '/forge/lifecycle/pre-uninstall'),
      endpoint('changes', '/forge/events'),
      endpoint('nightly', '/forge/scheduled')
    ],
    trigger: [
      { key: 't1', endpoint: 'installed', events: ['avi:forge:installed:app'] },
      { key: 't2', endpoint: 'upgraded', events: ['avi:forge:upgraded:app'] },
      { key: 't3', endpoint: 'changes', events: ['avi:jira:updated:issue', 'avi:jira:commented:issue'] }
    ],
    scheduledTrigger: [{ key: 'report', endpoint: 'nightly', interval: 'day' }],
    preUninstall: [{ key: 'bye', endpoint: 'bye' }]
  }
}

async function start(t: Test, eventShape: 'flat' | 'nested', overrides: AppOverrides = {}) {
  const clock = createTestClock()
  const wait = (ms: number) => clock.advanceSeconds(ms / 1000)
  const host = await createHostSimulator({ clock, forge: { manifest, eventShape, wait } })
  t.teardown(() => host.close())
  const made = await buildApp(t, {
    clock,
    host,
    forge: { ...host.forge.connectOptions(), events: {} },
    ...overrides
  })
  const heard: ForgeEvent[] = []
  made.app.atlassian.events.on('forge:*', (event) => void heard.push(event))
  return { ...made, host, heard }
}

t.test('a life on Forge alone: installed, told, asked by the clock, upgraded, uninstalled', async (t) => {
  for (const shape of ['flat', 'nested'] as const) {
    const { app, host, heard, clock } = await start(t, shape)
    const { forge } = host
    const { id } = await forge.install(app)
    await until(() => heard.length === 1)
    t.equal((await forge.event(app, 'avi:jira:updated:issue', { issue: 'TEA-1' })).status, 204)
    t.equal((await forge.schedule(app, 'report')).status, 204)
    await until(() => heard.length === 3)
    await forge.upgrade(app)
    await until(() => heard.length === 4)
    clock.advanceSeconds(1)
    await forge.uninstall(app)
    await until(() => heard.length === 5)
    t.strictSame(
      heard.map(({ event }) => event).sort(),
      ['avi:jira:updated:issue', 'forge:installed', 'forge:preUninstall', 'forge:scheduled', 'forge:upgraded'],
      shape
    )
    t.equal(new Set(heard.map(({ tenant }) => tenant.tenantId)).size, 1)
    const found = async () => (await app.atlassian.tenants.find({ installationId: id }))?.installations
    for (let tries = 0; tries < 100 && (await found())?.[0]?.state === 'installed'; tries++) await pause()
    t.match(await found(), [{ state: 'uninstalled' }])
  }
})

t.test(
  'a site that moves from Connect keeps its tenant, and a reinstall supersedes the old installation',
  async (t) => {
    const { app, host, heard, clock } = await start(t, 'flat')
    const { forge } = host
    await host.install(app)
    const before = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })
    await forge.upgrade(app, { to: 'connect-on-forge' })
    await until(() => heard.length === 1)
    t.equal(heard[0]?.tenant.tenantId, before?.tenantId)
    clock.advanceSeconds(60)
    const last: boolean[] = []
    app.atlassian.events.on('forge:preUninstall', (event) => void last.push(event.lastInstallation))
    await forge.reinstall(app, { preUninstall: 'after' })
    await until(() => last.length === 1 && heard.length === 3)
    t.strictSame(last, [false], 'the old installation ended, and its tenant did not')
    t.equal(new Set(heard.map(({ tenant }) => tenant.tenantId)).size, 1)
    await forge.event(app, 'avi:jira:updated:issue', { issue: 'TEA-1' })
    await until(() => heard.length === 4)
    t.equal(heard[3]?.tenant.tenantId, before?.tenantId)
  }
)

t.test('an event whose answer got lost is delivered again by the host and handled once', async (t) => {
  const { app, host, heard } = await start(t, 'nested')
  await host.forge.install(app)
  await until(() => heard.length === 1)
  let calls = 0
  const lossy = {
    async inject(options: InjectOptions) {
      calls += 1
      const { statusCode, headers, body } = await app.inject(options)
      return calls < 4 ? { statusCode: 502, headers: {}, body: '' } : { statusCode, headers, body }
    }
  }
  const body = { issue: { id: '10001' } }
  const exchange = await host.forge.event(lossy, 'avi:jira:updated:issue', { payload: body })
  t.strictSame([exchange.status, calls], [204, 4])
  await until(() => heard.length > 1)
  await pause()
  t.equal(heard.length, 2)
})

t.test('while the store is down every try is refused, and the first after it is handled', async (t) => {
  const { app, host, heard, store } = await start(t, 'flat')
  await host.forge.install(app)
  await until(() => heard.length === 1)
  let failures = 2
  const { add } = store.inbox
  store.inbox.add = async (delivery) => {
    if (failures-- > 0) throw new Error('down')
    return await add(delivery)
  }
  const exchange = await host.forge.event(app, 'avi:jira:commented:issue', { issue: 'TEA-1' })
  t.equal(exchange.status, 204)
  await until(() => heard.length === 2)
  t.match(heard[1], { event: 'avi:jira:commented:issue', retry: 2, retryReason: 'INVALID_REMOTE_INVOCATION_ERROR' })
})

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5))
}
