import { AtlassianError, type ErrorDetails } from '../errors.ts'
import { isConnected } from '../tenant/tenant.ts'
import type { TokenKey } from '../tenant/token-store.ts'
import { authorizationServerOf } from './authorization-server.ts'
import { UserTokenError } from './user-token-error.ts'
import type { UserTokenRequest } from './user-tokens.ts'

/** A request for a token after all checks. */
export interface WantedToken {
  readonly key: TokenKey
  readonly tenant: UserTokenRequest['tenant']
  readonly oauthClientId: string
  readonly accountId: string
  /** Upper case, sorted, each once; empty = all that the site has granted the app. */
  readonly scopes: readonly string[]
  readonly authorizationServer: string
}

const SCOPE = 'ACT_AS_USER'

/**
 * Checks whether the app may ask for this token at all, and makes the key under which it is kept: whatever the
 * assertion says or is signed with is part of it, and so is the last install, so that no token outlives an install,
 * a rotation or an uninstall, in whichever process it happened. Throws UserTokenError `ATL_USER_TOKEN_SETUP` with the
 * cure in its message, and `ATL_NO_TENANT`.
 */
export function wantedToken(
  request: UserTokenRequest,
  app: { readonly scopes: readonly string[]; readonly authorizationServer: string }
): WantedToken {
  const { tenant, accountId } = request
  const { tenantId, clientKey, baseUrl, oauthClientId, secretVersion, lastInstallIatSeconds } = tenant
  if (tenant.product === 'bitbucket') {
    throw setup('bitbucket', 'The app cannot act as a user on Bitbucket, which lets an app act as itself only')
  }
  if (!app.scopes.some((scope) => scope.toUpperCase() === SCOPE)) {
    throw setup(
      'scope-missing',
      'The app cannot act as a user: its descriptor lacks the scope ACT_AS_USER. Add "ACT_AS_USER" to its "scopes"; ' +
        'each site has to approve that version of the app'
    )
  }
  if (!isConnected(tenant)) throw new AtlassianError('ATL_NO_TENANT', 'user-token', { tenantId })
  if (oauthClientId === null || oauthClientId === '') {
    throw setup(
      'client-id-missing',
      'The app cannot act as a user on this site: the site has told no "oauthClientId". Sites tell it when they install ' +
        'a version of the app whose descriptor has the scope ACT_AS_USER: upgrade or install the app there again',
      { tenantId }
    )
  }
  if (typeof accountId !== 'string' || !/^[\w:.-]{1,128}$/.test(accountId)) {
    throw setup('account-id', 'To act as a user, the app has to name an Atlassian account id')
  }
  const scopes = scopesOf(request.scopes)
  const authorizationServer = authorizationServerOf(app.authorizationServer, baseUrl)
  const name = JSON.stringify([
    authorizationServer,
    clientKey,
    oauthClientId,
    baseUrl,
    secretVersion,
    lastInstallIatSeconds,
    accountId,
    scopes
  ])
  return { key: { tenantId, kind: 'user', name }, tenant, oauthClientId, accountId, scopes, authorizationServer }
}

function scopesOf(given: readonly string[] | undefined): readonly string[] {
  if (given === undefined) return []
  const scopes = [...new Set(given.map((scope) => String(scope).toUpperCase()))].sort()
  if (scopes.length === 0 || !scopes.every((scope) => /^[A-Z][A-Z_]{0,63}$/.test(scope))) {
    throw setup('scopes', 'Scopes of a user token must be named as in the descriptor, such as "READ", and at least one')
  }
  return scopes
}

function setup(reason: string, message: string, details: ErrorDetails = {}): UserTokenError {
  return new UserTokenError('ATL_USER_TOKEN_SETUP', reason, { message, details })
}
