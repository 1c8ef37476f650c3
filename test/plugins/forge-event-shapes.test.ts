import t from 'tap'
import { buildEventApp, issueUpdated } from '../helpers/forge-events.ts'
import { until } from './until.ts'

const OWN = 'avi:cloud:ecosystem::event/d9022ad7-c220-4836-b1d1-7f9f2c633d3a/tea-is-ready'
const POLICY = 'avi:ecosystem.app_policy:blocked:app_access_to_objects.v2'

t.test('events of apps and those in the form of CloudEvents are heard by their names', async (t) => {
  const scene = await buildEventApp(t, { events: { installed: '/forge/all', product: '/forge/all' } })
  const heard: string[] = []
  for (const name of [OWN, POLICY]) {
    scene.app.atlassian.events.on(name, ({ event }: { event: string }) => void heard.push(event))
  }
  const policy = { specversion: '1.0', type: POLICY, id: 'one', time: '2026-11-21T08:08:08Z', data: {} }
  const url = '/forge/all'
  t.equal((await scene.send({ eventType: OWN, name: 'Tea is ready' }, { url })).statusCode, 204)
  t.equal((await scene.send(policy, { url })).statusCode, 204)
  t.equal((await scene.send(policy, { url })).statusCode, 204)
  await until(() => heard.length >= 2)
  t.strictSame(heard.sort(), [OWN, POLICY], 'one that comes again is known by its own time')
  t.equal((await scene.send({ type: 'avi:jira:updated:issue' }, { url })).statusCode, 400, 'a type alone is no name')
})

t.test('Bitbucket tells the user as its actor', async (t) => {
  const scene = await buildEventApp(t)
  const body = {
    eventType: 'avi:bitbucket:push:repository',
    actor: { type: 'user', accountId: '5ee836' },
    timestamp: 1
  }
  await scene.send(body)
  await scene.send(issueUpdated({ actor: { accountId: 'another' } }))
  await until(() => scene.heard.length === 2)
  t.strictSame(scene.heard.map(({ accountId }) => accountId).sort(), ['5b10ac8d82e05b22cc7d4ef5', '5ee836'])
})
