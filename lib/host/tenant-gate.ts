import type { Timer } from '../ports.ts'

/** How many calls of one tenant are under way at once; the others wait in order. */
export interface TenantGate {
  readonly underWay: number
  readonly waiting: number
  /**
   * Resolves when the call may start; `leave` has to follow. At once, and without a promise, while there is room.
   * Rejects with `GateClosedError` if too many wait or it takes longer than `maxWaitMs`, and with the signal's reason.
   */
  enter(tenantId: string, maxWaitMs: number, signal?: AbortSignal): Promise<void> | undefined
  leave(tenantId: string): void
}

/** There is no room for another call: too many wait, or this one waited too long. */
export class GateClosedError extends Error {}

interface Queue {
  underWay: number
  readonly waiting: Set<() => void>
}

export interface TenantGateOptions {
  readonly timer: Timer
  /** Calls of one tenant that are under way at once. */
  readonly concurrency: number
  /** Calls of one tenant that wait. All tenants together may have ten times as many. */
  readonly maxWaiting: number
}

/** Remembers only tenants that have calls under way, so its memory is bounded by the calls. */
export function createTenantGate({ timer, concurrency, maxWaiting }: TenantGateOptions): TenantGate {
  const queues = new Map<string, Queue>()
  let underWay = 0
  let waiting = 0

  function wait(queue: Queue, maxWaitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        queue.waiting.delete(start)
        waiting -= 1
        cancel()
        signal?.removeEventListener('abort', aborted)
      }
      const start = () => {
        end()
        resolve()
      }
      const aborted = () => {
        end()
        reject(signal?.reason)
      }
      const cancel = timer(() => {
        end()
        reject(new GateClosedError('waited too long'))
      }, maxWaitMs)
      queue.waiting.add(start)
      waiting += 1
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  return {
    get underWay() {
      return underWay
    },
    get waiting() {
      return waiting
    },
    enter(tenantId, maxWaitMs, signal) {
      let queue = queues.get(tenantId)
      if (queue === undefined) {
        queue = { underWay: 0, waiting: new Set() }
        queues.set(tenantId, queue)
      }
      if (queue.underWay < concurrency) {
        queue.underWay += 1
        underWay += 1
        return undefined
      }
      if (signal?.aborted) return Promise.reject(signal.reason)
      if (queue.waiting.size >= maxWaiting || waiting >= 10 * maxWaiting) {
        return Promise.reject(new GateClosedError('too many wait'))
      }
      return wait(queue, maxWaitMs, signal)
    },
    leave(tenantId) {
      const queue = queues.get(tenantId)
      if (queue === undefined) return
      const next = queue.waiting.values().next()
      // The place goes on to the next one, so nobody can slip in between.
      if (!next.done) return next.value()
      queue.underWay -= 1
      underWay -= 1
      if (queue.underWay === 0) queues.delete(tenantId)
    }
  }
}
