import Fastify from 'fastify'
import { connectPlugin, type WebhookEvent } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { type AppOverrides, BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

interface Listed {
  readonly event: string
  readonly url: string
  readonly excludeBody?: boolean
}

/** An installed app with these webhooks that handles them before it answers. */
async function listening(t: Test, webhooks: readonly Listed[], overrides: AppOverrides = {}) {
  const heard: WebhookEvent[] = []
  const made = await buildApp(t, {
    host,
    webhooks: { mode: 'await' },
    ...overrides,
    descriptorMembers: { modules: { webhooks } }
  })
  made.app.atlassian.events.on('*', (event) => void heard.push(event))
  await installed(host, made.app)
  /** A delivery to any address, signed for exactly it. */
  const deliver = async (url: string, payload?: unknown, headers: Record<string, string> = {}) => {
    const token = await host.sign.webhookToken({ url })
    return (
      await made.app.inject({
        method: 'POST',
        url,
        headers: {
          authorization: `JWT ${token}`,
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers
        },
        ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) })
      })
    ).statusCode
  }
  return { ...made, heard, deliver, names: () => heard.map(({ event }) => event) }
}

t.test('43 events on one path are one route, and the body says which it is', async (t) => {
  const webhooks = Array.from({ length: 42 }, (_, index) => ({ event: `event_${index}`, url: '/hooks/all' }))
  const { deliver, names } = await listening(t, [...webhooks, { event: 'event_11', url: '/hooks/all?twice' }])
  for (const { event } of webhooks) t.equal(await deliver('/hooks/all', { webhookEvent: event }), 204)
  t.strictSame(
    names(),
    webhooks.map(({ event }) => event)
  )
})

t.test('a variable in the path is a parameter, the query is no part of the route and may vary', async (t) => {
  const { deliver, heard } = await listening(t, [
    { event: 'jira:issue_updated', url: '/hooks/{project.key}/issue-{issue.id}?issue={issue.key}&who={user}' }
  ])
  t.equal(await deliver('/hooks/TEA/issue-10001?issue=TEA-1&who=', {}), 204)
  t.equal(await deliver('/hooks/VLT/issue-7', {}), 204)
  t.equal(await deliver('/hooks/a%20b/issue-7?x=1&x=2&x=%26', {}), 204)
  t.equal(await deliver('/hooks/TEA/other-7', {}), 404)
  t.strictSame(
    heard.map(({ params, query }) => ({ params, query })),
    [
      { params: { projectKey: 'TEA', issueId: '10001' }, query: { issue: 'TEA-1', who: '' } },
      { params: { projectKey: 'VLT', issueId: '7' }, query: {} },
      { params: { projectKey: 'a b', issueId: '7' }, query: { x: ['1', '2', '&'] } }
    ]
  )
})

t.test('the event is what the body says if the path lists it, else the only one listed, else unknown', async (t) => {
  const { deliver, heard, names } = await listening(t, [
    { event: 'page_created', url: '/one' },
    { event: 'jira:issue_created', url: '/two' },
    { event: 'jira:issue_updated', url: '/two?q={issue.key}' },
    { event: 'jira:issue_deleted', url: '/three' }
  ])
  const cases: [string, unknown, string][] = [
    ['/one', { webhookEvent: 'page_created' }, 'page_created'],
    ['/one', { webhookEvent: 'jira:issue_created' }, 'page_created'],
    ['/one', { timestamp: 1 }, 'page_created'],
    ['/one', undefined, 'page_created'],
    ['/two', { webhookEvent: 'jira:issue_created' }, 'jira:issue_created'],
    ['/two', { webhookEvent: 'jira:issue_updated' }, 'jira:issue_updated'],
    ['/two', { webhookEvent: 'jira:issue_deleted' }, 'unknown'],
    ['/two', { webhookEvent: ['jira:issue_created'] }, 'unknown'],
    ['/two', { webhookEvent: '__proto__' }, 'unknown'],
    ['/two', { webhookEvent: 'installed' }, 'unknown'],
    ['/two', { event: 'jira:issue_created' }, 'unknown'],
    ['/two', [], 'unknown'],
    ['/two', null, 'unknown'],
    ['/two', 'null', 'unknown'],
    ['/two', undefined, 'unknown']
  ]
  for (const [url, body, event] of cases) {
    t.equal(await deliver(url, body), 204, `${url} ${JSON.stringify(body)}`)
    t.equal(names().at(-1), event, `${url} ${JSON.stringify(body)}`)
  }
  t.strictSame(heard[5]?.body, { webhookEvent: 'jira:issue_updated' })
  t.strictSame(heard[10]?.body, { event: 'jira:issue_created' }, 'an unknown one keeps its body')
  t.equal(heard.at(-1)?.body, undefined)
})

t.test('a webhook named like a life-cycle event reaches no life-cycle handler', async (t) => {
  const { app, deliver, names } = await listening(t, [
    { event: 'installed', url: '/hook' },
    { event: 'x', url: '/hook' }
  ])
  let lifecycle = 0
  app.atlassian.events.on('uninstalled', () => void lifecycle++)
  app.atlassian.events.on('installed', () => void lifecycle++)
  t.equal(await deliver('/hook', { webhookEvent: 'installed' }), 204)
  t.strictSame(names(), ['installed'])
  t.equal(lifecycle, 0)
})

