import type { DynamicWebhook, WebhookEvent } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp } from '../helpers/app.ts'
import { until } from './until.ts'

const DAY = 86_400
const PATH = '/webhooks/dynamic'
const tea = { events: ['jira:issue_updated' as const], jqlFilter: 'project = TEA' }

async function start(t: Test, overrides: AppOverrides = {}) {
  const made = await buildApp(t, {
    webhooks: { dynamicPath: PATH },
    descriptorMembers: { modules: {} },
    ...overrides
  })
  await made.host.install(made.app)
  const lookup = { clientKey: made.host.site().clientKey }
  const { dynamicWebhooks } = made.app.atlassian
  const all = async () => {
    const found: DynamicWebhook[] = []
    for await (const webhook of dynamicWebhooks.list(lookup)) found.push(webhook)
    return found
  }
  return { ...made, lookup, dynamicWebhooks, all }
}

t.test('webhooks are registered one by one, listed over pages, and removed', async (t) => {
  const { dynamicWebhooks, lookup, all, clock } = await start(t)
  const [first, second] = await dynamicWebhooks.register(lookup, [
    { ...tea, fieldIdsFilter: ['summary'] },
    { events: ['jira:issue_created'], jqlFilter: 'watchCount > 3' }
  ])
  t.type(first?.id, 'number')
  t.strictSame(second, { id: null, errors: ['The clause watchCount is unsupported'] })
  t.strictSame(await all(), [
    {
      id: first?.id,
      events: ['jira:issue_updated'],
      jqlFilter: 'project = TEA',
      fieldIdsFilter: ['summary'],
      issuePropertyKeysFilter: [],
      expiresAtMs: clock() + 30 * DAY * 1000
    }
  ])
  await dynamicWebhooks.register(
    lookup,
    Array.from({ length: 99 }, () => tea)
  )
  t.equal((await all()).length, 100)
  await t.rejects(dynamicWebhooks.register(lookup, [tea]), { code: 'ATL_HOST_STATUS', status: 400 })
  await dynamicWebhooks.remove(
    lookup,
    (await all()).slice(1).map(({ id }) => id)
  )
  t.equal((await all()).length, 1)
  await dynamicWebhooks.remove(lookup, [])
})

t.test('what is registered arrives signed, once for all that fit, and only for what fits', async (t) => {
  const { app, host, dynamicWebhooks, lookup } = await start(t)
  const heard: WebhookEvent[] = []
  app.atlassian.events.on('*', (event) => void heard.push(event))
  const registered = await dynamicWebhooks.register(lookup, [
    tea,
    { ...tea, fieldIdsFilter: ['summary'] },
    { ...tea, fieldIdsFilter: ['priority'] },
    { ...tea, jqlFilter: 'project in (VLT) AND status != Done' }
  ])
  const body = JSON.stringify({ fields: { summary: 'Serve it later' } })
  const { status } = await host.requestAsUser({ method: 'PUT', path: '/rest/api/3/issue/TEA-1', body })
  t.equal(status, 204)
  await until(() => heard.length === 1)
  t.match(heard, [
    {
      event: 'jira:issue_updated',
      tenant: { clientKey: lookup.clientKey },
      body: { issue: { key: 'TEA-1' }, matchedWebhookIds: [registered[0]?.id, registered[1]?.id] }
    }
  ])
  t.equal((await app.inject({ method: 'POST', url: PATH, payload: {} })).statusCode, 401, 'nobody else may deliver')
})

t.test('a webhook ends after 30 days, and one that was refreshed does not', async (t) => {
  const { dynamicWebhooks, lookup, all, clock } = await start(t)
  const [left, kept] = await dynamicWebhooks.register(lookup, [tea, tea])
  clock.advanceSeconds(20 * DAY)
  t.strictSame(await dynamicWebhooks.refresh(lookup, [kept?.id ?? 0, 999_999]), {
    expiresAtMs: clock() + 30 * DAY * 1000
  })
  t.strictSame(await dynamicWebhooks.refresh(lookup, []), { expiresAtMs: null })
  clock.advanceSeconds(11 * DAY)
  t.strictSame(
    (await all()).map(({ id }) => id),
    [kept?.id],
    `${left?.id} is over`
  )
})

