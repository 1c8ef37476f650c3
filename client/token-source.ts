import { ClientError } from './client-error.ts'

/** Where tokens for calls come from. */
export interface TokenSource {
  /** A token that is good for a while: the last one, or a new one. */
  get(): Promise<string>
  /** The backend refused this token: the next `get` fetches another. */
  drop(token: string): void
}

/** A token is renewed that long before its end, so that it does not end on its way. */
const RESERVE_SECONDS = 30

/**
 * Keeps one token for as long as it lives. Calls that come together wait for the same fetch. How long it lives is told
 * by the token itself; the clock of the machine, which may be wrong, is not asked.
 */
export function createTokenSource(
  fetchToken: () => Promise<string>,
  first?: string,
  now = () => performance.now()
): TokenSource {
  let known: { token: string; until: number } | null = null
  let flight: Promise<string> | null = null
  if (first !== undefined && first !== '') remember(first)

  function remember(token: string): void {
    known = { token, until: now() + (lifetimeOf(token) - RESERVE_SECONDS) * 1000 }
  }

  return {
    async get() {
      if (known !== null && now() < known.until) return known.token
      flight ??= fetchToken()
        .then((token) => {
          remember(token)
          return token
        })
        .finally(() => {
          flight = null
        })
      return flight
    },
    drop(token) {
      if (known?.token === token) known = null
    }
  }
}

/** Seconds from a token's making to its end; 0 for one that does not say. */
function lifetimeOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')))
    if (typeof claims !== 'object' || claims === null) return 0
    const { iat, exp } = claims as Record<string, unknown>
    return typeof iat === 'number' && typeof exp === 'number' ? exp - iat : 0
  } catch {
    return 0
  }
}

/** Fails a promise that takes too long: outside of a frame the host never answers. */
export function within<Value>(promise: Promise<Value>, limitMs: number, message: string): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ClientError('token', message)), limitMs)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
