/** What a Forge remote may be used for. Without the list Forge assumes that end-user data is stored there. */
export const remoteOperations = ['storage', 'compute', 'fetch', 'other'] as const
/** One use of a remote. */
export type RemoteOperation = (typeof remoteOperations)[number]

/** Products whose Connect modules a manifest may carry. */
export const manifestProducts = ['jira', 'confluence'] as const
/** A product that has Connect modules in a manifest. */
export type ManifestProduct = (typeof manifestProducts)[number]

/** How often Forge may call a schedule. */
export const scheduleIntervals = ['fiveMinute', 'hour', 'day', 'week'] as const
/** How often Forge calls a schedule. */
export type ScheduleInterval = (typeof scheduleIntervals)[number]

/** One route of the app, as `app.atlassian.routes()` tells it. */
export interface ManifestRoute {
  /** One method or several, in capitals. */
  readonly method: string | readonly string[]
  /** As Fastify has it, with the mount path and `:parameters`. */
  readonly url: string
  /** The policy, or the list of them. */
  readonly policy: string | readonly string[]
}

/** Paths below the base URL for calls of Forge to the app's server; `false` leaves one out. */
export interface ManifestPaths {
  readonly installed?: string | false
  readonly upgraded?: string | false
  readonly preUninstall?: string | false
  /** Called every hour, so that Forge hands over a fresh system token. */
  readonly keepAlive?: string | false
}

/** What the descriptor cannot say. Everything has a default. */
export interface ManifestOptions {
  /** A UUID, with or without `ari:cloud:ecosystem::app/`. Default: a placeholder that `forge register` replaces. */
  readonly appId?: string
  /** Default `nodejs24.x`. Forge wants it for apps without functions too. */
  readonly runtime?: string
  /** Products of the descriptor. Default: those whose modules it has, and Jira where it tells none. */
  readonly products?: readonly ManifestProduct[]
  /** Key of the remote, and so the name of the backend in Forge; must never change. Default `connect`. */
  readonly remoteKey?: string
  /** Default `compute`, `fetch` and `storage`. */
  readonly operations?: readonly RemoteOperation[]
  /** Whether the app stores data of end users on its server. Default true. */
  readonly storesEndUserData?: boolean
  /** Whether the backend gets `x-forge-oauth-system`. Default: if there is a scope that such a token can hold. */
  readonly systemToken?: boolean
  /** Whether calls of front ends carry `x-forge-oauth-user`. Default false. */
  readonly userToken?: boolean
  /** OAuth scopes of the product, for calls with these tokens, such as `read:jira-work`. Default none. */
  readonly scopes?: readonly string[]
  /** Those among `scopes` that may be used for a user who is not there. */
  readonly impersonationScopes?: readonly string[]
  readonly paths?: ManifestPaths
  /** Product events that are sent to a path of the app. */
  readonly triggers?: readonly { readonly events: readonly string[]; readonly path: string }[]
  /** Further schedules. */
  readonly schedules?: readonly { readonly interval: ScheduleInterval; readonly path: string }[]
  /** A path for the data-residency hooks of Forge, which is not the one of Connect. */
  readonly dataResidencyPath?: string
}

/** A value of a manifest. */
export type ManifestValue =
  | string
  | number
  | boolean
  | null
  | readonly ManifestValue[]
  | { readonly [name: string]: ManifestValue }

/** The content of a `manifest.yml`. */
export type Manifest = { readonly [name: string]: ManifestValue }

/**
 * One thing to know. `error`: Forge or the app will refuse; `warning`: it will not do what is meant; `todo`: a person
 * has to decide or do it. `code` is stable; `field` is a path such as `modules.endpoint[0].key`.
 */
export interface ManifestFinding {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'todo'
  readonly field: string
  readonly message: string
}

/** Stands in the manifest of an app that Forge does not know yet (forge.md 5.4). */
export const UNREGISTERED_APP = 'ari:cloud:ecosystem::app/invalid-run-forge-register'
export const APP_PREFIX = 'ari:cloud:ecosystem::app/'

/** Longest key of remotes and endpoints (forge.md 5.2). */
export const MAX_KEY_LENGTH = 23

/** Where the package's own routes for Forge are (forge.md 10). */
export const defaultPaths = Object.freeze({
  installed: '/forge/lifecycle/installed',
  upgraded: '/forge/lifecycle/upgraded',
  preUninstall: '/forge/lifecycle/pre-uninstall',
  keepAlive: '/forge/heartbeat'
})

/** Scopes that ask for a kind of token and open nothing by themselves (forge.md 3.1). */
export const tokenScopes = Object.freeze({ system: 'read:app-system-token', user: 'read:app-user-token' })
