// connect.md 9.1, entry 24: deliveries and install tokens that come a second time.
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { everything, forget, installedApp, lifecycleBody, lifecycleCall, refuses } from './attack.ts'

t.test('an install token that comes again with its own body is answered and changes nothing', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira, store } = scene
  const call = lifecycleCall(await host.sign.installToken(), lifecycleBody(jira, { sharedSecret: 'a-new-one' }))
  t.equal((await app.inject(call)).statusCode, 204)
  const before = await everything(store)
  forget(scene)
  for (let again = 0; again < 3; again++) t.equal((await app.inject(call)).statusCode, 204)
  t.equal(await everything(store), before)
  t.strictSame(scene.writes, [])
})

t.test('a replayed install does not bring a secret back that was rotated away', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira, store } = scene
  const first = lifecycleCall(await host.sign.installToken(), lifecycleBody(jira, { sharedSecret: 'leaked' }))
  t.equal((await app.inject(first)).statusCode, 204)
  // In the same second, so that only the memory of used tokens tells them apart.
  t.equal((await host.rotateSecret()).status, 204)
  const before = await everything(store)
  t.equal((await app.inject(first)).statusCode, 204)
  t.equal(await everything(store), before)
  const leaked = await host.sign.contextToken({
    key: 'leaked',
    claims: { exp: Math.floor(scene.clock() / 1000) + 900 }
  })
  scene.clock.advanceSeconds(16 * 60)
  t.equal((await app.inject({ url: '/api', headers: { authorization: `JWT ${leaked}` } })).statusCode, 401)
})

t.test('a replayed install revives no tenant, and a replayed uninstall ends none', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira, store } = scene
  const install = lifecycleCall(await host.sign.installToken(), lifecycleBody(jira))
  t.equal((await app.inject(install)).statusCode, 204)
  const uninstall = lifecycleCall(
    await host.sign.installToken({ url: '/uninstalled' }),
    lifecycleBody(jira, { eventType: 'uninstalled', sharedSecret: undefined }),
    '/uninstalled'
  )
  t.equal((await app.inject(uninstall)).statusCode, 204)
  const ended = await everything(store)
  t.equal((await app.inject(install)).statusCode, 204, 'the install comes again')
  t.equal(await everything(store), ended)
  t.equal((await host.openPage('panel')).status, 401, 'and the tenant stays ended')

  t.equal((await host.install()).status, 204, 'a real reinstall')
  const alive = await everything(store)
  t.equal((await app.inject(uninstall)).statusCode, 204, 'the uninstall comes again')
  t.equal(await everything(store), alive)
  t.equal((await host.openPage('panel')).status, 200, 'and the tenant lives on')
})

t.test('after an uninstall and a new install the secret before is worth nothing, not for a moment', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira } = scene
  const old = await host.contextToken()
  await host.uninstall()
  const install = lifecycleCall(await host.sign.installToken(), lifecycleBody(jira, { sharedSecret: 'another-one' }))
  t.equal((await app.inject(install)).statusCode, 204)
  t.equal((await app.inject({ url: '/api', headers: { authorization: `JWT ${old}` } })).statusCode, 401)
  const fresh = await host.sign.contextToken({ key: 'another-one' })
  t.equal((await app.inject({ url: '/api', headers: { authorization: `JWT ${fresh}` } })).statusCode, 200)
})

t.test('used install tokens are remembered by the store and not by the process', async (t) => {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const first = await installedApp(t, { store: memory })
  const { host, jira, clock } = first
  const token = await host.sign.installToken()
  t.equal((await first.app.inject(lifecycleCall(token, lifecycleBody(jira)))).statusCode, 204)
  const second = await buildApp(t, { host, clock, store: memory })
  const altered = lifecycleCall(token, lifecycleBody(jira, { sharedSecret: 'taken-over-by-a-stranger' }))
  await refuses(t, { ...second, jira, wiki: first.wiki, store: memory }, altered)
})

t.test('a webhook that is delivered twice is handled once', async (t) => {
  const seen: string[] = []
  const scene = await installedApp(t, {
    webhooks: { mode: 'await' },
    routes: (app) => void app.atlassian.events.on('jira:issue_updated', ({ tenant }) => seen.push(tenant.clientKey))
  })
  const { host, jira } = scene
  for (let time = 0; time < 3; time++) {
    const { status } = await host.sendWebhook('jira:issue_updated', { identifier: 'the-same' })
    t.equal(status, 204)
  }
  await Promise.all(
    Array.from({ length: 5 }, () => host.sendWebhook('jira:issue_updated', { identifier: 'at-the-same-moment' }))
  )
  t.strictSame(seen, [jira.clientKey, jira.clientKey])
})

t.test('an identifier of one tenant hides no delivery of another', async (t) => {
  const seen: string[] = []
  const { app, host, jira, wiki } = await installedApp(t, {
    webhooks: { mode: 'await' },
    routes: (app) => void app.atlassian.events.on('*', ({ tenant }) => seen.push(tenant.clientKey))
  })
  for (const site of ['jira', 'confluence']) {
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/hook',
      headers: {
        authorization: `JWT ${await host.sign.webhookToken({ url: '/hook', site })}`,
        'content-type': 'application/json',
        'x-atlassian-webhook-identifier': 'the-same'
      },
      payload: '{"webhookEvent":"jira:issue_updated"}'
    })
    t.equal(statusCode, 204)
  }
  t.strictSame(seen, [jira.clientKey, wiki.clientKey])
})
