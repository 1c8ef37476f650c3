import { AuthenticationError, OptionError } from '../errors.ts'
import { checkTimes, parseConnectClaims } from '../jwt/claims.ts'
import { parseCompactToken } from '../jwt/compact-token.ts'
import { tokenPlaces } from '../jwt/policy.ts'
import { parseRequestUrl } from '../jwt/request-url.ts'
import { hasSecretSignature } from '../jwt/verify-connect.ts'
import type { Log } from '../ports.ts'
import { loadCredentials } from '../verify/credentials.ts'
import { rulesOf, tokenSourceOf } from '../verify/shared.ts'
import {
  type QueryStringHashType,
  type VerifiedRequest,
  type VerifyRequestOptions,
  verifyRequest as verifyStrictly
} from '../verify/verify-request.ts'
import { isLiterallyTrue, warnOfLooseMode } from './loose-mode.ts'

/** As in the core, and one more way to look at the hash: not at all. */
export interface CompatRequestOptions<Entity> extends Omit<VerifyRequestOptions<Entity>, 'queryStringHashType'> {
  /** `skip` accepts a token of this tenant for any address, and tokens that have no hash. Default `computed`. */
  readonly queryStringHashType?: QueryStringHashType | 'skip'
  /** Has to be written beside `skip`. */
  readonly unsafeSkipQueryStringHash?: true
  /** Needed for `skip`, which warns once. */
  readonly log?: Log
}

/**
 * As `verifyRequest` of the core. With `skip`, whoever sees any token of a tenant (its own page's address has one) can
 * use it on this route: signature, algorithm, issuer and times are checked, the address is not. Throws as the core does.
 */
export async function verifyRequest<Entity>(options: CompatRequestOptions<Entity>): Promise<VerifiedRequest<Entity>> {
  const { queryStringHashType, unsafeSkipQueryStringHash, log, ...rest } = options
  if (queryStringHashType !== 'skip') {
    return await verifyStrictly(queryStringHashType === undefined ? rest : { ...rest, queryStringHashType })
  }
  if (!isLiterallyTrue(unsafeSkipQueryStringHash)) {
    throw new OptionError('unsafeSkipQueryStringHash', unsafeSkipQueryStringHash, 'it must be true for "skip"')
  }
  warnOfLooseMode(log, 'queryStringHashType "skip"', 'a token for one address opens every other')
  return await verifyWithoutHash(rest)
}

async function verifyWithoutHash<Entity>(options: VerifyRequestOptions<Entity>): Promise<VerifiedRequest<Entity>> {
  const rules = rulesOf(options)
  const found = tokenSourceOf(options)(options.request, parseRequestUrl(options.request.url))
  if (found === null) throw new AuthenticationError('token-missing')
  if (!tokenPlaces.page.includes(found.place)) throw new AuthenticationError('token-place', { place: found.place })
  const token = parseCompactToken(found.token)
  if (token.header.alg !== 'HS256') throw new AuthenticationError('algorithm')
  if (typeof token.header.typ === 'string' && token.header.typ.toUpperCase() !== 'JWT') {
    throw new AuthenticationError('token-type')
  }
  const claims = parseConnectClaims(token.payload)
  // Tokens that the app itself signed, to call the host, never come back as somebody else.
  if (claims.iss === rules.appKey || claims.iss.length > 255) throw new AuthenticationError('issuer')
  const credentials = await loadCredentials(options.credentialsLoader, claims.iss)
  if (credentials === null) throw new AuthenticationError('tenant-unknown', { clientKey: claims.iss })
  if (!hasSecretSignature(token, credentials.secrets, rules)) throw new AuthenticationError('signature')
  checkTimes(claims, rules.clock() / 1000, rules)
  const connect = Object.freeze({
    tokenKind: 'page' as const,
    appKey: rules.appKey,
    clientKey: claims.iss,
    accountId: claims.sub,
    context: claims.context,
    issuedAtSeconds: claims.iat,
    expiresAtSeconds: claims.exp,
    authTimeSeconds: claims.iat
  })
  return Object.freeze({ connect, storedEntity: credentials.storedEntity })
}