t.test('a delivery tells its tenant, user, identifier, retry count and flow', async (t) => {
  const { deliver, heard } = await listening(t, [{ event: 'jira:issue_updated', url: '/hook' }])
  const headers = {
    'x-atlassian-webhook-identifier': 'id-1',
    'x-atlassian-webhook-retry': '2',
    'x-atlassian-webhook-flow': 'Secondary'
  }
  t.equal(await deliver('/hook', { a: 'ü' }, headers), 204)
  t.match(heard[0], {
    event: 'jira:issue_updated',
    tenant: { clientKey: host.site().clientKey },
    accountId: host.users[0]?.accountId,
    identifier: 'id-1',
    retry: 2,
    flow: 'Secondary',
    body: { a: 'ü' },
    deliveryId: /^[0-9a-f-]{36}$/
  })
  t.equal(await deliver('/hook', {}), 204)
  t.match(heard[1], { identifier: null, retry: 0, flow: null })
  for (const retry of ['-1', 'x', '1e9', '1.5', '']) {
    t.equal(await deliver('/hook', {}, { 'x-atlassian-webhook-retry': retry }), 204)
    t.equal(heard.at(-1)?.retry, 0)
  }
})

t.test('bodies: any content type, a byte order apart, broken JSON 400, too long 413, nothing at all 204', async (t) => {
  const { deliver, heard } = await listening(t, [{ event: 'a', url: '/hook' }], {
    webhooks: { mode: 'await', bodyLimit: 2048 }
  })
  t.equal(await deliver('/hook', '{"a":1}', { 'content-type': 'text/plain' }), 204)
  t.equal(await deliver('/hook', '{"a":1}', { 'content-type': 'application/json; charset=UTF-8' }), 204)
  t.equal(await deliver('/hook'), 204)
  t.equal(await deliver('/hook', '{"a":'), 400)
  t.equal(await deliver('/hook', 'a'.repeat(3000)), 413)
  t.equal(heard.length, 3)
})

t.test('only a webhook token of this address opens the route', async (t) => {
  const { app, heard } = await listening(t, [{ event: 'a', url: '/hook' }])
  const inject = async (token: string, url = '/hook') =>
    (await app.inject({ method: 'POST', url, headers: token === '' ? {} : { authorization: `JWT ${token}` } }))
      .statusCode
  t.equal(await inject(''), 401)
  t.equal(await inject(await host.sign.contextToken()), 401)
  t.equal(await inject(await host.sign.installToken({ url: '/hook' })), 401)
  t.equal(await inject(await host.sign.webhookToken({ url: '/other' })), 401)
  t.equal(await inject(await host.sign.webhookToken({ url: '/hook', method: 'GET' })), 401)
  t.equal(await inject(await host.sign.webhookToken({ url: '/hook' }), '/hook?more=1'), 401)
  t.equal(await inject('', `/hook?jwt=${await host.sign.webhookToken({ url: '/hook' })}`), 401)
  t.strictSame(heard, [])
})

t.test(
  'a route of the app on that path wins, declared before or after the plugin, and the start says so',
  async (t) => {
    for (const order of ['before', 'after', 'after, in a child']) {
      const logged: string[] = []
      const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => void logged.push(line) } } })
      t.teardown(() => app.close())
      const own = (scope: typeof app) =>
        scope.post('/hook/:id', { config: { atlassian: { auth: 'webhook' } } }, async ({ params }) => ({ own: params }))
      if (order === 'before') own(app)
      const heard: string[] = []
      await app.register(connectPlugin, {
        descriptor: {
          ...testDescriptor(),
          modules: {
            webhooks: [
              { event: 'a', url: '/hook/{issue.id}' },
              { event: 'b', url: '/other' }
            ]
          }
        },
        baseUrl: BASE_URL,
        store: (appKey) => createMemoryTenantStore({ appKey }),
        environment: 'test',
        webhooks: { mode: 'await' },
        ...host.connectOptions()
      })
      app.atlassian.events.on('*', ({ event }) => void heard.push(event))
      if (order === 'after') own(app)
      if (order === 'after, in a child') await app.register(async (scope) => void own(scope as typeof app))
      await app.ready()
      await installed(host, app)
      const post = async (url: string) => {
        const headers = { authorization: `JWT ${await host.sign.webhookToken({ url })}` }
        return await app.inject({ method: 'POST', url, headers })
      }
      t.strictSame((await post('/hook/7')).json(), { own: { id: '7' } }, order)
      t.equal((await post('/other')).statusCode, 204)
      t.strictSame(heard, ['b'], order)
      t.equal(
        logged.filter((line) => line.includes('handled by a route of the app')).length,
        1,
        `${order}: the start says it once`
      )
      t.equal((await app.inject({ method: 'POST', url: '/hook/7' })).statusCode, 401)
    }
  }
)

t.test('a webhook on the path of a life-cycle call stops the start', async (t) => {
  await t.rejects(
    buildApp(t, { host, descriptorMembers: { modules: { webhooks: [{ event: 'a', url: '/installed' }] } } }),
    { code: 'ATL_DESCRIPTOR', message: /same path/ }
  )
})

t.test('body parsers of the app for other routes stay as they are', async (t) => {
  const { app } = await listening(t, [{ event: 'a', url: '/hook' }])
  const token = await host.sign.webhookToken({ url: '/own-webhook' })
  const headers = { authorization: `JWT ${token}`, 'content-type': 'application/json' }
  const broken = await app.inject({ method: 'POST', url: '/own-webhook', headers, payload: '{"a":' })
  t.equal(broken.statusCode, 400)
})
