import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { Secret } from '../secret.ts'
import type { TokenKey, TokenStore } from '../tenant/token-store.ts'
import { within } from '../within.ts'
import type { ApiBaseUrlReader } from './api-base-url.ts'
import { systemTokenExpired, systemTokenMissing, systemTokenRefused } from './forge-token-error.ts'
import { allPlaces, expiryOf, type ForgePlaces, fromStored, type SystemToken, stays, toStored } from './system-token.ts'

/** An installation of a tenant, by verified names. */
export interface ForgeInstallationOf {
  readonly tenantId: string
  readonly installationId: string
  readonly environmentId: string
}

/**
 * The app's tokens, one for each installation and environment. They come with calls of Forge and cannot be asked for
 * (forge.md 3.4), so the one that ends last is kept, in memory and, encrypted, in the store.
 */
export interface SystemTokens {
  /**
   * Takes the token of a verified call of exactly this installation: usable at once. `null` if that is nothing new,
   * else what is written; rejects with `ATL_STORE_UNAVAILABLE`.
   */
  offer(of: ForgeInstallationOf, token: Secret, places: ForgePlaces, how?: OfferedHow): Promise<void> | null
  /** A token that is good for some seconds. Throws ForgeTokenError, and `ATL_STORE_UNAVAILABLE`. */
  get(of: ForgeInstallationOf): Promise<SystemToken>
  /** For a call that brought a token itself: that one, unless the product refused it and there is another. */
  pick(of: ForgeInstallationOf, brought: Secret | null): Promise<Secret>
  /** A product answered 401 to this token: it is not used any more. Tells whether there is another. */
  refused(of: ForgeInstallationOf, token: Secret): Promise<boolean>
  /** Two tenants became one: the tokens of these installations go along. Can be repeated. */
  move(fromTenantId: string, installations: readonly ForgeInstallationOf[]): Promise<void>
  /** The installation is over. */
  drop(of: ForgeInstallationOf): Promise<void>
}

/** With what kind of call a token came. */
export interface OfferedHow {
  /** What could not be written before counts as new, and is not put off. */
  readonly mustBeKept?: boolean
  /** A call that a browser can make: its token takes the place of none that Forge sent itself, and is good. */
  readonly fromPage?: boolean
}

export interface SystemTokensOptions {
  /** Asked for each use: some stores have their parts only once they are open. */
  readonly store: { readonly tokens?: TokenStore }
  readonly readApiBaseUrl: ApiBaseUrlReader
  readonly clock: Clock
  readonly log: Log
  /** Installations whose token is held in memory. Default 10,000. */
  readonly maxTokens?: number
}

interface Held extends SystemToken {
  /** Whether the store has it, or a better one. */
  isKept: boolean
  /** Before this time a write that failed is not tried again. */
  againAtMs: number
}

/** A token this close to its end is not used any more. */
const MARGIN_MS = 30_000
/** A token whose end cannot be read is promised two hours with each call; that is not worth a write each time. */
const WORTH_A_WRITE_MS = 30 * 60_000
const STORE_LIMIT_MS = 5000
const STORE_REST_MS = 30_000
/** Forge goes on handing out a token that a product refused once: perhaps the fault was not the token's. */
const REFUSED_FOR_MS = 60_000

