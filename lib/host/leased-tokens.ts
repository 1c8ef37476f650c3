import { randomUUID } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import type { Clock, Log } from '../ports.ts'
import type { Secret } from '../secret.ts'
import type { StoredToken, TokenKey, TokenStore } from '../tenant/token-store.ts'
import { createSharedTokens } from './shared-tokens.ts'
import { UserTokenError } from './user-token-error.ts'

/** Access tokens of users, by what they are kept under. */
export interface LeasedTokens {
  /**
   * A token that is still good for some seconds, from memory, the store, or whoever `ask` asks: one question at a time
   * for each key. Rejects with what `ask` throws, and `ATL_USER_TOKEN_UNAVAILABLE` if another process asks in vain.
   */
  get(key: TokenKey, ask: () => Promise<StoredToken>): Promise<Secret>
  /** The host refused this token: it is forgotten everywhere, unless a newer one has taken its place. */
  drop(key: TokenKey, token: Secret): Promise<void>
  /** Forgets every token of this tenant. */
  forget(tenantId: string): Promise<void>
}

export interface LeasedTokensOptions {
  /** Where processes share tokens; without the part each keeps its own. */
  readonly store: { readonly tokens?: TokenStore }
  readonly clock: Clock
  readonly log: Log
  /** How long a question may take. */
  readonly timeoutMs: number
  readonly maxTokens: number
}

/** A token this close to its end is not used any more (connect.md 5.2, forge.md 3.3). */
const MARGIN_MS = 60_000

interface Held extends StoredToken {
  readonly id: string
  readonly tenantId: string
}

interface Flight {
  readonly tenantId: string
  readonly result: Promise<StoredToken>
  forgotten: boolean
}

/** Held in memory and, encrypted, in the store; one question for each key in all processes that share it. */
export function createLeasedTokens(options: LeasedTokensOptions): LeasedTokens {
  const { clock, timeoutMs, maxTokens } = options
  const memory = new BoundedMap<string, Held>(maxTokens)
  /** The last token of each key that the host refused: it may still stand in a store that did not answer. */
  const refused = new BoundedMap<string, Secret>(maxTokens)
  const flights = new Map<string, Flight>()
  const shared = createSharedTokens({
    store: options.store,
    owner: randomUUID(),
    // Longer than the question takes, with what the store needs before and after it.
    leaseMs: timeoutMs + 3000,
    clock,
    log: options.log
  })

  const isGoodAs = (id: string) => (stored: StoredToken) =>
    stored.expiresAtMs - MARGIN_MS > clock() && refused.peek(id)?.equals(stored.token) !== true

  async function obtain(key: TokenKey, id: string, ask: () => Promise<StoredToken>, isForgotten: () => boolean) {
    const isGood = isGoodAs(id)
    const known = await shared.find(key, isGood)
    if (known !== null) return known
    const found = await shared.alone(key, isGood, async () => {
      const fresh = await ask()
      refused.delete(id)
      if (!isForgotten()) await shared.put(key, fresh)
      return fresh
    })
    if (found === null) throw new UserTokenError('ATL_USER_TOKEN_UNAVAILABLE', 'others-ask')
    return found
  }

  function start(key: TokenKey, id: string, ask: () => Promise<StoredToken>): Flight {
    const { tenantId } = key
    const flight: Flight = {
      tenantId,
      forgotten: false,
      result: obtain(key, id, ask, () => flight.forgotten)
        .then((stored) => {
          if (!flight.forgotten) memory.set(id, { ...stored, id, tenantId })
          return stored
        })
        .finally(() => {
          if (flights.get(id) === flight) flights.delete(id)
        })
    }
    flights.set(id, flight)
    return flight
  }

  return {
    async get(key, ask) {
      const id = idOf(key)
      for (;;) {
        const held = memory.get(id)
        if (held !== undefined && isGoodAs(id)(held)) return held.token
        const { token } = await (flights.get(id) ?? start(key, id, ask)).result
        // Refused while it was on its way from the store; one that was just issued is not.
        if (refused.peek(id)?.equals(token) !== true) return token
      }
    },

    async drop(key, token) {
      const id = idOf(key)
      refused.set(id, token)
      if (memory.peek(id)?.token.equals(token)) memory.delete(id)
      await shared.drop(key, token)
    },

    async forget(tenantId) {
      for (const held of [...memory.values()]) if (held.tenantId === tenantId) memory.delete(held.id)
      for (const [id, flight] of flights) {
        if (flight.tenantId !== tenantId) continue
        flight.forgotten = true
        flights.delete(id)
      }
      await shared.forget(tenantId)
    }
  }
}

/** Within one app the tenant and the name say everything. */
function idOf({ tenantId, name }: TokenKey): string {
  return JSON.stringify([tenantId, name])
}
