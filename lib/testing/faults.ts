import type { Fault } from './types.ts'

export interface Faults {
  add(fault: Fault): void
  /** The fault that this request meets, used up by one. */
  take(target: Fault['target'], pathAndQuery: string): Fault | null
}

export function createFaults(): Faults {
  const waiting: { fault: Fault; left: number }[] = []
  return {
    add(fault) {
      waiting.push({ fault, left: fault.times ?? 1 })
    },
    take(target, pathAndQuery) {
      const index = waiting.findIndex(
        // `search` ignores the state that a global expression would carry from one request to the next.
        ({ fault }) => fault.target === target && (fault.path === undefined || pathAndQuery.search(fault.path) >= 0)
      )
      const entry = waiting[index]
      if (entry === undefined) return null
      entry.left -= 1
      if (entry.left <= 0) waiting.splice(index, 1)
      return entry.fault
    }
  }
}

/** The status that stands in for an answer; null when the fault only delays or loses it. */
export function faultStatus(fault: Fault): number | null {
  if (fault.lost === true) return null
  if (fault.status !== undefined) return fault.status
  if (fault.body !== undefined) return 200
  return fault.delayMs === undefined && fault.truncated !== true ? 503 : null
}
