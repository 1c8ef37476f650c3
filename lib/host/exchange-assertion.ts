import type { Clock, FetchLike } from '../ports.ts'
import { Secret } from '../secret.ts'
import type { StoredToken } from '../tenant/token-store.ts'
import { within } from '../within.ts'
import { retryAfterSeconds } from './rate-limit.ts'
import { UserTokenError } from './user-token-error.ts'

/** One question to the authorization server. */
export interface Exchange {
  /** Without a trailing slash. */
  readonly authorizationServer: string
  readonly assertion: string
  /** Upper case; empty = whatever the site has granted the app. */
  readonly scopes: readonly string[]
}

export interface ExchangeOptions {
  readonly userAgent: string
  readonly fetch: FetchLike
  readonly clock: Clock
  /** For the whole answer. */
  readonly timeoutMs: number
}

const MAX_BODY_BYTES = 65_536
const MAX_TOKEN_LENGTH = 16_384
const MAX_LIFETIME_SECONDS = 86_400

/** RFC 6749, 5.2, and what a proxy of it may say. Any other word might repeat what was sent. */
const OAUTH_ERRORS: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
  'server_error',
  'temporarily_unavailable'
])

/**
 * Changes an assertion for an access token (RFC 7523, connect.md 5.2). Follows no redirect and reads a bounded answer.
 * Throws UserTokenError: `ATL_USER_TOKEN_REFUSED` for a refusal, `ATL_USER_TOKEN_UNAVAILABLE` for a server that cannot
 * be asked now, `ATL_USER_TOKEN_ANSWER` for an answer that makes no sense.
 */
export async function exchangeAssertion(exchange: Exchange, options: ExchangeOptions): Promise<StoredToken> {
  const { clock, timeoutMs } = options
  const askedAtMs = clock()
  const abort = new AbortController()
  try {
    const { response, text } = await within(ask(exchange, options, abort.signal), timeoutMs, () =>
      unavailable('timeout')
    )
    if (!response.ok) throw statusError(response, text, clock())
    return { ...parseAnswer(text, response.status, askedAtMs) }
  } catch (error) {
    // Whatever else a network throws may hold the request.
    throw error instanceof UserTokenError ? error : unavailable('network', { details: { failure: codeOf(error) } })
  } finally {
    abort.abort()
  }
}

async function ask(
  { authorizationServer, assertion, scopes }: Exchange,
  options: ExchangeOptions,
  signal: AbortSignal
) {
  const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
  if (scopes.length > 0) form.set('scope', scopes.join(' '))
  const response = await options.fetch(`${authorizationServer}/oauth2/token`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': options.userAgent
    },
    body: form.toString(),
    signal
  })
  return { response, text: await readBounded(response) }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_BODY_BYTES) throw odd('too-long', response.status)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function statusError(response: Response, text: string, nowMs: number): UserTokenError {
  const { status } = response
  if (status === 429 || status >= 500) {
    return unavailable('status', {
      status,
      retryAfterSeconds: retryAfterSeconds(response.headers.get('retry-after'), nowMs)
    })
  }
  if (status < 400) return odd('redirect', status)
  const { error } = parseObject(text) ?? {}
  return new UserTokenError('ATL_USER_TOKEN_REFUSED', 'refused', {
    status,
    details: { oauthError: OAUTH_ERRORS.has(error) && typeof error === 'string' ? error : null }
  })
}

function parseAnswer(text: string, status: number, askedAtMs: number): StoredToken {
  const body = parseObject(text)
  if (body === null) throw odd('not-json', status)
  const { access_token, expires_in, token_type } = body
  if (typeof token_type !== 'string' || token_type.toLowerCase() !== 'bearer') throw odd('token-type', status)
  // It becomes a header, so nothing but visible ASCII.
  if (typeof access_token !== 'string' || !/^[\x21-\x7e]+$/.test(access_token)) throw odd('access-token', status)
  if (access_token.length > MAX_TOKEN_LENGTH) throw odd('access-token', status)
  const isLifetime = typeof expires_in === 'number' && expires_in > 0 && expires_in <= MAX_LIFETIME_SECONDS
  if (!isLifetime) throw odd('expires-in', status)
  return { token: new Secret(access_token), expiresAtMs: askedAtMs + Math.floor(expires_in * 1000) }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    // The error would quote the text, in which a token may be.
    return null
  }
}

function odd(reason: string, status: number): UserTokenError {
  return new UserTokenError('ATL_USER_TOKEN_ANSWER', reason, { status })
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
