import { hash } from 'node:crypto'
import { compactVerify } from 'jose'
import { AtlassianError, AuthenticationError } from '../errors.ts'
import type { Clock, SignedRequest } from '../ports.ts'
import type { LifecyclePayload } from '../tenant/lifecycle-payload.ts'
import { type ConnectClaims, checkTimes, parseConnectClaims, type TimeRules } from './claims.ts'
import { parseCompactToken } from './compact-token.ts'
import { extractToken, type TokenSource } from './extract-token.ts'
import { type InstallKeySource, isWellFormedKid } from './install-keys.ts'
import { CONTEXT_QSH, matchesQueryStringHash } from './qsh.ts'
import { parseRequestUrl } from './request-url.ts'
import type { VerifiedConnect } from './verify-connect.ts'

/** What install tokens are measured by. */
export interface InstallRules extends TimeRules {
  readonly appKey: string
  readonly clock: Clock
  /** Every base URL of this app, without a trailing slash. */
  readonly audiences: readonly string[]
  readonly basePaths: readonly string[]
  readonly needsBasePath: boolean
}

/** An install token that passed every check that needs no key. Not to be believed. */
export interface UnverifiedInstallToken {
  readonly token: string
  readonly kid: string
  readonly claims: ConnectClaims
}

/** A life-cycle call that Atlassian signed. */
export interface VerifiedInstall {
  readonly connect: VerifiedConnect
  readonly payload: LifecyclePayload
  readonly mark: { readonly token: string; readonly body: string; readonly expSeconds: number }
  readonly iatSeconds: number
  /** The address of ours that the token is for: that of a region, for a site of one. Without a trailing slash. */
  readonly audience: string
}

/**
 * Everything about the token that can be refused without the body and without a key (connect.md 2.4, rules 1, 2, 6, 7
 * and 8). Throws AuthenticationError.
 */
export function readInstallToken(
  request: SignedRequest,
  rules: InstallRules,
  source: TokenSource = extractToken
): UnverifiedInstallToken {
  const unverified = readInstallClaims(request, rules, source)
  const { qsh } = unverified.claims
  if (qsh === null || qsh === CONTEXT_QSH) throw new AuthenticationError('hash-missing')
  const { basePaths, needsBasePath } = rules
  const input = { method: request.method, url: parseRequestUrl(request.url), basePaths, needsBasePath }
  if (!matchesQueryStringHash(qsh, input)) throw new AuthenticationError('hash')
  return unverified
}

/** The same without rule 8: the token may be for another address. Throws AuthenticationError. */
export function readInstallClaims(
  request: SignedRequest,
  rules: InstallRules,
  source: TokenSource
): UnverifiedInstallToken {
  const found = source(request, parseRequestUrl(request.url))
  if (found === null) throw new AuthenticationError('token-missing')
  if (found.place !== 'header') throw new AuthenticationError('token-place', { place: found.place })
  const { header, payload, signature } = parseCompactToken(found.token)
  if (header.alg !== 'RS256') throw new AuthenticationError('algorithm')
  const { kid } = header
  if (!isWellFormedKid(kid)) throw new AuthenticationError('kid')
  // Base64url leaves spare bits in the last character; only one spelling of a signature is accepted.
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature)
    throw new AuthenticationError('signature')
  const claims = parseConnectClaims(payload)
  if (!claims.aud.some((audience) => rules.audiences.includes(trimSlash(audience)))) {
    throw new AuthenticationError('audience')
  }
  checkTimes(claims, rules.clock() / 1000, rules)
  return { token: found.token, kid, claims }
}

/**
 * Fetches the key and checks the signature, after the body has been compared with the token. Only what comes back may
 * be believed. Throws AuthenticationError and AtlassianError `ATL_KEYS_UNAVAILABLE` and `ATL_LIFECYCLE_BODY`.
 */
export async function verifyInstall(
  unverified: UnverifiedInstallToken,
  payload: LifecyclePayload,
  body: unknown,
  keys: InstallKeySource,
  rules: InstallRules
): Promise<VerifiedInstall> {
  const { token, kid, claims } = unverified
  if (claims.iss !== payload.clientKey) throw new AuthenticationError('issuer')
  const bodyHash = hashBody(body)
  const connect = await verifySigner({ token, kid, claims }, keys, rules)
  return Object.freeze({
    connect,
    payload,
    mark: Object.freeze({
      token: hash('sha256', token, 'hex'),
      body: bodyHash,
      expSeconds: Math.ceil(claims.exp + rules.leewaySeconds)
    }),
    iatSeconds: Math.floor(claims.iat),
    audience: claims.aud.map(trimSlash).find((audience) => rules.audiences.includes(audience)) ?? ''
  })
}

/**
 * Fetches the key and checks the signature of a call whose body names no tenant: the issuer is whom Atlassian vouches
 * for. Throws AuthenticationError and AtlassianError `ATL_KEYS_UNAVAILABLE`.
 */
export async function verifySigner(
  { token, kid, claims }: UnverifiedInstallToken,
  keys: InstallKeySource,
  rules: InstallRules
): Promise<VerifiedConnect> {
  const key = await keys.get(kid)
  try {
    await compactVerify(token, key, { algorithms: ['RS256'] })
  } catch {
    throw new AuthenticationError('signature')
  }
  return Object.freeze({
    tokenKind: 'lifecycle',
    appKey: rules.appKey,
    clientKey: claims.iss,
    accountId: claims.sub,
    context: claims.context,
    issuedAtSeconds: claims.iat,
    expiresAtSeconds: claims.exp,
    authTimeSeconds: claims.iat
  })
}

/** SHA-256 of the parsed body, by which a token that comes back is compared. Throws `ATL_LIFECYCLE_BODY`. */
export function hashBody(body: unknown): string {
  try {
    return hash('sha256', JSON.stringify(body), 'hex')
  } catch {
    // JSON is read at any depth, but not written: no host nests that deep.
    throw new AtlassianError('ATL_LIFECYCLE_BODY', 'body-depth')
  }
}

function trimSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text
}
