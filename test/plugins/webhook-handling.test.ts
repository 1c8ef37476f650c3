import { setTimeout as pause } from 'node:timers/promises'
import type { TenantStore } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
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

t.test('inbox: written, answered, then handled', async (t) => {
  const order: string[] = []
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const store: TenantStore = {
    ...memory,
    inbox: {
      ...memory.inbox,
      add: async (delivery) => {
        order.push('written')
        return await memory.inbox.add(delivery)
      }
    }
  }
  let finish = () => {}
  const { app } = await start(t, { store })
  app.atlassian.events.on(EVENT, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    order.push('handled')
  })
  t.equal((await host.sendWebhook(EVENT)).status, 204)
  order.push('answered')
  await until(() => finish !== undefined)
  await pause(5)
  finish()
  await until(() => order.includes('handled'))
  t.strictSame(order, ['written', 'answered', 'handled'])
})

t.test('await: answered after the handlers, 500 when one fails, and the next try of the host is handled', async (t) => {
  const { app, lines } = await start(t, { webhooks: { mode: 'await' } })
  let tries = 0
  let handled = 0
  app.atlassian.events.on(EVENT, async ({ retry }) => {
    tries += 1
    await pause(5)
    if (retry < 2) throw new Error('not yet')
    handled += 1
  })
  const first = await host.sendWebhook(EVENT, { identifier: 'one-event', attempts: 1 })
  t.equal(first.status, 500)
  t.match(first.responseBody, /ATL_WEBHOOK_FAILED/)
  t.notMatch(first.responseBody, /not yet/)
  t.ok(lines.some((line) => line.includes('not yet')))
  t.equal((await host.sendWebhook(EVENT, { identifier: 'one-event', attempts: 4 })).status, 204)
  t.equal(tries, 4, 'one try, then three of which the last succeeds')
  t.equal(handled, 1)
  t.equal((await host.sendWebhook(EVENT, { identifier: 'one-event' })).status, 204)
  t.equal(tries, 4, 'a repeat of what was handled is not handled again')
})

t.test('memory: answered and handled with nothing written', async (t) => {
  const { app, writes, lines } = await start(t, { webhooks: { mode: 'memory' } })
  writes.length = 0
  let handled = 0
  app.atlassian.events.on(EVENT, () => {
    handled += 1
    throw new Error('lost for good')
  })
  t.equal((await host.sendWebhook(EVENT, { identifier: 'same' })).status, 204)
  await until(() => handled === 1)
  t.strictSame(writes, [])
  t.ok(lines.some((line) => line.includes('lost for good')))
})

for (const mode of ['inbox', 'await'] as const) {
  t.test(`${mode}: a delivery with the same identifier is handled once for each tenant`, async (t) => {
    const { app } = await start(t, { webhooks: { mode } })
    const heard: string[] = []
    app.atlassian.events.on(EVENT, ({ tenant }) => void heard.push(tenant.clientKey))
    for (let count = 0; count < 3; count++) t.equal((await host.sendWebhook(EVENT, { identifier: 'same' })).status, 204)
    t.equal((await host.sendWebhook(EVENT, { identifier: 'another' })).status, 204)
    await until(() => heard.length === 2)
    const first = host.site().clientKey
    await host.install(app, { newClientKey: true })
    t.equal((await host.sendWebhook(EVENT, { identifier: 'same' })).status, 204)
    await until(() => heard.length === 3)
    await pause(10)
    t.strictSame(heard, [first, first, host.site().clientKey])
  })

  t.test(`${mode}: two equal deliveries at the same time are handled once`, async (t) => {
    const { app } = await start(t, { webhooks: { mode } })
    let handled = 0
    app.atlassian.events.on(EVENT, async () => {
      await pause(5)
      handled += 1
    })
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => host.sendWebhook(EVENT, { identifier: 'at-once', attempts: 1 }))
    )
    for (const { status } of answers) t.equal(status, 204)
    await pause(20)
    t.equal(handled, 1)
  })

  t.test(`${mode}: Confluence sends no identifier, so equal deliveries are each handled`, async (t) => {
    const { app } = await start(t, { webhooks: { mode } })
    await installed(host, app, 'confluence')
    let handled = 0
    app.atlassian.events.on('page_created', ({ identifier }) => {
      if (identifier === null) handled += 1
    })
    for (let count = 0; count < 3; count++)
      t.equal((await host.sendWebhook('page_created', { site: 'confluence' })).status, 204)
    await until(() => handled === 3)
    t.equal(handled, 3)
  })
}

