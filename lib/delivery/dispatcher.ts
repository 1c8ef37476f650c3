import type { Clock, Log } from '../ports.ts'
import type { Delivery, DeliveryInbox } from '../tenant/tenant-store.ts'
import { within } from '../within.ts'

export interface DispatcherOptions {
  readonly inbox: DeliveryInbox
  /** Handles one delivery; a rejection means that it is tried again later. */
  readonly handle: (delivery: Delivery) => Promise<void>
  /** What is tried until it is done, however long that takes. Default nothing. */
  readonly mustEnd?: (delivery: Delivery) => boolean
  readonly clock: Clock
  readonly log: Log
  /** How many deliveries are handled at once by this process. */
  readonly concurrency: number
  /** A handler that takes longer counts as failed. */
  readonly handlerTimeoutMs: number
  /** How often the inbox is asked for work that no request announced. */
  readonly pollMs: number
  /** More to tidy up now and then, beside the inbox. */
  readonly sweep?: (nowMs: number) => Promise<unknown>
}

export interface Dispatcher {
  /** Handles this delivery now, or leaves it to the next round if there is no room. Never rejects. */
  dispatch(deliveryId: string): Promise<void>
  /** Takes up what a restart or another process left behind, and goes on asking. */
  start(): void
  /** Ends the asking and waits for what is being handled. */
  stop(): Promise<void>
}

const MAX_ATTEMPTS = 8
const KEEP_MS = 24 * 3600 * 1000
const SWEEP_EVERY_MS = 3600 * 1000

/** At-least-once handling of what the inbox holds, with growing pauses between tries. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { inbox, clock, log } = options
  // A claim outlives the longest handler, so that nobody else takes up what is still being handled.
  const leaseMs = options.handlerTimeoutMs + 10_000
  const running = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let polling: Promise<void> | undefined
  let moreWaits = false
  let sweptAtMs = 0

  function run(work: () => Promise<void>): Promise<void> {
    const flight = work()
      .catch((error: unknown) => logFailure(log, error, 'delivery inbox failed'))
      .finally(() => {
        running.delete(flight)
        if (moreWaits) void poll()
      })
    running.add(flight)
    return flight
  }

  async function handleOne(delivery: Delivery): Promise<void> {
    // Claimed that often without an end: it takes the process with it, and would do so for ever.
    const givesUp = options.mustEnd?.(delivery) !== true
    if (givesUp && delivery.attempts > MAX_ATTEMPTS) {
      log.error({ deliveryId: delivery.deliveryId, event: delivery.event }, 'delivery given up after too many claims')
      return inbox.fail(delivery.deliveryId, clock())
    }
    try {
      await within(options.handle(delivery), options.handlerTimeoutMs)
    } catch (error) {
      const { deliveryId, event, attempts } = delivery
      logFailure(log, error, 'delivery handler failed', { deliveryId, event, attempts })
      if (givesUp && attempts >= MAX_ATTEMPTS) await inbox.fail(deliveryId, clock())
      else await inbox.release(deliveryId, clock() + retryPauseMs(attempts))
      return
    }
    await inbox.complete(delivery.deliveryId, clock())
  }

  function poll(): Promise<void> {
    if (stopped) return Promise.resolve()
    polling ??= takeWork().finally(() => {
      polling = undefined
    })
    return polling
  }

  /** Takes as much as there is room for; whoever finishes asks again if more waits. */
  async function takeWork(): Promise<void> {
    moreWaits = false
    try {
      await sweepNowAndThen()
      const room = options.concurrency - running.size
      if (room > 0) {
        const deliveries = await inbox.claim({ nowMs: clock(), leaseMs, limit: room })
        if (deliveries.length === room) moreWaits = true
        for (const delivery of deliveries) void run(() => handleOne(delivery))
      } else moreWaits = true
    } catch (error) {
      logFailure(log, error, 'delivery inbox failed')
    }
  }

  async function sweepNowAndThen(): Promise<void> {
    const nowMs = clock()
    if (nowMs - sweptAtMs < SWEEP_EVERY_MS) return
    sweptAtMs = nowMs
    await inbox.sweep(nowMs - KEEP_MS)
    await options.sweep?.(nowMs)
  }

  function schedule(delayMs: number): void {
    if (stopped) return
    timer = setTimeout(() => void poll().then(() => schedule(options.pollMs)), delayMs)
    timer.unref()
  }

  return {
    async dispatch(deliveryId) {
      if (stopped) return
      if (running.size >= options.concurrency) {
        moreWaits = true
        return
      }
      await run(async () => {
        const [delivery] = await inbox.claim({ nowMs: clock(), leaseMs, limit: 1, deliveryId })
        if (delivery !== undefined) await handleOne(delivery)
      })
    },
    start() {
      schedule(0)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      // A question that is under way may still bring work.
      while (polling !== undefined || running.size > 0) await Promise.all([polling, ...running])
    }
  }
}

/** One second, then doubling up to ten minutes. */
export function retryPauseMs(attempts: number): number {
  return Math.min(1000 * 2 ** (attempts - 1), 600_000)
}

function logFailure(log: Log, error: unknown, message: string, details: object = {}): void {
  log.error({ ...details, reason: error instanceof Error ? error.message : 'unknown' }, message)
}
