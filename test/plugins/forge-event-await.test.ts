import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { APP_KEY } from '../helpers/app.ts'
import { buildEventApp, type EventScene, issueUpdated } from '../helpers/forge-events.ts'

t.test('what the store took of the five seconds, a handler in mode "await" does not get', async (t) => {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  let clock: EventScene['clock'] | undefined
  const add: typeof memory.inbox.add = async (delivery) => {
    clock?.advanceSeconds(3)
    return await memory.inbox.add(delivery)
  }
  const claim: typeof memory.inbox.claim = async (claim) => {
    clock?.advanceSeconds(1)
    return await memory.inbox.claim(claim)
  }
  const store = { ...memory, inbox: { ...memory.inbox, add, claim } }
  const scene = await buildEventApp(t, { store, events: { mode: 'await' } })
  clock = scene.clock
  scene.app.atlassian.events.on('avi:jira:updated:issue', () => new Promise(() => {}))
  const start = performance.now()
  const answer = await scene.send(issueUpdated())
  t.equal(answer.statusCode, 500)
  t.ok(performance.now() - start < 2000, `${Math.round(performance.now() - start)} ms`)
})
