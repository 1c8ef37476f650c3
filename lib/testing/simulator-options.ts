import type { Product } from '../tenant/tenant.ts'
import type { ForgeSimulatorOptions } from './forge/types.ts'

/** Who a site is to an app. */
export interface SiteIdentity {
  readonly clientKey: string
  readonly cloudId: string
  readonly sharedSecret: string
  readonly oauthClientId: string
}

/** The products that a simulated site can be. */
export type SiteProduct = Exclude<Product, 'bitbucket'>

/** One site of a simulated host. */
export interface SiteOptions {
  readonly name: string
  readonly product: SiteProduct
  /**
   * Name of a Jira before it in the list, whose address and cloud id this Confluence shares, as in life. Without it a
   * site has an address of its own, which the web pages need.
   */
  readonly beside?: string
  /** That of an earlier simulator, so that an app finds its tenant again. Default: a new one. */
  readonly identity?: SiteIdentity
}

/** How a simulated host is made. */
export interface HostSimulatorOptions {
  /** Default: `acme-jira` (Jira) and `acme-wiki` (Confluence). */
  readonly sites?: readonly SiteOptions[]
  /** Port of the control server; the sites take the ports after it. Default 0: any free port for each. */
  readonly port?: number
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number
  /** How long the app may take to answer one call, in milliseconds. Default 10 000. */
  readonly appTimeoutMs?: number
  /** Pause before Jira repeats a failed webhook, in milliseconds. Default 0; in life it is minutes. */
  readonly webhookRetryDelayMs?: number
  /** The Forge side. */
  readonly forge?: ForgeSimulatorOptions
}
