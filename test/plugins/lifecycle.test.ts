import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { isAlive } from '../../lib/tenant/tenant.ts'
import { APP_KEY, buildApp, createTestClock } from '../helpers/app.ts'
import { findConnect } from '../helpers/find-connect.ts'
import { installed, lifecycleBody, lifecycleToken, sendLifecycle } from './lifecycle-sender.ts'

const clock = createTestClock()
const host = await createHostSimulator({ clock })
t.teardown(() => host.close())

/** An app that is installed, with a clock that both sides share. */
async function installedApp(t: Test, options: Parameters<typeof buildApp>[1] = {}) {
  const made = await buildApp(t, { host, clock, ...options })
  await installed(made.host, made.app)
  const record = () => findConnect(made.store, { clientKey: made.host.site().clientKey })
  const page = async (key?: string) => {
    const token = await made.host.sign.pageToken({ url: '/panel', ...(key === undefined ? {} : { key }) })
    return (await made.app.inject(`/panel?jwt=${token}`)).statusCode
  }
  const nowSeconds = () => Math.floor(clock() / 1000)
  return { ...made, record, page, nowSeconds }
}

t.test('a first install writes one whole record and answers 204 with nothing in it', async (t) => {
  const { app, store } = await buildApp(t, { host, clock })
  const answer = await installed(host, app)
  t.equal(answer.responseBody, '')
  const site = host.site()
  const tenant = await findConnect(store, { clientKey: site.clientKey })
  t.match(tenant, {
    appKey: APP_KEY,
    clientKey: site.clientKey,
    cloudId: null,
    product: 'jira',
    baseUrl: site.baseUrl,
    displayUrl: site.baseUrl,
    previousSecret: null,
    secretVersion: 1,
    installations: [{ platform: 'connect', state: 'installed', enabled: true, endedAtMs: null }],
    possiblySupersededBy: null,
    adoptedBy: null,
    createdAtMs: clock()
  })
  t.match(tenant.tenantId, /^[0-9a-f-]{36}$/)
  t.equal(tenant.sharedSecret.reveal(), site.sharedSecret)
})

t.test('only members that we know are stored', async (t) => {
  const { app, store } = await installedApp(t)
  const answer = await sendLifecycle(app, host, 'installed', {
    clientKey: 'other',
    body: { description: 'written by an admin', publicKey: 'pk', extra: { a: 1 }, entitlementId: 'ent-1' }
  })
  t.equal(answer.statusCode, 204)
  const tenant = await store.find({ clientKey: 'other' })
  t.equal(tenant?.entitlementId, 'ent-1')
  t.notMatch(JSON.stringify(tenant), /written by an admin|extra|"pk"/)
})

t.test('an update keeps tenant, secret and enabled state, and takes the new names', async (t) => {
  const { app, record, page } = await installedApp(t)
  const before = await record()
  await host.disable()
  clock.advanceSeconds(60)
  const answer = await sendLifecycle(app, host, 'installed', { body: { displayUrl: 'https://tea.example.com' } })
  t.equal(answer.statusCode, 204)
  const after = await record()
  t.equal(after.tenantId, before.tenantId)
  t.equal(after.secretVersion, before.secretVersion)
  t.equal(after.displayUrl, 'https://tea.example.com')
  t.equal(after.installations[0]?.enabled, false)
  t.equal(after.previousSecret, null)
  t.equal(await page(), 200)
})

t.test('after a rotation the previous secret verifies for its window and not a moment longer', async (t) => {
  const { record, page, app } = await installedApp(t)
  const old = host.site().sharedSecret
  clock.advanceSeconds(10)
  t.equal((await host.rotateSecret()).status, 204)
  t.not(host.site().sharedSecret, old)
  t.equal((await record()).secretVersion, 2)
  t.equal(await page(), 200)
  t.equal(await page(old), 200, 'a page that was signed just before')
  const webhook = await host.sign.webhookToken({ url: '/own-webhook', key: old })
  const headers = { authorization: `JWT ${webhook}` }
  t.equal((await app.inject({ method: 'POST', url: '/own-webhook', headers })).statusCode, 200)
  clock.advanceSeconds(899)
  t.equal(await page(old), 200)
  clock.advanceSeconds(1)
  t.equal(await page(old), 401)
  t.equal(await page(), 200)
})

