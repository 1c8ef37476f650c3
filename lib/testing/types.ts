import type {
  CallOptions,
  InstallOptions,
  PageOptions,
  SignTools,
  SiteChoice,
  UserChoice,
  WebhookOptions
} from './call-options.ts'
import type { ForgeHost } from './forge/types.ts'
import type { JiraState, WikiState } from './site-state.ts'

export type {
  CallOptions,
  InstallOptions,
  PageOptions,
  SignOptions,
  SignTools,
  SiteChoice,
  UserChoice,
  WebhookOptions
} from './call-options.ts'

/** A person on every simulated site. */
export interface SimulatedUser {
  readonly accountId: string
  readonly name: string
  readonly initials: string
  readonly colour: string
  readonly admin: boolean
}

interface SimulatedSiteBase {
  readonly name: string
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string
  /** What `installed` tells the app: the origin, for Confluence with `/wiki`. */
  readonly baseUrl: string
  readonly clientKey: string
  readonly cloudId: string
  /** The current one. Shown to tests on purpose; no exchange ever shows it. */
  readonly sharedSecret: string
  readonly oauthClientId: string
  readonly installed: boolean
  readonly enabled: boolean
}

/** A simulated Jira. */
export interface SimulatedJiraSite extends SimulatedSiteBase {
  readonly product: 'jira'
  readonly state: JiraState
}

/** A simulated Confluence. */
export interface SimulatedWikiSite extends SimulatedSiteBase {
  readonly product: 'confluence'
  readonly state: WikiState
}

/** A simulated site of either product. */
export type SimulatedSite = SimulatedJiraSite | SimulatedWikiSite

/** What an exchange was about. */
export type ExchangeKind =
  | 'descriptor'
  | 'installed'
  | 'uninstalled'
  | 'enabled'
  | 'disabled'
  | 'page'
  | 'webhook'
  | 'api'
  | 'rest'
  | 'key'
  | 'token'
  | 'invoke'
  | 'browser'
  | 'preflight'
  | 'event'
  | 'scheduled'
  | 'pre-uninstall'
  | 'data-residency'
  | 'graphql'
  | 'accounts'

/** One request between the host and the app, as the log shows it: without tokens and without secrets. */
export interface Exchange {
  readonly id: number
  readonly atMs: number
  readonly durationMs: number
  readonly direction: 'to-app' | 'to-host'
  readonly kind: ExchangeKind
  readonly site: string
  readonly method: string
  /** Absolute, without `jwt`. */
  readonly url: string
  /** 0: nothing came back, or nothing was sent because the descriptor names no path; the verdict says which. */
  readonly status: number
  /** `install`, `page`, `webhook`, `context`, `session`, `app`, `assertion`, `user`, `invocation`, `system`, `offline`; null when there was no token. */
  readonly tokenKind: string | null
  readonly token: { readonly header: object; readonly claims: object } | null
  readonly canonicalRequest: string | null
  readonly queryStringHash: string | null
  /** One sentence for people. */
  readonly verdict: string
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly requestBody: string | null
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly responseBody: string | null
}

/** The answer of the app as it came, next to the exchange of the log. */
export type AnsweredExchange = Exchange & { readonly body: string }

/** What the simulator needs of a Fastify instance. */
export interface InjectableApp {
  inject(request: {
    method: string
    url: string
    headers: Record<string, string>
    payload?: string
  }): PromiseLike<{ statusCode: number; headers: object; body: string }>
  ready?(): PromiseLike<unknown>
}

/** A Fastify-like object, or the address at which the app listens. */
export type App = InjectableApp | string

