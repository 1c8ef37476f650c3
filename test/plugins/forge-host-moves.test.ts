import { requireTenant } from 'fastify-atlassian'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { buildApp, createTestClock } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

/** An app with both parts on the simulated host, with the routes that a migration needs. */
async function scene(t: Test, clientKeyShape: 'text' | 'object' = 'text') {
  const clock = createTestClock()
  const host = await createHostSimulator({ clock, forge: { clientKeyShape } })
  t.teardown(() => host.close())
  const made = await buildApp(t, {
    host,
    clock,
    forge: { ...host.forge.connectOptions(), keepAlivePath: '/forge/keep-alive' },
    routes(app) {
      const either = app.atlassian.protect(['context', 'forge'])
      app.get('/tenant', either, async (request) => requireTenant(request).tenantId)
      app.get('/me', either, async (request) => request.hostClient().asUser().get('/rest/api/3/myself'))
      app.get('/issue', either, async (request) => request.hostClient().get('/rest/api/3/issue/TEA-1'))
      const preHandler = app.atlassian.authorizeJira({ project: 'EDIT_ISSUES' })
      app.get('/edit', { ...either, preHandler }, async (request) => request.authorized)
    }
  })
  const keepAlive = () => host.forge.schedule(made.app, 'hourly', { path: '/forge/keep-alive' })
  return { ...made, keepAlive }
}

const moves = [
  ['text', 'first'],
  ['text', 'last'],
  ['text', 'never'],
  ['object', 'never']
] as const

for (const [shape, hook] of moves) {
  t.test(`a site moves with the hook ${hook} and the key as ${shape}: one tenant, with its data`, async (t) => {
    const { app, host, keepAlive } = await scene(t, shape)
    await installed(host, app)
    const { body: before } = await host.callApp('/tenant')
    const { clientKey } = host.site('jira')
    await (await app.atlassian.tenants.find({ clientKey }))?.settings.set('cups', 3)
    const installation = await host.forge.upgrade(app, { to: 'connect-on-forge', hook })
    t.equal((await keepAlive()).status, 204)
    let after = ''
    for (let tries = 0; tries < 100 && after !== before; tries++) {
      after = (await host.forge.invokeRemote(app, '/tenant', { user: 'Bo', issue: 'TEA-1' })).body
      if (after !== before) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    t.equal(after, before)
    const byForge = await app.atlassian.tenants.find({ installationId: installation.id })
    t.equal(await byForge?.settings.get('cups'), 3)
    await host.forge.upgrade(app, { to: 'forge' })
    t.equal((await host.forge.invokeRemote(app, '/tenant')).body, before)
  })
}

t.test('handlers written for Connect call the product of a Forge call, as the app and as the user', async (t) => {
  const { app, host, lines } = await scene(t)
  await host.forge.install(app)
  const me = await host.forge.invokeRemote(app, '/me', { user: 'Bo', issue: 'TEA-1' })
  t.equal(me.status, 200, lines.slice(-5).join(''))
  t.match(JSON.parse(me.body), { accountId: host.users[1]?.accountId })
  t.match(JSON.parse((await host.forge.invokeRemote(app, '/issue', { user: 'Bo' })).body), { key: 'TEA-1' })
  const may = await host.forge.invokeRemote(app, '/edit', { user: 'Bo', issue: 'TEA-1' })
  t.match([may.status, JSON.parse(may.body)], [200, { issueId: '10001' }], lines.slice(-5).join(''))
  t.equal((await host.forge.invokeRemote(app, '/edit', { user: 'Cleo', issue: 'TEA-1' })).status, 403)
})

t.test('a job lives from keep-alive to keep-alive, acts as users, and says what is wrong when it stops', async (t) => {
  const { app, host, keepAlive, clock } = await scene(t)
  const { id } = await host.forge.install(app)
  const job = app.atlassian.hostClient({ installationId: id })
  await t.rejects(job.get('/rest/api/3/issue/TEA-1'), { code: 'ATL_NO_TENANT' }, 'nobody has called')
  for (let hour = 0; hour < 10; hour++) {
    t.equal((await keepAlive()).status, 204)
    t.match(await job.get('/rest/api/3/issue/TEA-1'), { key: 'TEA-1' })
    clock.advanceSeconds(3600)
  }
  const [, bo] = host.users
  t.match(await job.asUser(bo?.accountId).get('/rest/api/3/myself'), { accountId: bo?.accountId })
  clock.advanceSeconds(4 * 3600)
  await t.rejects(job.get('/rest/api/3/issue/TEA-1'), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
  await keepAlive()
  host.forge.revokeTokens()
  await t.rejects(job.get('/rest/api/3/issue/TEA-1'), { code: 'ATL_HOST_STATUS', status: 401 })
  await t.rejects(job.get('/rest/api/3/issue/TEA-1'), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
  t.equal((await keepAlive()).status, 204)
  t.match(await job.get('/rest/api/3/issue/TEA-1'), { key: 'TEA-1' })
})

t.test('a stored token that is revoked is passed over, once a newer one came with another call', async (t) => {
  const { app, host, keepAlive } = await scene(t)
  await host.forge.install(app)
  await keepAlive()
  host.forge.revokeTokens()
  t.equal((await host.forge.invokeRemote(app, '/issue', { user: 'Bo' })).status, 200)
  t.equal((await host.forge.invokeRemote(app, '/issue', { user: 'Bo', systemToken: null })).status, 200)
})
