import t, { type Test } from 'tap'
import { createDispatcher, type DispatcherOptions, retryPauseMs } from '../../../lib/delivery/dispatcher.ts'
import { silentLog } from '../../../lib/ports.ts'
import { createMemoryDeliveryInbox } from '../../../lib/store/memory-delivery-inbox.ts'
import type { Delivery, DeliveryInbox } from '../../../lib/tenant/tenant-store.ts'

const HOUR = 3_600_000

interface SetUp {
  readonly handle: (delivery: Delivery) => Promise<void>
  readonly options?: Partial<DispatcherOptions>
  readonly watch?: (inbox: DeliveryInbox) => Partial<DeliveryInbox>
}

/** A dispatcher on an inbox in memory, which asks it every few milliseconds; the clock is the test's. */
function setUp(t: Test, { handle, options, watch }: SetUp) {
  const inbox = createMemoryDeliveryInbox(() => true)
  const errors: object[] = []
  let nowMs = 1_790_000_000_000
  const dispatcher = createDispatcher({
    inbox: { ...inbox, ...watch?.(inbox) },
    handle,
    clock: () => nowMs,
    log: { ...silentLog, error: (details) => void errors.push(details) },
    concurrency: 2,
    handlerTimeoutMs: 1000,
    pollMs: 5,
    ...options
  })
  t.teardown(() => dispatcher.stop())
  return {
    inbox,
    dispatcher,
    errors,
    pass(ms: number) {
      nowMs += ms
    },
    async add(deliveryId: string, changes: { receivedAtMs?: number; dueAtMs?: number } = {}) {
      await inbox.add({
        deliveryId,
        tenantId: 'tenant-1',
        kind: 'webhook',
        event: 'jira:issue_updated',
        identifier: deliveryId,
        payload: '{}',
        receivedAtMs: nowMs,
        dueAtMs: nowMs,
        ...changes
      })
    }
  }
}

/** Waits until something holds, for at most two seconds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 2000; Date.now() < end; ) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('it never came to hold')
}

/** A handler whose runs end when the test says so. */
function gate() {
  const runs: { readonly id: string; readonly attempts: number; end(error?: Error): void }[] = []
  return {
    runs,
    handle: ({ deliveryId, attempts }: Delivery) =>
      new Promise<void>((resolve, reject) => {
        runs.push({ id: deliveryId, attempts, end: (error) => (error === undefined ? resolve() : reject(error)) })
      })
  }
}

t.test('what is announced is handled once', async (t) => {
  const { handle, runs } = gate()
  const { dispatcher, add, pass } = setUp(t, { handle })
  await add('a')
  const first = dispatcher.dispatch('a')
  const second = dispatcher.dispatch('a')
  await until(() => runs.length === 1)
  runs[0]?.end()
  await Promise.all([first, second])
  pass(HOUR)
  await dispatcher.dispatch('a')
  t.equal(runs.length, 1)
})

t.test('what nobody announced is found, oldest first', async (t) => {
  const seen: string[] = []
  const { dispatcher, add } = setUp(t, {
    handle: async ({ deliveryId }) => void seen.push(deliveryId),
    options: { concurrency: 1 }
  })
  await add('young', { receivedAtMs: 3000 })
  await add('old', { receivedAtMs: 1000 })
  await add('middle', { receivedAtMs: 2000 })
  dispatcher.start()
  await until(() => seen.length === 3)
  t.same(seen, ['old', 'middle', 'young'])
})

t.test('no more are handled at once than allowed, and the rest follows', async (t) => {
  let atOnce = 0
  let most = 0
  let done = 0
  const { dispatcher, add } = setUp(t, {
    async handle() {
      most = Math.max(most, ++atOnce)
      await new Promise((resolve) => setImmediate(resolve))
      atOnce--
      done++
    }
  })
  dispatcher.start()
  const announced: Promise<void>[] = []
  for (let i = 0; i < 50; i++) {
    await add(`d${i}`)
    announced.push(dispatcher.dispatch(`d${i}`))
  }
  await Promise.all(announced)
  await until(() => done === 50)
  t.equal(most, 2)
})

t.test('a failed one is tried again after a pause that grows, and is given up after eight tries', async (t) => {
  const attempts: number[] = []
  const { inbox, dispatcher, add, pass, errors } = setUp(t, {
    async handle(delivery) {
      attempts.push(delivery.attempts)
      throw new Error('handler is broken')
    }
  })
  await add('a')
  await dispatcher.dispatch('a')
  for (let tries = 1; tries < 8; tries++) {
    pass(retryPauseMs(tries) - 1)
    await dispatcher.dispatch('a')
    t.equal(attempts.length, tries, `not before ${retryPauseMs(tries)} ms`)
    pass(1)
    await dispatcher.dispatch('a')
    t.equal(attempts.length, tries + 1)
  }
  pass(HOUR)
  await dispatcher.dispatch('a')
  t.same(attempts, [1, 2, 3, 4, 5, 6, 7, 8])
  t.match(errors[0], { deliveryId: 'a', event: 'jira:issue_updated', attempts: 1, reason: 'handler is broken' })
  t.ok(await inbox.add({ ...newOne('b'), identifier: 'a' }), 'and is forgotten for deduplication')
})

