import { withoutTrailingSlash } from '../allowed-hosts.ts'
import { parseBaseUrl } from '../base-url.ts'
import { AuthenticationError, OptionError } from '../errors.ts'
import type { FoundToken, TokenSource } from '../jwt/extract-token.ts'
import { extractToken } from '../jwt/extract-token.ts'
import type { ConnectRules } from '../jwt/verify-connect.ts'
import type { InstallRules } from '../jwt/verify-install.ts'
import type { Clock, SignedRequest } from '../ports.ts'

/**
 * Finds the token of a request in the app's own way; a string counts as if it had come in the header. `usual` looks
 * where tokens usually are and gives `null` where there is none.
 */
export type OwnExtraction = (request: SignedRequest, usual: () => FoundToken | null) => FoundToken | string | null

/** What every verification needs to know of the app. */
export interface VerifyOptions {
  readonly request: SignedRequest
  /** The app key of the descriptor. */
  readonly appKey: string
  /** The public address of the app as in its descriptor, or every address under which hosts know it. */
  readonly baseUrl: string | readonly string[]
  /** The path under which requests arrive. Default: the path of each base URL; `''` if a proxy removes it. */
  readonly mountPath?: string
  readonly extractToken?: OwnExtraction
  /** Clock difference that is forgiven, 0 to 60. Default 30. */
  readonly leewaySeconds?: number
  /** Longest accepted `exp - iat`. Default one day. */
  readonly maxLifetimeSeconds?: number
  readonly clock?: Clock
}

/** The rules of both kinds of token, from the options of one call. Throws OptionError. */
export function rulesOf(options: VerifyOptions): ConnectRules & InstallRules {
  const { appKey, clock = Date.now, leewaySeconds = 30, maxLifetimeSeconds = 86_400 } = options
  if (typeof appKey !== 'string' || appKey === '') throw new OptionError('appKey', appKey, 'it must be the app key')
  checkNumber(leewaySeconds, 'leewaySeconds', 0, 60)
  checkNumber(maxLifetimeSeconds, 'maxLifetimeSeconds', 60, 7 * 86_400)
  const baseUrls = [options.baseUrl].flat().map((url) => parseBaseUrl(url, 'baseUrl'))
  if (baseUrls.length === 0) throw new OptionError('baseUrl', options.baseUrl, 'it must name at least one address')
  const ownPaths = baseUrls.map((url) => withoutTrailingSlash(new URL(url).pathname))
  const mountPaths = options.mountPath === undefined ? ownPaths : [mountPathOf(options.mountPath)]
  return {
    appKey,
    clock,
    leewaySeconds,
    maxLifetimeSeconds,
    previousSecretSeconds: 0,
    sessionMaxHours: 0,
    audiences: [...new Set(baseUrls.flatMap((url) => [url, withoutTrailingSlash(new URL(url).href)]))],
    basePaths: [...new Set([...ownPaths, ...mountPaths])].filter((path) => path !== ''),
    needsBasePath: mountPaths.every((path) => path !== '')
  }
}

/** Where the token of this call is looked for. */
export function tokenSourceOf({ extractToken: own }: VerifyOptions): TokenSource {
  if (own === undefined) return extractToken
  if (typeof own !== 'function') throw new OptionError('extractToken', own, 'it must be a function')
  return (request, url) => {
    const found = own(request, () => extractToken(request, url))
    if (found === null || found === undefined || found === '') return null
    if (found instanceof Promise) throw new OptionError('extractToken', found, 'it must give the token, and no promise')
    return typeof found === 'string' ? { token: found, place: 'header' } : checkFound(found)
  }
}

/** A parser of queries makes lists and objects of what a stranger writes twice. */
function checkFound(found: unknown): FoundToken {
  if (typeof found === 'object' && found !== null && 'token' in found && 'place' in found) {
    const { token, place } = found
    const known = TOKEN_PLACES.find((one) => one === place)
    if (typeof token === 'string' && known !== undefined) return { token, place: known }
  }
  throw new AuthenticationError('token-shape')
}

const TOKEN_PLACES = ['header', 'query', 'form'] as const

function mountPathOf(path: string): string {
  if (path === '' || path === '/') return ''
  if (typeof path === 'string' && /^(?:\/[A-Za-z0-9._~-]+)+$/.test(path)) return path
  throw new OptionError('mountPath', path, 'it must be a path such as "/connect"')
}

function checkNumber(value: unknown, option: string, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return
  throw new OptionError(option, value, `it must be a number from ${min} to ${max}`)
}
