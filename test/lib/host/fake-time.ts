import type { Clock, Timer } from '../../../lib/ports.ts'

/** Time that stands still until a test moves it. */
export interface FakeTime {
  readonly clock: Clock
  readonly timer: Timer
  /** The timers that are set, in milliseconds from now. */
  pending(): number[]
  /** Moves on, running what is due in order. */
  advance(ms: number): Promise<void>
  /** Moves on from timer to timer until the work ends; resolves or rejects as it does. */
  settle<T>(work: Promise<T>): Promise<T>
}

export function createFakeTime(startMs = 1_790_000_000_000): FakeTime {
  let nowMs = startMs
  const timers = new Set<{ atMs: number; callback: () => void }>()

  async function advance(ms: number): Promise<void> {
    const endMs = nowMs + ms
    await idle()
    for (let next = earliest(); next !== undefined && next.atMs <= endMs; next = earliest()) {
      nowMs = Math.max(nowMs, next.atMs)
      timers.delete(next)
      next.callback()
      await idle()
    }
    nowMs = endMs
  }

  function earliest() {
    return [...timers].sort((a, b) => a.atMs - b.atMs)[0]
  }

  return {
    clock: () => nowMs,
    timer(callback, ms) {
      const timer = { atMs: nowMs + ms, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    pending: () => [...timers].map(({ atMs }) => atMs - nowMs),
    advance,
    async settle(work) {
      let ended = false
      work.then(
        () => {
          ended = true
        },
        () => {
          ended = true
        }
      )
      for (let step = 0; step < 1000; step++) {
        await idle()
        if (ended) return await work
        const next = earliest()
        if (next !== undefined) await advance(next.atMs - nowMs)
      }
      throw new Error('the work does not end')
    }
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