t.test('the job refreshes what is near its end, and a second run finds nothing to do', async (t) => {
  const { dynamicWebhooks, lookup, all, clock } = await start(t)
  await dynamicWebhooks.register(lookup, [tea, tea])
  t.strictSame(await dynamicWebhooks.refreshExpiring(), { tenants: 1, refreshed: 0, failed: [] })
  clock.advanceSeconds(21 * DAY)
  await dynamicWebhooks.register(lookup, [tea])
  t.strictSame(await dynamicWebhooks.refreshExpiring(), { tenants: 1, refreshed: 2, failed: [] })
  t.strictSame(await dynamicWebhooks.refreshExpiring(), { tenants: 1, refreshed: 0, failed: [] })
  clock.advanceSeconds(29 * DAY)
  t.equal((await all()).length, 3)
})

t.test('two processes may run the job at once', async (t) => {
  const one = await start(t)
  const other = await buildApp(t, {
    host: one.host,
    store: one.store,
    clock: one.clock,
    webhooks: { dynamicPath: PATH },
    descriptorMembers: { modules: {} }
  })
  await one.dynamicWebhooks.register(one.lookup, [tea])
  one.clock.advanceSeconds(25 * DAY)
  const runs = await Promise.all([
    one.dynamicWebhooks.refreshExpiring(),
    other.app.atlassian.dynamicWebhooks.refreshExpiring()
  ])
  t.match(runs, [{ failed: [] }, { failed: [] }])
  one.clock.advanceSeconds(29 * DAY)
  t.equal((await one.all()).length, 1)
})

t.test('a site that fails is reported and asked again by the next run', async (t) => {
  const { app, host, dynamicWebhooks, lookup, clock } = await start(t, { hostClient: { maxAttempts: 1 } })
  await dynamicWebhooks.register(lookup, [tea])
  clock.advanceSeconds(25 * DAY)
  const tenantId = (await app.atlassian.tenants.find(lookup))?.tenantId
  host.failNext({ target: 'rest', status: 500 })
  t.strictSame(await dynamicWebhooks.refreshExpiring(), {
    tenants: 0,
    refreshed: 0,
    failed: [{ tenantId, code: 'ATL_HOST_STATUS' }]
  })
  t.match(await dynamicWebhooks.refreshExpiring(), { refreshed: 1, failed: [] })
})

t.test('what cannot work is refused with the reason', async (t) => {
  const { host, app, dynamicWebhooks, lookup } = await start(t)
  await t.rejects(dynamicWebhooks.register(lookup, []), { code: 'ATL_OPTION' })
  await t.rejects(dynamicWebhooks.refreshExpiring({ withinDays: 30 }), { code: 'ATL_OPTION' })
  await t.rejects(dynamicWebhooks.refreshExpiring({ concurrency: 0 }), { code: 'ATL_OPTION' })
  await host.install(app, { site: 'confluence' })
  const wiki = { clientKey: host.site('confluence').clientKey }
  await t.rejects(dynamicWebhooks.register(wiki, [tea]), { code: 'ATL_HOST_PRODUCT' })
  await host.uninstall()
  await t.rejects(dynamicWebhooks.register(lookup, [tea]), { code: 'ATL_NO_TENANT' })
  const without = await start(t, { webhooks: {} })
  await t.rejects(without.dynamicWebhooks.register(without.lookup, [tea]), { message: /webhooks\.dynamicPath/ })
  for (const dynamicPath of ['', '/', 'webhooks', '/a b', '/{issue}']) {
    await t.rejects(buildApp(t, { webhooks: { dynamicPath } }), { code: 'ATL_OPTION' }, dynamicPath)
  }
})

t.test('a path that the descriptor uses too hears the events of both', async (t) => {
  const { app, host } = await buildApp(t, { webhooks: { dynamicPath: '/hook', mode: 'await' } })
  await host.install(app)
  const heard: string[] = []
  app.atlassian.events.on('*', ({ event }) => void heard.push(event))
  await host.sendWebhook('jira:issue_updated')
  await host.sendWebhook('jira:issue_created', { payload: { webhookEvent: 'comment_created' } })
  await host.sendWebhook('jira:issue_created', { payload: { webhookEvent: 'project_created' } })
  t.strictSame(heard, ['jira:issue_updated', 'comment_created', 'unknown'])
})
