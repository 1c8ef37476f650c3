import { BoundedMap } from '../bounded-map.ts'
import type { Clock, Log } from '../ports.ts'

export interface LookupBudgetOptions {
  readonly clock: Clock
  /** Look-ups a second that may find nothing; five seconds' worth may come at once. */
  readonly perSecond: number
  /** Every name that is somebody's. Asked for when the budget is used up, at most once a minute. */
  readonly names: () => AsyncIterable<string>
  readonly log: Log
}

/**
 * How often tokens that nobody has verified yet may make the storage be asked for names that nobody has. What is
 * charged is a look-up that found nothing: one that finds somebody, or fails, gives back what it took, so that the
 * first requests of any number of real tenants cost nothing in the end.
 */
export interface LookupBudget {
  /** This name is somebody's: looking it up is free from now on. */
  expect(name: string): void
  /**
   * Looks the name up, and waits in line while look-ups that are under way may still give something back. Rejects
   * without asking when the budget is used up; what the look-up throws is thrown on.
   */
  spend<Found extends object>(name: string, lookUp: () => Promise<Found | null>): Promise<Found | null>
}

const BURST_SECONDS = 5
const MAX_EXPECTED = 100_000
const LEARN_PAUSE_MS = 60_000

interface Waiting {
  begin(): void
  refuse(): void
}

/** A token bucket for one process. */
export function createLookupBudget({ clock, perSecond, names, log }: LookupBudgetOptions): LookupBudget {
  const burst = perSecond * BURST_SECONDS
  const expected = new BoundedMap<string, true>(MAX_EXPECTED)
  // In order of arrival. Each is a request that is held open, so that whatever bounds those bounds this.
  const waiting = new Set<Waiting>()
  let left = burst
  let countedAtMs = clock()
  let underWay = 0
  let learntAtMs = Number.NEGATIVE_INFINITY

  function take(): boolean {
    const nowMs = clock()
    left = Math.min(burst, left + (Math.max(0, nowMs - countedAtMs) / 1000) * perSecond)
    countedAtMs = nowMs
    if (left < 1) return false
    left -= 1
    underWay += 1
    return true
  }

  function end(foundNothing: boolean): void {
    underWay -= 1
    if (!foundNothing) left = Math.min(burst, left + 1)
    for (const one of waiting) {
      // With nothing under way there is nothing to wait for: only time fills the bucket again.
      if (take()) one.begin()
      else if (underWay === 0) one.refuse()
      else return
      waiting.delete(one)
    }
  }

  function refusal(): Error {
    const nowMs = clock()
    if (nowMs - learntAtMs >= LEARN_PAUSE_MS) {
      learntAtMs = nowMs
      log.warn({}, 'too many tokens of issuers that nobody knows: those that were never met are asked to come again')
      learn().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown'
        log.warn({ reason }, 'the names of the tenants could not be read')
      })
    }
    return new Error('too many look-ups of issuers that nobody knows')
  }

  /** So that a flood keeps nobody out whom this process has not met yet: a few pages instead of a look-up for each. */
  async function learn(): Promise<void> {
    let learnt = 0
    for await (const name of names()) {
      expected.set(name, true)
      if (++learnt === MAX_EXPECTED) return
    }
  }

  async function charged<Found extends object>(lookUp: () => Promise<Found | null>): Promise<Found | null> {
    let foundNothing = false
    try {
      const found = await lookUp()
      foundNothing = found === null
      return found
    } finally {
      end(foundNothing)
    }
  }

  return {
    expect(name) {
      expected.set(name, true)
    },
    async spend(name, lookUp) {
      if (expected.get(name) === true) return lookUp()
      if (take()) return charged(lookUp)
      if (underWay === 0) throw refusal()
      await new Promise<void>((resolve, reject) => {
        waiting.add({ begin: resolve, refuse: () => reject(refusal()) })
      })
      return charged(lookUp)
    }
  }
}
