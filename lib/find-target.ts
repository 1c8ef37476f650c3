import { AtlassianError } from './errors.ts'
import type { ForgeHost } from './forge/forge-host.ts'
import type { HostTarget } from './host/host-target.ts'
import { isConnected } from './tenant/tenant.ts'
import type { TenantDirectory } from './tenant/tenant-directory.ts'
import type { TenantLookup, TenantStore } from './tenant/tenant-store.ts'

/** Which tenant a job calls, and in which of the products that an installation of Forge spans. */
export type HostLookup = TenantLookup & { readonly product?: string }

export interface TargetFinderOptions {
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly forgeHost: ForgeHost | null
}

/** Whether this is what a client calls already. */
export function isTarget(target: HostTarget | HostLookup): target is HostTarget {
  return 'sharedSecret' in target || 'platform' in target
}

/**
 * What a job calls: Connect while its registration lives, unless an installation of Forge is named, or a product that
 * the registration is not for. Rejects with `ATL_NO_TENANT`, `ATL_HOST_PRODUCT` and ForgeTokenError.
 */
export function createTargetFinder({ store, directory, forgeHost }: TargetFinderOptions) {
  return async ({ product, ...names }: HostLookup): Promise<HostTarget> => {
    const lookup = forgeHost?.normalized(names) ?? names
    const tenant =
      'clientKey' in lookup
        ? (directory.peek(lookup.clientKey) ?? (await directory.load(lookup.clientKey)))
        : await store.find(lookup)
    if (tenant === null) throw new AtlassianError('ATL_NO_TENANT', 'host-client')
    const registered = isConnected(tenant) && (product === undefined || product === tenant.product) ? tenant : null
    if (registered !== null && !('installationId' in lookup)) return registered
    const target = (await forgeHost?.targetOfJob(tenant, lookup, product)) ?? registered
    if (target !== null) return target
    throw new AtlassianError(isConnected(tenant) ? 'ATL_HOST_PRODUCT' : 'ATL_NO_TENANT', 'host-client')
  }
}
