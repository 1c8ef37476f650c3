import type { AnsweredExchange, App, Exchange, PageOptions, SimulatedSite, SiteChoice } from '../types.ts'

/** The environments that Forge knows by type. */
export type ForgeEnvironmentType = 'DEVELOPMENT' | 'STAGING' | 'PRODUCTION'

/** One environment of the simulated Forge app. */
export interface ForgeEnvironment {
  readonly type: ForgeEnvironmentType
  /** `ari:cloud:ecosystem::environment/<app>/<environment>`. */
  readonly id: string
}

/** The members of a parsed `manifest.yml` that the simulator reads; it tolerates every other one. */
export interface ForgeManifest {
  readonly app?: unknown
  /** Endpoints, triggers, scheduled triggers, `preUninstall` and the modules that have a `resolver.endpoint`. */
  readonly modules?: unknown
  readonly remotes?: unknown
  readonly permissions?: unknown
  readonly [member: string]: unknown
}

/** How the Forge side of a simulated host behaves. */
export interface ForgeSimulatorOptions {
  /** UUID of the app. Default: that of the manifest, else a new one. */
  readonly appId?: string
  /** What is deployed at first; `deploy` changes it. Without one, calls have to name their paths. */
  readonly manifest?: ForgeManifest
  /**
   * Called where the host waits before it repeats a call, with the milliseconds of life: 60 000 for events, 5 000 for
   * data residency. Default: no time passes. A test may move its clock here.
   */
  readonly wait?: (ms: number) => void | Promise<void>
  /** How long an event may take, in milliseconds. Default 5000, as in life. */
  readonly eventTimeoutMs?: number
  /** How long a call of a front end may take, in milliseconds. Default 25 000, as in life. */
  readonly uiTimeoutMs?: number
  /** Whether bodies of product events stand under `payload`. Default `flat`. */
  readonly eventShape?: 'flat' | 'nested'
  /** The value of the reserved app property with the clientKey. Default `text`. */
  readonly clientKeyShape?: 'text' | 'object'
  /**
   * For the web pages: where the app serves the front end of a module, by the module's key, as Atlassian serves Custom
   * UI in life. A module without one is shown as a form that calls the backend.
   */
  readonly frontEnds?: Readonly<Record<string, string>>
  /**
   * For the web pages: the folder of each of the manifest's `resources`, by its key. The simulator serves them as
   * Atlassian does, as sources: `@forge/bridge` and `fastify-atlassian/client` are found without a bundler.
   */
  readonly resources?: Readonly<Record<string, string>>
}

/** A module of the manifest that people see. */
export interface ForgeUiModule {
  readonly key: string
  readonly type: string
  readonly title: string
  /** Address of its front end; null where the simulator was not told one. */
  readonly url: string | null
}

/** Where an app stands between the platforms, on one site. */
export type ForgeStage = 'connect-on-forge' | 'forge'

/** The Forge app on a site. */
export interface ForgeInstallation {
  /** `ari:cloud:ecosystem::installation/<uuid>`. */
  readonly id: string
  readonly environment: ForgeEnvironment
  readonly stage: ForgeStage
  /** The site that it was installed on, then those of its further products. */
  readonly sites: readonly SimulatedSite[]
  readonly appVersion: string
  /** False once it is uninstalled. */
  readonly alive: boolean
}

/** Which installation is meant: the living one of that site and environment, or this one, alive or not. */
export interface ForgeChoice extends SiteChoice {
  /** Default PRODUCTION. */
  readonly environment?: ForgeEnvironmentType
  readonly installation?: ForgeInstallation
}

/** Where and how the Forge app is installed. */
export interface ForgeInstallOptions extends SiteChoice {
  readonly environment?: ForgeEnvironmentType
  /** Further sites, by name or product, that the same installation spans. */
  readonly products?: readonly string[]
  /** Default `forge`. `connect-on-forge`: the app has Connect modules too, and its `installed` is sent. */
  readonly stage?: ForgeStage
}

