import t from 'tap'
import { createAppDouble, hashOf, headerToken, lastRequest, startHost, verifyShared } from './app-double.ts'

t.test('a webhook goes to the URL of the descriptor, signed, with identifier and flow', async (t) => {
  const nowMs = 1_790_000_000_000
  const host = await startHost(t, { clock: () => nowMs })
  const app = createAppDouble()
  await host.install(app)
  const exchange = await host.sendWebhook('jira:issue_updated', { issue: 'TEA-2', user: 'Bo' })
  t.match(exchange, { kind: 'webhook', status: 204, tokenKind: 'webhook' })
  const request = lastRequest(app)
  t.match(request, { method: 'POST', url: '/hooks/updated?issue=TEA-2' })
  t.match(request.headers, {
    'user-agent': 'Atlassian Webhook HTTP Client',
    'x-atlassian-webhook-identifier': /^[\w-]{36}$/,
    'x-atlassian-webhook-flow': 'Primary'
  })
  t.notOk('x-atlassian-webhook-retry' in request.headers)
  const { payload } = await verifyShared(headerToken(request), host.site().sharedSecret, new Date(nowMs))
  t.equal(payload.qsh, hashOf('POST&/hooks/updated&issue=TEA-2'))
  t.match(JSON.parse(request.body), {
    timestamp: nowMs,
    webhookEvent: 'jira:issue_updated',
    user: { displayName: 'Bo' },
    issue: { key: 'TEA-2', fields: { summary: 'Repair the kettle on the terrace' } },
    changelog: { items: [{ field: 'summary' }] }
  })
})

t.test('every webhook that lists the event is called, and an event that none lists is an error', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  app.requests.length = 0
  await host.sendWebhook('comment_created')
  t.strictSame(
    app.requests.map((request) => request.url),
    ['/hooks/comment', '/hooks/comment-again']
  )
  t.match(JSON.parse(lastRequest(app).body), { comment: { body: 'The water is on.' }, issue: { key: 'TEA-1' } })
  await t.rejects(host.sendWebhook('worklog_created'), { message: /no webhook for "worklog_created". It has: jira:/ })
})

t.test('Jira repeats what may pass, with the same identifier and a fresh token, and gives up after five', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  for (const status of [408, 409, 425, 429, 500, 503]) {
    app.requests.length = 0
    app.answer = () => ({ status })
    t.equal((await host.sendWebhook('jira:issue_updated', { identifier: `id-${status}` })).status, status)
    t.strictSame(
      app.requests.map(({ headers }) => [
        headers['x-atlassian-webhook-identifier'],
        headers['x-atlassian-webhook-retry']
      ]),
      [undefined, '1', '2', '3', '4', '5'].map((retry) => [`id-${status}`, retry])
    )
  }
  for (const status of [400, 401, 404, 302]) {
    app.requests.length = 0
    app.answer = () => ({ status })
    await host.sendWebhook('jira:issue_updated')
    t.equal(app.requests.length, 1, `${status} is final`)
  }
  app.requests.length = 0
  app.answer = () => (app.requests.length < 3 ? { status: 503 } : undefined)
  t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
  t.equal(app.requests.length, 3)
  app.answer = () => ({ status: 503 })
  app.requests.length = 0
  await host.sendWebhook('jira:issue_updated', { attempts: 2 })
  t.equal(app.requests.length, 2)
})

t.test('an answer that is lost is repeated: the app sees one delivery twice', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  app.requests.length = 0
  host.failNext({ target: 'app', lost: true, path: /^\/hooks/ })
  t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
  const identifiers = app.requests.map(({ headers }) => headers['x-atlassian-webhook-identifier'])
  t.equal(identifiers.length, 2)
  t.equal(new Set(identifiers).size, 1)
  t.equal(host.exchanges.at(-2)?.status, 0)
})

