import type { AllowedHosts } from './allowed-hosts.ts'
import type { BitbucketOptions, ResolvedBitbucket } from './bitbucket/bitbucket-options.ts'
import type { DatabaseSettings } from './database-settings.ts'
import type { DescriptorSource, DescriptorTransform } from './descriptor/index.ts'
import type { EncryptionOptions } from './encryption/encryption-options.ts'
import type { DataResidencyHandlers } from './forge/events/data-residency.ts'
import type { ForgeOptions, ResolvedForgeOptions } from './forge/forge-options.ts'
import type { HostDispatcher } from './host/connections.ts'
import type { HostLimits } from './host/host-calls.ts'
import type { LicenseOptions } from './license/license-guard.ts'
import type { PersonalDataOptions } from './personal-data/personal-data.ts'
import type { Clock, FetchLike, Timer } from './ports.ts'
import type { RecordingOptions } from './recording/recorder.ts'
import type { Recording } from './recording/recording.ts'
import type { LifecycleEventType } from './tenant/lifecycle-payload.ts'
import type { ConnectTenant } from './tenant/tenant.ts'
import type { ConnectTenantWithSettings } from './tenant/tenant-settings.ts'
import type { TenantStore } from './tenant/tenant-store.ts'

/** What a hook of the app is told. */
export interface LifecycleHookEvent {
  readonly tenant: ConnectTenantWithSettings
  /** What happened: `first-install`, `update`, `rotation`, `reinstall`, `uninstalled`, `enabled` or `disabled`. */
  readonly change: string
}

/** What the app does at the turns of a tenant's life. Hooks after the commit may run twice and are retried when they fail. */
export interface LifecycleHooks {
  /** Asked once, after verification and before the first write of a new tenant. Throw to refuse the install. */
  readonly beforeInstall?: (tenant: ConnectTenant) => unknown
  /** Every accepted `installed`: first install, update, rotation and reinstall. Runs after the commit. */
  readonly onInstalled?: (event: LifecycleHookEvent) => unknown
  readonly onUninstalled?: (event: LifecycleHookEvent) => unknown
  readonly onEnabled?: (event: LifecycleHookEvent) => unknown
  readonly onDisabled?: (event: LifecycleHookEvent) => unknown
  /** How long the answer to the host waits for the hook, in milliseconds. 0 (default) = not at all. */
  readonly awaitMs?: number
}

export interface SessionOptions {
  /** Where the front end changes a context or session token for a new session token. `false` = no such route. */
  readonly path?: string | false
  /** Life of one token. Default 15. */
  readonly minutes?: number
}

export interface TokenOptions {
  /** Clock difference that is forgiven, 0 to 60 seconds. Default 30. */
  readonly leewaySeconds?: number
  /** Longest accepted `exp - iat`. Default one day. */
  readonly maxLifetimeSeconds?: number
  /** How long the secret before a rotation still verifies tokens. Default 15 minutes, 0 = not at all. */
  readonly previousSecretSeconds?: number
}

export interface WebhookOptions {
  /**
   * `inbox` (default): written to the store, answered, handled, and taken up again after a crash. `await`: handled
   * before the answer, 5xx if a handler fails. `memory`: answered and handled with nothing written.
   */
  readonly mode?: 'inbox' | 'await' | 'memory'
  /** Largest accepted body in bytes. Default 5 MiB. */
  readonly bodyLimit?: number
  /** Deliveries handled at once by this process. Default 8. */
  readonly concurrency?: number
  /** A handler that takes longer counts as failed. Default 30 seconds. */
  readonly handlerTimeoutMs?: number
  /** Where Jira delivers what `dynamicWebhooks` registers: a path of the app. Without it nothing can be registered. */
  readonly dynamicPath?: string
}

/** How the host is asked for the permissions of users. */
export interface AuthorizationOptions {
  /** How long an answer of the host is used again, in milliseconds, 0 to 60000. Default 5000, 0 = not at all. */
  readonly cacheMs?: number
  /** Answers held in memory. Default 10000. */
  readonly maxCached?: number
  /** How long a lookup may take before the request is refused, in milliseconds. Default 5000. */
  readonly timeoutMs?: number
}

/** Bounds of calls to hosts, for `hostClient`. */
export interface HostClientLimits {
  /** For one try of a call that says nothing else. Default 10 seconds. */
  readonly timeoutMs?: number
  /** Tries of one call, the first included. Default 5, 1 = nothing is tried again. */
  readonly maxAttempts?: number
  /** All tries and pauses of one call together. Default 30 seconds. */
  readonly maxTotalMs?: number
  /** Calls of one tenant under way at once, in this process. Default 20. */
  readonly concurrency?: number
  /** Calls of one tenant that wait for others, in this process. Default 1000. */
  readonly maxWaiting?: number
}

