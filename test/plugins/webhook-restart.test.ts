import { setTimeout as pause } from 'node:timers/promises'
import type { TenantStore } from 'fastify-atlassian'
import { createKyselyTenantStore, createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { APP_KEY, type AppOverrides, buildApp, createTestClock } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'
import { until } from './until.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const EVENT = 'jira:issue_updated'

const wikiWebhooks = {
  modules: {
    webhooks: [
      { event: EVENT, url: '/hook' },
      { event: 'page_created', url: '/wiki-hook' }
    ]
  }
}

async function start(t: Test, overrides: AppOverrides = {}) {
  const made = await buildApp(t, { host, descriptorMembers: wikiWebhooks, ...overrides })
  await installed(host, made.app)
  return made
}

for (const [name, make] of Object.entries({
  memory: () => {
    const store = createMemoryTenantStore({ appKey: APP_KEY })
    return () => store
  },
  SQLite: (t: Test) => {
    const file = `${t.testdir()}/restart.sqlite`
    return () => createKyselyTenantStore({ appKey: APP_KEY, database: `sqlite:${file}` })
  }
})) {
  t.test(`what was written and not handled is resumed after a restart on ${name}`, async (t) => {
    const open = make(t)
    const clock = createTestClock()
    const store = open()
    // This process dies right after it has answered.
    const dead: TenantStore = { ...store, inbox: { ...store.inbox, claim: async () => [] } }
    const first = await start(t, { store: dead, clock })
    for (const identifier of ['a', 'b', 'c'])
      t.equal((await host.sendWebhook(EVENT, { identifier, payload: { webhookEvent: EVENT, identifier } })).status, 204)
    await first.app.close()
    const heard: unknown[] = []
    const second = await buildApp(t, {
      host,
      store: open(),
      clock,
      descriptorMembers: wikiWebhooks,
      routes: (app) =>
        app.atlassian.events.on(EVENT, ({ identifier, body, tenant }) => {
          heard.push([identifier, body, tenant.clientKey])
        })
    })
    await until(() => heard.length === 3)
    const clientKey = host.site().clientKey
    t.strictSame(
      heard.sort(),
      ['a', 'b', 'c'].map((identifier) => [identifier, { webhookEvent: EVENT, identifier }, clientKey])
    )
    await second.app.close()
    await buildApp(t, {
      host,
      store: open(),
      clock,
      descriptorMembers: wikiWebhooks,
      routes: (app) => app.atlassian.events.on(EVENT, () => void heard.push('again'))
    })
    await pause(30)
    t.equal(heard.length, 3, 'handled for good')
  })
}

t.test('a lease that a killed process left is taken up after it has run out', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const clock = createTestClock()
  // This process claims, and dies before it handles.
  const claiming: TenantStore = {
    ...store,
    inbox: {
      ...store.inbox,
      claim: async (request) => {
        await store.inbox.claim(request)
        return []
      }
    }
  }
  const first = await start(t, { store: claiming, clock })
  await host.sendWebhook(EVENT)
  await first.app.close()
  const heard: string[] = []
  const begin = () =>
    buildApp(t, {
      host,
      store,
      clock,
      descriptorMembers: wikiWebhooks,
      routes: (app) => app.atlassian.events.on(EVENT, ({ event }) => void heard.push(event))
    })
  const second = await begin()
  await pause(20)
  t.strictSame(heard, [], 'while the lease runs it belongs to the other')
  await second.app.close()
  clock.advanceSeconds(60)
  await begin()
  await until(() => heard.length === 1)
  t.strictSame(heard, [EVENT])
})

t.test('handled deliveries are swept after 24 hours, and not before', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const clock = createTestClock()
  const host = await createHostSimulator({ clock })
  t.teardown(() => host.close())
  const swept: number[] = []
  const watched: TenantStore = {
    ...store,
    inbox: {
      ...store.inbox,
      sweep: async (beforeMs) => {
        const count = await store.inbox.sweep(beforeMs)
        swept.push(count)
        return count
      }
    }
  }
  let handled = 0
  const begin = async () => {
    const made = await buildApp(t, { host, store: watched, clock, descriptorMembers: wikiWebhooks })
    made.app.atlassian.events.on(EVENT, () => void handled++)
    return made
  }
  const first = await begin()
  await installed(host, first.app)
  await host.sendWebhook(EVENT, { identifier: 'kept' })
  await until(() => handled === 1)
  await first.app.close()
  clock.advanceSeconds(24 * 3600 - 60)
  swept.length = 0
  const second = await begin()
  await until(() => swept.length > 0)
  t.strictSame(swept, [0])
  await installed(host, second.app)
  await host.sendWebhook(EVENT, { identifier: 'kept', attempts: 1 })
  await pause(10)
  t.equal(handled, 1, 'still known')
  await second.app.close()
  clock.advanceSeconds(120)
  swept.length = 0
  await begin()
  await until(() => swept.length > 0)
  t.ok((swept[0] ?? 0) >= 1)
})
