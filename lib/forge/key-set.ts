import { createPublicKey, type KeyObject } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError, AuthenticationError } from '../errors.ts'
import type { Clock, FetchLike, Log } from '../ports.ts'
import { within } from '../within.ts'
import { isMembers } from './forge-claims.ts'

/** The keys that are published at one address. */
export interface KeySet {
  /**
   * The key with this id, at once where it is held. Throws or rejects with AuthenticationError if the address does not
   * publish it, and AtlassianError `ATL_KEYS_UNAVAILABLE` if it cannot be asked now.
   */
  get(kid: string): KeyObject | Promise<KeyObject>
  /** Fetches the set before it is needed. Never rejects: what fails is logged, and tried again by the first token. */
  prefetch(): Promise<void>
}

export interface KeySetOptions {
  readonly url: string
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly log: Log
}

const FRESH_MS = 10 * 60_000
/** While the address fails, the last good set is believed for so long. */
const LAST_GOOD_MS = 24 * 3_600_000
/** Between two fetches because of ids that we do not know. */
const COOLDOWN_MS = 30_000
const UNKNOWN_FOR_MS = 60_000
/** Between a fetch that failed and the next one. */
const FAILED_PAUSE_MS = 5000
const TIMEOUT_MS = 5000
const MAX_BODY_BYTES = 262_144
const MAX_KEYS = 100
const MAX_UNKNOWN = 1000

/**
 * A set that lives as long as the process (forge.md 2.4): read again in the background every ten minutes, and at once
 * for an id that it does not have, at most every thirty seconds, so that made-up ids cause no traffic.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const { url, clock, log } = options
  let keys: ReadonlyMap<string, KeyObject> = new Map()
  let fetchedAtMs = Number.NEGATIVE_INFINITY
  let failedAtMs = Number.NEGATIVE_INFINITY
  let missedAtMs = Number.NEGATIVE_INFINITY
  let flight: Promise<void> | null = null
  const unknownUntilMs = new BoundedMap<string, number>(MAX_UNKNOWN)

  function refresh(): Promise<void> {
    flight ??= load().finally(() => {
      flight = null
    })
    return flight
  }

  async function load(): Promise<void> {
    try {
      keys = await within(fetchKeys(options), TIMEOUT_MS)
      fetchedAtMs = clock()
      failedAtMs = Number.NEGATIVE_INFINITY
    } catch (cause) {
      failedAtMs = clock()
      log.warn({ url, reason: cause instanceof Error ? cause.message : 'unknown' }, 'keys of Forge cannot be fetched')
      throw new AtlassianError('ATL_KEYS_UNAVAILABLE', 'forge-keys', {}, { cause })
    }
  }

  /** Whether so much time has passed. A clock that was put back counts as passed. */
  function passed(sinceMs: number, ms: number, now: number): boolean {
    return now - sinceMs >= ms || now < sinceMs
  }

  async function lookAgain(kid: string, isExpired: boolean): Promise<KeyObject> {
    const now = clock()
    if (flight === null) {
      if (!passed(failedAtMs, FAILED_PAUSE_MS, now))
        throw new AtlassianError('ATL_KEYS_UNAVAILABLE', 'forge-keys-pause')
      if (!isExpired) {
        // The set is held and was asked lately: this id is none of its.
        if (!passed(missedAtMs, COOLDOWN_MS, now)) throw new AuthenticationError('key-unknown')
        missedAtMs = now
      }
    }
    await refresh()
    const key = keys.get(kid)
    if (key !== undefined) return key
    unknownUntilMs.set(kid, clock() + UNKNOWN_FOR_MS)
    throw new AuthenticationError('key-unknown')
  }

  return {
    get(kid) {
      const now = clock()
      const isExpired = passed(fetchedAtMs, LAST_GOOD_MS, now)
      const key = isExpired ? undefined : keys.get(kid)
      if (key === undefined) {
        const until = unknownUntilMs.peek(kid)
        if (!isExpired && until !== undefined && now < until) throw new AuthenticationError('key-unknown')
        return lookAgain(kid, isExpired)
      }
      if (passed(fetchedAtMs, FRESH_MS, now) && passed(failedAtMs, COOLDOWN_MS, now)) refresh().catch(ignore)
      return key
    },
    prefetch: () => refresh().catch(ignore)
  }
}

/** What failed is in the log by then. */
function ignore(): void {}

async function fetchKeys({ url, fetch }: KeySetOptions): Promise<ReadonlyMap<string, KeyObject>> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS)
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`status ${response.status}`)
  }
  const body: unknown = JSON.parse(await readBounded(response))
  const listed: unknown = isMembers(body) ? body.keys : undefined
  if (!Array.isArray(listed)) throw new Error('the answer is not a key set')
  const keys = new Map<string, KeyObject>()
  for (const jwk of listed.slice(0, MAX_KEYS)) {
    const kid: unknown = isMembers(jwk) ? jwk.kid : undefined
    const key = importKey(jwk)
    if (typeof kid === 'string' && key !== null && !keys.has(kid)) keys.set(kid, key)
  }
  if (keys.size === 0) throw new Error('the key set has no key that could sign')
  return keys
}

/** An RSA key for RS256 signatures, its public part only; `null` for every other kind. */
function importKey(jwk: unknown): KeyObject | null {
  if (!isMembers(jwk)) return null
  const { kty, n, e, use, alg } = jwk
  if (kty !== 'RSA' || typeof n !== 'string' || typeof e !== 'string') return null
  if ((use !== undefined && use !== 'sig') || (alg !== undefined && alg !== 'RS256')) return null
  try {
    const key = createPublicKey({ key: { kty, n, e }, format: 'jwk' })
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? key : null
  } catch {
    return null
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_BODY_BYTES) throw new Error('the answer is too long for a key set')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
