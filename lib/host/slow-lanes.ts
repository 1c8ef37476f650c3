import { BoundedMap } from '../bounded-map.ts'

/** Endpoints that the host has slowed down: calls to them go one after the other, with growing distance. */
export interface SlowLanes {
  readonly size: number
  /** Takes the next place and says in how many milliseconds it is. Beyond `maxMs` it is only said and not taken. */
  enter(lane: string, nowMs: number, maxMs: number): number
  /** The host said stop: nobody enters for so long, and afterwards slower than before. */
  slow(lane: string, nowMs: number, pauseMs: number): void
  /** A call of this lane succeeded: a little faster again, unless it was sent before the host said stop. */
  ease(lane: string, nowMs: number): void
}

interface Lane {
  nextAtMs: number
  /** Until then answers to earlier calls may still arrive. */
  closedUntilMs: number
  distanceMs: number
  slowedAtMs: number
}

const MAX_LANES = 1000
const FIRST_DISTANCE_MS = 50
const MAX_DISTANCE_MS = 5000
const MAX_PAUSE_MS = 120_000
/** Answers of one burst arrive together and are one reason to slow down, not many. */
const SAME_BURST_MS = 1000
const EASE = 0.8

/** Holds only lanes that are slowed at the moment, at most a thousand. */
export function createSlowLanes(): SlowLanes {
  const lanes = new BoundedMap<string, Lane>(MAX_LANES)
  return {
    get size() {
      return lanes.size
    },
    enter(key, nowMs, maxMs) {
      const lane = lanes.get(key)
      if (lane === undefined) return 0
      // A clock that was set back must not close a lane for hours.
      const atMs = Math.min(Math.max(lane.nextAtMs, nowMs), nowMs + MAX_PAUSE_MS)
      const waitMs = atMs - nowMs
      if (waitMs <= maxMs) lane.nextAtMs = atMs + lane.distanceMs
      return waitMs
    },
    slow(key, nowMs, pauseMs) {
      const lane = lanes.get(key)
      const untilMs = nowMs + Math.min(pauseMs, MAX_PAUSE_MS)
      if (lane === undefined) {
        lanes.set(key, { nextAtMs: untilMs, closedUntilMs: untilMs, distanceMs: FIRST_DISTANCE_MS, slowedAtMs: nowMs })
        return
      }
      lane.nextAtMs = Math.max(lane.nextAtMs, untilMs)
      lane.closedUntilMs = Math.max(lane.closedUntilMs, untilMs)
      if (Math.abs(nowMs - lane.slowedAtMs) < SAME_BURST_MS) return
      lane.distanceMs = Math.min(lane.distanceMs * 2, MAX_DISTANCE_MS)
      lane.slowedAtMs = nowMs
    },
    ease(key, nowMs) {
      const lane = lanes.peek(key)
      if (lane === undefined || nowMs < lane.closedUntilMs) return
      lane.distanceMs *= EASE
      if (lane.distanceMs < FIRST_DISTANCE_MS / 4) lanes.delete(key)
    }
  }
}
