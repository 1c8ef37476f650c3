import { AuthenticationError, OptionError } from '../errors.ts'
import { formParameters, isFormRequest } from '../jwt/form-parameters.ts'
import type { TokenKind } from '../jwt/policy.ts'
import { parseRequestUrl } from '../jwt/request-url.ts'
import { readConnectToken, type VerifiedConnect, verifyHostToken } from '../jwt/verify-connect.ts'
import { type CredentialsLoader, loadCredentials } from './credentials.ts'
import { rulesOf, tokenSourceOf, type VerifyOptions } from './shared.ts'

/**
 * What the hash of a token must be: `computed` over method, path and query (pages and webhooks), the fixed text of a
 * `context` token (calls of the app's own pages), or `any` of the two.
 */
export type QueryStringHashType = 'computed' | 'context' | 'any'

/** One request that a host or a page of the app signed with the secret of a tenant. */
export interface VerifyRequestOptions<Entity> extends VerifyOptions {
  readonly credentialsLoader: CredentialsLoader<Entity>
  /** Default `computed`. */
  readonly queryStringHashType?: QueryStringHashType
}

/** Who sent the request. */
export interface VerifiedRequest<Entity> {
  /** `tokenKind` is `context`, or `page` for every token with a computed hash. */
  readonly connect: VerifiedConnect
  /** What the loader gave for this tenant. */
  readonly storedEntity: Entity
}

const KINDS: Readonly<Record<QueryStringHashType, readonly TokenKind[]>> = {
  computed: ['page'],
  context: ['context'],
  any: ['page', 'context']
}

/**
 * Resolves only if a tenant that the loader knows signed exactly this method, path and query (or a context token) by
 * HS256, within its time. Throws AuthenticationError for everything about the token, `ATL_STORE_UNAVAILABLE` if the
 * loader fails, OptionError for a mistake of the app. Rules: connect.md 3 and 4.
 */
export async function verifyRequest<Entity>(options: VerifyRequestOptions<Entity>): Promise<VerifiedRequest<Entity>> {
  const { request, queryStringHashType = 'computed' } = options
  if (!Object.hasOwn(KINDS, queryStringHashType)) {
    throw new OptionError('queryStringHashType', queryStringHashType, 'it must be computed, context or any')
  }
  const kinds = KINDS[queryStringHashType]
  const rules = rulesOf(options)
  const bodyCounts = isFormRequest(request) && kinds.includes('page')
  const seen = bodyCounts ? request : { ...request, form: undefined }
  const url = parseRequestUrl(request.url)
  const found = tokenSourceOf(options)(seen, url)
  if (found === null) throw new AuthenticationError('token-missing')
  const unverified = readConnectToken(found, kinds, rules)
  const credentials = await loadCredentials(options.credentialsLoader, unverified.clientKey)
  if (credentials === null) throw new AuthenticationError('tenant-unknown', { clientKey: unverified.clientKey })
  const { method } = request
  const { basePaths, needsBasePath } = rules
  const form = bodyCounts && unverified.kind === 'page' ? formParameters(request.form) : undefined
  const connect = verifyHostToken(
    unverified,
    credentials.secrets,
    { method, url, basePaths, needsBasePath, form },
    rules
  )
  return Object.freeze({ connect, storedEntity: credentials.storedEntity })
}
