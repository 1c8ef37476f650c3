import { BoundedMap } from '../bounded-map.ts'
import { AuthenticationError } from '../errors.ts'
import { isMembers } from './forge-claims.ts'

/** The issuer of every invocation token (forge.md 2.2). */
export const INVOCATION_ISSUER = 'forge/invocation-token'

/** A token longer than this is refused before anything is decoded. Claims hold the configuration of macros. */
export const MAX_INVOCATION_LENGTH = 16_384

/** An invocation token taken apart. Nothing in it is trusted yet. */
export interface UnverifiedInvocation {
  readonly kid: string
  /** What is signed: the first two segments, letters of base64url and dots. */
  readonly signingInput: string
  readonly signature: Buffer
  readonly claims: Readonly<Record<string, unknown>>
}

const BEARER = 'bearer '
const BEARER_SCHEME = /^bearer(?:[\s,]|$)/i
const BASE64URL = /^[A-Za-z0-9_-]+$/
const MAX_KID_LENGTH = 512

// One key signs for a long time, so the same few headers come again and again.
const knownHeaders = new BoundedMap<string, string>(64)

/** Whether the one `Authorization` header has the scheme of invocation tokens, whatever follows it. */
export function hasBearerScheme(authorization: readonly string[]): boolean {
  return authorization.length === 1 && BEARER_SCHEME.test(authorization[0] ?? '')
}

/** The token of the one `Authorization` header (forge.md 2.5, rule 1). Throws AuthenticationError. */
export function readBearer(authorization: readonly string[]): string {
  const [header, ...others] = authorization
  if (header === undefined) throw new AuthenticationError('token-missing')
  if (others.length > 0) throw new AuthenticationError('several-authorization-headers')
  const token = header.slice(BEARER.length)
  const isBearer = header.slice(0, BEARER.length).toLowerCase() === BEARER
  if (!isBearer || token === '' || token.includes(' ') || token.includes(',')) {
    throw new AuthenticationError('authorization-scheme')
  }
  if (token.length > MAX_INVOCATION_LENGTH) throw new AuthenticationError('token-too-long')
  return token
}

/**
 * Everything that garbage fails at, so that none of it makes us fetch a key: three segments, JSON in two of them, the
 * algorithm, no `crit`, issuer and audience. Keys and addresses in the header are not looked at. Throws
 * AuthenticationError.
 */
export function readInvocationToken(token: string, appId: string): UnverifiedInvocation {
  const first = token.indexOf('.')
  const last = token.lastIndexOf('.')
  if (first <= 0 || last === first || token.indexOf('.', first + 1) !== last) {
    throw new AuthenticationError('token-shape')
  }
  // What is signed is the text of both segments, so a strange letter in them has no second reading.
  const payload = token.slice(first + 1, last)
  const signatureText = token.slice(last + 1)
  const kid = readHeader(token.slice(0, first))
  // Base64url leaves spare bits in the last character; only one spelling of a signature is accepted.
  const signature = Buffer.from(signatureText, 'base64url')
  if (signature.length === 0 || signature.toString('base64url') !== signatureText) {
    throw new AuthenticationError('signature')
  }
  const claims = readJson(payload, 'payload-shape')
  if (claims.iss !== INVOCATION_ISSUER) throw new AuthenticationError('issuer')
  checkAudience(claims.aud, appId)
  return { kid, claims, signature, signingInput: token.slice(0, last) }
}

/** Exactly this app, as text or as the only member of a list (forge.md 9, 6 and 7). */
function checkAudience(audience: unknown, appId: string): void {
  const [only, ...others] = Array.isArray(audience) ? audience : [audience]
  if (only !== appId || others.length > 0) throw new AuthenticationError('audience')
}

/** The key id. It is compared with the ids of a key set and is part of no address. */
function readHeader(text: string): string {
  const known = knownHeaders.peek(text)
  if (known !== undefined) return known
  if (!BASE64URL.test(text)) throw new AuthenticationError('token-shape')
  const header = readJson(text, 'header-shape')
  if (header.alg !== 'RS256') throw new AuthenticationError('algorithm')
  if (Object.hasOwn(header, 'crit')) throw new AuthenticationError('header-forbidden', { header: 'crit' })
  const { kid } = header
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_LENGTH) throw new AuthenticationError('kid')
  if (text.length <= 1024) knownHeaders.set(text, kid)
  return kid
}

function readJson(text: string, reason: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (isMembers(value)) return value
  } catch {
    // The text stays out of the error: it came from a stranger.
  }
  throw new AuthenticationError(reason)
}
