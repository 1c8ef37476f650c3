import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { buildApp, createTestClock } from '../helpers/app.ts'

const DAY = 86_400

async function scene(t: Test) {
  const clock = createTestClock()
  const host = await createHostSimulator({ clock })
  t.teardown(() => host.close())
  const erased: string[] = []
  const made = await buildApp(t, {
    host,
    clock,
    environment: 'production',
    unsafeAllowInsecureHostsInProduction: true,
    personalData: { erase: ({ accountId }) => void erased.push(accountId) },
    forge: { ...host.forge.connectOptions(), keepAlivePath: '/forge/keep-alive' },
    routes(app) {
      const { protect, requireLicense } = app.atlassian
      const either = protect(['context', 'forge'])
      app.get('/paid', { ...either, preHandler: requireLicense() }, async ({ license }) => license)
      app.get('/strict', { ...either, preHandler: requireLicense({ graceDays: 0 }) }, async () => 'yes')
    }
  })
  return { ...made, erased }
}

t.test('a token of Forge tells the license, and in production its absence is none', async (t) => {
  const { app, host, clock } = await scene(t)
  host.setLicense({ active: true })
  await host.forge.install(app)
  const good = await host.forge.invokeRemote(app, '/strict')
  t.equal(good.status, 200)
  const told = await host.forge.invokeRemote(app, '/paid')
  t.match(JSON.parse(told.body), { active: true, type: 'COMMERCIAL', evaluation: false, source: 'invocation' })
  host.setLicense({ active: false })
  clock.advanceSeconds(1)
  t.equal((await host.forge.invokeRemote(app, '/strict')).status, 403)
  t.equal((await host.forge.invokeRemote(app, '/paid')).status, 200)
  clock.advanceSeconds(7 * DAY)
  const late = await host.forge.invokeRemote(app, '/paid')
  t.match([late.status, JSON.parse(late.body)], [403, { code: 'ATL_LICENSE' }])
  host.setLicense(null)
  clock.advanceSeconds(1)
  t.equal((await host.forge.invokeRemote(app, '/paid')).status, 403)
})

t.test('an installation of the developer needs no license, and lends none to that of a customer', async (t) => {
  const { app, host, clock } = await scene(t)
  await host.forge.install(app, { environment: 'DEVELOPMENT' })
  const call = { environment: 'DEVELOPMENT' } as const
  t.equal((await host.forge.invokeRemote(app, '/strict', call)).status, 200)
  await host.forge.install(app, { environment: 'PRODUCTION' })
  clock.advanceSeconds(1)
  t.equal((await host.forge.invokeRemote(app, '/strict', { environment: 'PRODUCTION' })).status, 403)
})

t.test('an app without a Connect site reports personal data with the token of an installation', async (t) => {
  const { app, host, erased } = await scene(t)
  const installation = await host.forge.install(app)
  const { personalData, tenants } = app.atlassian
  await host.forge.schedule(app, 'hourly', { path: '/forge/keep-alive' })
  const tenant = await tenants.find({ installationId: installation.id })
  await personalData.keep(tenant?.tenantId ?? '', ['one', 'two'])
  host.accounts.close('two')
  t.match(await personalData.report(), { reported: 2, erased: 1 })
  t.same(erased, ['two'])
  t.match(
    host.exchanges.find(({ kind }) => kind === 'accounts'),
    { status: 200, tokenKind: 'system' }
  )
})
