import { BoundedMap } from '../bounded-map.ts'
import { signUserAssertion } from '../jwt/sign-user-assertion.ts'
import type { Clock, FetchLike, Log } from '../ports.ts'
import type { StoredToken, TokenStore } from '../tenant/token-store.ts'
import { exchangeAssertion } from './exchange-assertion.ts'
import { createLeasedTokens } from './leased-tokens.ts'
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

/** An answer that asked to be left alone. */
interface Quiet {
  readonly untilMs: number
  /** When the server itself wants to be asked again. */
  readonly endsAtMs: number
  readonly status: number
}

/** The longest that the authorization server is left alone on its own word. */
const MAX_QUIET_MS = 60_000

/**
 * Access tokens with which the app acts as a user. Held in memory and, encrypted, in the store; one question at a time
 * to the authorization server for each key, in this process and, where they share a store, in all of them. Methods
 * throw UserTokenError, and `ATL_NO_TENANT` for a tenant that no installation keeps alive.
 */
export function createUserTokens(options: UserTokensOptions): UserTokens {
  const { clock, timeoutMs = 5000, maxTokens = 10_000 } = options
  const { store, log } = options
  const leased = createLeasedTokens({ store, clock, log, timeoutMs, maxTokens })
  const quiet = new BoundedMap<string, Quiet>(maxTokens)

  function throwWhileQuiet(key: string): void {
    const known = quiet.peek(key)
    if (known === undefined) return
    const nowMs = clock()
    if (nowMs >= known.untilMs) {
      quiet.delete(key)
      return
    }
    const { status, endsAtMs } = known
    throw new UserTokenError('ATL_USER_TOKEN_UNAVAILABLE', 'status', {
      status,
      retryAfterSeconds: Math.ceil((endsAtMs - nowMs) / 1000)
    })
  }

  async function ask(wanted: WantedToken): Promise<StoredToken> {
    const { authorizationServer, tenant, oauthClientId, accountId, scopes } = wanted
    // A limit (429) is one tenant's; a server that is down is so for all.
    const quietOfTenant = `${authorizationServer} ${tenant.tenantId}`
    throwWhileQuiet(authorizationServer)
    throwWhileQuiet(quietOfTenant)
    const claims = { oauthClientId, accountId, baseUrl: tenant.baseUrl, authorizationServer }
    const assertion = signUserAssertion(claims, tenant.sharedSecret, Math.floor(clock() / 1000))
    try {
      return await exchangeAssertion({ authorizationServer, assertion, scopes }, { ...options, timeoutMs })
    } catch (error) {
      if (error instanceof UserTokenError && error.retryAfterSeconds !== null) {
        const nowMs = clock()
        const askedMs = error.retryAfterSeconds * 1000
        quiet.set(error.status === 429 ? quietOfTenant : authorizationServer, {
          untilMs: nowMs + Math.min(askedMs, MAX_QUIET_MS),
          endsAtMs: nowMs + askedMs,
          status: error.status
        })
      }
      throw error
    }
  }

  return Object.freeze({
    async get(request) {
      const wanted = wantedToken(request, options)
      return await leased.get(wanted.key, () => ask(wanted))
    },
    async drop(request, token) {
      await leased.drop(wantedToken(request, options).key, token)
    },
    forget: (tenantId) => leased.forget(tenantId)
  } satisfies UserTokens)
}
