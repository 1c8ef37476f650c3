import type { Installs } from '../jwt/installs.ts'
import type { PayloadRules } from '../tenant/lifecycle-payload.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import type { ResolvedBitbucket } from './bitbucket-options.ts'
import { parseBitbucketPayload } from './bitbucket-payload.ts'
import type { InstallProver } from './prove-install.ts'
import {
  provedInstall,
  readSymmetricInstall,
  type SymmetricRules,
  verifySymmetricInstall
} from './symmetric-install.ts'

/** What life-cycle calls of Bitbucket are judged with. */
export interface BitbucketInstallsOptions {
  readonly bitbucket: ResolvedBitbucket
  readonly rules: SymmetricRules
  readonly about: PayloadRules
  /** The registration of this name, living or not. */
  readonly findTenant: (clientKey: string) => Promise<ConnectTenant | null>
  readonly prove: InstallProver
}

/** The way of Bitbucket: HS256 with the tenant's own secret, and a first install that Bitbucket itself vouches for. */
export function createBitbucketInstalls(options: BitbucketInstallsOptions): Installs {
  const { bitbucket, rules, about, findTenant, prove } = options
  return {
    parse: (body, events) => parseBitbucketPayload(body, events, about, bitbucket),
    read(request) {
      const unverified = readSymmetricInstall(request, rules)
      return {
        async verify(body, events) {
          const payload = parseBitbucketPayload(body, events, about, bitbucket)
          const tenant = await findTenant(payload.clientKey)
          const install = verifySymmetricInstall(unverified, payload, body, tenant, rules)
          if (install !== null) return install
          await prove(payload)
          return provedInstall(payload, body, rules)
        }
      }
    }
  }
}
