import t from 'tap'
import { lastRequest } from './app-double.ts'
import { bearerToken, exampleManifest, forgeScene } from './forge-scene.ts'

t.test('an event that fails comes four times more, a minute apart, with a reason and a fresh token', async (t) => {
  const waits: number[] = []
  const wait = (ms: number) => {
    waits.push(ms)
    scene.pass(ms)
  }
  const scene = await forgeScene(t, { manifest: exampleManifest, wait })
  const { host, app } = scene
  await host.forge.install(app)
  app.requests.length = 0
  const tokens = new Set<string>()
  const statuses = [500, 401, 302, 503, 429]
  app.answer = () => {
    tokens.add(bearerToken(app))
    return { status: statuses[app.requests.length - 1] ?? 204 }
  }
  const last = await host.forge.event(app, 'avi:jira:updated:issue', { issue: 'TEA-1', user: 'Bo' })
  t.equal(last.status, 429)
  t.same(waits, [60_000, 60_000, 60_000, 60_000])
  t.equal(tokens.size, 5)
  const bodies = app.requests.map(({ body }) => JSON.parse(body))
  t.match(bodies[0], {
    eventType: 'avi:jira:updated:issue',
    issue: { key: 'TEA-1' },
    atlassianId: '557058:bo-0002',
    retryContext: undefined
  })
  t.same(
    bodies.slice(1).map(({ retryContext }) => retryContext),
    [
      { retryCount: 1, retryReason: 'INVALID_REMOTE_INVOCATION_ERROR', retryData: null },
      { retryCount: 2, retryReason: 'INVALID_FORGE_INVOCATION_TOKEN', retryData: null },
      { retryCount: 3, retryReason: 'INVALID_REMOTE_INVOCATION_ERROR', retryData: null },
      { retryCount: 4, retryReason: 'INVALID_REMOTE_INVOCATION_ERROR', retryData: null }
    ]
  )
  t.notOk('x-forge-oauth-system' in lastRequest(app).headers, 'the endpoint does not ask for it')
})

t.test('an app that does not answer in time is asked again, and told why', async (t) => {
  const { host, app } = await forgeScene(t, { eventTimeoutMs: 30 })
  await host.forge.install(app)
  const bodies: string[] = []
  const slow = {
    async inject({ payload = '' }: { payload?: string }) {
      bodies.push(payload)
      if (bodies.length === 1) await new Promise(() => undefined)
      return { statusCode: 204, headers: {}, body: '' }
    }
  }
  t.equal((await host.forge.event(slow, 'avi:jira:created:issue', { path: '/hook', attempts: 2 })).status, 204)
  t.match(JSON.parse(bodies[1] ?? ''), { retryContext: { retryCount: 1, retryReason: 'TIMEOUT_ERROR' } })
})

t.test('an event may stand under "payload", and its body can be replaced', async (t) => {
  const { host, app, lastClaims } = await forgeScene(t, { eventShape: 'nested' })
  await host.forge.install(app)
  await host.forge.event(app, 'avi:x', { path: '/hook', endpoint: 'own', payload: { odd: 1 }, selfGenerated: true })
  t.same(JSON.parse(lastRequest(app).body), { payload: { eventType: 'avi:x', odd: 1, selfGenerated: true } })
  t.match((await lastClaims()).app, { module: { key: 'own' } })
})

t.test('only what a trigger lists is delivered, unless a path is named', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: exampleManifest })
  await host.forge.install(app)
  await t.rejects(host.forge.event(app, 'avi:jira:deleted:issue'), /No trigger of the manifest lists/)
  await t.rejects(host.forge.schedule(app, 'daily'), /no scheduled trigger "daily".*hourly/)
  host.forge.deploy({
    modules: { endpoint: [{ key: 'nowhere' }], trigger: [{ key: 't', endpoint: 'nowhere', events: ['avi:x'] }] }
  })
  await t.rejects(host.forge.event(app, 'avi:x'), /has no route/)
  t.throws(() => host.forge.deploy({ modules: { trigger: [{ key: 't', endpoint: 'lost', events: [] }] } }), /"lost"/)
})

