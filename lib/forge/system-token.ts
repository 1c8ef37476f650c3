import { Secret } from '../secret.ts'
import type { StoredToken } from '../tenant/token-store.ts'
import type { ApiBaseUrlReader } from './api-base-url.ts'
import { isMembers } from './forge-claims.ts'

/** Where the products of an installation are called: `apiBaseUrl` by product, checked against the allowed hosts. */
export type ForgePlaces = ReadonlyMap<string, string>

/** The app's token in one installation, and what a job needs beside it. */
export interface SystemToken {
  readonly token: Secret
  readonly expiresAtMs: number
  readonly places: ForgePlaces
  /**
   * It came with a call that a browser can make. Nothing binds it to that call (forge.md 1.2), so whoever may use the
   * app could have put another one there.
   */
  readonly fromPage: boolean
}

/** What is left of a token whose end cannot be read: Forge promises two hours (forge.md 1.2). */
const PROMISED_MS = 2 * 3_600_000
const SKEW_MS = 60_000
/** No token lasts longer than four hours, so whatever says more is wrong. */
const LONGEST_MS = 24 * 3_600_000

/** When a token that arrived now ends. Its `exp` is the only claim that may be read. */
export function expiryOf(token: Secret, nowMs: number): number {
  const exp = expOf(token.reveal())
  return exp === null ? nowMs + PROMISED_MS - SKEW_MS : Math.min(exp * 1000, nowMs + LONGEST_MS)
}

function expOf(token: string): number | null {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return null
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    const exp = isMembers(claims) ? claims.exp : null
    return typeof exp === 'number' && Number.isSafeInteger(exp) && exp > 0 ? exp : null
  } catch {
    // The error would quote the token.
    return null
  }
}

/** What both name; the first itself if the second names nothing new. */
export function allPlaces(known: ForgePlaces, told: ForgePlaces): ForgePlaces {
  const isKnown = known === told || [...told].every(([product, url]) => known.get(product) === url)
  return isKnown ? known : new Map([...known, ...told])
}

/** Whether a token that is good stays although another one came: what Forge sent itself, then what ends last. */
export function stays(there: SystemToken, coming: Pick<SystemToken, 'expiresAtMs' | 'fromPage'>): boolean {
  return there.fromPage === coming.fromPage ? there.expiresAtMs >= coming.expiresAtMs : coming.fromPage
}

/** The token with its places as one text, so that they are kept, encrypted and replaced together. */
export function toStored({ token, expiresAtMs, places, fromPage }: SystemToken): StoredToken {
  const text = JSON.stringify({ token: token.reveal(), places: Object.fromEntries(places), fromPage })
  return { token: new Secret(text), expiresAtMs }
}

/** The same back. Places that the options do not allow any more are left out. */
export function fromStored({ token, expiresAtMs }: StoredToken, readApiBaseUrl: ApiBaseUrlReader): SystemToken | null {
  const value: unknown = JSON.parse(token.reveal())
  if (!isMembers(value) || typeof value.token !== 'string' || !isMembers(value.places)) return null
  const places = new Map<string, string>()
  for (const [product, url] of Object.entries(value.places)) {
    const place = readApiBaseUrl(url)
    if (place !== null) places.set(product, place.url)
  }
  return { token: new Secret(value.token), expiresAtMs, places, fromPage: value.fromPage === true }
}
