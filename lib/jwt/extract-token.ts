import { AuthenticationError } from '../errors.ts'
import type { SignedRequest } from '../ports.ts'
import type { SignedUrl } from './signed-url.ts'

/** Where a token was found. */
export type TokenPlace = 'header' | 'query' | 'form'

/** The one token of a request, unverified, and where it was. */
export interface FoundToken {
  readonly token: string
  readonly place: TokenPlace
}

/** How the one token of a request is found; `null` = there is none. */
export type TokenSource = (request: SignedRequest, url: SignedUrl) => FoundToken | null

const SCHEME = /^JWT ([^\s,]+)$/i

/**
 * The one token of a request, or `null` if there is none. Two tokens, two headers, another scheme or a list is a
 * refusal: whoever sends more than one wants us to check one and use the other. Throws AuthenticationError.
 */
export function extractToken(request: SignedRequest, url: SignedUrl): FoundToken | null {
  const found: FoundToken[] = []
  if (request.authorization.length > 1) throw new AuthenticationError('several-authorization-headers')
  const header = request.authorization[0]
  if (header !== undefined) {
    const match = SCHEME.exec(header)
    if (match === null) throw new AuthenticationError('authorization-scheme')
    found.push({ token: match[1] ?? '', place: 'header' })
  }
  for (const token of url.tokens) found.push({ token, place: 'query' })
  if (request.form !== undefined && Object.hasOwn(request.form, 'jwt')) {
    const token = request.form.jwt
    if (typeof token !== 'string') throw new AuthenticationError('several-tokens')
    found.push({ token, place: 'form' })
  }
  if (found.length > 1) throw new AuthenticationError('several-tokens')
  return found[0] ?? null
}