/** How a site moves from Connect to Forge. */
export interface ForgeUpgradeOptions extends Omit<ForgeInstallOptions, 'stage'> {
  /** Default `forge`. */
  readonly to?: ForgeStage
  /** When Connect's `installed` comes, beside the events of Forge. Default `first`; for `forge` it never comes. */
  readonly hook?: 'first' | 'last' | 'never'
  /** The hook brings a new shared secret. */
  readonly newSecret?: boolean
}

/** How a site installs the app anew: with another installation id. */
export interface ForgeReinstallOptions extends Omit<ForgeInstallOptions, 'stage'> {
  /** When the old installation's `preUninstall` comes. Default `before`. */
  readonly preUninstall?: 'before' | 'after' | 'never'
}

/** Claims, headers and tokens of one call. */
export interface ForgeCallOptions extends ForgeChoice, Omit<PageOptions, 'site' | 'customData' | 'params'> {
  /** Changes claims at any depth; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Sent instead of a fresh invocation token; an empty string sends none. */
  readonly token?: string
  /** Sent as `x-forge-oauth-system`; null sends none. Default: what the manifest says. */
  readonly systemToken?: string | null
  /** The same for `x-forge-oauth-user`. */
  readonly userToken?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** 32 hexadecimal digits. Default random. */
  readonly traceId?: string
}

/** A call of a front end, or of a function. */
export interface ForgeRequestOptions extends ForgeCallOptions {
  readonly method?: string
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown
  /** Key of a module of the manifest, or any module. Default: the first one of the manifest for this product. */
  readonly module?: string | { readonly type: string; readonly key: string }
}

/** A call by `requestRemote`, which is a request of the browser. */
export interface ForgeBrowserOptions extends ForgeRequestOptions {
  /** Default: the address of the site. */
  readonly origin?: string
  /** `false`: without what a browser does about other origins. Default true. */
  readonly cors?: boolean
}

/** What became of a front end's call. */
export interface ForgeAnswer extends AnsweredExchange {
  /** What the promise in the front end does. */
  readonly outcome: 'resolved' | 'rejected'
  /** Why it rejects. */
  readonly rejection: string | null
}

/** What an event is about and how it is delivered. */
export interface ForgeEventOptions extends ForgeCallOptions {
  /** Replaces the payload. */
  readonly payload?: Readonly<Record<string, unknown>>
  /** Sent there instead of to the endpoints of the triggers that list it. */
  readonly path?: string
  /** Key of the endpoint in the token. Default that of the manifest, else `endpoint`. */
  readonly endpoint?: string
  /** How often it is sent at most. Default 5: the first try and four repeats. */
  readonly attempts?: number
  /** The app caused the event itself. */
  readonly selfGenerated?: boolean
}

/** Calls of a scheduled trigger. */
export type ForgeScheduleOptions = Omit<ForgeEventOptions, 'payload' | 'selfGenerated'>

/** The calls of a move to another region. */
export type ForgeResidencyHook = 'schedule' | 'start' | 'status' | 'commit' | 'rollback'

/** One call of a move to another region. */
export interface ForgeResidencyOptions extends ForgeCallOptions {
  /** The path of the module; the hook's name follows it. Default that of the manifest. */
  readonly path?: string
  /** Default 1. */
  readonly migrationId?: number
  /** Replaces the body. */
  readonly payload?: unknown
}

/** An invocation token to be made. */
export interface ForgeSignOptions
  extends Omit<ForgeCallOptions, 'token' | 'systemToken' | 'userToken' | 'headers' | 'traceId'> {
  /** Default `ui`: a module, a user and a context. `event`: the module `core:endpoint` and no user. */
  readonly kind?: 'ui' | 'event'
  readonly module?: string | { readonly type: string; readonly key: string }
  /** Changes the header; `undefined` leaves a member out. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Private PEM, or HMAC secret, instead of the right key. */
  readonly key?: string
}

