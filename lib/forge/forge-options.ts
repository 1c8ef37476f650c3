import type { ApiBaseUrlReader } from './api-base-url.ts'
import type { ForgeEventsOptions, ResolvedForgeEvents } from './events/event-options.ts'

/** Where Atlassian publishes the keys of invocation tokens, for every environment of an app (forge.md 2.4). */
export const productionJwksUrl = 'https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json'

/** Where products are called on behalf of Forge apps (forge.md 4.1). */
export const productionApiHosts: readonly string[] = Object.freeze([
  'https://api.atlassian.com',
  'https://api.bitbucket.org'
])

/** The environments that Forge knows by type. */
export const environmentTypes = ['DEVELOPMENT', 'STAGING', 'PRODUCTION'] as const

/** What stands for the label of an isolated cloud in the address of its keys. */
export const LABEL_PLACE = '{IC_LABEL}'

/** Isolated clouds whose calls are accepted. */
export interface IsolatedCloudOptions {
  /** The labels, exactly as they stand in tokens. */
  readonly labels: readonly string[]
  /** Address of the keys of one cloud, with `{IC_LABEL}` in the place of its label. */
  readonly jwksUrl: string
}

/** The Forge part of an app. */
export interface ForgeOptions {
  /** The id of the app in its manifest: a UUID, with or without `ari:cloud:ecosystem::app/`. */
  readonly appId: string
  /**
   * Whose calls are accepted: ids of environments (UUID or ARI) or types (`PRODUCTION`, `STAGING`, `DEVELOPMENT`).
   * Needed in production. Default elsewhere: `DEVELOPMENT` and `STAGING`.
   */
  readonly environments?: readonly string[]
  /** Where the keys of invocation tokens are fetched. Default: Atlassian's production address. */
  readonly jwksUrl?: string
  /** Origins that an `apiBaseUrl` may have. Default: Atlassian's two production hosts. */
  readonly apiHosts?: readonly string[]
  /** Clock difference that is forgiven, 0 to 10 seconds. Default 5. */
  readonly leewaySeconds?: number
  /** Longest accepted `exp - iat`, 25 to 300 seconds. Default 300. */
  readonly maxLifetimeSeconds?: number
  /** Isolated clouds. Without it their tokens are refused. */
  readonly isolatedClouds?: IsolatedCloudOptions
  /** Adds a route below `baseUrl` for the endpoint of an hourly scheduled trigger, which keeps system tokens fresh. */
  readonly keepAlivePath?: string
  /** Routes for events, schedules and life-cycle calls. Without it there are none. */
  readonly events?: ForgeEventsOptions
}

/** The same after defaults and checks: complete and frozen. */
export interface ResolvedForgeOptions {
  /** As resource identifier. */
  readonly appId: string
  /** Types, and ids as resource identifiers. */
  readonly environments: ReadonlySet<string>
  readonly jwksUrl: string
  readonly readApiBaseUrl: ApiBaseUrlReader
  readonly leewaySeconds: number
  readonly maxLifetimeSeconds: number
  readonly isolatedClouds: { readonly labels: ReadonlySet<string>; readonly jwksUrl: string } | null
  /** `null`: no such route. */
  readonly keepAlivePath: string | null
  readonly events: ResolvedForgeEvents | null
}
