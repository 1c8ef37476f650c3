import { randomBytes } from 'node:crypto'
import { peekToken, type Signing } from './signing.ts'
import type { Site } from './site.ts'
import type { SimulatedUser } from './types.ts'
import { findUser } from './users.ts'

/** What the authorization server has let an app do: act as this user on this site, within these scopes. */
export interface UserGrant {
  readonly site: Site
  readonly user: SimulatedUser
  readonly scopes: readonly string[]
  readonly expiresAtMs: number
}

export interface UserGrants {
  /** A new access token for what the form asks, or the OAuth error and why. */
  issue(form: URLSearchParams, audience: string, nowMs: number): IssuedToken | TokenRefusal
  /** What this access token lets the app do on the site now; `null`: nothing. */
  find(site: Site, token: string, nowMs: number): UserGrant | null
  /** The site ends every token that was given for it. */
  revoke(site: Site): void
}

export interface IssuedToken {
  readonly token: string
  readonly grant: UserGrant
}

export interface TokenRefusal {
  readonly site: Site | null
  readonly error: 'invalid_request' | 'invalid_client' | 'invalid_grant' | 'invalid_scope' | 'unsupported_grant_type'
  readonly reason: string
}

/** Seconds that an access token lives. */
export const TOKEN_SECONDS = 900

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const CLIENT = 'urn:atlassian:connect:clientid:'
const ACCOUNT = 'urn:atlassian:connect:useraccountid:'
const LEEWAY_SECONDS = 30
const MAX_LIFETIME_SECONDS = 120

/** Checks assertions with Atlassian's own library and remembers the opaque tokens that were given for them. */
export function createUserGrants(signing: Signing, sites: readonly Site[]): UserGrants {
  const grants = new Map<string, UserGrant>()

  /** The claims of an assertion that this site has signed for; throws a sentence otherwise. */
  function verify(site: Site, assertion: string, audience: string, nowMs: number): Record<string, unknown> {
    const claims = signing.verifyShared(assertion, site.sharedSecret)
    const { aud, exp, iat, tnt } = claims
    // Atlassian's library makes a list of every audience.
    if (String(aud) !== audience) throw new Error('the audience is not this authorization server')
    if (tnt !== site.baseUrl) throw new Error('"tnt" is not the base URL of the site')
    if (typeof exp !== 'number' || typeof iat !== 'number') throw new Error('exp or iat is missing')
    if (exp - iat > MAX_LIFETIME_SECONDS) throw new Error('the assertion lives for too long')
    if (nowMs / 1000 > exp + LEEWAY_SECONDS) throw new Error('the assertion has expired')
    if (iat > nowMs / 1000 + LEEWAY_SECONDS) throw new Error('the assertion is issued in the future')
    return claims
  }

  return {
    issue(form, audience, nowMs) {
      const assertion = form.get('assertion') ?? ''
      const claims = peekToken(assertion)?.claims
      const site = sites.find(({ oauthClientId }) => claims?.iss === CLIENT + oauthClientId) ?? null
      const refuse = (error: TokenRefusal['error'], reason: string): TokenRefusal => ({ site, error, reason })
      if (form.get('grant_type') !== GRANT_TYPE) return refuse('unsupported_grant_type', 'not the JWT bearer grant')
      if (claims === undefined) return refuse('invalid_request', 'no readable assertion')
      if (site === null || !site.installed) return refuse('invalid_client', 'no installed app has this client id')
      const declared = declaredScopes(site)
      if (!declared.includes('ACT_AS_USER')) return refuse('invalid_client', 'the app lacks the scope ACT_AS_USER')
      try {
        verify(site, assertion, audience, nowMs)
      } catch (error) {
        return refuse('invalid_grant', error instanceof Error ? error.message : 'not a readable assertion')
      }
      const sub = String(claims.sub)
      const user = sub.startsWith(ACCOUNT) ? findUser(sub.slice(ACCOUNT.length)) : undefined
      if (user === undefined) return refuse('invalid_grant', 'no such user')
      const asked = form.get('scope')
      const scopes = asked === null ? declared : asked.split(' ')
      if (!scopes.every((scope) => declared.includes(scope))) {
        return refuse('invalid_scope', 'the descriptor does not have every scope that is asked for')
      }
      const token = randomBytes(32).toString('base64url')
      const grant = { site, user, scopes, expiresAtMs: nowMs + TOKEN_SECONDS * 1000 }
      grants.set(token, grant)
      return { token, grant }
    },

    find(site, token, nowMs) {
      const grant = grants.get(token)
      return grant !== undefined && grant.site === site && site.installed && nowMs < grant.expiresAtMs ? grant : null
    },

    revoke(site) {
      for (const [token, grant] of grants) if (grant.site === site) grants.delete(token)
    }
  }
}

function declaredScopes(site: Site): string[] {
  const { scopes } = site.app?.descriptor.raw ?? {}
  return Array.isArray(scopes) ? scopes.map((scope) => String(scope).toUpperCase()) : []
}
