import type { StoredToken } from '../tenant/token-store.ts'
import {
  askTokenEndpoint,
  oddAnswer,
  parseTokenAnswer,
  type TokenEndpointOptions,
  toStoredToken
} from './token-endpoint.ts'
import { UserTokenError } from './user-token-error.ts'

/** One question to the authorization server. */
export interface Exchange {
  /** Without a trailing slash. */
  readonly authorizationServer: string
  readonly assertion: string
  /** Upper case; empty = whatever the site has granted the app. */
  readonly scopes: readonly string[]
}

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
export async function exchangeAssertion(exchange: Exchange, options: TokenEndpointOptions): Promise<StoredToken> {
  const { authorizationServer, assertion, scopes } = exchange
  const askedAtMs = options.clock()
  const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
  if (scopes.length > 0) form.set('scope', scopes.join(' '))
  const { status, text } = await askTokenEndpoint(
    {
      url: `${authorizationServer}/oauth2/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString()
    },
    options
  )
  const body = parseTokenAnswer(text)
  if (status >= 400) {
    const oauthError = body?.error
    throw new UserTokenError('ATL_USER_TOKEN_REFUSED', 'refused', {
      status,
      details: { oauthError: OAUTH_ERRORS.has(oauthError) && typeof oauthError === 'string' ? oauthError : null }
    })
  }
  if (body === null) throw oddAnswer('not-json', status)
  const { access_token, expires_in, token_type } = body
  if (typeof token_type !== 'string' || token_type.toLowerCase() !== 'bearer') throw oddAnswer('token-type', status)
  return toStoredToken(access_token, expires_in, askedAtMs, status)
}
