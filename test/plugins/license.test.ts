import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp } from '../helpers/app.ts'

const DAY = 86_400

function routes(app: FastifyInstance): void {
  const { requireLicense, protect } = app.atlassian
  app.get('/paid-page', { preHandler: requireLicense() }, async ({ license }) => license)
  app.get('/bought-page', { preHandler: requireLicense({ evaluation: false }) }, async () => 'yes')
  app.get('/paid', { ...protect('context'), preHandler: requireLicense() }, async ({ license }) => license)
  app.get('/bought', { ...protect('context'), preHandler: requireLicense({ evaluation: false }) }, async () => 'yes')
  app.get('/strict', { ...protect('context'), onRequest: requireLicense({ graceDays: 0 }) }, async () => 'yes')
  app.get('/free', protect('context'), async ({ license }) => ({ license }))
}

const MODULE = { key: 'paid', name: { value: 'Paid' }, location: 'atl.jira.view.issue.right', url: '/paid-page' }
const BOUGHT = { ...MODULE, key: 'bought', url: '/bought-page' }

async function start(t: Test, overrides: AppOverrides = {}) {
  const scene = await buildApp(t, {
    descriptorMembers: { enableLicensing: true, modules: { webPanels: [MODULE, BOUGHT] } },
    environment: 'production',
    unsafeAllowInsecureHostsInProduction: true,
    routes,
    ...overrides
  })
  await scene.host.install(scene.app)
  const load = async (url: string) => {
    const { pathname, search } = new URL(url)
    return (await scene.app.inject(pathname + search)).statusCode
  }
  return { ...scene, load }
}

t.test('a page tells its license by the parameter that its token covers', async (t) => {
  const { host, clock } = await start(t)
  const page = await host.openPage('paid')
  t.equal(page.status, 200)
  t.match(JSON.parse(page.body), { active: true, known: true, type: null, source: 'page', graceUntilMs: null })
  t.equal(host.exchanges.filter(({ kind }) => kind === 'rest').length, 0, 'nobody had to be asked')
  host.setLicense({ active: false })
  clock.advanceSeconds(1)
  const late = await host.openPage('paid')
  t.match(JSON.parse(late.body), { active: false, graceUntilMs: clock() + 7 * DAY * 1000 })
})

t.test('a parameter that no token covers counts for nothing', async (t) => {
  const { host, load } = await start(t)
  host.setLicense({ active: false })
  t.match(JSON.parse((await host.callApp('/free?lic=active')).body), { license: null })
  t.equal((await host.callApp('/strict?lic=active')).status, 403)
  const url = await host.pageUrl('paid')
  const forged = await load(url.replace('lic=none', 'lic=active'))
  t.equal(forged, 401)
})

t.test('a call with a context token is judged by what the host says, which is asked once in a while', async (t) => {
  const { host, clock } = await start(t)
  const asked = () => host.exchanges.filter(({ kind }) => kind === 'rest').length
  t.match(JSON.parse((await host.callApp('/paid')).body), { active: true, type: 'DEVELOPER', source: 'host' })
  await host.callApp('/paid')
  t.equal(asked(), 1)
  host.setLicense({ active: true, type: 'commercial' })
  clock.advanceSeconds(300)
  t.match(JSON.parse((await host.callApp('/paid')).body), { type: 'COMMERCIAL' })
  t.equal(asked(), 2)
})

t.test('without a license the app works on for the grace time and is refused after it', async (t) => {
  const { host, clock } = await start(t)
  t.equal((await host.callApp('/paid')).status, 200)
  host.setLicense({ active: false })
  clock.advanceSeconds(300)
  t.equal((await host.callApp('/paid')).status, 200)
  const strict = await host.callApp('/strict')
  t.equal(strict.status, 403)
  t.match(JSON.parse(strict.body), { code: 'ATL_LICENSE' })
  clock.advanceSeconds(7 * DAY - 1)
  t.equal((await host.callApp('/paid')).status, 200)
  clock.advanceSeconds(1)
  t.equal((await host.callApp('/paid')).status, 403)
  host.setLicense({ active: true })
  clock.advanceSeconds(300)
  t.equal((await host.callApp('/paid')).status, 200)
})

