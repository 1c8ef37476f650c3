import { BoundedMap } from './bounded-map.ts'
import { AtlassianError, AuthenticationError } from './errors.ts'
import { extractToken, type FoundToken } from './jwt/extract-token.ts'
import { formParameters, isFormRequest } from './jwt/form-parameters.ts'
import { type TokenKind, tokenPlaces } from './jwt/policy.ts'
import type { HashInput } from './jwt/qsh.ts'
import { parseRequestUrl } from './jwt/request-url.ts'
import {
  type ConnectRules,
  readConnectToken,
  type UnverifiedToken,
  type VerifiedConnect,
  verifyConnectToken
} from './jwt/verify-connect.ts'
import type { SignedRequest } from './ports.ts'
import { type ConnectTenant, isConnected } from './tenant/tenant.ts'
import type { TenantDirectory } from './tenant/tenant-directory.ts'

export interface Verified {
  readonly connect: VerifiedConnect
  readonly tenant: ConnectTenant
}

/** The form body may hold the token or stand in for the query, so the decision has to wait until it is parsed. */
export const AFTER_BODY = Symbol('after body')

export interface Authenticator {
  /**
   * Who sent this request, by one of the accepted kinds of token. Answers at once where the tenant is in memory.
   * `AFTER_BODY` means: ask again with `form`. Throws or rejects with AuthenticationError, or
   * `ATL_STORE_UNAVAILABLE` if the tenant could not be read; never lets anything through by failing.
   */
  authenticate(
    request: SignedRequest,
    kinds: readonly TokenKind[],
    acceptEnded?: boolean
  ): Verified | Promise<Verified> | typeof AFTER_BODY
}

export interface AuthenticatorOptions {
  readonly rules: ConnectRules
  readonly basePaths: readonly string[]
  /** Whether every address of the app lies below a base path. */
  readonly needsBasePath: boolean
  readonly directory: TenantDirectory
}

const MAX_REMEMBERED = 10_000

interface Remembered {
  readonly connect: VerifiedConnect
  readonly tenantId: string
  readonly secretVersion: number
}

export function createAuthenticator({
  rules,
  basePaths,
  needsBasePath,
  directory
}: AuthenticatorOptions): Authenticator {
  // Tokens that a page sends again and again, by the policy they were verified for and the whole token. Page and
  // webhook tokens are bound to one address and are never kept.
  const remembered = new Map<string, BoundedMap<string, Remembered>>()

  function recall(found: FoundToken, kinds: readonly TokenKind[]): Verified | null {
    const entry = remembered.get(kinds.join())?.peek(found.token)
    if (entry === undefined || !tokenPlaces[entry.connect.tokenKind].includes(found.place)) return null
    const tenant = directory.peek(entry.connect.clientKey)
    if (!tenant || tenant.tenantId !== entry.tenantId || tenant.secretVersion !== entry.secretVersion) return null
    // A token verified with a retired secret, or near its end, takes the long way.
    const nowSeconds = rules.clock() / 1000
    const tooOld = nowSeconds - entry.connect.authTimeSeconds > rules.sessionMaxHours * 3600
    if (nowSeconds > entry.connect.expiresAtSeconds || tooOld || !isConnected(tenant)) return null
    return { connect: entry.connect, tenant }
  }

  function remember(found: FoundToken, kinds: readonly TokenKind[], verified: Verified): void {
    const { connect, tenant } = verified
    const repeats = connect.tokenKind === 'context' || connect.tokenKind === 'session'
    if (!repeats || acceptsPreviousSecret(tenant)) return
    const policy = kinds.join()
    let ofPolicy = remembered.get(policy)
    if (ofPolicy === undefined) {
      ofPolicy = new BoundedMap(MAX_REMEMBERED)
      remembered.set(policy, ofPolicy)
    }
    ofPolicy.set(found.token, { connect, tenantId: tenant.tenantId, secretVersion: tenant.secretVersion })
  }

  /** While a retired secret still verifies, a token may be signed with it, and then has to be looked at each time. */
  function acceptsPreviousSecret(tenant: ConnectTenant): boolean {
    const { previousSecret, previousSecretRetiredAtMs } = tenant
    if (previousSecret === null || previousSecretRetiredAtMs === null) return false
    return (rules.clock() - previousSecretRetiredAtMs) / 1000 < rules.previousSecretSeconds
  }

  function verifyWith(
    tenant: ConnectTenant,
    unverified: UnverifiedToken,
    input: HashInput,
    acceptEnded: boolean
  ): Verified {
    return { connect: verifyConnectToken(unverified, tenant, input, rules, acceptEnded), tenant }
  }

  /** The tenant is not in memory, or its secret there does not fit: the store has the last word. */
  async function verifyAfterReading(
    held: ConnectTenant | null | undefined,
    unverified: UnverifiedToken,
    input: HashInput,
    acceptEnded: boolean
  ): Promise<Verified> {
    const tenant = await readTenant(held, unverified.clientKey)
    if (tenant === null) throw new AuthenticationError('tenant-unknown', { clientKey: unverified.clientKey })
    try {
      return verifyWith(tenant, unverified, input, acceptEnded)
    } catch (error) {
      if (held !== undefined || !isSignatureFailure(error)) throw error
      const again = await readTenant(tenant, unverified.clientKey)
      if (again === null || again.version === tenant.version) throw error
      return verifyWith(again, unverified, input, acceptEnded)
    }
  }

  async function readTenant(held: ConnectTenant | null | undefined, clientKey: string): Promise<ConnectTenant | null> {
    try {
      return await (held === undefined ? directory.ask(clientKey) : directory.reread(clientKey))
    } catch (cause) {
      throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'tenant-read', {}, { cause })
    }
  }

  return {
    authenticate(request, kinds, acceptEnded = false) {
      const bodyCounts = isFormRequest(request) && kinds.includes('page')
      if (bodyCounts && request.form === undefined) return AFTER_BODY
      const url = parseRequestUrl(request.url)
      const found = extractToken(bodyCounts ? request : { ...request, form: undefined }, url)
      if (found === null) throw new AuthenticationError('token-missing')
      const recalled = recall(found, kinds)
      if (recalled !== null) return recalled

      const unverified = readConnectToken(found, kinds, rules)
      const form = bodyCounts && unverified.kind === 'page' ? formParameters(request.form) : undefined
      const input: HashInput = { method: request.method, url, basePaths, needsBasePath, form }
      const held = directory.peek(unverified.clientKey)
      if (held === undefined || held === null) {
        return verifyAfterReading(held, unverified, input, acceptEnded).then((verified) => {
          remember(found, kinds, verified)
          return verified
        })
      }
      try {
        const verified = verifyWith(held, unverified, input, acceptEnded)
        remember(found, kinds, verified)
        return verified
      } catch (error) {
        // Another process may have taken a new secret, or an install back to life, that this one has not seen.
        if (!isSignatureFailure(error) && isConnected(held)) throw error
        return verifyAfterReading(held, unverified, input, acceptEnded)
      }
    }
  }
}

function isSignatureFailure(error: unknown): boolean {
  return error instanceof AuthenticationError && error.reason === 'signature'
}
