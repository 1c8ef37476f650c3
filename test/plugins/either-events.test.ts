import { type EitherEvent, type EitherEventName, eitherEvents } from 'fastify-atlassian'
import t from 'tap'
import { buildEventApp, issueUpdated } from '../helpers/forge-events.ts'
import { installed } from './lifecycle-sender.ts'
import { until } from './until.ts'

t.test('one handler serves both platforms', async (t) => {
  const scene = await buildEventApp(t)
  await installed(scene.host, scene.app)
  const heard: EitherEvent[] = []
  const stop = scene.app.atlassian.events.onEither('issue_updated', (event) => void heard.push(event))
  const issue = { id: 10001, key: 'TEA-1', fields: { project: { id: '10000', key: 'TEA' } } }
  await scene.host.sendWebhook('jira:issue_updated')
  await scene.send(issueUpdated({ issue }))
  await until(() => heard.length === 2)
  const [connect, forge] = heard[0]?.platform === 'connect' ? heard : heard.toReversed()
  t.match(connect, { platform: 'connect', name: 'issue_updated', event: { event: 'jira:issue_updated' } })
  t.match(forge, {
    platform: 'forge',
    name: 'issue_updated',
    event: { event: 'avi:jira:updated:issue' },
    accountId: '5b10ac8d82e05b22cc7d4ef5',
    body: { eventType: 'avi:jira:updated:issue' }
  })
  const ids = { issueId: '10001', issueKey: 'TEA-1', projectId: '10000', projectKey: 'TEA', contentId: null }
  t.match(connect?.ids, ids)
  t.same(forge?.ids, connect?.ids)
  stop()
  await scene.send(issueUpdated({ timestamp: 2 }))
  await until(() => scene.heard.length === 2)
  t.equal(heard.length, 2)
})

t.test('one event of a platform has one name in the table, and no other is listened to', async (t) => {
  const scene = await buildEventApp(t)
  const entries = Object.values(eitherEvents)
  const names = entries.flatMap(({ product, connect, forge }) => [
    ...connect.map((name) => `${product} ${name}`),
    ...forge
  ])
  t.equal(new Set(names).size, names.length)
  for (const { product, forge } of entries) for (const name of forge) t.match(name, new RegExp(`^avi:${product}:`))
  t.throws(() => scene.app.atlassian.events.onEither('jira:issue_updated' as EitherEventName, () => {}), {
    code: 'ATL_OPTION'
  })
  t.throws(() => scene.app.atlassian.events.onEither('toString' as EitherEventName, () => {}), { code: 'ATL_OPTION' })
})

t.test('identifiers of Confluence are found where events have them', async (t) => {
  const scene = await buildEventApp(t)
  const heard: EitherEvent[] = []
  for (const name of ['page_created', 'content_comment_created'] as const) {
    scene.app.atlassian.events.onEither(name, (event) => void heard.push(event))
  }
  const space = { id: 65538, key: 'DS' }
  await scene.send({ eventType: 'avi:confluence:created:page', content: { id: '5341185', type: 'page', space } })
  await until(() => heard.length === 1)
  t.match(heard[0]?.ids, { contentId: '5341185', spaceId: '65538', spaceKey: 'DS', commentId: null, issueId: null })
  const container = { id: '5341185', type: 'page' }
  await scene.send({
    eventType: 'avi:confluence:created:comment',
    content: { id: '7', type: 'comment', space, container }
  })
  await until(() => heard.length === 2)
  t.match(heard[1]?.ids, { contentId: '5341185', commentId: '7', spaceKey: 'DS' })
})
