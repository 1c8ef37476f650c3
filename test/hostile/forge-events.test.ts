import t from 'tap'
import { ACCOUNT_ID, EVENT, INSTALLATION } from '../helpers/forge.ts'
import { BARE_INSTALLATION, buildEventApp, issueUpdated } from '../helpers/forge-events.ts'
import { installed } from '../plugins/lifecycle-sender.ts'
import { until } from '../plugins/until.ts'

const OTHER = '11111111-2222-4333-8444-555555555555'

t.test('a body that names another installation, app or environment than the token is refused', async (t) => {
  const scene = await buildEventApp(t)
  const foreign = [
    { id: OTHER },
    { id: `ari:cloud:ecosystem::installation/${OTHER}` },
    { id: 'not an id' },
    { id: [BARE_INSTALLATION] },
    { payload: { id: OTHER } },
    { id: BARE_INSTALLATION, app: { id: OTHER } },
    { id: BARE_INSTALLATION, environment: { id: OTHER } }
  ]
  for (const body of foreign) {
    for (const url of ['/forge/lifecycle/installed', '/forge/lifecycle/upgraded']) {
      const answer = await scene.send(body, { url })
      t.equal(answer.statusCode, 403, JSON.stringify(body))
      t.match(answer.json(), { code: 'ATL_FORBIDDEN' })
    }
  }
  t.strictSame(scene.heard, [])
  t.equal(await scene.store.find({ installationId: `ari:cloud:ecosystem::installation/${OTHER}` }), null)
})

t.test('a life-cycle event binds no clientKey that its body names', async (t) => {
  const scene = await buildEventApp(t)
  await installed(scene.host, scene.app)
  const { clientKey } = scene.host.site()
  const victim = await scene.store.find({ clientKey })
  const body = { id: BARE_INSTALLATION, clientKey, tenantId: victim?.tenantId, context: { cloudId: OTHER, clientKey } }
  t.equal((await scene.send(body, { url: '/forge/lifecycle/installed' })).statusCode, 204)
  await until(() => scene.heard.length === 1)
  t.not(scene.heard[0]?.tenant.tenantId, victim?.tenantId)
  t.equal(scene.heard[0]?.tenant.clientKey, null)
  t.not(scene.heard[0]?.tenant.cloudId, OTHER)
  t.same(await scene.store.find({ clientKey }), victim)
})

t.test('a call of a page opens no route for events, with a user or without', async (t) => {
  const scene = await buildEventApp(t, { events: { scheduled: { endpoints: ['nightly'] } } })
  const urls = [
    '/forge/lifecycle/installed',
    '/forge/lifecycle/upgraded',
    '/forge/lifecycle/pre-uninstall',
    '/forge/events',
    '/forge/scheduled'
  ]
  const pages = [
    {},
    { principal: undefined },
    { principal: undefined, app: { module: { type: 'jira:issuePanel', key: 'nightly' } } },
    { principal: undefined, app: { module: { type: 'jira:issuePanel', key: 'core:endpoint' } } },
    { ...EVENT, principal: ACCOUNT_ID }
  ]
  for (const url of urls) {
    for (const claims of pages) {
      const answer = await scene.send({ id: BARE_INSTALLATION }, { url, token: await scene.token(claims) })
      t.equal(answer.statusCode, 403, `${url} ${JSON.stringify(claims)}`)
    }
  }
  t.strictSame(scene.heard, [])
})

t.test('a route that names its endpoints is called by no other', async (t) => {
  const scene = await buildEventApp(t, { events: { scheduled: { endpoints: ['nightly'] } } })
  const send = (key: string) =>
    scene.send(
      { context: {} },
      { url: '/forge/scheduled', claims: { app: { module: { type: 'core:endpoint', key } } } }
    )
  t.equal((await send('events')).statusCode, 403)
  t.equal((await send('nightly')).statusCode, 204)
})

t.test('a token elsewhere than in Authorization, or a bad one, is 401 before the body is read', async (t) => {
  const scene = await buildEventApp(t)
  const token = await scene.eventToken()
  const places = [
    { url: `/forge/events?token=${token}`, headers: {} },
    { url: '/forge/events', headers: { cookie: `token=${token}` } },
    { url: '/forge/events', headers: { 'x-forge-oauth-system': token } },
    { url: '/forge/events', headers: { authorization: `JWT ${token}` } },
    { url: '/forge/events', headers: { authorization: `Bearer ${token.slice(0, -3)}abc` } }
  ]
  for (const place of places) {
    const answer = await scene.app.inject({ method: 'POST', ...place, payload: '{broken' })
    t.equal(answer.statusCode, 401, place.url)
    t.match(answer.headers['content-type'], /^application\/json/)
  }
  scene.clock.advanceSeconds(60)
  t.equal((await scene.send(issueUpdated(), { token })).statusCode, 401, 'an old token with a fresh body')
  t.strictSame(scene.heard, [])
})

t.test('the same token with the same event is handled once', async (t) => {
  const scene = await buildEventApp(t)
  const bodies: [string, unknown][] = [
    ['/forge/events', issueUpdated()],
    ['/forge/events', { eventType: 'avi:jira:viewed:issue', issue: { id: '1' } }],
    ['/forge/lifecycle/installed', { id: BARE_INSTALLATION }],
    ['/forge/scheduled', { context: { moduleKey: 'job' } }]
  ]
  for (const [url, body] of bodies) {
    const token = await scene.eventToken()
    for (let times = 0; times < 3; times++) {
      scene.clock.advanceSeconds(5)
      t.equal((await scene.send(body, { url, token })).statusCode, 204)
    }
  }
  await until(() => scene.heard.length >= bodies.length)
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(scene.heard.length, bodies.length, scene.heard.map(({ event }) => event).join())
})

t.test('what a body hides does not reach the prototype, and one that is no event is 400', async (t) => {
  const scene = await buildEventApp(t)
  const raw = (payload: string) => scene.send(null, { inject: { payload } })
  t.equal((await raw('{"eventType":"avi:jira:updated:issue","__proto__":{"selfGenerated":true}}')).statusCode, 204)
  await until(() => scene.heard.length === 1)
  t.equal(scene.heard[0]?.selfGenerated, false)
  for (const payload of ['{broken', '[]', '"text"', '1', 'null']) t.equal((await raw(payload)).statusCode, 400, payload)
  t.equal((await raw(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)).statusCode, 400)
})

t.test('an event of one installation is never taken for one of another', async (t) => {
  const scene = await buildEventApp(t)
  const id = `ari:cloud:ecosystem::installation/${OTHER}`
  const apiBaseUrl = `https://api.atlassian.com/ex/jira/${OTHER}`
  const contexts = [{ name: 'jira', apiBaseUrl, cloudId: OTHER }]
  const module = { type: 'core:endpoint', key: 'events' }
  const claims = { app: { installationId: id, apiBaseUrl, installation: { id, contexts }, module } }
  await scene.send(issueUpdated(), { claims })
  await scene.send(issueUpdated())
  await until(() => scene.heard.length === 2)
  t.strictSame(scene.heard.map(({ installationId }) => installationId).sort(), [INSTALLATION, id].sort())
  t.not(scene.heard[0]?.tenant.tenantId, scene.heard[1]?.tenant.tenantId)
})

t.test('an event that is named like a member of every object is one of its path, like any other', async (t) => {
  const scene = await buildEventApp(t)
  for (const eventType of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    t.equal((await scene.send({ eventType })).statusCode, 204, eventType)
  }
})
