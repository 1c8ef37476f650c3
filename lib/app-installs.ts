import { createBitbucketInstalls } from './bitbucket/bitbucket-installs.ts'
import { createInstallProver } from './bitbucket/prove-install.ts'
import { AtlassianError } from './errors.ts'
import { createInstallKeySource, type InstallKeySource } from './jwt/install-keys.ts'
import { createSignedInstalls, type Installs } from './jwt/installs.ts'
import type { ConnectRules } from './jwt/verify-connect.ts'
import type { InstallRules } from './jwt/verify-install.ts'
import type { ResolvedOptions } from './options.ts'
import type { Log } from './ports.ts'
import { type ConnectTenant, hasRegistration } from './tenant/tenant.ts'
import type { TenantStore } from './tenant/tenant-store.ts'
import { version } from './version.ts'

export interface AppInstallsOptions {
  readonly options: ResolvedOptions
  readonly store: TenantStore
  readonly log: Log
  readonly rules: ConnectRules
  /** Every address under which hosts know the app. */
  readonly audiences: readonly string[]
  readonly basePaths: readonly string[]
  readonly needsBasePath: boolean
}

const TIMEOUT_MS = 5000

/** How life-cycle calls of an app are proved. */
export interface AppInstalls {
  readonly installs: Installs
  /** What verifies the install keys of Atlassian; `null` for an app of Bitbucket, which has none. */
  readonly signed: { readonly keys: InstallKeySource; readonly rules: InstallRules } | null
}

/** The option `product` decides how life-cycle calls of this app are proved, and nothing that a request says. */
export function createAppInstalls(given: AppInstallsOptions): AppInstalls {
  const { options, store, log, rules, audiences, basePaths, needsBasePath } = given
  const { bitbucket, clock, fetch } = options
  const about = { appKey: rules.appKey, siteUrl: options.hosts.siteUrl }
  const addresses = { basePaths, needsBasePath }
  if (bitbucket !== null) {
    const installs = createBitbucketInstalls({
      bitbucket,
      rules: { ...rules, ...addresses },
      about,
      findTenant: (clientKey) => registrationOf(store, clientKey),
      prove: createInstallProver({
        bitbucket,
        userAgent: `fastify-atlassian/${version} ${rules.appKey}`,
        fetch,
        clock,
        maxPerMinute: options.maxKeyFetchesPerMinute,
        timeoutMs: TIMEOUT_MS
      })
    })
    return { installs, signed: null }
  }
  const keys = createInstallKeySource({
    hosts: options.installKeyHosts,
    fetch,
    clock,
    log,
    maxFetchesPerMinute: options.maxKeyFetchesPerMinute,
    timeoutMs: TIMEOUT_MS
  })
  const signed = { keys, rules: { ...rules, ...addresses, audiences } }
  return { installs: createSignedInstalls(signed.rules, keys, about), signed }
}

async function registrationOf(store: TenantStore, clientKey: string): Promise<ConnectTenant | null> {
  const found = await store.find({ clientKey }).catch((cause: unknown) => {
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'tenant-read', {}, { cause })
  })
  return found !== null && hasRegistration(found) ? found : null
}