t.test('of two rotations only the last secret but one is kept', async (t) => {
  const { page } = await installedApp(t)
  const first = host.site().sharedSecret
  clock.advanceSeconds(1)
  await host.rotateSecret()
  const second = host.site().sharedSecret
  clock.advanceSeconds(1)
  await host.rotateSecret()
  t.strictSame([await page(first), await page(second), await page()], [401, 200, 200])
})

t.test('the window can be switched off', async (t) => {
  const { page } = await installedApp(t, { tokens: { previousSecretSeconds: 0 } })
  const old = host.site().sharedSecret
  await host.rotateSecret()
  t.strictSame([await page(old), await page()], [401, 200])
})

t.test('an uninstall marks and keeps: pages are refused, the record stays, a reinstall revives it', async (t) => {
  const { record, page } = await installedApp(t)
  const before = await record()
  clock.advanceSeconds(5)
  t.equal((await host.uninstall()).status, 204)
  t.equal(await page(), 401)
  const ended = await record()
  t.equal(ended.tenantId, before.tenantId)
  t.equal(ended.sharedSecret.reveal(), before.sharedSecret.reveal())
  t.match(ended.installations[0], { state: 'uninstalled', enabled: false, endedAtMs: clock() })
  clock.advanceSeconds(5)
  t.equal((await host.install()).status, 204)
  const revived = await record()
  t.equal(revived.tenantId, before.tenantId)
  t.match(revived.installations, [{ state: 'installed', enabled: true, endedAtMs: null }])
  t.equal(revived.installations.length, 1)
  t.equal(await page(), 200)
})

t.test('the secret from before an uninstall is refused after a reinstall with another, at once', async (t) => {
  const { app, page, record } = await installedApp(t)
  const old = host.site().sharedSecret
  clock.advanceSeconds(1)
  await host.rotateSecret()
  const last = host.site().sharedSecret
  clock.advanceSeconds(1)
  await host.uninstall()
  clock.advanceSeconds(1)
  t.equal((await sendLifecycle(app, host, 'installed', { sharedSecret: 'a-completely-new-secret' })).statusCode, 204)
  t.equal((await record()).previousSecret, null)
  t.strictSame([await page(old), await page(last), await page('a-completely-new-secret')], [401, 401, 200])
})

t.test('a known tenant ends in the state of its newest call, in whatever order the calls arrive', async (t) => {
  const orders = permutations(['installed', 'enabled', 'disabled', 'uninstalled'] as const)
  t.equal(orders.length, 24)
  const { app, store } = await buildApp(t, { host, clock })
  await installed(host, app)
  const base = Math.floor(clock() / 1000)
  for (const [index, order] of orders.entries()) {
    const clientKey = `client-${index}`
    const sharedSecret = `secret-${index}`
    const call = { clientKey, sharedSecret }
    t.equal((await sendLifecycle(app, host, 'installed', { ...call, iat: base - 20 })).statusCode, 204)
    const statuses: Record<string, number> = {}
    for (const event of order) {
      // The host sent the update at -10 and the uninstall at -5; the others tell no order.
      const iat = { installed: base - 10, uninstalled: base - 5, enabled: base - 9, disabled: base - 6 }[event]
      statuses[event] = (await sendLifecycle(app, host, event, { ...call, iat })).statusCode
    }
    const overtaken = order.indexOf('uninstalled') < order.indexOf('installed')
    t.strictSame(
      statuses,
      { ...statuses, installed: overtaken ? 401 : 204, uninstalled: 204, enabled: 204, disabled: 204 },
      order.join()
    )
    const tenant = await findConnect(store, { clientKey })
    t.equal(tenant.installations.length, 1)
    t.match(tenant.installations[0], { state: 'uninstalled', enabled: false }, order.join())
    t.equal(tenant.sharedSecret.reveal(), sharedSecret)
  }
})

