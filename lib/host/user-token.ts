import { randomUUID } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { signUserAssertion } from '../jwt/sign-user-assertion.ts'
import type { Clock, FetchLike, Log } from '../ports.ts'
import type { Secret } from '../secret.ts'
import type { StoredToken, TokenStore } from '../tenant/token-store.ts'
import { exchangeAssertion } from './exchange-assertion.ts'
import { createSharedTokens } from './shared-tokens.ts'
import { UserTokenError } from './user-token-error.ts'
import type { UserTokens } from './user-tokens.ts'
import { type WantedToken, wantedToken } from './wanted-token.ts'

/** What getting user tokens needs to know of the app and the world. */
export interface UserTokensOptions {
  /** Scopes of the app's descriptor. */
  readonly scopes: readonly string[]
  /** The option of this name, without a trailing slash. */
  readonly authorizationServer: string
  /** Where processes share tokens; without the part each keeps its own. */
  readonly store: { readonly tokens?: TokenStore }
  readonly userAgent: string
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly log: Log
  /** How long the authorization server may take. Default 5 seconds. */
  readonly timeoutMs?: number
  /** Tokens held in memory. Default 10,000. */
  readonly maxTokens?: number
}

/** A token this close to its end is not used any more (connect.md 5.2). */
const MARGIN_MS = 60_000
/** The longest that the authorization server is left alone on its own word. */
const MAX_QUIET_MS = 60_000

interface Held extends StoredToken {
  readonly id: string
  readonly tenantId: string
}

interface Flight {
  readonly tenantId: string
  readonly result: Promise<StoredToken>
  forgotten: boolean
}

/**
 * Access tokens with which the app acts as a user. Held in memory and, encrypted, in the store; one question at a time
 * to the authorization server for each key, in this process and, where they share a store, in all of them. Methods
 * throw UserTokenError, and `ATL_NO_TENANT` for a tenant that no installation keeps alive.
 */
export function createUserTokens(options: UserTokensOptions): UserTokens {
  const { clock, timeoutMs = 5000, maxTokens = 10_000 } = options
  const memory = new BoundedMap<string, Held>(maxTokens)
  /** The last token of each key that the host refused: it may still stand in a store that did not answer. */
  const refused = new BoundedMap<string, Secret>(maxTokens)
  const flights = new Map<string, Flight>()
  const quiet = new Map<string, { readonly untilMs: number; readonly error: UserTokenError }>()
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

  async function ask(wanted: WantedToken, id: string): Promise<StoredToken> {
    const { authorizationServer, tenant, oauthClientId, accountId, scopes } = wanted
    const pause = quiet.get(authorizationServer)
    if (pause !== undefined && clock() < pause.untilMs) throw pause.error
    const claims = { oauthClientId, accountId, baseUrl: tenant.baseUrl, authorizationServer }
    const assertion = signUserAssertion(claims, tenant.sharedSecret, Math.floor(clock() / 1000))
    try {
      const fresh = await exchangeAssertion({ authorizationServer, assertion, scopes }, { ...options, timeoutMs })
      refused.delete(id)
      return fresh
    } catch (error) {
      if (error instanceof UserTokenError && error.retryAfterSeconds !== null) {
        const untilMs = clock() + Math.min(error.retryAfterSeconds * 1000, MAX_QUIET_MS)
        quiet.set(authorizationServer, { untilMs, error })
      }
      throw error
    }
  }

  async function obtain(wanted: WantedToken, id: string, isForgotten: () => boolean): Promise<StoredToken> {
    const { key } = wanted
    const isGood = isGoodAs(id)
    const known = await shared.find(key, isGood)
    if (known !== null) return known
    const found = await shared.alone(key, isGood, async () => {
      const fresh = await ask(wanted, id)
      if (!isForgotten()) await shared.put(key, fresh)
      return fresh
    })
    if (found === null) throw new UserTokenError('ATL_USER_TOKEN_UNAVAILABLE', 'others-ask')
    return found
  }

  function start(wanted: WantedToken, id: string): Flight {
    const { tenantId } = wanted.key
    const flight: Flight = {
      tenantId,
      forgotten: false,
      result: obtain(wanted, id, () => flight.forgotten)
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

  return Object.freeze({
    async get(request) {
      const wanted = wantedToken(request, options)
      const id = idOf(wanted)
      for (;;) {
        const held = memory.get(id)
        if (held !== undefined && isGoodAs(id)(held)) return held.token
        const { token } = await (flights.get(id) ?? start(wanted, id)).result
        // Refused while it was on its way from the store; one that was just issued is not.
        if (refused.peek(id)?.equals(token) !== true) return token
      }
    },

    async drop(request, token) {
      const wanted = wantedToken(request, options)
      const id = idOf(wanted)
      refused.set(id, token)
      if (memory.peek(id)?.token.equals(token)) memory.delete(id)
      await shared.drop(wanted.key, token)
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
  } satisfies UserTokens)
}

/** Within one app the tenant and the name say everything. */
function idOf({ key }: WantedToken): string {
  return JSON.stringify([key.tenantId, key.name])
}
