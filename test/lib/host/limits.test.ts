import t from 'tap'
import { startCallLimit } from '../../../lib/host/call-limit.ts'
import { pause } from '../../../lib/host/pause.ts'
import type { Timer } from '../../../lib/ports.ts'
import { createFakeTime } from './fake-time.ts'
import { failureOf, makeCalls } from './make-calls.ts'

const limited = (headers: Record<string, string> = {}, status = 429) => new Response('{}', { status, headers })
const good = (headers: Record<string, string> = {}) => Response.json({ ok: true }, { headers })

t.test('a GET waits as long as the host asks and is sent again', async (t) => {
  for (const header of ['retry-after', 'beta-retry-after']) {
    const { client, sent, time, calls } = makeCalls((_, number) => (number === 1 ? limited({ [header]: '3' }) : good()))
    const startMs = time.clock()
    t.same(await time.settle(client.get('/a')), { ok: true })
    t.equal(sent.length, 2)
    t.ok(time.clock() - startMs >= 3000, header)
    t.match(calls.metrics(), { calls: 1, attempts: 2, retries: 1, failures: 0, limited: 1, underWay: 0, waiting: 0 })
  }
})

t.test(
  'without a word of the host the pause doubles from two seconds, until the tries or the time are used up',
  async (t) => {
    const { client, sent, time } = makeCalls(() => limited({}, 503))
    const startMs = time.clock()
    t.match(await time.settle(failureOf(client.get('/a'))), { code: 'ATL_HOST_STATUS', status: 503 })
    t.same(
      sent.map(({ atMs }) => atMs - startMs),
      [0, 2000, 6000, 14_000],
      'a fifth try would come after the thirty seconds'
    )
    const few = makeCalls(() => limited({}, 503), { limits: { maxAttempts: 2 } })
    await few.time.settle(failureOf(few.client.get('/a')))
    t.equal(few.sent.length, 2)
    const patient = makeCalls(() => limited({}, 503), { limits: { maxTotalMs: 600_000, maxAttempts: 8 } })
    await patient.time.settle(failureOf(patient.client.get('/a')))
    const pauses = patient.sent.slice(1).map(({ atMs }, index) => atMs - (patient.sent[index]?.atMs ?? 0))
    t.same(pauses, [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  }
)

t.test('pauses are spread', async (t) => {
  for (const [random, ms] of [
    [0, 1400],
    [1, 2600]
  ] as const) {
    const { client, sent, time } = makeCalls((_, number) => (number === 1 ? limited({}, 503) : good()), {
      random: () => random
    })
    const startMs = time.clock()
    await time.settle(client.get('/a'))
    t.equal((sent[1]?.atMs ?? 0) - startMs, ms)
  }
})

t.test('what changes something is sent once, unless the caller says that it may be repeated', async (t) => {
  for (const method of ['post', 'put', 'patch'] as const) {
    const { client, sent, time } = makeCalls((_, number) =>
      number % 2 === 1 ? limited({ 'retry-after': '1' }, 503) : good()
    )
    t.match(await time.settle(failureOf(client[method]('/a', { b: 1 }))), { status: 503, retryAfterSeconds: 1 })
    t.equal(sent.length, 1, method)
    await time.settle(client[method]('/a', { b: 1 }, { retry: true })).catch(() => {})
    await time.settle(client[method]('/b', { b: 1 }, { retry: true }))
    t.ok(sent.length >= 3)
  }
  const { client, sent, time } = makeCalls(() => limited({ 'retry-after': '1' }, 503))
  await time.settle(failureOf(client.delete('/a')))
  await time.settle(failureOf(client.get('/a', { retry: false })))
  const body = new Blob(['x']).stream()
  await time.settle(failureOf(client.post('/a', body, { retry: true })))
  t.equal(sent.length, 3, 'and a stream is never sent twice')
})

t.test('a wait that is longer than the whole call may take is not begun', async (t) => {
  const { client, sent, time } = makeCalls(() => limited({ 'retry-after': '31' }, 503))
  const startMs = time.clock()
  t.match(await failureOf(client.get('/a')), { status: 503, retryAfterSeconds: 31 })
  t.equal(time.clock(), startMs)
  t.equal(sent.length, 1)
})

t.test('the hourly points are not waited for: the error says when they come back', async (t) => {
  const resetAtMs = Date.parse('2026-09-21T15:00:00Z')
  const answers: Record<string, string>[] = [
    { 'ratelimit-reason': 'jira-quota-global-based', 'x-ratelimit-reset': '2026-09-21T15:00Z' },
    { 'ratelimit-reason': 'jira-quota-tenant-based', 'beta-ratelimit': '"tenant";r=0;t=1800' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-09-21T15:00:00.000Z', 'retry-after': '2' },
    { 'beta-ratelimit-reason': 'confluence-quota-based', 'x-ratelimit-reset': String(resetAtMs / 1000) }
  ]
  for (const headers of answers) {
    const { client, sent, time, events, calls } = makeCalls(() => limited({ 'atl-traceid': 'abc', ...headers }))
    await time.advance(resetAtMs - 1_800_000 - time.clock())
    const error = await failureOf(client.get('/rest/api/3/issue/TEA-1'))
    t.match(error, { code: 'ATL_HOST_QUOTA', statusCode: 503, status: 429, resetAtMs, requestId: 'abc' })
    t.equal(sent.length, 1)
    t.match(events, [
      { type: 'quota', tenantId: /./, clientKey: 'acme-client', endpoint: 'GET /rest/api/3/issue/*', resetAtMs }
    ])
    t.match(calls.metrics(), { quota: 1, slowedEndpoints: 0 })
  }
})

t.test(
  'after a burst limit calls to that endpoint of that tenant go one after the other, and others do not',
  async (t) => {
    let refuse = true
    const { client, sent, time, calls } = makeCalls(({ url }) => {
      if (!refuse || !url.includes('/issue/')) return good()
      refuse = false
      return limited({ 'retry-after': '5', 'ratelimit-reason': 'jira-burst-based' })
    })
    const startMs = time.clock()
    await failureOf(client.get('/rest/api/3/issue/TEA-1', { retry: false }))
    const waiting = [1, 2, 3].map((number) => client.get(`/rest/api/3/issue/TEA-${number}`))
    await client.get('/rest/api/3/project/TEA')
    await client.post('/rest/api/3/issue/TEA-1', {})
    t.equal(time.clock(), startMs, 'another endpoint and another method are not slowed')
    t.match(calls.metrics(), { slowedEndpoints: 1 })
    await time.settle(Promise.all(waiting))
    const times = sent
      .filter(({ method, url }) => method === 'GET' && url.includes('/issue/'))
      .map(({ atMs }) => atMs - startMs)
    t.same(times, [0, 5000, 5050, 5100])
    for (let number = 0; number < 20; number++) await time.settle(client.get('/rest/api/3/issue/TEA-1'))
    t.match(calls.metrics(), { slowedEndpoints: 0 }, 'good answers make it fast again')
  }
)

t.test('a call that would wait longer than it may says so at once', async (t) => {
  const { client, sent } = makeCalls(() => limited({ 'retry-after': '60', 'ratelimit-reason': 'jira-burst-based' }))
  await failureOf(client.get('/a'))
  t.match(await failureOf(client.get('/a')), {
    code: 'ATL_HOST_BUSY',
    statusCode: 503,
    status: 0,
    retryAfterSeconds: 60
  })
  t.equal(sent.length, 1)
})

t.test('the limit of writes to one issue slows writes to that issue only', async (t) => {
  const { client, sent, time } = makeCalls((_, number) =>
    number === 1 ? limited({ 'retry-after': '2', 'ratelimit-reason': 'jira-per-issue-on-write' }) : good()
  )
  const startMs = time.clock()
  await failureOf(client.put('/rest/api/3/issue/TEA-1', {}))
  await client.put('/rest/api/3/issue/TEA-2', {})
  await client.get('/rest/api/3/issue/TEA-1')
  t.equal(time.clock(), startMs)
  await time.settle(client.post('/rest/api/3/issue/TEA-1/comment', {}))
  t.equal((sent.at(-1)?.atMs ?? 0) - startMs, 2000)
})

t.test('few points left are told once a minute, and are in the metrics', async (t) => {
  const headers = {
    'beta-ratelimit-policy': '"global-app-quota";q=65000;w=3600, "burst";q=100;w=1',
    'beta-ratelimit': '"global-app-quota";r=11000;t=600, "burst";r=99;t=1'
  }
  const { client, time, events, calls } = makeCalls(() => good(headers))
  for (let number = 0; number < 3; number++) await client.get('/a')
  const told = { type: 'near-limit', limit: 65_000, remaining: 11_000, resetAtMs: time.clock() + 600_000 }
  t.match(events, [told])
  t.equal(events.length, 1)
  t.match(calls.metrics().points, [{ remaining: 11_000, limit: 65_000, nearLimit: true }])
  await time.advance(60_000)
  await client.get('/a')
  t.equal(events.length, 2)
})

t.test('one tenant has so many calls under way, the rest wait in order, and other tenants pass', async (t) => {
  const open: (() => void)[] = []
  const started: string[] = []
  const changes = { limits: { concurrency: 2, maxWaiting: 3 } }
  const { client, calls, time } = makeCalls(({ url }) => {
    started.push(new URL(url).pathname)
    return new Promise((resolve) => open.push(() => resolve(good())))
  }, changes)
  const { makeTenant } = await import('../tenant/make-tenant.ts')
  const other = calls.client(() => makeTenant({ tenantId: 'other', clientKey: 'other' }))
  const controller = new AbortController()
  const work = ['/a', '/b', '/c', '/d'].map((path) => client.get(path))
  const aborted = failureOf(client.get('/e', { signal: controller.signal }))
  await time.advance(0)
  t.match(await failureOf(client.get('/f')), { code: 'ATL_HOST_BUSY' }, 'no more than three wait')
  const theirs = other.get('/other')
  await time.advance(0)
  t.same(started, ['/a', '/b', '/other'])
  t.match(calls.metrics(), { underWay: 3, waiting: 3 })
  controller.abort()
  t.match(await aborted, { code: 'ATL_HOST_ABORTED' })
  open[1]?.()
  await time.advance(0)
  t.same(started, ['/a', '/b', '/other', '/c'])
  while (started.length < 5 || open.length > 0) {
    open.shift()?.()
    await time.advance(0)
  }
  await Promise.all([...work, theirs])
  t.same(started.at(-1), '/d')
  t.match(calls.metrics(), { underWay: 0, waiting: 0 })
  t.same(time.pending(), [], 'no timer stays')
})

t.test('who waits longer for the others than the whole call may take is told so', async (t) => {
  const { client, time } = makeCalls(() => new Promise(() => {}), {
    limits: { concurrency: 1, maxTotalMs: 100, timeoutMs: 100 }
  })
  client.get('/a', { timeoutMs: 10_000 }).catch(() => {})
  await time.advance(0)
  const late = failureOf(client.get('/b'))
  await time.advance(101)
  t.match(await late, { code: 'ATL_HOST_BUSY' })
})

t.test('an abort ends a pause between two tries', async (t) => {
  const { client, sent, time } = makeCalls(() => limited({ 'retry-after': '5' }, 503))
  const controller = new AbortController()
  const work = failureOf(client.get('/a', { signal: controller.signal }))
  await time.advance(100)
  controller.abort()
  t.match(await work, { code: 'ATL_HOST_ABORTED' })
  t.equal(sent.length, 1)
  t.same(time.pending(), [])
})

t.test('fetch keeps the same limits and gives the last answer as it is', async (t) => {
  const { client, sent, time } = makeCalls((_, number) => (number < 3 ? limited({ 'retry-after': '1' }, 503) : good()))
  t.equal((await time.settle(client.fetch('/a'))).status, 200)
  t.equal(sent.length, 3)
  const never = makeCalls(() => limited({ 'ratelimit-reason': 'jira-quota-tenant-based' }))
  t.equal((await never.time.settle(never.client.fetch('/a'))).status, 429)
  t.equal(never.sent.length, 1)
})

t.test('a connection that breaks is tried again soon where that is harmless, and never for a POST', async (t) => {
  const { client, sent, time } = makeCalls((_, number) => {
    if (number % 2 === 1) throw new TypeError('fetch failed', { cause: new Error('other side closed') })
    return good()
  })
  const startMs = time.clock()
  t.same(await time.settle(client.get('/a')), { ok: true })
  t.equal(time.clock() - startMs, 100)
  t.match(await time.settle(failureOf(client.post('/a', {}))), { code: 'ATL_HOST_NETWORK' })
  t.equal(sent.length, 3)
})

t.test('answers to calls that were sent before the host said stop do not open the endpoint', async (t) => {
  const open: (() => void)[] = []
  const { client, sent, time } = makeCalls((_, number) => {
    if (number > 11) return good()
    return new Promise((resolve) => {
      const headers = { 'retry-after': '4', 'ratelimit-reason': 'jira-burst-based' }
      open.push(() => resolve(number === 1 ? limited(headers) : good()))
    })
  })
  const startMs = time.clock()
  const early = Array.from({ length: 11 }, () => client.get('/a', { retry: false }).catch(() => {}))
  await time.advance(0)
  for (const answer of open) {
    answer()
    await time.advance(0)
  }
  await Promise.all(early)
  await time.settle(client.get('/a'))
  t.equal((sent.at(-1)?.atMs ?? 0) - startMs, 4000)
})

t.test('many refusals of one burst are one reason to slow down, and a later one is another', async (t) => {
  let refuse = true
  const { client, sent, time } = makeCalls(() => (refuse ? limited({ 'retry-after': '1' }) : good()))
  const work = Array.from({ length: 10 }, () => client.get('/a', { retry: false }).catch(() => {}))
  await Promise.all(work)
  await time.advance(1000)
  await client.get('/a', { retry: false }).catch(() => {})
  refuse = false
  await time.settle(Promise.all([client.get('/a'), client.get('/a')]))
  const [last = 0, before = 0] = sent.map(({ atMs }) => atMs).reverse()
  t.equal(last - before, 100, 'the distance of 50 ms was doubled once')
})

t.test('times that are none are refused, and long ones are no overflow', async (t) => {
  const { client, sent, time } = makeCalls()
  for (const ms of [Number.NaN, 0, -1, Number.NEGATIVE_INFINITY]) {
    t.match(await failureOf(client.get('/a', { timeoutMs: ms })), { code: 'ATL_HOST_REQUEST' }, `timeoutMs ${ms}`)
    t.match(await failureOf(client.get('/a', { maxTotalMs: ms })), { code: 'ATL_HOST_REQUEST' }, `maxTotalMs ${ms}`)
  }
  t.equal(sent.length, 0)
  const set: number[] = []
  const long = makeCalls(undefined, {
    timer(callback, ms) {
      set.push(ms)
      return time.timer(callback, ms)
    }
  })
  t.same(await long.client.get('/a', { timeoutMs: 2 ** 40, maxTotalMs: Number.POSITIVE_INFINITY }), { ok: true })
  t.same(set, [2 ** 31 - 1])
})

t.test('a pause that is longer than a timer can be is not shorter', async (t) => {
  const time = createFakeTime()
  const startMs = time.clock()
  const timer: Timer = (callback, ms) => time.timer(callback, ms > 2 ** 31 - 1 ? 1 : ms)
  await time.settle(pause(timer, 2 ** 32))
  t.equal(time.clock() - startMs, 2 ** 32)
  const controller = new AbortController()
  const work = pause(timer, 2 ** 32, controller.signal).catch((error: unknown) => error)
  await time.advance(2 ** 31)
  controller.abort('enough')
  t.equal(await work, 'enough')
  t.same(time.pending(), [])
  const limit = startCallLimit(timer, 2 ** 32, undefined, false)
  await time.advance(1000)
  t.notOk(limit.timedOut)
  limit.end()
})
