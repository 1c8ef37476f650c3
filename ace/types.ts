import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Descriptor, ForgeContext, ForgeTokens, ProductContext, VerifiedForge } from '../plugins/index.ts'
import type { AceHttpClient } from './http-client.ts'
import type { AceSettings, ClientInfo } from './settings.ts'

/** What ACE had in `req.context` (and in `res.locals`), from the verified token and the tenant; never from the query alone. */
export interface AceContext {
  readonly title: string
  readonly addonKey: string
  readonly localBaseUrl: string
  readonly hostScriptUrl: string
  /** `''` on public routes, as in ACE. */
  readonly clientKey: string
  /** A session token for the front end; `''` on public routes and for calls of Forge. */
  readonly token: string
  readonly hostBaseUrl?: string
  readonly hostUrl?: string
  readonly hostStylesheetUrl?: string
  readonly license?: string
  readonly userAccountId?: string
  readonly context?: ProductContext
  readonly timezone?: string
  readonly locale?: string
  readonly userId?: string
  /** Calls the site of this request as the app; `null` on public routes. */
  readonly http: AceHttpClient | null
  /** The verified call, on routes of `authenticateForge()`. */
  readonly forge?: AceForgeContext
}

/** What ACE had in `req.context.forge`. Tokens refuse to be printed: `tokens.app.reveal()` gives the text. */
export interface AceForgeContext {
  readonly tokens: { readonly app: ForgeTokens['system']; readonly user: ForgeTokens['user'] }
  readonly apiBaseUrl: VerifiedForge['apiBaseUrl']
  readonly app: { readonly id: string; readonly version: string | null; readonly installationId: string }
  readonly context: ForgeContext | null
  /** Account id of the user, if one acts. */
  readonly principal: string | null
}

/** A request of an Express-shaped route: Fastify's own, with the names of Express that differ. */
export type AceRequest = {
  readonly query: Readonly<Record<string, string | undefined>>
  readonly params: Readonly<Record<string, string>>
  get(name: string): string | undefined
  header(name: string): string | undefined
} & FastifyRequest

/** A reply of an Express-shaped route: Fastify's own, with the names of Express that differ. */
export type AceResponse = {
  /** What templates see beside the data of `render`. */
  readonly locals: Record<string, unknown>
  /** Renders a template of `views` and sends it. */
  render(template: string, data?: object): AceResponse
  json(value: unknown): AceResponse
  end(body?: string | Uint8Array): AceResponse
  send(body?: unknown): AceResponse
  status(status: number): AceResponse
  sendStatus(status: number): AceResponse
  type(mediaType: string): AceResponse
  set(name: string, value: string): AceResponse
  setHeader(name: string, value: string | number | readonly string[]): AceResponse
} & FastifyReply

/** A handler or a middleware of Express. What it returns is not sent; an error that it throws or passes on is. */
export type AceHandler = (request: AceRequest, response: AceResponse, next: AceNext) => unknown

/** Ends one middleware, with an error if there was one. */
export type AceNext = (error?: unknown) => void

/** A middleware of `addon`, for `preHandler` of a Fastify route and for the routes of `addon`. */
export type AceMiddleware = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** Declares a route: its path, at most one middleware of `addon` that authenticates, others of yours, and the handler last. */
export type AceRoute = (path: string, ...handlers: (AceHandler | readonly AceHandler[])[]) => void

/** What `addon.config` knows by itself. */
export interface AceConfig {
  localBaseUrl(): string
  environment(): string
}

/** What a listener of `addon.on` gets as its third argument in the place of ACE's request. */
export interface AceWebhookRequest {
  readonly body: unknown
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | readonly string[]>>
  readonly context: Pick<AceContext, 'addonKey' | 'clientKey' | 'hostBaseUrl' | 'userAccountId' | 'http'>
}

/** What `addon.httpClient` takes: a request, what a listener was given, or the site itself (in a job). */
export type AceHttpClientFor =
  | FastifyRequest
  | Pick<AceWebhookRequest, 'context'>
  | { readonly clientKey: string; readonly userAccountId?: string }

/** ACE's permissions for `authorizeJira`. */
export interface AceJiraPermissions {
  readonly project?: readonly string[]
  readonly global?: readonly string[]
}

/** ACE's permissions for `authorizeConfluence`. */
export interface AceConfluencePermissions {
  readonly application?: readonly string[]
  readonly content?: string
}

/** The object that ACE called `addon`, on Fastify. Docs: docs/from-ace.md. */
export interface Addon<Values extends Readonly<Record<string, unknown>> = Readonly<Record<never, never>>> {
  readonly key: string
  readonly name: string
  readonly descriptor: Descriptor
  readonly app: FastifyInstance
  readonly logger: FastifyInstance['log']
  readonly config: AceConfig & { readonly [Name in keyof Values]: () => Values[Name] }
  readonly settings: AceSettings

  /** The policy `page`; with `true`: `['context', 'session']`. */
  authenticate(acceptContextTokens?: boolean): AceMiddleware
  /** The policy `['context', 'session']`. */
  checkValidToken(): AceMiddleware
  /** The policy `lifecycle`, for routes of the app's own. Apply what came with `postInstallation()`. */
  authenticateInstall(): AceMiddleware
  /** The same: hosts, audience and body are checked for every life-cycle call. */
  verifyInstallation(): AceMiddleware
  /** A handler that applies the verified life-cycle call and answers 204. */
  postInstallation(): AceHandler
  /** The policy `forge`. A user has to act; for calls without one use `config.atlassian` (docs/forge.md). */
  authenticateForge(): AceMiddleware
  /** Marks a route of `authenticateForge()`: the tenant is always associated, so it only checks that it is there. */
  associateConnect(): AceMiddleware
  authorizeJira(permissions: AceJiraPermissions): AceMiddleware
  authorizeConfluence(permissions: AceConfluencePermissions): AceMiddleware

  /** `null` if no such site ever installed the app. The shared secret is not in it. */
  loadClientInfo(clientKey: string): Promise<ClientInfo | null>
  /** Calls a site with the options, bodies and callbacks of ACE's client. */
  httpClient(target: AceHttpClientFor): AceHttpClient
  /** Listens to a webhook by its name in the descriptor, or to an event of ACE. Gives the function that stops. */
  on(event: 'host_settings_saved', listener: (clientKey: string, data: ClientInfo) => unknown): () => void
  /** `err` is a code of ours (`ATL_…`), never a text. */
  on(
    event: 'host_settings_not_saved',
    listener: (clientKey: string, data: { readonly err: string | null }) => unknown
  ): () => void
  on(
    event: 'webhook_auth_verification_triggered' | 'webhook_auth_verification_successful',
    listener: () => unknown
  ): () => void
  on(event: string, listener: (event: string, body: unknown, request: AceWebhookRequest) => unknown): () => void

  readonly get: AceRoute
  readonly post: AceRoute
  readonly put: AceRoute
  readonly patch: AceRoute
  readonly delete: AceRoute
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What ACE had under this name; only where `ace(app)` was called. New code reads `request.tenant` and `request.connect`. */
    readonly context: AceContext
  }
}
