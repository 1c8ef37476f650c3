import type { KeyObject } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError, AuthenticationError, type ErrorCode } from '../errors.ts'
import type { Clock } from '../ports.ts'

const MAX_AT_ONCE = 4
const MAX_KEYS = 100
const MAX_UNKNOWN = 1000
const UNKNOWN_FOR_MS = 60_000

/**
 * Remembers keys by `kid`: those that are known for good, those that are not for a minute. `ask` gives `null` for a `kid`
 * that nobody knows; one question per `kid` and four in all are under way at once. `get` throws AuthenticationError
 * `key-unknown`, `ATL_KEYS_UNAVAILABLE`, and what `ask` throws.
 */
export function createKeyCache(ask: (kid: string) => Promise<KeyObject | null>, clock: Clock) {
  const known = new BoundedMap<string, KeyObject>(MAX_KEYS)
  const unknownUntilMs = new BoundedMap<string, number>(MAX_UNKNOWN)
  const flights = new Map<string, Promise<KeyObject>>()

  async function askOnce(kid: string): Promise<KeyObject> {
    const key = await ask(kid)
    if (key === null) {
      unknownUntilMs.set(kid, clock() + UNKNOWN_FOR_MS)
      throw new AuthenticationError('key-unknown')
    }
    known.set(kid, key)
    return key
  }

  return {
    async get(kid: string): Promise<KeyObject> {
      const key = known.get(kid)
      if (key !== undefined) return key
      const until = unknownUntilMs.get(kid)
      if (until !== undefined && clock() < until) throw new AuthenticationError('key-unknown')
      let flight = flights.get(kid)
      if (flight === undefined) {
        if (flights.size >= MAX_AT_ONCE) throw new AtlassianError('ATL_KEYS_UNAVAILABLE', 'key-fetches-at-once')
        flight = askOnce(kid).finally(() => flights.delete(kid))
        flights.set(kid, flight)
      }
      return flight
    }
  }
}

/** Counts questions to the network and throws the code, by default `ATL_KEYS_UNAVAILABLE`, above the limit of a minute. */
export function createFetchLimit(
  { clock, maxFetchesPerMinute }: { readonly clock: Clock; readonly maxFetchesPerMinute: number },
  code: ErrorCode = 'ATL_KEYS_UNAVAILABLE'
): () => void {
  let windowStartMs = 0
  let startedInWindow = 0
  return (): void => {
    const now = clock()
    if (now - windowStartMs >= 60_000 || now < windowStartMs) {
      windowStartMs = now
      startedInWindow = 0
    }
    if (startedInWindow >= maxFetchesPerMinute) throw new AtlassianError(code, 'key-fetch-limit')
    startedInWindow++
  }
}
