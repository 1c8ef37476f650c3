import { AtlassianError } from '../errors.ts'
import { createLeasedTokens } from '../host/leased-tokens.ts'
import {
  askTokenEndpoint,
  oddAnswer,
  parseTokenAnswer,
  type TokenEndpointOptions,
  toStoredToken
} from '../host/token-endpoint.ts'
import { UserTokenError } from '../host/user-token-error.ts'
import type { Log } from '../ports.ts'
import type { Secret } from '../secret.ts'
import { type ConnectTenant, isConnected } from '../tenant/tenant.ts'
import type { StoredToken, TokenKey, TokenStore } from '../tenant/token-store.ts'
import type { ResolvedBitbucket } from './bitbucket-options.ts'
import { type BitbucketSigner, signBitbucketRequest } from './sign-bitbucket-request.ts'

/** What the exchange needs to know of the app and the world. */
export interface BitbucketTokensOptions extends TokenEndpointOptions {
  readonly bitbucket: ResolvedBitbucket
  /** Where processes share tokens; without the part each keeps its own. */
  readonly store: { readonly tokens?: TokenStore }
  readonly log: Log
}

/** Access tokens that act as the account of an installation, for REST calls and for git over HTTPS. */
export interface BitbucketTokens {
  /** One that is still good for a minute. Throws UserTokenError, and `ATL_NO_TENANT` for a tenant that is gone. */
  get(tenant: ConnectTenant): Promise<Secret>
  /** Bitbucket refused this token. */
  drop(tenant: ConnectTenant, token: Secret): Promise<void>
}

const MAX_TOKENS = 10_000
const GRANT = 'urn:bitbucket:oauth2:jwt'

/** One question at a time for each tenant, in all processes that share the store. */
export function createBitbucketTokens(options: BitbucketTokensOptions): BitbucketTokens {
  const { bitbucket, clock } = options
  const leased = createLeasedTokens({ ...options, maxTokens: MAX_TOKENS })
  return Object.freeze({
    get: async (tenant: ConnectTenant) =>
      await leased.get(keyOf(tenant, bitbucket), () => exchangeBitbucketToken(tenant, { ...options, clock })),
    drop: async (tenant: ConnectTenant, token: Secret) => await leased.drop(keyOf(tenant, bitbucket), token)
  })
}

/**
 * Changes a signed token for an access token (connect.md 10). Follows no redirect and reads a bounded answer. Throws
 * UserTokenError `ATL_USER_TOKEN_REFUSED`, `ATL_USER_TOKEN_UNAVAILABLE` or `ATL_USER_TOKEN_ANSWER`.
 */
export async function exchangeBitbucketToken(
  signer: BitbucketSigner,
  options: TokenEndpointOptions & { readonly bitbucket: ResolvedBitbucket }
): Promise<StoredToken> {
  const askedAtMs = options.clock()
  const url = new URL(`${options.bitbucket.siteUrl}/site/oauth2/access_token`)
  const token = signBitbucketRequest(signer, 'POST', url, Math.floor(askedAtMs / 1000))
  const headers = { authorization: `JWT ${token}`, 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ grant_type: GRANT }).toString()
  const { status, text } = await askTokenEndpoint({ url: url.href, headers, body }, options)
  if (status !== 200) throw new UserTokenError('ATL_USER_TOKEN_REFUSED', 'refused', { status })
  const answer = parseTokenAnswer(text)
  if (answer === null) throw oddAnswer('not-json', status)
  const { access_token, expires_in, token_type } = answer
  if (typeof token_type !== 'string' || token_type.toLowerCase() !== 'bearer') throw oddAnswer('token-type', status)
  return toStoredToken(access_token, expires_in, askedAtMs, status)
}

/** Whatever a token is asked with is part of its name, so that none outlives an install or an uninstall. */
function keyOf(tenant: ConnectTenant, { siteUrl }: ResolvedBitbucket): TokenKey {
  const { tenantId, clientKey, secretVersion, lastInstallIatSeconds } = tenant
  if (!isConnected(tenant)) throw new AtlassianError('ATL_NO_TENANT', 'bitbucket-token', { tenantId })
  const name = JSON.stringify(['bitbucket', siteUrl, clientKey, secretVersion, lastInstallIatSeconds])
  return { tenantId, kind: 'system', name }
}
