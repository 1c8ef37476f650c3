import { DataResidencyError, type DataResidencyHandlers } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { ACCOUNT_ID, CLOUD_ID, EVENT, INSTALLATION } from '../helpers/forge.ts'
import { buildEventApp, TRACE } from '../helpers/forge-events.ts'

const PLAN = { startTime: '2026-11-21T10:00:00Z', endTime: '2026-11-21T12:00:00Z', location: 'EU', migrationId: 42 }

async function start(t: Test, changes: Partial<DataResidencyHandlers> = {}) {
  const calls: unknown[] = []
  const note = (name: string) => (call: object) => void calls.push([name, call])
  const scene = await buildEventApp(t, {
    events: {
      dataResidency: {
        schedule: note('schedule'),
        start: note('start'),
        status: async () => 'ready-to-commit',
        commit: note('commit'),
        rollback: note('rollback'),
        ...changes
      }
    }
  })
  const hook = (name: string, body: unknown, claims = {}) => scene.send(body, { url: `/forge/dare/${name}`, claims })
  const status = async (query = '?migrationId=42') =>
    await scene.app.inject({
      url: `/forge/dare/status${query}`,
      headers: { authorization: `Bearer ${await scene.eventToken()}` }
    })
  return { ...scene, calls, hook, status }
}

t.test('each hook is answered after its handler', async (t) => {
  const { hook, status, calls } = await start(t)
  for (const name of ['schedule', 'start']) t.equal((await hook(name, PLAN)).statusCode, 204)
  for (const name of ['commit', 'rollback']) t.equal((await hook(name, { migrationId: 42 })).statusCode, 204)
  const answer = await status()
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { status: 'ready-to-commit' })
  const move = { migrationId: '42', installationId: INSTALLATION, tenant: { cloudId: CLOUD_ID }, trace: TRACE }
  const times = { startTimeMs: Date.parse(PLAN.startTime), endTimeMs: Date.parse(PLAN.endTime) }
  t.match(calls, [
    ['schedule', { ...move, ...times, location: 'EU' }],
    ['start', { ...move, ...times, location: 'EU' }],
    ['commit', move],
    ['rollback', move]
  ])
})

t.test('a refusal has a code, so that it is final, and a failure has none, so that it is tried again', async (t) => {
  const refuse = () => {
    throw new DataResidencyError('E0002', 'never told')
  }
  const fail = async () => {
    throw new Error('never told either')
  }
  const { hook, status, lines } = await start(t, { schedule: refuse, start: fail, status: refuse })
  const refused = await hook('schedule', PLAN)
  t.equal(refused.statusCode, 400)
  t.match(refused.json(), { errorResponseCode: 'E0002' })
  const failed = await hook('start', PLAN)
  t.equal(failed.statusCode, 500)
  t.notMatch(failed.body, /errorResponseCode|never told/)
  t.match((await status()).json(), { status: 'failed', errorResponseCode: 'E0002' })
  t.ok(lines.some((line) => line.includes('never told either')))
})

t.test('a call that is not complete, or not one of the host itself, reaches no handler', async (t) => {
  const { hook, status, calls, app, token } = await start(t, { status: async () => 'maybe' as never })
  const incomplete = [
    {},
    { ...PLAN, migrationId: {} },
    { ...PLAN, location: '../EU' },
    { ...PLAN, startTime: 'soon' },
    []
  ]
  for (const body of incomplete) t.equal((await hook('schedule', body)).statusCode, 400, JSON.stringify(body))
  t.equal((await status('')).statusCode, 400)
  t.equal((await status()).statusCode, 500, 'a state that the host does not know')
  t.equal((await hook('commit', PLAN, { principal: ACCOUNT_ID })).statusCode, 403)
  const page = { ...EVENT, app: { module: { type: 'jira:issuePanel', key: 'panel' } } }
  t.equal((await hook('commit', PLAN, page)).statusCode, 403)
  const moves = { ...EVENT, app: { module: { type: 'migration:dataResidency', key: 'moves' } } }
  t.equal((await hook('commit', PLAN, moves)).statusCode, 204)
  const headers = { authorization: `Bearer ${await token()}` }
  t.equal((await app.inject({ method: 'POST', url: '/forge/dare/commit', headers })).statusCode, 403)
  t.equal(calls.length, 1)
})

t.test('a move needs all hooks', async (t) => {
  await t.rejects(start(t, { rollback: undefined as never }), /forge\.events\.dataResidency\.rollback/)
})