/** Invocation tokens as the host signs them, and as an attacker would like to. */
export interface ForgeSignTools {
  invocationToken(options?: ForgeSignOptions): Promise<string>
  /**
   * Signs anything: the algorithm is the header's `alg` (HS or RS family; every other one, `none` too, gets an empty
   * signature). Strings are taken as they are.
   */
  custom(header: object | string, claims: object | string, key: string): string
}

/** The Forge side of a simulated host. `app` is a Fastify-like object or the address at which the app listens. */
export interface ForgeHost {
  /** UUID of the app. */
  readonly appId: string
  readonly environments: Readonly<Record<ForgeEnvironmentType, ForgeEnvironment>>
  /** Where the keys of invocation tokens are published. */
  readonly jwksUrl: string
  /** The app that was installed or upgraded last, on either platform. */
  readonly app: App | null
  /** The modules of the manifest that call a remote, in its order. */
  readonly modules: readonly ForgeUiModule[]
  /** The folders of the manifest's resources, as they were given. */
  readonly resources: Readonly<Record<string, string>>
  /** Every installation since the start, newest last. */
  readonly installations: readonly ForgeInstallation[]
  /** The option `forge` that makes an app trust this host. */
  connectOptions(): { appId: string; environments: string[]; jwksUrl: string; apiHosts: string[] }
  /** From now on this manifest holds for every call; installations keep their `appVersion` until `upgrade`. */
  deploy(manifest: ForgeManifest | undefined, appVersion?: string): void
  /** The living installation of a site and environment. Throws when there is none. */
  installation(options?: ForgeChoice): ForgeInstallation
  /** Installs the app and sends `avi:forge:installed:app` to the triggers that list it. */
  install(app: App, options?: ForgeInstallOptions): Promise<ForgeInstallation>
  /**
   * Moves the site to a version of the app on Forge: one that has the Connect app gets an installation, and Connect's
   * `installed` with its id; one that has the Forge app keeps its id and gets `avi:forge:upgraded:app`. At `forge`
   * the site's Connect part falls silent, without a callback. Throws when the app refuses `installed`.
   */
  upgrade(app: App, options?: ForgeUpgradeOptions): Promise<ForgeInstallation>
  /** The same app again, under a new installation id. */
  reinstall(app: App, options?: ForgeReinstallOptions): Promise<ForgeInstallation>
  /** Sends `preUninstall` once, whatever its answer, and Connect's hooks where the site still has them. */
  uninstall(app: App, options?: ForgeChoice): Promise<ForgeInstallation>
  /** A call of a front end through the host: method, body and path are the caller's. */
  invokeRemote(app: App, path: string, options?: ForgeRequestOptions): Promise<ForgeAnswer>
  /** A call of a front end by the browser: no token but the invocation token, which is used again until it is old. */
  requestRemote(app: App, path: string, options?: ForgeBrowserOptions): Promise<ForgeAnswer>
  /** A call of a Forge function: no user, no context. */
  invokeFromFunction(app: App, path: string, options?: ForgeRequestOptions): Promise<ForgeAnswer>
  /** Delivers an event, with repeats. Gives the last exchange. Throws when no trigger lists it and no path is given. */
  event(app: App, name: string, options?: ForgeEventOptions): Promise<Exchange>
  /** Runs a scheduled trigger once, by its key. Repeats only with `attempts`. */
  schedule(app: App, key: string, options?: ForgeScheduleOptions): Promise<Exchange>
  /** One call of a move to another region, with up to two repeats. */
  dataResidency(app: App, hook: ForgeResidencyHook, options?: ForgeResidencyOptions): Promise<Exchange>
  /** The system token as the next call would bring it. */
  systemToken(options?: ForgeChoice): Promise<string>
  /** The same for a user. */
  userToken(options?: ForgeChoice & { readonly user?: string }): Promise<string>
  /** The host ends every API token that it gave for the installation. */
  revokeTokens(options?: ForgeChoice): void
  /** A new key signs from now on; the former ones stay published, unless they are withdrawn. */
  rotateKeys(options?: { readonly withdraw?: boolean }): Promise<void>
  /** The key that signs now, as PEM. */
  publicKey(): Promise<string>
  readonly sign: ForgeSignTools
}