t.test('what happens on a site reaches the triggers, beside the webhooks of Connect', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: exampleManifest })
  await host.install(app)
  await host.forge.upgrade(app, { to: 'connect-on-forge' })
  const told = async () => {
    app.requests.length = 0
    await host.act({ type: 'updateIssue', issue: 'TEA-1', summary: `At ${Math.random()}` }, { user: 'Bo' })
    await host.settled()
    return app.requests.map(({ url }) => url).sort()
  }
  t.same(await told(), ['/forge/changes', '/hooks/updated?issue=TEA-1'])
  const event = JSON.parse(app.requests.find(({ url }) => url === '/forge/changes')?.body ?? '')
  t.match(event, { selfGenerated: false, changelog: { items: [{ field: 'summary' }] } })
  await host.forge.upgrade(app)
  t.same(await told(), ['/forge/changes'])

  const change = { method: 'POST', body: JSON.stringify({ body: 'By the app.' }) }
  const headers = { authorization: `Bearer ${await host.forge.systemToken()}` }
  await fetch(`${host.url}/ex/jira/${host.site().cloudId}/rest/api/2/issue/TEA-1/comment`, { ...change, headers })
  await host.settled()
  t.match(JSON.parse(lastRequest(app).body), { eventType: 'avi:jira:commented:issue', selfGenerated: true })
})

t.test('a scheduled trigger runs once, with the system token and no user', async (t) => {
  const { host, app, lastClaims } = await forgeScene(t, { manifest: exampleManifest })
  await host.forge.install(app)
  app.requests.length = 0
  app.answer = () => ({ status: 500 })
  t.match(await host.forge.schedule(app, 'hourly'), { kind: 'scheduled', status: 500 })
  t.equal(app.requests.length, 1)
  t.match(lastRequest(app), { url: '/forge/beat', headers: { 'x-forge-oauth-system': /./ } })
  t.match(JSON.parse(lastRequest(app).body), { context: { cloudId: host.site().cloudId, moduleKey: 'hourly' } })
  t.match((await lastClaims()).app, { module: { type: 'core:endpoint', key: 'beat' } })
  await host.forge.schedule(app, 'hourly', { attempts: 2 })
  t.equal(app.requests.length, 3)
})

t.test('a move to another region is asked three times, unless the app says what is wrong', async (t) => {
  const waits: number[] = []
  const { host, app } = await forgeScene(t, { manifest: exampleManifest, wait: (ms) => void waits.push(ms) })
  await host.forge.install(app)
  app.requests.length = 0
  await host.forge.dataResidency(app, 'schedule', { migrationId: 7 })
  t.match(lastRequest(app), { method: 'POST', url: '/forge/dare/schedule' })
  t.match(JSON.parse(lastRequest(app).body), { migrationId: 7, location: 'EU', startTime: /^\d{4}-.*Z$/ })
  t.notOk('x-forge-oauth-system' in lastRequest(app).headers)
  await host.forge.dataResidency(app, 'status', { migrationId: 7 })
  t.match(lastRequest(app), { method: 'GET', url: '/forge/dare/status?migrationId=7', body: '' })

  app.requests.length = 0
  app.answer = () => ({ status: 503 })
  await host.forge.dataResidency(app, 'commit')
  t.equal(app.requests.length, 3)
  t.same(waits, [5000, 5000])
  app.answer = () => ({ status: 503, body: '{"errorResponseCode":"E0004"}' })
  await host.forge.dataResidency(app, 'rollback')
  t.equal(app.requests.length, 4)
})

t.test('closing the simulator ends the repeats', async (t) => {
  const { host, app } = await forgeScene(t, { manifest: exampleManifest })
  await host.forge.install(app)
  app.requests.length = 0
  let closing: Promise<void> | undefined
  app.answer = () => {
    closing ??= host.close()
    return { status: 500 }
  }
  await host.forge.event(app, 'avi:jira:updated:issue')
  await closing
  t.equal(app.requests.length, 1)
})