t.test('Confluence tries once, names no identifier and no event', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app, { site: 'confluence' })
  app.requests.length = 0
  app.answer = () => ({ status: 503 })
  await host.sendWebhook('page_updated', { site: 'confluence', page: '131074' })
  t.equal(app.requests.length, 1)
  t.equal(lastRequest(app).url, '/hooks/page?page=131074')
  t.notOk('x-atlassian-webhook-identifier' in lastRequest(app).headers)
  const body = JSON.parse(lastRequest(app).body)
  t.match(body, { userAccountId: /ada/, accountType: 'customer', page: { id: 131_074 }, updateTrigger: 'edit_page' })
  t.notOk('webhookEvent' in body)
})

t.test('payloads can be replaced, also by what is not JSON', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  await host.sendWebhook('jira:issue_updated', { payload: { only: 'this' } })
  t.equal(lastRequest(app).body, '{"only":"this"}')
  await host.sendWebhook('jira:issue_updated', { payload: '{broken' })
  t.equal(lastRequest(app).body, '{broken')
  await host.sendWebhook('jira:issue_updated', { payload: null })
  t.equal(lastRequest(app).body, 'null')
})

t.test('what people do on a site reaches the app, also the end of the issue it is about', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  app.requests.length = 0
  let changes = 0
  const stop = host.onStateChange(() => {
    changes += 1
  })
  await host.act({ type: 'updateIssue', issue: 'TEA-2', summary: 'A new kettle', status: 'Done' }, { user: 'Bo' })
  await host.settled()
  t.match(JSON.parse(lastRequest(app).body), {
    user: { displayName: 'Bo' },
    changelog: {
      items: [
        { field: 'summary', fromString: 'Repair the kettle on the terrace', toString: 'A new kettle' },
        { field: 'status', fromString: 'To Do', toString: 'Done' }
      ]
    }
  })
  await host.act({ type: 'deleteIssue', issue: 'TEA-2' })
  await host.settled()
  t.equal(lastRequest(app).url, '/hooks/deleted?issue=TEA-2')
  t.equal(lastRequest(app).body, '', 'excludeBody')
  t.equal(changes, 2)

  app.requests.length = 0
  await host.act({ type: 'updateIssue', issue: 'TEA-1', status: 'In Progress' })
  await host.settled()
  t.equal(app.requests.length, 0, 'nothing has changed, so nothing is told')
  stop()
  await host.act({ type: 'createIssue', project: 'TEA', summary: 'Nobody listens' })
  t.equal(changes, 2)
  await host.disable()
  app.requests.length = 0
  await host.act({ type: 'commentIssue', issue: 'TEA-1', text: 'Quiet please.' })
  await host.settled()
  t.equal(app.requests.length, 0, 'a disabled app is told nothing')
})

t.test('who may not do something does not do it', async (t) => {
  const host = await startHost(t)
  await host.install(createAppDouble())
  const act = (user: string | null, issue: string) => host.act({ type: 'updateIssue', issue, summary: 'x' }, { user })
  await t.rejects(act('Cleo', 'TEA-1'), { message: 'Cleo may not change TEA-1.' })
  await t.rejects(act('Bo', 'VLT-1'), { message: /may not see it/ })
  await t.rejects(act(null, 'TEA-1'), { message: /anonymous/i })
  await t.rejects(host.act({ type: 'updatePage', page: '131073' }), { message: /nothing that is done in Jira/ })
  await host.act({ type: 'commentPage', page: '131073', text: 'Nice.' }, { site: 'confluence', user: 'Cleo' })
  const site = host.site('confluence')
  t.match(site.product === 'confluence' && site.state.pages[0]?.comments[0], { text: 'Nice.' })
})

t.test('closing the simulator ends the repeats', async (t) => {
  const host = await startHost(t, { webhookRetryDelayMs: 60_000 })
  const app = createAppDouble()
  await host.install(app)
  app.requests.length = 0
  app.answer = () => ({ status: 503 })
  await host.act({ type: 'updateIssue', issue: 'TEA-1', summary: 'x' })
  await host.close()
  t.equal(app.requests.length, 1)
})
