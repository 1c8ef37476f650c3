import type { Clock, FetchLike } from '../ports.ts'
import { Secret } from '../secret.ts'
import type { StoredToken } from '../tenant/token-store.ts'
import { within } from '../within.ts'
import { retryAfterSeconds } from './rate-limit.ts'
import { UserTokenError } from './user-token-error.ts'

/** One question to a server that gives tokens of users. */
export interface TokenQuestion {
  /** Default POST. */
  readonly method?: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** `null` for a GET. */
  readonly body: string | null
}

export interface TokenEndpointOptions {
  readonly userAgent: string
  readonly fetch: FetchLike
  readonly clock: Clock
  /** For the whole answer. */
  readonly timeoutMs: number
}

/** An answer that may be a token, or a no. */
export interface TokenAnswer {
  readonly status: number
  readonly text: string
}

const MAX_BODY_BYTES = 65_536
const MAX_TOKEN_LENGTH = 16_384
const MAX_LIFETIME_SECONDS = 86_400

/**
 * Sends a question that may hold credentials: follows no redirect and reads a bounded answer. Throws UserTokenError
 * `ATL_USER_TOKEN_UNAVAILABLE` where the server cannot be asked now (429 and 5xx too), `ATL_USER_TOKEN_ANSWER` for a
 * redirect and for an answer that is too long.
 */
export async function askTokenEndpoint(question: TokenQuestion, options: TokenEndpointOptions): Promise<TokenAnswer> {
  const { clock, timeoutMs } = options
  const abort = new AbortController()
  try {
    const { response, text } = await within(ask(question, options, abort.signal), timeoutMs, () =>
      unavailable('timeout')
    )
    const { status } = response
    if (status === 429 || status >= 500) {
      throw unavailable('status', {
        status,
        retryAfterSeconds: retryAfterSeconds(response.headers.get('retry-after'), clock())
      })
    }
    if (status >= 300 && status < 400) throw oddAnswer('redirect', status)
    return { status, text }
  } catch (error) {
    // Whatever else a network throws may hold the request.
    throw error instanceof UserTokenError ? error : unavailable('network', { details: { failure: codeOf(error) } })
  } finally {
    abort.abort()
  }
}

/** A token and its life in seconds, checked. Throws UserTokenError `ATL_USER_TOKEN_ANSWER`. */
export function toStoredToken(token: unknown, seconds: unknown, askedAtMs: number, status: number): StoredToken {
  // It becomes a header, so nothing but visible ASCII.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw oddAnswer('access-token', status)
  if (token.length > MAX_TOKEN_LENGTH) throw oddAnswer('access-token', status)
  const isLifetime = typeof seconds === 'number' && seconds > 0 && seconds <= MAX_LIFETIME_SECONDS
  if (!isLifetime) throw oddAnswer('expires-in', status)
  return { token: new Secret(token), expiresAtMs: askedAtMs + Math.floor(seconds * 1000) }
}

/** The members of a JSON object; `null` for every other text. */
export function parseTokenAnswer(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    // The error would quote the text, in which a token may be.
    return null
  }
}

export function oddAnswer(reason: string, status: number): UserTokenError {
  return new UserTokenError('ATL_USER_TOKEN_ANSWER', reason, { status })
}

async function ask(
  { method = 'POST', url, headers, body }: TokenQuestion,
  options: TokenEndpointOptions,
  signal: AbortSignal
) {
  const response = await options.fetch(url, {
    method,
    redirect: 'manual',
    headers: { accept: 'application/json', 'user-agent': options.userAgent, ...headers },
    body,
    signal
  })
  return { response, text: await readBounded(response) }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_BODY_BYTES) throw oddAnswer('too-long', response.status)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function unavailable(
  reason: string,
  facts?: { status?: number; retryAfterSeconds?: number | null; details?: { failure: string | null } }
): UserTokenError {
  return new UserTokenError('ATL_USER_TOKEN_UNAVAILABLE', reason, facts)
}

/** `ECONNREFUSED` and its like. */
function codeOf(error: unknown): string | null {
  const cause = error instanceof Error ? (error.cause ?? error) : null
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : null
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : null
}
