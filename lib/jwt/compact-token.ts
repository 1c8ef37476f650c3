import { createHmac, type KeyObject } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { AuthenticationError } from '../errors.ts'
import { constantTimeEqual } from './constant-time.ts'

/** A token longer than this is refused before anything is decoded. */
export const MAX_TOKEN_LENGTH = 8192

/** A compact JWS taken apart. Nothing in it is trusted yet. */
export interface CompactToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  readonly signingInput: string
  readonly signature: string
}

const BASE64URL = /^[A-Za-z0-9_-]+$/
const FORBIDDEN_HEADERS = ['crit', 'jwk', 'jku', 'x5c', 'x5u', 'b64', 'zip', 'enc'] as const

// Hosts send the same few headers for ever; parsing each once saves a JSON.parse per request.
const knownHeaders = new BoundedMap<string, Readonly<Record<string, unknown>>>(64)

/** Exactly three non-empty base64url segments with JSON objects in the first two. Throws AuthenticationError. */
export function parseCompactToken(token: string): CompactToken {
  if (token.length > MAX_TOKEN_LENGTH) throw new AuthenticationError('token-too-long')
  const first = token.indexOf('.')
  const last = token.lastIndexOf('.')
  if (first <= 0 || last === first || token.indexOf('.', first + 1) !== last) {
    throw new AuthenticationError('token-shape')
  }
  const headerText = token.slice(0, first)
  const payloadText = token.slice(first + 1, last)
  const signature = token.slice(last + 1)
  if (!BASE64URL.test(payloadText) || !BASE64URL.test(signature)) throw new AuthenticationError('token-shape')
  return {
    header: parseHeader(headerText),
    payload: parseObject(payloadText, 'payload-shape'),
    signingInput: token.slice(0, last),
    signature
  }
}

function parseHeader(text: string): Readonly<Record<string, unknown>> {
  const known = knownHeaders.peek(text)
  if (known !== undefined) return known
  if (!BASE64URL.test(text)) throw new AuthenticationError('token-shape')
  const header = parseObject(text, 'header-shape')
  for (const name of FORBIDDEN_HEADERS) {
    if (Object.hasOwn(header, name)) throw new AuthenticationError('header-forbidden', { header: name })
  }
  if (header.kid === undefined) knownHeaders.set(text, Object.freeze(header))
  return header
}

function parseObject(text: string, reason: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // The text stays out of the error: it came from a stranger.
  }
  throw new AuthenticationError(reason)
}

/**
 * Whether the token was signed with this key by HMAC-SHA-256. Compares the encoded text, so that a changed padding
 * bit of the last character is refused as well.
 */
export function hasHmacSignature(token: CompactToken, key: KeyObject): boolean {
  return constantTimeEqual(hmacSignature(token.signingInput, key), token.signature)
}

export function hmacSignature(signingInput: string, key: KeyObject): string {
  return createHmac('sha256', key).update(signingInput).digest('base64url')
}

/** Signs with HMAC-SHA-256. `headerText` is an encoded header segment, made once by the caller. */
export function signHmac(headerText: string, payload: object, key: KeyObject): string {
  const signingInput = `${headerText}.${encodeSegment(payload)}`
  return `${signingInput}.${hmacSignature(signingInput, key)}`
}

export function encodeSegment(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')
}
