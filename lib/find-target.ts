import { BoundedMap } from './bounded-map.ts'
import { AtlassianError } from './errors.ts'
import type { ForgeHost } from './forge/forge-host.ts'
import { ForgeTokenError } from './forge/forge-token-error.ts'
import type { HostTarget } from './host/host-target.ts'
import type { Log } from './ports.ts'
import { type ConnectTenant, isConnected, type Tenant } from './tenant/tenant.ts'
import type { TenantDirectory } from './tenant/tenant-directory.ts'
import type { TenantLookup, TenantStore } from './tenant/tenant-store.ts'

/** Which tenant a job calls, and in which of the products that an installation of Forge spans. */
export type HostLookup = TenantLookup & { readonly product?: string }

export interface TargetFinderOptions {
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly forgeHost: ForgeHost | null
  readonly log: Log
}

/** Finds what jobs call. */
export interface TargetFinder {
  /**
   * Connect while its registration lives and its host accepts what it signs, unless an installation of Forge is named,
   * or a product that the registration is not for. Rejects with `ATL_NO_TENANT`, `ATL_HOST_PRODUCT` and ForgeTokenError.
   */
  find(lookup: HostLookup): Promise<HostTarget>
  /** The host answered 401 to what this registration signed. No call says that a site has left Connect. */
  refused(tenant: ConnectTenant): void
}

const MAX_REFUSED = 10_000

/** Whether this is what a client calls already. */
export function isTarget(target: HostTarget | HostLookup): target is HostTarget {
  return 'sharedSecret' in target || 'platform' in target
}

export function createTargetFinder({ store, directory, forgeHost, log }: TargetFinderOptions): TargetFinder {
  /** The version of the secret that was refused, by registration: a new one is worth a try. */
  const refusals = new BoundedMap<string, number>(MAX_REFUSED)

  function isRefused({ connectId, secretVersion }: ConnectTenant): boolean {
    return refusals.peek(connectId) === secretVersion
  }

  async function byForge(tenant: Tenant, lookup: TenantLookup, product: string | undefined) {
    return (await forgeHost?.targetOfJob(tenant, lookup, product)) ?? null
  }

  /** Without a token of Forge for this product, what the host says to Connect is the better answer. */
  async function byForgeIfPossible(tenant: ConnectTenant, lookup: TenantLookup): Promise<HostTarget | null> {
    try {
      return await byForge(tenant, lookup, tenant.product)
    } catch (error) {
      const isExpected = error instanceof AtlassianError && error.code === 'ATL_HOST_PRODUCT'
      if (isExpected || error instanceof ForgeTokenError) return null
      throw error
    }
  }

  return {
    async find({ product, ...names }) {
      const lookup = forgeHost?.normalized(names) ?? names
      const tenant =
        'clientKey' in lookup
          ? (directory.peek(lookup.clientKey) ?? (await directory.load(lookup.clientKey)))
          : await store.find(lookup)
      if (tenant === null) throw new AtlassianError('ATL_NO_TENANT', 'host-client')
      const registered = isConnected(tenant) && (product === undefined || product === tenant.product) ? tenant : null
      if (registered !== null && !('installationId' in lookup)) {
        return (isRefused(registered) ? await byForgeIfPossible(registered, lookup) : null) ?? registered
      }
      const target = (await byForge(tenant, lookup, product)) ?? registered
      if (target !== null) return target
      throw new AtlassianError(isConnected(tenant) ? 'ATL_HOST_PRODUCT' : 'ATL_NO_TENANT', 'host-client')
    },
    refused(tenant) {
      const hasForge = tenant.installations.some(({ platform, state }) => platform === 'forge' && state === 'installed')
      if (forgeHost === null || !hasForge || isRefused(tenant)) return
      refusals.set(tenant.connectId, tenant.secretVersion)
      const { tenantId, clientKey } = tenant
      log.warn(
        { tenantId, clientKey },
        'a host refused what the Connect registration signed: jobs call its site by the installation of Forge from now on'
      )
    }
  }
}