export interface ErrorPage {
  /** Name of a template for `reply.view`. */
  readonly template: string
  /** Given to the template beside `statusCode`, `code` and `message`. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** Everything `connectPlugin` takes. Only `baseUrl` and `descriptor` (for a Forge app: `forge`) are needed. */
export interface ConnectOptions {
  /** Left out by an app that has no Connect part. */
  readonly descriptor?: DescriptorSource
  /** Left out by an app that has no Forge part. */
  readonly forge?: ForgeOptions
  /** Says that this is an app of Bitbucket and of nothing else; without it one of Jira and Confluence. */
  readonly product?: 'bitbucket'
  /** For `product: 'bitbucket'`. */
  readonly bitbucket?: BitbucketOptions
  /** The public address of the app, as in its descriptor. May have a path. */
  readonly baseUrl: string
  /** More addresses under which hosts know this app. */
  readonly allowedBaseUrls?: readonly string[]
  /** The path under which our routes are mounted. Default: the path of `baseUrl`; `''` if a proxy removes it. */
  readonly mountPath?: string
  /** Changes the descriptor after placeholders were filled in. */
  readonly transformDescriptor?: DescriptorTransform
  /**
   * What `{{appKey}}` in the descriptor stands for. Without a descriptor: the key under which tenants are kept, by
   * default the id of the Forge app.
   */
  readonly appKey?: string
  /**
   * Serves the descriptor anew, without a restart, when its file changes and is right. Only while developing: refused in
   * production; without an effect if the descriptor is no file. Default false.
   */
  readonly watchDescriptor?: boolean
  /** A database address (`sqlite:file`, `postgres://…`), a ready store, or a function that makes one for the app key. */
  readonly store?: string | TenantStore | ((appKey: string) => TenantStore | Promise<TenantStore>)
  /**
   * Keys for the secrets in the database that `store` names. Without them only SQLite starts, with a development key
   * beside the file, and not in production.
   */
  readonly encryption?: EncryptionOptions
  /** How changes of other processes are heard of: `listen` (PostgreSQL's default) or `poll`. */
  readonly coherence?: 'listen' | 'poll'
  /** Where to listen, if `store` names a pooler in transaction mode. */
  readonly listenUrl?: string
  /** How the database that `store` names is opened. */
  readonly database?: DatabaseSettings
  /** Whether the schema is brought up to date at start. Default: yes for SQLite, no elsewhere. */
  readonly migrate?: boolean
  /** `production` is strict. Default: NODE_ENV. */
  readonly environment?: string
  /** Sites that may install. Default `*.atlassian.net` and `*.jira.com`, for Bitbucket the addresses of `bitbucket`. */
  readonly allowedHosts?: readonly string[]
  /** Where install keys are fetched, in order. Default: Atlassian's production hosts. */
  readonly installKeyHosts?: readonly string[]
  /** Where user tokens come from. Default: Atlassian's production server. */
  readonly authorizationServer?: string
  /** The script that pages load to talk to the host. */
  readonly hostScriptUrl?: string
  /** Lets production start with loopback or plain http addresses. Never needed for real sites. */
  readonly unsafeAllowInsecureHostsInProduction?: boolean
  /** `false` leaves a life-cycle route of the descriptor to the app. */
  readonly lifecycle?: Readonly<Partial<Record<LifecycleEventType, boolean>>>
  readonly hooks?: LifecycleHooks
  readonly session?: SessionOptions
  /** How long a session may be refreshed without a fresh token of the host, in hours. Default 12. */
  readonly sessionMaxHours?: number
  readonly tokens?: TokenOptions
  readonly webhooks?: WebhookOptions
  readonly authorization?: AuthorizationOptions
  readonly hostClient?: HostClientLimits
  /** The header `User-Agent` of calls to hosts. Default: `fastify-atlassian`, its version and the key of the app. */
  readonly userAgent?: string
  /** Sentences that the start logs as warnings; `optionsFromEnv` sets it. */
  readonly notices?: readonly string[]
  /** Milliseconds after which a cached tenant is read again in the background. Default 5000. */
  readonly tenantFreshMs?: number
  /** Tenants held in memory. Default 10000. */
  readonly maxCachedTenants?: number
  /** Look-ups a second, per process, of issuers that nobody knows. Default 20. */
  readonly maxUnknownLookupsPerSecond?: number
  /** What is done about accounts that were closed or changed. */
  readonly personalData?: PersonalDataOptions
  /** Where accounts are reported. Default: Atlassian's production server. */
  readonly personalDataServer?: string
  /** How long the app works on without an active license. */
  readonly license?: LicenseOptions
  /** Handlers of moves to another region, of Connect and of Forge. Forge's may be given by `forge.events` instead. */
  readonly dataResidency?: DataResidencyHandlers
  /** How long `tenants.purge()` leaves a tenant whose last installation has ended, in days. Default 30. */
  readonly retentionDays?: number
  /** Largest value of a setting as JSON, in bytes. Default 262144. */
  readonly maxSettingBytes?: number
  /** Requests for unknown install keys per minute. Default 30. */
  readonly maxKeyFetchesPerMinute?: number
  /** What a browser sees when a request is refused: our small page, your template, or (`false`) your error handler. */
  readonly errorPage?: false | ErrorPage
  /** Options for `@fastify/view`, which is then registered for you with Handlebars. */
  readonly views?: Readonly<Record<string, unknown>>
  /** Adds a parser for `application/x-www-form-urlencoded` if there is none yet. Default true. */
  readonly formParser?: boolean
  /** A file to which each verified webhook and Forge event is added, redacted, for `replay`. Refused in production. */
  readonly recordTo?: string
  /** Given the same, for tools of development. Nothing waits for it. Refused in production. */
  readonly recordDelivery?: (recording: Recording) => unknown
  /** Whether recordings leave out names of people too. Default false. */
  readonly redactRecordedNames?: boolean
  /** The file of recordings does not grow beyond this. Default 10 MiB. */
  readonly maxRecordedBytes?: number
  /** Replaces the network, for tests and proxies. */
  readonly fetch?: FetchLike
  /** Replaces the pools of connections to hosts, for proxies and tests. It is not closed with the app. */
  readonly dispatcher?: HostDispatcher
  /** Replaces the clock, for tests. */
  readonly clock?: Clock
  /** Replaces the timers of calls to hosts, for tests. */
  readonly timer?: Timer
}

/** The options after defaults and checks: complete and frozen. */
export interface ResolvedOptions {
  /** `undefined` for an app that has no Connect part. */
  readonly descriptor: DescriptorSource | undefined
  /** `null` for an app that has no Forge part. */
  readonly forge: ResolvedForgeOptions | null
  /** `null` for an app that is not one of Bitbucket. */
  readonly bitbucket: ResolvedBitbucket | null
  readonly baseUrl: string
  readonly baseUrls: readonly string[]
  /** What the hash leaves out: paths of all base URLs and the mount path, longest first, without those that are empty. */
  readonly basePaths: readonly string[]
  /** Where our routes are mounted, each without a trailing slash; `''` is the root. */
  readonly mountPaths: readonly string[]
  readonly transformDescriptor: DescriptorTransform | undefined
  readonly appKey: string | undefined
  readonly watchDescriptor: boolean
  readonly store: NonNullable<ConnectOptions['store']>
  readonly database: DatabaseSettings | undefined
  readonly migrate: boolean | undefined
  readonly encryption: EncryptionOptions | undefined
  readonly coherence: 'listen' | 'poll' | undefined
  readonly listenUrl: string | undefined
  readonly environment: string
  /** Whether NODE_ENV or the option says `production`. */
  readonly production: boolean
  readonly hosts: AllowedHosts
  readonly installKeyHosts: readonly string[]
  readonly authorizationServer: string
  readonly hostScriptUrl: string
  readonly lifecycle: Readonly<Record<LifecycleEventType, boolean>>
  readonly hooks: LifecycleHooks & { readonly awaitMs: number }
  readonly session: { readonly path: string | false; readonly minutes: number }
  readonly sessionMaxHours: number
  readonly tokens: Readonly<Required<TokenOptions>>
  readonly webhooks: Readonly<Required<Omit<WebhookOptions, 'dynamicPath'>>> & { readonly dynamicPath: string | null }
  readonly authorization: Readonly<Required<AuthorizationOptions>>
  readonly hostClient: HostLimits
  readonly userAgent: string | undefined
  readonly notices: readonly string[]
  readonly tenantFreshMs: number
  readonly maxCachedTenants: number
  readonly maxUnknownLookupsPerSecond: number
  readonly personalData: PersonalDataOptions & { readonly everyMinutes: number }
  readonly personalDataServer: string
  readonly license: Readonly<Required<LicenseOptions>>
  readonly dataResidency: (DataResidencyHandlers & { readonly path: string }) | null
  readonly retentionDays: number
  readonly maxSettingBytes: number
  readonly maxKeyFetchesPerMinute: number
  readonly errorPage: undefined | false | ErrorPage
  readonly views: Readonly<Record<string, unknown>> | undefined
  readonly formParser: boolean
  /** `null` where nothing is recorded. */
  readonly recording: RecordingOptions | null
  readonly fetch: FetchLike
  /** The option `fetch`, if it was given: it then carries the calls to hosts too. */
  readonly ownFetch: FetchLike | undefined
  readonly dispatcher: HostDispatcher | undefined
  readonly clock: Clock
  readonly timer: Timer
}