t.test('the grace outlives restarts, reinstalls and pages that were kept back', async (t) => {
  const { app, host, store, clock, load } = await start(t)
  t.equal((await host.openPage('paid')).status, 200)
  const kept = await host.pageUrl('paid')
  t.match(kept, /lic=active/)
  host.setLicense({ active: false })
  clock.advanceSeconds(100)
  await host.openPage('paid')
  t.equal(await load(kept), 200, 'still in the grace time')
  clock.advanceSeconds(3 * DAY)
  await host.uninstall()
  await host.install(app)
  clock.advanceSeconds(4 * DAY - 1)
  t.equal((await host.openPage('paid')).status, 200)
  const restarted = await buildApp(t, {
    host,
    store,
    clock,
    descriptorMembers: { enableLicensing: true, modules: { webPanels: [MODULE] } },
    environment: 'production',
    unsafeAllowInsecureHostsInProduction: true,
    routes
  })
  clock.advanceSeconds(1)
  await host.install(restarted.app)
  t.equal((await host.openPage('paid')).status, 403)
})

t.test('a page that was kept back does not undo what was seen after it', async (t) => {
  const { host, clock, load } = await start(t, { license: { graceDays: 0 } })
  const kept = await host.pageUrl('paid')
  host.setLicense({ active: false })
  clock.advanceSeconds(60)
  t.equal((await host.openPage('paid')).status, 403)
  t.equal(await load(kept), 403)
  t.equal((await host.callApp('/paid')).status, 403)
})

t.test('a host that cannot be asked opens nothing, and closes nothing that it has just opened', async (t) => {
  const { host, lines } = await start(t)
  host.failNext({ target: 'rest', times: 10 })
  const unknown = await host.callApp('/paid')
  t.equal(unknown.status, 403)
  t.ok(lines.some((line) => line.includes('could not be asked about the license')))
})

t.test('a host is asked once for all who wait, and not for each request that it has no answer for', async (t) => {
  const { host, clock } = await start(t)
  const asked = () => host.exchanges.filter(({ kind }) => kind === 'rest').length
  await Promise.all(Array.from({ length: 5 }, () => host.callApp('/paid')))
  t.equal(asked(), 1)
  host.setLicense(null)
  clock.advanceSeconds(300)
  for (let n = 0; n < 3; n += 1) await host.callApp('/bought')
  t.equal(asked(), 2, 'that there is no license is an answer')
  clock.advanceSeconds(300)
  host.failNext({ target: 'rest', status: 400, times: 2 })
  for (let n = 0; n < 3; n += 1) t.equal((await host.callApp('/paid')).status, 200, 'in the grace time')
  t.equal(asked(), 3)
  host.setLicense({ active: true })
  clock.advanceSeconds(10)
  await host.callApp('/paid')
  clock.advanceSeconds(10)
  t.match(JSON.parse((await host.callApp('/paid')).body), { active: true })
})

t.test('a license that is only tried out is enough, unless the route says otherwise', async (t) => {
  const { host, clock } = await start(t)
  host.setLicense({ active: true, evaluation: true })
  t.equal((await host.callApp('/paid')).status, 200)
  t.equal((await host.callApp('/bought')).status, 403)
  t.equal((await host.openPage('bought')).status, 403)
  host.setLicense({ active: true, evaluation: false })
  clock.advanceSeconds(300)
  t.equal((await host.callApp('/bought')).status, 200)
  t.equal((await host.openPage('bought')).status, 200)
})

t.test('outside of production the absence of a license refuses nothing, and an ended one does', async (t) => {
  const { host, clock } = await start(t, { environment: 'test', license: { graceDays: 0 } })
  host.setLicense(null)
  t.match(JSON.parse((await host.callApp('/paid')).body), { active: false, known: false })
  const page = await host.openPage('paid')
  t.match([page.status, JSON.parse(page.body)], [200, { active: false, known: false, source: 'host' }])
  host.setLicense({ active: false })
  clock.advanceSeconds(300)
  t.equal((await host.callApp('/paid')).status, 403)
  const strict = await start(t, { license: { graceDays: 0 } })
  strict.host.setLicense(null)
  t.equal((await strict.host.callApp('/paid')).status, 403, 'in production it does')
})

t.test('a guard on a route where nobody is known does not start, and neither do rules that cannot be', async (t) => {
  await buildApp(t, {
    routes(app) {
      const { requireLicense, protect } = app.atlassian
      t.throws(() => app.get('/x', { ...protect('none'), preHandler: requireLicense() }, async () => ''), {
        code: 'ATL_OPTION'
      })
      for (const rules of [{ graceDays: -1 }, { grace: 1 }, { evaluation: 'no' }]) {
        t.throws(() => requireLicense(rules as object), { code: 'ATL_OPTION' })
      }
    }
  })
})
