import { AtlassianError } from '../errors.ts'
import type { HostClient } from '../host/host-client.ts'
import { type HostTarget, isForgeTarget } from '../host/host-target.ts'
import type { TenantLookup } from '../tenant/tenant-store.ts'

/** Which tenant a service calls, and in which of its products. */
export type ServiceLookup = TenantLookup & { readonly product?: string }

/** What the services of an app work with. */
export interface ServiceParts {
  readonly appKey: string
  /** Rejects with `ATL_NO_TENANT`, `ATL_HOST_PRODUCT` and ForgeTokenError. */
  readonly findTarget: (lookup: ServiceLookup) => Promise<HostTarget>
  readonly client: (target: HostTarget) => HostClient
}

/** Who is called, and whether with tokens of Forge. */
export interface ServiceTarget {
  readonly client: HostClient
  readonly isForge: boolean
  /** `/wiki` and its like; empty for Jira. */
  readonly contextPath: string
}

export async function serviceTarget(parts: ServiceParts, lookup: ServiceLookup): Promise<ServiceTarget> {
  const target = await parts.findTarget(lookup)
  return {
    client: parts.client(target),
    isForge: isForgeTarget(target),
    contextPath: isForgeTarget(target) ? target.contextPath : ''
  }
}

/** The same where only Connect has what is asked for. Throws `ATL_HOST_PRODUCT`. */
export async function connectTarget(parts: ServiceParts, lookup: ServiceLookup, what: string): Promise<HostClient> {
  const { client, isForge } = await serviceTarget(parts, lookup)
  if (!isForge) return client
  throw new AtlassianError('ATL_HOST_PRODUCT', 'connect-only', {}, { message: `Only Connect has ${what}` })
}