/** Trouble that is made on purpose. */
export interface Fault {
  /**
   * `rest`: the REST API, a site's own and that of Forge. `keys`: the install keys. `token`: the tokens of users.
   * `forge-keys`: the keys of invocation tokens. `graphql`: the tokens of absent users. `accounts`: reports of personal
   * data. `app`: the way from the host to
   * the app; a `status` is answered in the app's place, with `lost` the app gets the request and its answer is lost.
   */
  readonly target: 'rest' | 'keys' | 'token' | 'forge-keys' | 'graphql' | 'accounts' | 'app'
  /** Default 503; 200 with a `body`; none of them if only a delay or a cut is asked for. */
  readonly status?: number
  /** What is answered, for every target but `app`. Default empty. */
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly delayMs?: number
  readonly lost?: boolean
  /** `rest` and `token`: the connection is cut in the middle of the body. */
  readonly truncated?: boolean
  /** Default 1. */
  readonly times?: number
  /** Only requests whose path and query match. */
  readonly path?: RegExp
}

/** One module of the descriptor that has a page of its own. */
export interface PageModule {
  readonly key: string
  /** The member of the descriptor's `modules`, for example `webPanels`. */
  readonly type: string
  readonly name: string
  /** The URL as the descriptor has it, before variables are filled in. */
  readonly url: string
  readonly cacheable: boolean
  /** POST: the host loads it with a form, in which the parameters and the token are. */
  readonly method: 'GET' | 'POST'
  readonly location: string | null
}

/** What a person does on a site. It changes the state and fires the webhooks that the descriptor lists. */
export type SiteAction =
  | { type: 'createIssue'; project: string; summary: string; description?: string; issueType?: string }
  | {
      type: 'updateIssue'
      issue: string
      summary?: string
      description?: string
      status?: string
      assignee?: string | null
    }
  | { type: 'deleteIssue'; issue: string }
  | { type: 'commentIssue'; issue: string; text: string }
  | { type: 'createPage'; space: string; title: string; body?: string }
  | { type: 'updatePage'; page: string; title?: string; body?: string }
  | { type: 'deletePage'; page: string }
  | { type: 'commentPage'; page: string; text: string }

/** A call to the simulated REST API. */
export interface RestRequest {
  readonly method: string
  /** Path and query below the site's base URL. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** The answer of the simulated REST API. */
export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty for 204. */
  readonly body: string
}

/** The accounts of Atlassian, as apps report them. Ids need not be those of the simulated users. */
export interface SimulatedAccounts {
  /** Every report that was accepted, oldest first. */
  readonly reports: readonly {
    readonly atMs: number
    readonly accounts: readonly { readonly accountId: string; readonly updatedAtMs: number }[]
  }[]
  /** The account ends: apps have to erase what they store about it. */
  close(accountId: string): void
  /** Something about the account changes now, by the clock of the host. */
  change(accountId: string): void
  /** How often an account has to be reported, as an ISO 8601 duration. At first `P7D`. */
  setCyclePeriod(period: string): void
}

/** What a simulated site says about the license of the app. */
export interface SimulatedLicense {
  readonly active: boolean
  /** Default `COMMERCIAL`. */
  readonly type?: string
  /** Default false. */
  readonly evaluation?: boolean
}

/** A hook of a move to another region. */
export interface ResidencyCallOptions extends SiteChoice {
  /** Default 1. */
  readonly migrationId?: number
  /** Default `EU`. */
  readonly location?: string
  /** Which key signs it; life's is not documented. Default `install-key`. */
  readonly signedBy?: 'install-key' | 'shared-secret'
}

/**
 * A small honest Atlassian: sites with users and a REST API on real ports, a key server, and the calls that a host
 * makes to an app. It signs and verifies with code that is not this framework's own.
 */