t.test('a handler that fails is run again after its pause, with the same delivery', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const clock = createTestClock()
  const heard: string[] = []
  const begin = async () => {
    const made = await buildApp(t, { host, store, clock, descriptorMembers: wikiWebhooks })
    made.app.atlassian.events.on(EVENT, ({ deliveryId, identifier, body }) => {
      heard.push(JSON.stringify([deliveryId, identifier, body]))
      if (heard.length < 2) throw new Error('the index is down')
    })
    return made
  }
  const first = await begin()
  await installed(host, first.app)
  await host.sendWebhook(EVENT, { identifier: 'one', payload: { webhookEvent: EVENT, n: 1 } })
  await until(() => heard.length === 1)
  t.equal((await host.sendWebhook(EVENT, { identifier: 'one' })).status, 204, 'a repeat of the host is a duplicate')
  await first.app.close()
  clock.advanceSeconds(2)
  await begin()
  await until(() => heard.length === 2)
  t.equal(heard.length, 2)
  t.equal(heard[0], heard[1])
})

t.test('several handlers: all run, and one that fails brings all of them back', async (t) => {
  const { app } = await start(t, { webhooks: { mode: 'await' } })
  const heard: string[] = []
  const stop = app.atlassian.events.on(EVENT, () => {
    heard.push('fails')
    throw new Error('no')
  })
  app.atlassian.events.on(EVENT, () => void heard.push('works'))
  app.atlassian.events.on('*', () => void heard.push('all'))
  t.equal((await host.sendWebhook(EVENT, { attempts: 1 })).status, 500)
  t.strictSame(heard.sort(), ['all', 'fails', 'works'])
  stop()
  t.equal((await host.sendWebhook(EVENT, { attempts: 1 })).status, 204)
  t.equal(heard.length, 5)
})

t.test('a handler that takes too long counts as failed', async (t) => {
  const { app } = await start(t, { webhooks: { mode: 'await', handlerTimeoutMs: 100 } })
  const never = new Promise<void>(() => {})
  app.atlassian.events.on(EVENT, () => never)
  t.equal((await host.sendWebhook(EVENT, { attempts: 1 })).status, 500)
  const inbox = await start(t, { webhooks: { handlerTimeoutMs: 100 } })
  inbox.app.atlassian.events.on(EVENT, () => never)
  t.equal((await host.sendWebhook(EVENT, { attempts: 1 })).status, 204)
  const logged = () => inbox.lines.some((line) => line.includes('not done within 100 ms'))
  await until(logged)
  t.ok(logged())
})

t.test('a store that is down is 503, so that the host delivers again', async (t) => {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  let down = false
  const { app } = await start(t, {
    store: {
      ...memory,
      inbox: {
        ...memory.inbox,
        add: async (delivery) => {
          if (down) throw new Error('disk full')
          return await memory.inbox.add(delivery)
        }
      }
    }
  })
  let handled = 0
  app.atlassian.events.on(EVENT, () => void handled++)
  down = true
  const lost = await host.sendWebhook(EVENT, { identifier: 'x', attempts: 1 })
  t.equal(lost.status, 503)
  t.notMatch(lost.responseBody, /disk full/)
  down = false
  t.equal((await host.sendWebhook(EVENT, { identifier: 'x', attempts: 1 })).status, 204)
  await until(() => handled === 1)
  t.equal(handled, 1)
})

t.test('a webhook of an uninstalled tenant is refused', async (t) => {
  const { app } = await start(t)
  const token = await host.sign.webhookToken({ url: '/hook' })
  await host.uninstall()
  const answer = await app.inject({ method: 'POST', url: '/hook', headers: { authorization: `JWT ${token}` } })
  t.equal(answer.statusCode, 401)
})

t.test('closing the app waits for what is being handled', async (t) => {
  const { app } = await start(t)
  const order: string[] = []
  app.atlassian.events.on(EVENT, async () => {
    order.push('begun')
    await pause(30)
    order.push('done')
  })
  await host.sendWebhook(EVENT)
  await until(() => order.length === 1)
  await app.close()
  order.push('closed')
  t.strictSame(order, ['begun', 'done', 'closed'])
})
