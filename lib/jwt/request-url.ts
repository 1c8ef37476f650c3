import { AuthenticationError } from '../errors.ts'
import { MalformedUrlError, parseSignedUrl, type SignedUrl } from './signed-url.ts'

/** The target of a request that arrived. Throws AuthenticationError for one that has no hash. */
export function parseRequestUrl(url: string): SignedUrl {
  // Routers read on behind a "#", and no hash covers what stands there; no honest client sends one.
  if (url.includes('#')) throw new AuthenticationError('url')
  try {
    return parseSignedUrl(url)
  } catch (error) {
    if (error instanceof MalformedUrlError) throw new AuthenticationError('url')
    throw error
  }
}