export interface HostSimulator {
  /** Milliseconds since 1970, by the clock it was made with. */
  readonly clock: () => number
  /** Address of the control server. */
  readonly url: string
  readonly sites: readonly SimulatedSite[]
  readonly users: readonly SimulatedUser[]
  readonly hostScriptUrl: string
  /** The last 500, newest last. */
  readonly exchanges: readonly Exchange[]
  /** By name or product; the first one by default. Throws for an unknown one. */
  site(nameOrProduct?: string): SimulatedSite
  /** To spread into the options of `connectPlugin`. */
  connectOptions(): {
    allowedHosts: string[]
    installKeyHosts: string[]
    authorizationServer: string
    hostScriptUrl: string
    personalDataServer: string
  }
  /**
   * Reads the descriptor, sends `installed` and, once it is accepted, `enabled`. Gives the exchange of `installed`.
   * The app is remembered for later calls. Throws when the descriptor cannot be read.
   */
  install(app?: App, options?: InstallOptions): Promise<Exchange>
  /** Reads the descriptor again and sends `installed` and `enabled` with the same secret. */
  upgrade(options?: SiteChoice): Promise<Exchange>
  /** `installed` with a new secret, which is kept when the app accepts it. */
  rotateSecret(options?: SiteChoice): Promise<Exchange>
  /** `disabled`, then `uninstalled`. Gives the exchange of `uninstalled`. */
  uninstall(options?: SiteChoice): Promise<Exchange>
  enable(options?: SiteChoice): Promise<Exchange>
  disable(options?: SiteChoice): Promise<Exchange>
  /** The descriptor as the app served it last. Throws before the first install on that site. */
  descriptor(options?: SiteChoice): Readonly<Record<string, unknown>>
  /** Where the host calls the app of a site, without a trailing slash; `null` before the first install there. */
  appAddress(options?: SiteChoice): string | null
  /** Every module of the descriptor that has a page below the app's base URL, in the descriptor's order. */
  modules(options?: SiteChoice): readonly PageModule[]
  /** Loads a module's page as the host would. Throws for an unknown module. */
  openPage(moduleKey: string, options?: PageOptions): Promise<AnsweredExchange>
  /** The signed address for an iframe; for a cacheable module exactly the descriptor's URL. */
  pageUrl(moduleKey: string, options?: PageOptions): Promise<string>
  /** What `AP.context.getToken` gives: `context-qsh`, 15 minutes. */
  contextToken(options?: PageOptions): Promise<string>
  /** Calls the app as a page's front end does, with a context token. `path` is below the app's base URL. */
  callApp(path: string, options?: CallOptions): Promise<AnsweredExchange>
  /**
   * Delivers to every webhook of the descriptor that lists the event; gives the last exchange.
   * Throws when none lists it.
   */
  sendWebhook(event: string, options?: WebhookOptions): Promise<Exchange>
  /** A person changes something on a site. Resolves when it is done; webhooks follow, see `settled`. */
  act(action: SiteAction, options?: UserChoice): Promise<void>
  /** A REST call of a page through the host's script: as the user, without the app's signature. */
  requestAsUser(request: RestRequest, options?: UserChoice): Promise<RestAnswer>
  /** Accounts that close or change, and what apps reported. */
  readonly accounts: SimulatedAccounts
  /**
   * What the site says about the app's license from now on: in `lic` of pages, in the REST API and, for a production
   * environment, in tokens of Forge. `null`: nothing is known. At first a descriptor with `enableLicensing` has an
   * active one.
   */
  setLicense(license: SimulatedLicense | null, options?: SiteChoice): void
  /** A hook of `lifecycle["dare-migration"]`. Throws when the descriptor has none. */
  dataResidency(
    hook: 'schedule' | 'start' | 'status' | 'commit' | 'rollback',
    options?: ResidencyCallOptions
  ): Promise<Exchange>
  /** Resolves when every webhook that a change has fired is delivered or given up. */
  settled(): Promise<void>
  readonly sign: SignTools
  /** The same host as Forge apps know it. */
  readonly forge: ForgeHost
  /** The next matching requests go wrong. */
  failNext(fault: Fault): void
  onExchange(listener: (exchange: Exchange) => void): () => void
  onStateChange(listener: () => void): () => void
  close(): Promise<void>
}
