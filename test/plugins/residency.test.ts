import { DataResidencyError, type DataResidencyHandlers, type DataResidencyMove } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp, testDescriptor } from '../helpers/app.ts'
import { sendLifecycle } from './lifecycle-sender.ts'

const REGIONS = { EU: 'https://eu.app.example.com', DE: 'https://de.app.example.com/' }

async function start(t: Test, changes: Partial<DataResidencyHandlers> = {}, overrides: AppOverrides = {}) {
  const calls: [string, DataResidencyMove][] = []
  const note = (name: string) => (call: DataResidencyMove) => void calls.push([name, call])
  const scene = await buildApp(t, {
    descriptorMembers: {
      lifecycle: { ...(testDescriptor().lifecycle as object), 'dare-migration': '/dare' },
      regionBaseUrls: REGIONS,
      dataResidency: { maxMigrationDurationHours: 2.5 }
    },
    dataResidency: {
      schedule: note('schedule'),
      start: note('start'),
      status: async (move) => {
        note('status')(move)
        return 'ready-to-commit'
      },
      commit: note('commit'),
      rollback: note('rollback'),
      ...changes
    },
    ...overrides
  })
  await scene.host.install(scene.app)
  const tenant = await scene.app.atlassian.tenants.find({ clientKey: scene.host.site().clientKey })
  return { ...scene, calls, tenantId: tenant?.tenantId ?? '' }
}

for (const signedBy of ['install-key', 'shared-secret'] as const) {
  t.test(`the five hooks of Connect, signed by the ${signedBy}, reach the handlers that Forge has too`, async (t) => {
    const { host, calls, tenantId } = await start(t)
    for (const hook of ['schedule', 'start', 'commit', 'rollback'] as const) {
      t.equal((await host.dataResidency(hook, { signedBy })).status, 204, hook)
    }
    const status = await host.dataResidency('status', { signedBy })
    t.equal(status.status, 200)
    t.same(JSON.parse(status.responseBody ?? ''), { status: 'ready-to-commit' })
    t.same(
      calls.map(([name]) => name),
      ['schedule', 'start', 'commit', 'rollback', 'status']
    )
    const move = { migrationId: '1', platform: 'connect', tenant: { tenantId }, environmentId: '' }
    t.match(calls[0]?.[1], { ...move, location: 'EU', installationId: `connect:${tenantId}` })
  })
}

t.test('a call that nobody signed, or another, never reaches a handler', async (t) => {
  const { app, host, calls } = await start(t)
  const payload = { migrationId: 1 }
  const send = async (token: string | null, url = '/dare/commit') =>
    (
      await app.inject({
        method: 'POST',
        url,
        payload,
        headers: token === null ? {} : { authorization: `JWT ${token}` }
      })
    ).statusCode
  t.equal(await send(null), 401)
  t.equal(await send(await host.sign.installToken({ url: '/installed' })), 401, 'a token of another path')
  t.equal(await send(await host.sign.installToken({ url: '/dare/rollback' })), 401)
  t.equal(await send(await host.sign.webhookToken({ url: '/dare/commit', key: 'guess' })), 401)
  t.equal(await send(await host.sign.contextToken({ url: '/dare/commit' })), 401)
  t.equal(await send(await host.sign.pageToken({ url: '/dare/commit', method: 'GET' })), 401, 'of another method')
  t.equal(await send(await host.sign.installToken({ url: '/dare/commit', claims: { aud: ['https://other'] } })), 401)
  t.equal(await send(await host.sign.installToken({ url: '/dare/commit', claims: { iss: 'nobody' } })), 401)
  const publicKey = { alg: 'HS256', typ: 'JWT' }
  t.equal(await send(await host.sign.installToken({ url: '/dare/commit', header: publicKey, key: 'pem' })), 401)
  t.same(calls, [])
  t.equal(await send(await host.sign.installToken({ url: '/dare/commit' })), 204)
  const late = await host.sign.installToken({ url: '/dare/commit' })
  await host.uninstall()
  t.equal(await send(late), 401, 'the site has left')
})

t.test('a refusal has its code, and a failure has none', async (t) => {
  const { host } = await start(t, {
    schedule() {
      throw new DataResidencyError('E0002')
    },
    async start() {
      throw new Error('disk full')
    }
  })
  const refused = await host.dataResidency('schedule')
  t.match([refused.status, JSON.parse(refused.responseBody ?? '')], [400, { errorResponseCode: 'E0002' }])
  const failed = await host.dataResidency('start')
  t.equal(failed.status, 500)
  t.notMatch(failed.responseBody, /disk full|errorResponseCode/)
})

t.test('a tenant knows its region from its install, and from a move that was committed', async (t) => {
  const { app, host, clock, tenantId } = await start(t)
  const { regionOf } = app.atlassian
  t.match(await regionOf(tenantId), { region: 'Global', baseUrl: 'https://app.example.com', source: 'install' })
  clock.advanceSeconds(1)
  await sendLifecycle(app, host, 'installed', { claims: { aud: ['https://eu.app.example.com/'] } })
  t.match(await regionOf(tenantId), { region: 'EU', baseUrl: 'https://eu.app.example.com', source: 'install' })
  clock.advanceSeconds(60)
  await host.dataResidency('start', { location: 'DE', migrationId: 7 })
  t.match(await regionOf(tenantId), { region: 'EU' })
  await host.dataResidency('commit', { migrationId: 8 })
  t.match(await regionOf(tenantId), { region: 'EU' }, 'of another move')
  await host.dataResidency('commit', { migrationId: 7 })
  t.match(await regionOf(tenantId), { region: 'DE', baseUrl: 'https://de.app.example.com', source: 'move' })
  await host.dataResidency('start', { location: 'EU', migrationId: 9 })
  await host.dataResidency('rollback', { migrationId: 9 })
  await host.dataResidency('commit', { migrationId: 9 })
  t.match(await regionOf(tenantId), { region: 'DE' })
  t.equal(await regionOf('nobody'), null)
})

t.test('a descriptor that asks for moves without handlers is told at the start', async (t) => {
  const { lines, app } = await start(t, {}, { dataResidency: undefined as never })
  t.ok(lines.some((line) => line.includes('without the option \\"dataResidency\\" every move fails')))
  t.equal((await app.inject({ method: 'POST', url: '/dare/start' })).statusCode, 404)
})

t.test('handlers that are not complete do not start', async (t) => {
  await t.rejects(buildApp(t, { dataResidency: { schedule() {} } as never }), { code: 'ATL_OPTION' })
})