const newOne = (deliveryId: string) => ({
  deliveryId,
  tenantId: 'tenant-1',
  kind: 'webhook' as const,
  event: 'x',
  identifier: deliveryId,
  payload: '{}',
  receivedAtMs: 0,
  dueAtMs: 0
})

t.test('pauses begin with a second, double, and end at ten minutes', async (t) => {
  t.same([1, 2, 3, 4, 8, 10, 11, 50].map(retryPauseMs), [1000, 2000, 4000, 8000, 128_000, 512_000, 600_000, 600_000])
})

t.test('a handler that takes too long counts as failed', async (t) => {
  const { handle } = gate()
  const { inbox, dispatcher, add, pass, errors } = setUp(t, { handle, options: { handlerTimeoutMs: 100 } })
  await add('a')
  await dispatcher.dispatch('a')
  t.match(errors, [{ reason: 'not done within 100 ms' }])
  pass(1000)
  t.equal((await inbox.claim({ nowMs: 2e12, leaseMs: 1, limit: 9 })).length, 1, 'it is still there')
})

t.test('what another process left behind is taken up when its claim has ended', async (t) => {
  const seen: number[] = []
  const { inbox, dispatcher, add, pass } = setUp(t, { handle: async ({ attempts }) => void seen.push(attempts) })
  await add('a')
  const claimed = await inbox.claim({ nowMs: 1_790_000_000_000, leaseMs: 11_000, limit: 1 })
  t.equal(claimed.length, 1)
  await dispatcher.dispatch('a')
  t.same(seen, [], 'the other one may still be at it')
  pass(11_000)
  dispatcher.start()
  await until(() => seen.length === 1)
  t.same(seen, [2])
})

t.test('one that is due later waits', async (t) => {
  const { handle, runs } = gate()
  const { dispatcher, add, pass } = setUp(t, { handle })
  await add('a', { dueAtMs: 1_790_000_005_000 })
  await dispatcher.dispatch('a')
  t.equal(runs.length, 0)
  pass(5000)
  const handled = dispatcher.dispatch('a')
  await until(() => runs.length === 1)
  runs[0]?.end()
  await handled
})

t.test('what is a day old and done is swept, once an hour', async (t) => {
  const swept: number[] = []
  const { dispatcher, pass } = setUp(t, {
    handle: async () => {},
    watch: (inbox) => ({
      sweep(beforeMs) {
        swept.push(beforeMs)
        return inbox.sweep(beforeMs)
      }
    })
  })
  dispatcher.start()
  await until(() => swept.length === 1)
  t.same(swept, [1_790_000_000_000 - 24 * HOUR])
  pass(HOUR - 1)
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.equal(swept.length, 1)
  pass(1)
  await until(() => swept.length === 2)
})

t.test('stop waits for what is being handled and takes up nothing more', async (t) => {
  const { handle, runs } = gate()
  const { dispatcher, add } = setUp(t, { handle })
  dispatcher.start()
  await add('a')
  await until(() => runs.length === 1)
  let stopped = false
  const stopping = dispatcher.stop().then(() => {
    stopped = true
  })
  await add('b')
  await dispatcher.dispatch('b')
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.notOk(stopped)
  runs[0]?.end()
  await stopping
  t.same(
    runs.map(({ id }) => id),
    ['a']
  )
})

t.test('stop waits for a question to the inbox that is under way', async (t) => {
  const { handle, runs } = gate()
  let answer: (() => void) | undefined
  const { dispatcher, add } = setUp(t, {
    handle,
    watch: (inbox) => ({
      async claim(request) {
        await new Promise<void>((resolve) => {
          answer = resolve
        })
        return await inbox.claim(request)
      }
    })
  })
  await add('a')
  dispatcher.start()
  await until(() => answer !== undefined)
  let stopped = false
  const stopping = dispatcher.stop().then(() => {
    stopped = true
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.notOk(stopped, 'what the answer brings has to be handled first')
  answer?.()
  await until(() => runs.length === 1)
  t.notOk(stopped)
  runs[0]?.end()
  await stopping
})

t.test('an inbox that fails is logged, and asked again', async (t) => {
  let down = true
  const seen: string[] = []
  const { dispatcher, add, errors } = setUp(t, {
    handle: async ({ deliveryId }) => void seen.push(deliveryId),
    watch: (inbox) => ({
      async claim(request) {
        if (down) throw new Error('database is away')
        return await inbox.claim(request)
      }
    })
  })
  await add('a')
  await dispatcher.dispatch('a')
  dispatcher.start()
  await until(() => errors.length >= 2)
  t.match(errors[0], { reason: 'database is away' })
  down = false
  await until(() => seen.length === 1)
})