t.test('a late disabled after the uninstall is told and revives nothing, an unsigned one is 401', async (t) => {
  const { app, record, page } = await installedApp(t)
  clock.advanceSeconds(1)
  await host.uninstall()
  const before = await record()
  t.equal((await sendLifecycle(app, host, 'disabled')).statusCode, 204)
  t.equal((await sendLifecycle(app, host, 'enabled')).statusCode, 204)
  t.notOk(isAlive(await record()))
  t.equal(await page(), 401)
  const unsigned = await record()
  for (const event of ['disabled', 'uninstalled', 'enabled', 'installed'] as const)
    t.equal((await sendLifecycle(app, host, event, { token: '' })).statusCode, 401, event)
  t.equal((await record()).version, unsigned.version)
  t.equal((await record()).secretVersion, before.secretVersion)
})

t.test('disabled refuses nothing by itself', async (t) => {
  const { record, page } = await installedApp(t)
  t.equal((await host.disable()).status, 204)
  t.equal((await record()).installations[0]?.enabled, false)
  t.equal(await page(), 200)
  t.equal((await host.enable()).status, 204)
  t.equal((await record()).installations[0]?.enabled, true)
})

t.test('an older install token is 401 and writes nothing, also after a restart', async (t) => {
  const { app, store, page, record, nowSeconds } = await installedApp(t)
  clock.advanceSeconds(30)
  const { version } = await record()
  const old = { iat: nowSeconds() - 60, sharedSecret: 'an-old-secret' }
  const again = await buildApp(t, { host, store, clock })
  for (const each of [app, again.app]) {
    t.equal((await sendLifecycle(each, host, 'installed', old)).statusCode, 401)
    t.equal((await sendLifecycle(each, host, 'uninstalled', old)).statusCode, 401)
  }
  t.equal((await record()).version, version)
  t.equal(await page(), 200)
})

t.test('an install token of the same second wins if it comes later', async (t) => {
  const { app, record, page, nowSeconds } = await installedApp(t)
  for (const sharedSecret of ['second-secret-of-this-second', 'third-secret-of-this-second']) {
    t.equal((await sendLifecycle(app, host, 'installed', { iat: nowSeconds(), sharedSecret })).statusCode, 204)
    t.equal((await record()).sharedSecret.reveal(), sharedSecret)
    t.equal(await page(sharedSecret), 200)
  }
})

t.test('the same install token is 204 and writes nothing with the same body, and 401 with another', async (t) => {
  const { app, record } = await installedApp(t)
  clock.advanceSeconds(1)
  const token = await lifecycleToken(host, 'installed')
  t.equal((await sendLifecycle(app, host, 'installed', { token })).statusCode, 204)
  const { version } = await record()
  t.equal((await sendLifecycle(app, host, 'installed', { token })).statusCode, 204)
  t.equal((await record()).version, version)
  for (const body of [{ sharedSecret: 'changed-by-someone' }, { displayUrl: 'https://evil.example.com' }])
    t.equal((await sendLifecycle(app, host, 'installed', { token, body })).statusCode, 401)
  t.equal((await record()).version, version)

  // A newer call in between makes the replay old news, and it still changes nothing.
  clock.advanceSeconds(1)
  await host.rotateSecret()
  const rotated = await record()
  const replay = await sendLifecycle(app, host, 'installed', { token, body: { sharedSecret: 'x'.repeat(20) } })
  t.equal(replay.statusCode, 401)
  t.equal((await record()).version, rotated.version)
})

