import t from 'tap'
import { type EventFacts, identifyEvent, relatedId } from '../../../lib/forge/events/event-identity.ts'

const NOW = 1_800_000_000_000
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function facts(changes: Partial<EventFacts> = {}): EventFacts {
  return {
    kind: 'product',
    event: 'avi:jira:viewed:issue',
    installationId: 'installation',
    environmentId: 'environment',
    endpoint: 'events',
    retry: 0,
    tokenId: 'one',
    body: { eventType: 'avi:jira:viewed:issue', issue: { id: '1' } },
    ...changes
  }
}

/** Whether the inbox would take the second for the first. */
function isKnown(first: ReturnType<typeof identifyEvent>, second: ReturnType<typeof identifyEvent>): boolean {
  if (first.deliveryId === second.deliveryId) return true
  const shared = second.identifiers.filter((name) => first.identifiers.includes(name))
  return shared.length > 0 && !(second.otherwise !== null && shared.length === 1 && shared[0] === second.identifiers[0])
}

t.test('each retry of an event is known, whenever in its minute it first came', (t) => {
  for (const kind of ['product', 'scheduled', 'preUninstall'] as const) {
    for (let second = 0; second < 60; second += 1) {
      const atMs = NOW + second * 1000
      const first = identifyEvent(facts({ kind }), atMs)
      for (const [retry, pauseMs] of [
        [1, 60_000],
        [1, 66_000],
        [2, 125_000],
        [3, 195_000],
        [4, 240_000],
        [4, 265_000]
      ] as const) {
        const body = {
          payload: null,
          ...(facts().body as object),
          retryContext: { retryCount: retry },
          contextToken: 'x'
        }
        const { payload: _none, ...same } = body
        const again = identifyEvent(facts({ kind, retry, tokenId: `${retry}`, body: same }), atMs + pauseMs)
        if (!isKnown(first, again)) t.fail(`${kind} at ${second} s, try ${retry} after ${pauseMs} ms`)
      }
      const accepted = identifyEvent(facts({ kind, retry: 1, tokenId: 'two' }), atMs + 62_000)
      const later = identifyEvent(facts({ kind, retry: 2, tokenId: 'three' }), atMs + 125_000)
      if (!isKnown(accepted, later)) t.fail(`${kind} at ${second} s, first accepted as a retry`)
    }
  }
  t.end()
})

t.test('the same content with another token is another event of a product, and the same schedule', (t) => {
  const one = identifyEvent(facts(), NOW)
  t.notOk(isKnown(one, identifyEvent(facts({ tokenId: 'two' }), NOW + 1000)))
  t.ok(isKnown(one, identifyEvent(facts(), NOW + 20_000)), 'one token is one event')
  const schedule = identifyEvent(facts({ kind: 'scheduled' }), NOW)
  t.ok(isKnown(schedule, identifyEvent(facts({ kind: 'scheduled', tokenId: 'two' }), NOW + 30_000)))
  t.notOk(isKnown(schedule, identifyEvent(facts({ kind: 'scheduled', tokenId: 'two' }), NOW + 300_000)), 'the next run')
  t.notOk(
    isKnown(schedule, identifyEvent(facts({ kind: 'scheduled', tokenId: 'three', retry: 1 }), NOW + 360_000)),
    'the first retry of the next run'
  )
  t.end()
})

t.test('content that tells its time is one event for good', (t) => {
  for (const time of [
    { timestamp: 1 },
    { eventCreatedDate: '2026-11-21T00:00:00Z' },
    { specversion: '1.0', id: 'one', time: '2026-11-21T00:00:00Z' }
  ]) {
    const one = identifyEvent(facts({ body: time }), NOW)
    t.strictSame([one.identifiers.length, one.otherwise], [1, null])
    t.ok(isKnown(one, identifyEvent(facts({ body: time, tokenId: 'two', retry: 3 }), NOW + 9_000_000)))
  }
  t.end()
})

t.test('installation, environment, endpoint, event and content tell events apart', (t) => {
  const one = identifyEvent(facts(), NOW)
  const others: Partial<EventFacts>[] = [
    { installationId: 'other' },
    { environmentId: 'other' },
    { endpoint: 'other' },
    { event: 'avi:jira:updated:issue' },
    { body: { issue: { id: '2' } } },
    { body: null }
  ]
  for (const change of others) t.notOk(isKnown(one, identifyEvent(facts(change), NOW)), JSON.stringify(change))
  t.end()
})

t.test('names are short and ids are UUIDs', (t) => {
  const { deliveryId, identifiers, otherwise } = identifyEvent(facts({ retry: 4, kind: 'scheduled' }), NOW)
  t.match(deliveryId, UUID)
  t.match(relatedId(deliveryId, 'end'), UUID)
  t.not(relatedId(deliveryId, 'end'), relatedId(deliveryId, 'mark'))
  t.equal(otherwise, null)
  for (const name of [...identifiers, identifyEvent(facts(), NOW).otherwise ?? '']) t.ok(name.length < 100)
  t.end()
})