export function createSystemTokens(options: SystemTokensOptions): SystemTokens {
  const { store, readApiBaseUrl, clock, log, maxTokens = 10_000 } = options
  const memory = new BoundedMap<string, Held>(maxTokens)
  /** What came while another one stayed, for the case that this one is refused. */
  const spares = new BoundedMap<string, SystemToken>(maxTokens)
  const refusals = new BoundedMap<string, { readonly token: Secret; readonly atMs: number }>(maxTokens)
  const writes = new Map<string, Promise<void>>()

  function isRefused(id: string, token: Secret): boolean {
    return refusals.peek(id)?.token.equals(token) === true
  }

  function isGood(id: string, { token, expiresAtMs }: SystemToken): boolean {
    return expiresAtMs - MARGIN_MS > clock() && !isRefused(id, token)
  }

  async function orUnavailable<Result>(work: (tokens: TokenStore) => Promise<Result>, instead: Result) {
    if (store.tokens === undefined) return instead
    try {
      return await within(work(store.tokens), STORE_LIMIT_MS)
    } catch (cause) {
      if (cause instanceof AtlassianError && cause.code !== 'ATL_NO_TENANT') throw cause
      throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'system-token', {}, { cause })
    }
  }

  async function read(of: ForgeInstallationOf): Promise<SystemToken | null> {
    const stored = await orUnavailable((tokens) => tokens.get(keyOf(of)), null)
    return stored === null ? null : fromStored(stored, readApiBaseUrl)
  }

  /** Keeps the token unless one that lasts longer is there, which then is the one to use. */
  async function write(of: ForgeInstallationOf, id: string, held: Held): Promise<void> {
    const key = keyOf(of)
    const known = held.fromPage ? await read(of) : null
    const isTaken = known !== null && !known.fromPage && isGood(id, known)
    if (!isTaken && (await orUnavailable((tokens) => tokens.put(key, toStored(held)), true))) return
    const there = isTaken ? known : await read(of)
    if (there === null) return
    const value = together(there, held)
    if (value === there || (value === held && !isRefused(id, there.token) && stays(there, held))) {
      if (memory.peek(id) === held) hold(id, there)
      return
    }
    // The same token spans a product more by now, the one that is there was refused, or a page may have made it up.
    await orUnavailable((tokens) => tokens.delete(key, toStored(there).token), false)
    await orUnavailable((tokens) => tokens.put(key, toStored(value)), true)
    if (memory.peek(id) === held) hold(id, value)
  }

  /** What is known of one token in two places; the second itself if they are two tokens. */
  function together<There extends SystemToken, Came extends SystemToken>(there: There, came: Came) {
    if (!there.token.equals(came.token)) return came
    const places = allPlaces(there.places, came.places)
    const fromPage = there.fromPage && came.fromPage
    return places === there.places && fromPage === there.fromPage ? there : { ...came, places, fromPage }
  }

  function hold(id: string, token: SystemToken, isKept = true): Held {
    const held = { ...token, isKept, againAtMs: 0 }
    memory.set(id, held)
    return held
  }

  function keep(of: ForgeInstallationOf, id: string, held: Held): Promise<void> {
    held.againAtMs = clock() + STORE_REST_MS
    // One after the other, so that the last one that came is what stays.
    const work = (writes.get(id) ?? Promise.resolve())
      .catch(() => {})
      .then(() => write(of, id, held))
      .then(() => {
        held.isKept = true
      })
      .finally(() => {
        if (writes.get(id) === work) writes.delete(id)
      })
    writes.set(id, work)
    return work
  }

  const tokens: SystemTokens = {
    offer(of, token, places, { mustBeKept = false, fromPage = false } = {}) {
      const id = idOf(of)
      const nowMs = clock()
      const refusal = refusals.peek(id)
      if (refusal?.token.equals(token)) {
        if (Math.abs(nowMs - refusal.atMs) < REFUSED_FOR_MS) return null
        refusals.delete(id)
      }
      const held = memory.peek(id)
      const came = { token, expiresAtMs: 0, places, fromPage }
      const value = held === undefined ? came : together(held, came)
      const isKnown = value === held
      if (isKnown && held.isKept && held.expiresAtMs - nowMs > WORTH_A_WRITE_MS) return null
      const expiresAtMs = expiryOf(token, nowMs)
      if (expiresAtMs <= nowMs) return null
      if (held !== undefined) {
        const isNoLonger = isKnown && expiresAtMs - held.expiresAtMs < WORTH_A_WRITE_MS
        const isOther = !held.token.equals(token)
        if (isNoLonger || (isOther && isGood(id, held) && stays(held, { expiresAtMs, fromPage }))) {
          if (isOther) spares.set(id, { ...value, expiresAtMs })
          if (held.isKept) return null
          if (mustBeKept) return writes.get(id) ?? keep(of, id, held)
          return isOther || nowMs < held.againAtMs ? null : keep(of, id, held)
        }
      }
      return keep(of, id, hold(id, { ...value, expiresAtMs }, false))
    },

    async get(of) {
      const id = idOf(of)
      const held = memory.get(id)
      if (held !== undefined && isGood(id, held)) return held
      const stored = await read(of)
      if (stored !== null && isGood(id, stored)) {
        const newer = memory.peek(id)
        return newer !== undefined && isGood(id, newer) ? newer : hold(id, stored)
      }
      const spare = spares.peek(id)
      if (spare !== undefined && isGood(id, spare)) {
        spares.delete(id)
        return hold(id, spare, false)
      }
      const last = stored ?? held
      if (last === undefined) throw refusals.peek(id) === undefined ? systemTokenMissing() : systemTokenRefused()
      throw isRefused(id, last.token) ? systemTokenRefused() : systemTokenExpired()
    },

    async pick(of, brought) {
      if (brought !== null && !isRefused(idOf(of), brought)) return brought
      try {
        return (await tokens.get(of)).token
      } catch (error) {
        if (brought === null) throw error
        return brought
      }
    },

    async refused(of, token) {
      const id = idOf(of)
      refusals.set(id, { token, atMs: clock() })
      const held = memory.peek(id)
      if (held?.token.equals(token)) memory.delete(id)
      try {
        const stored = await read(of)
        if (stored?.token.equals(token)) {
          await orUnavailable((store) => store.delete(keyOf(of), toStored(stored).token), false)
        }
        await tokens.get(of)
        return true
      } catch (error) {
        const reason = error instanceof AtlassianError ? error.reason : 'unknown'
        log.warn({ ...of, reason }, 'a product of Atlassian refused the system token, and there is no other')
        return false
      }
    },

    async move(fromTenantId, installations) {
      for (const of of installations) {
        const stored = await read({ ...of, tenantId: fromTenantId })
        if (stored !== null) await orUnavailable((store) => store.put(keyOf(of), toStored(stored)), false)
      }
      await orUnavailable((store) => store.deleteAll(fromTenantId, 'system'), 0)
    },

    async drop(of) {
      const id = idOf(of)
      for (const known of [memory, spares, refusals]) known.delete(id)
      await writes.get(id)?.catch(() => {})
      const stored = await orUnavailable((store) => store.get(keyOf(of)), null)
      if (stored !== null) await orUnavailable((store) => store.delete(keyOf(of), stored.token), false)
    }
  }
  return tokens
}

function keyOf({ tenantId, installationId, environmentId }: ForgeInstallationOf): TokenKey {
  return { tenantId, kind: 'system', name: JSON.stringify([installationId, environmentId]) }
}

function idOf({ tenantId, installationId, environmentId }: ForgeInstallationOf): string {
  return `${tenantId}\n${installationId}\n${environmentId}`
}
