import { AFTER_BODY, type Authenticator, type Verified } from './authenticator.ts'
import { AtlassianError, AuthenticationError } from './errors.ts'
import type { InstallKeySource } from './jwt/install-keys.ts'
import { type InstallRules, readInstallToken, type UnverifiedInstallToken, verifySigner } from './jwt/verify-install.ts'
import type { SignedRequest } from './ports.ts'
import { isConnected } from './tenant/tenant.ts'
import type { TenantStore } from './tenant/tenant-store.ts'

export interface PlatformCallsOptions {
  readonly authenticator: Authenticator
  /** What verifies the install keys of Atlassian; `null` where there are none, and then nobody calls so. */
  readonly signed: { readonly keys: InstallKeySource; readonly rules: InstallRules } | null
  readonly store: TenantStore
}

/**
 * Who sent a call of Atlassian that is signed by its install key or by the tenant's secret, which of the two is not
 * documented (connect.md 7.8). Each is verified in full, with its own algorithm and no other, and the hash has to fit.
 * Rejects as the verification of life-cycle calls and webhooks does.
 */
export function createPlatformCalls({ authenticator, signed, store }: PlatformCallsOptions) {
  return async (request: SignedRequest): Promise<Verified> => {
    if (signed === null) throw new AuthenticationError('undecided')
    const unverified = readIfInstallToken(request, signed.rules)
    if (unverified === null) {
      const verified = await authenticator.authenticate(request, ['webhook'])
      if (verified === AFTER_BODY) throw new AuthenticationError('undecided')
      return verified
    }
    const connect = await verifySigner(unverified, signed.keys, signed.rules)
    const tenant = await store.find({ clientKey: connect.clientKey }).catch((cause: unknown) => {
      throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'tenant-read', {}, { cause })
    })
    if (tenant === null) throw new AuthenticationError('tenant-unknown', { clientKey: connect.clientKey })
    if (!isConnected(tenant)) throw new AuthenticationError('tenant-not-installed')
    return { connect, tenant }
  }
}

/** `null` for a token of another algorithm. */
function readIfInstallToken(request: SignedRequest, rules: InstallRules): UnverifiedInstallToken | null {
  try {
    return readInstallToken(request, rules)
  } catch (error) {
    if (error instanceof AuthenticationError && error.reason === 'algorithm') return null
    throw error
  }
}