t.test('an install token does for its own route only', async (t) => {
  const { app, record } = await installedApp(t)
  clock.advanceSeconds(1)
  const { version } = await record()
  const token = await lifecycleToken(host, 'installed')
  t.equal((await sendLifecycle(app, host, 'uninstalled', { token })).statusCode, 401)
  const crossed = await app.inject({
    method: 'POST',
    url: '/installed',
    headers: { authorization: `JWT ${token}` },
    payload: lifecycleBody(host, 'uninstalled')
  })
  t.equal(crossed.statusCode, 400, 'the body speaks of another event')
  t.equal((await record()).version, version)
})

t.test('everything that refuses without a key comes before the key is fetched', async (t) => {
  const { app } = await installedApp(t)
  clock.advanceSeconds(1)
  const { app: fresh, store } = await buildApp(t, { host, clock })
  const keys = () => host.exchanges.filter(({ kind }) => kind === 'key').length
  const before = keys()
  const wrong = [
    { claims: { aud: ['https://other.example.com'] } },
    { claims: { iss: 'another' } },
    { claims: { qsh: 'context-qsh' } },
    { claims: { qsh: '0'.repeat(64) } },
    { claims: { exp: 1, iat: 0 } },
    { body: { key: 'another-app' } },
    { body: { eventType: 'uninstalled' } },
    { body: { baseUrl: 'https://evil.example.com' } },
    { body: { sharedSecret: '' } },
    { token: await host.sign.installToken({ header: { kid: '../evil' } }) },
    { token: await host.sign.installToken({ header: { alg: 'HS256' }, key: host.site().sharedSecret }) }
  ]
  for (const call of wrong) {
    const { statusCode } = await sendLifecycle(fresh, host, 'installed', call)
    t.ok([400, 401, 403].includes(statusCode), `${JSON.stringify(Object.keys(call))} ${statusCode}`)
  }
  t.equal(keys(), before)
  t.strictSame(await store.list({ limit: 10 }), [])
  t.ok(app)
})

t.test('a site that may not install is 403, and its name is in no answer', async (t) => {
  const { app } = await installedApp(t)
  const answer = await sendLifecycle(app, host, 'installed', { body: { baseUrl: 'https://evil.example.com' } })
  t.equal(answer.statusCode, 403)
  t.match(answer.json(), { code: 'ATL_HOST_NOT_ALLOWED' })
  t.notOk(answer.body.includes('evil'))
})

t.test('Confluence installs with its context path', async (t) => {
  const { app, store } = await buildApp(t, { host, clock })
  await installed(host, app, 'confluence')
  const tenant = await store.find({ clientKey: host.site('confluence').clientKey })
  t.match(tenant, { product: 'confluence', baseUrl: `${host.site('confluence').origin}/wiki` })
})

t.test('a Forge installation id becomes a name of the same tenant', async (t) => {
  const { app, store, record } = await installedApp(t)
  const before = await record()
  clock.advanceSeconds(1)
  const installationId = 'ari:cloud:ecosystem::installation/1'
  t.equal((await sendLifecycle(app, host, 'installed', { body: { installationId } })).statusCode, 204)
  const after = await record()
  t.equal(after.tenantId, before.tenantId)
  t.equal(after.installations.length, 1)
  t.equal((await store.find({ installationId }))?.tenantId, before.tenantId)
  t.equal((await app.atlassian.tenants.find({ installationId }))?.tenantId, before.tenantId)
})

t.test(
  'a life-cycle path may hold a secret of the app in its query: the route is the path, the hash covers all',
  async (t) => {
    const { app } = await buildApp(t, {
      host,
      clock,
      descriptorMembers: { lifecycle: { installed: '/installed?key=app-made-secret', uninstalled: '/uninstalled' } }
    })
    t.equal((await host.install(app)).status, 204)
    const token = await host.sign.installToken({ url: '/installed' })
    const url = '/installed?key=app-made-secret'
    t.equal((await sendLifecycle(app, host, 'installed', { token, url })).statusCode, 401)
  }
)

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest])
  )
}
