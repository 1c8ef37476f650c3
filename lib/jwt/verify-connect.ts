import { AuthenticationError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { Secret } from '../secret.ts'
import { type ConnectTenant, isConnected } from '../tenant/tenant.ts'
import { type ConnectClaims, checkTimes, type ProductContext, parseConnectClaims } from './claims.ts'
import { type CompactToken, hasHmacSignature, parseCompactToken } from './compact-token.ts'
import { constantTimeEqual } from './constant-time.ts'
import type { FoundToken } from './extract-token.ts'
import { type TokenKind, tokenPlaces } from './policy.ts'
import { CONTEXT_QSH, type HashInput, matchesQueryStringHash } from './qsh.ts'
import { SESSION_TYPE, sessionKey } from './session-token.ts'
import { MalformedUrlError } from './signed-url.ts'

export type HmacTokenKind = Exclude<TokenKind, 'lifecycle'>

/** What tokens signed with a shared secret are measured by. */
export interface ConnectRules {
  readonly appKey: string
  readonly clock: Clock
  readonly leewaySeconds: number
  readonly maxLifetimeSeconds: number
  /** How long a retired secret still verifies, in seconds. 0 = not at all. */
  readonly previousSecretSeconds: number
  readonly sessionMaxHours: number
}

/** What the host and the app share about one tenant. */
export interface SharedSecrets {
  readonly sharedSecret: Secret
  /** Verifies for a short window after a rotation. */
  readonly previousSecret: Secret | null
  readonly previousSecretRetiredAtMs: number | null
}

/** A token whose kind was chosen and whose shape is right. `clientKey` may be used to look up a tenant, nothing else. */
export interface UnverifiedToken {
  readonly kind: HmacTokenKind
  readonly clientKey: string
  readonly token: CompactToken
  readonly claims: ConnectClaims
  readonly authTimeSeconds: number
}

/** Who speaks, proved by the tenant's secret. */
export interface VerifiedConnect {
  readonly tokenKind: TokenKind
  readonly appKey: string
  readonly clientKey: string
  /** Atlassian account id of the user; `null` for an anonymous visitor and for the host itself. */
  readonly accountId: string | null
  /** Where the user is, as the token says. Frozen. */
  readonly context: ProductContext
  readonly issuedAtSeconds: number
  readonly expiresAtSeconds: number
  /** When the host last proved the user; a session token keeps the time of the token it began with. */
  readonly authTimeSeconds: number
}

/**
 * Chooses the one verifier for this token before anything is checked, from our own issuer (session) or else the text
 * of the hash (context or computed), and refuses it if the route does not accept that kind or this place.
 * Throws AuthenticationError.
 */
export function readConnectToken(found: FoundToken, kinds: readonly TokenKind[], rules: ConnectRules): UnverifiedToken {
  const token = parseCompactToken(found.token)
  if (token.header.alg !== 'HS256') throw new AuthenticationError('algorithm')
  const claims = parseConnectClaims(token.payload)
  const kind = chooseKind(claims, kinds, rules.appKey)
  if (!kinds.includes(kind)) throw new AuthenticationError('token-kind', { kind, ...remedyFor(kind, kinds) })
  if (!tokenPlaces[kind].includes(found.place))
    throw new AuthenticationError('token-place', { kind, place: found.place })
  if (kind === 'session') return { kind, token, claims, ...readSession(token, claims) }
  if (typeof token.header.typ === 'string' && token.header.typ.toUpperCase() !== 'JWT') {
    throw new AuthenticationError('token-type')
  }
  if (claims.qsh === null) throw new AuthenticationError('hash-missing')
  if (claims.iss.length > 255) throw new AuthenticationError('issuer')
  return { kind, token, claims, clientKey: claims.iss, authTimeSeconds: claims.iat }
}

/** The mistake that most apps make once: the address of a page is opened, or called, with the token of another page. */
function remedyFor(kind: TokenKind, kinds: readonly TokenKind[]): { remedy?: string } {
  if (kind !== 'page' || !kinds.includes('context')) return {}
  return {
    remedy: `this route accepts ${kinds.join(' or ')} tokens: let the page call it with AP.context.getToken() or {{token}}, or name "page" in its policy if the host opens it`
  }
}

function chooseKind(claims: ConnectClaims, kinds: readonly TokenKind[], appKey: string): HmacTokenKind {
  if (claims.iss === appKey) return 'session'
  if (claims.qsh === CONTEXT_QSH) return 'context'
  return kinds.includes('webhook') ? 'webhook' : 'page'
}

function readSession(token: CompactToken, claims: ConnectClaims): { clientKey: string; authTimeSeconds: number } {
  const clientKey = claims.aud[0]
  const authTimeSeconds = token.payload.auth_time
  if (token.header.typ !== SESSION_TYPE || claims.qsh !== null) throw new AuthenticationError('token-type')
  if (clientKey === undefined || claims.aud.length !== 1 || clientKey.length > 255)
    throw new AuthenticationError('audience')
  if (typeof authTimeSeconds !== 'number' || !Number.isFinite(authTimeSeconds)) {
    throw new AuthenticationError('claim-shape', { claim: 'auth_time' })
  }
  return { clientKey, authTimeSeconds }
}

/**
 * Resolves trust: only a request that this living tenant signed, for this kind, time, method, path and query, comes
 * back. Throws AuthenticationError; reason `signature` means that another secret might fit.
 */
export function verifyConnectToken(
  unverified: UnverifiedToken,
  tenant: ConnectTenant,
  request: HashInput,
  rules: ConnectRules,
  acceptEnded = false
): VerifiedConnect {
  const { kind, claims } = unverified
  const nowSeconds = rules.clock() / 1000
  if (tenant.appKey !== rules.appKey || tenant.clientKey !== unverified.clientKey)
    throw new AuthenticationError('tenant')
  checkSignature(unverified, tenant, rules)
  checkTimes(claims, nowSeconds, rules)
  checkHash(kind, claims.qsh, request)
  checkTenantState(tenant, acceptEnded)
  if (kind === 'session') checkSessionAge(unverified, nowSeconds, rules)
  return verifiedFrom(unverified, rules)
}

/**
 * The same for those who keep tenants in their own way: a token of the host, never one of our own, against the secrets
 * that belong to its `clientKey`. Throws AuthenticationError.
 */
export function verifyHostToken(
  unverified: UnverifiedToken,
  secrets: SharedSecrets,
  request: HashInput,
  rules: ConnectRules
): VerifiedConnect {
  const { kind, token, claims } = unverified
  if (kind === 'session') throw new AuthenticationError('token-kind', { kind })
  if (!hasSecretSignature(token, secrets, rules)) throw new AuthenticationError('signature')
  checkTimes(claims, rules.clock() / 1000, rules)
  checkHash(kind, claims.qsh, request)
  return verifiedFrom(unverified, rules)
}

function verifiedFrom({ kind, claims, clientKey, authTimeSeconds }: UnverifiedToken, { appKey }: ConnectRules) {
  return Object.freeze({
    tokenKind: kind,
    appKey,
    clientKey,
    accountId: claims.sub,
    context: claims.context,
    issuedAtSeconds: claims.iat,
    expiresAtSeconds: claims.exp,
    authTimeSeconds
  })
}

/** An ended installation signs nothing that we believe, and neither does a tenant whose data was adopted by another. */
export function checkTenantState(tenant: ConnectTenant, acceptEnded: boolean): void {
  if (!acceptEnded && !isConnected(tenant)) throw new AuthenticationError('tenant-not-installed')
}

function checkSignature(unverified: UnverifiedToken, tenant: ConnectTenant, rules: ConnectRules): void {
  const { token, kind } = unverified
  if (kind === 'session') {
    if (!hasHmacSignature(token, sessionKey(tenant))) throw new AuthenticationError('signature')
    return
  }
  if (!hasSecretSignature(token, tenant, rules)) throw new AuthenticationError('signature')
}

/** Whether the current secret signed this token, or the one before while it still counts. */
export function hasSecretSignature(
  token: CompactToken,
  { sharedSecret, previousSecret, previousSecretRetiredAtMs }: SharedSecrets,
  rules: Pick<ConnectRules, 'clock' | 'previousSecretSeconds'>
): boolean {
  if (hasHmacSignature(token, sharedSecret.hmacKey())) return true
  if (previousSecret === null || previousSecretRetiredAtMs === null) return false
  const ageSeconds = (rules.clock() - previousSecretRetiredAtMs) / 1000
  return ageSeconds < rules.previousSecretSeconds && hasHmacSignature(token, previousSecret.hmacKey())
}

function checkHash(kind: HmacTokenKind, claimed: string | null, request: HashInput): void {
  if (kind === 'session') return
  if (kind === 'context') {
    if (claimed === null || !constantTimeEqual(claimed, CONTEXT_QSH)) throw new AuthenticationError('hash')
    return
  }
  let matches = false
  try {
    matches = claimed !== null && matchesQueryStringHash(claimed, request)
  } catch (error) {
    if (!(error instanceof MalformedUrlError)) throw error
  }
  if (!matches) throw new AuthenticationError('hash')
}

function checkSessionAge(unverified: UnverifiedToken, nowSeconds: number, rules: ConnectRules): void {
  const { authTimeSeconds } = unverified
  if (authTimeSeconds > nowSeconds + rules.leewaySeconds) throw new AuthenticationError('issued-in-the-future')
  if (nowSeconds - authTimeSeconds > rules.sessionMaxHours * 3600) throw new AuthenticationError('session-too-old')
}
