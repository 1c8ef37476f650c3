import type { ConnectTenant } from '../tenant/tenant.ts'
import type { Actor, Credentials } from './credentials.ts'

/** One product of one installation that is called with tokens of Forge. */
export interface ForgeTarget {
  readonly platform: 'forge'
  readonly tenantId: string
  /** Nothing here is signed by a Connect registration. */
  readonly clientKey: null
  /** Base of REST calls, without a trailing slash; Confluence's ends in `/wiki`. */
  readonly baseUrl: string
  /** The same end: paths may be written with it, as for Connect. Empty for a product that has none. */
  readonly contextPath: string
  /** The token of this actor, and never that of another. */
  credentials(actor: Actor): Promise<Credentials>
}

/** The target of one verified call, with what tells two answers of a product about permissions apart. */
export interface ForgeView extends ForgeTarget {
  /** Of the tenant's record. */
  readonly version: number
  /** The product that called. */
  readonly product: string
  /** Installation and environment, as one text. */
  readonly installation: string
}

/** What a client calls: a site, as its Connect registration or a Forge installation sees it. */
export type HostTarget = ConnectTenant | ForgeTarget

/** Whether tokens of Forge open this target, and no secret of Connect. */
export function isForgeTarget(target: HostTarget): target is ForgeTarget {
  return 'platform' in target
}
