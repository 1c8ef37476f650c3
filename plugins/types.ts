import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import type { AppEvents } from '../lib/app-events.ts'
import type { AppProperties } from '../lib/app-services/app-properties.ts'
import type { DynamicModules } from '../lib/app-services/dynamic-modules.ts'
import type { Tenants } from '../lib/app-tenants.ts'
import type { Authorized } from '../lib/authorize/authorizer.ts'
import type { ConfluenceRequirements, JiraRequirements } from '../lib/authorize/requirements.ts'
import type { CorsOption } from '../lib/cors.ts'
import type { Descriptor } from '../lib/descriptor/descriptor.ts'
import type { DynamicWebhooks } from '../lib/dynamic-webhooks/dynamic-webhooks.ts'
import type { HostLookup } from '../lib/find-target.ts'
import type { ForgeEventMessage } from '../lib/forge/events/forge-event.ts'
import type { ForgeInvocation } from '../lib/forge/forge-authenticator.ts'
import type { ForgeRouteRules } from '../lib/forge/route-rules.ts'
import type { HostMetrics } from '../lib/host/host-calls.ts'
import type { HostClient } from '../lib/host/host-client.ts'
import type { PolicyOption } from '../lib/jwt/policy.ts'
import type { VerifiedConnect } from '../lib/jwt/verify-connect.ts'
import type { VerifiedInstall } from '../lib/jwt/verify-install.ts'
import type { License } from '../lib/license/license.ts'
import type { LicenseRules } from '../lib/license/license-guard.ts'
import type { ManifestRoute } from '../lib/manifest/manifest.ts'
import type { PersonalData } from '../lib/personal-data/personal-data.ts'
import type { TenantRegion } from '../lib/residency/regions.ts'
import type { Secret } from '../lib/secret.ts'
import type { LifecycleEventType } from '../lib/tenant/lifecycle-payload.ts'
import type { LifecycleResult } from '../lib/tenant/lifecycle-service.ts'
import type { ConnectTenantWithSettings, TenantWithSettings } from '../lib/tenant/tenant-settings.ts'
import type { TenantLookup } from '../lib/tenant/tenant-store.ts'

/** Who acts: a user by Atlassian account id, an anonymous visitor, or the host itself. */
export type Principal =
  | { readonly type: 'user'; readonly accountId: string }
  | { readonly type: 'anonymous' }
  | { readonly type: 'host' }

/** A verified request of a Connect page, front end, webhook or life-cycle call. */
export interface ConnectRequestContext {
  readonly platform: 'connect'
  readonly tenant: ConnectTenantWithSettings
  readonly principal: Principal
  readonly connect: VerifiedConnect
}

/** A verified call of a Forge front end, function, event or schedule. */
export interface ForgeRequestContext {
  readonly platform: 'forge'
  /** With the members of a Connect registration, if the site has or had one; `clientKey` tells. */
  readonly tenant: TenantWithSettings
  readonly principal: Principal
  readonly forge: ForgeInvocation
}

/** Verified requests by platform. */
export type AtlassianRequestContext = ConnectRequestContext | ForgeRequestContext

/** What a route says about itself in `config.atlassian`. */
export interface AtlassianRouteConfig {
  /** Which token the route demands. Without it a route is protected as `page`. */
  readonly auth?: PolicyOption
  /** For `lifecycle` on a path that the descriptor does not name: which event is expected. */
  readonly event?: LifecycleEventType
  /** What a Forge call needs beside its token, where `auth` accepts `forge`. Without it: a user. */
  readonly forge?: ForgeRouteRules
  /** Which other origins may call the route from a browser: the sites that may install (`true`), or a list. Default none. */
  readonly cors?: CorsOption
}

/** An `onRequest` hook that stands for a policy, made by `app.atlassian.authenticate`. */
export type AuthenticateHook = (request: FastifyRequest) => Promise<void>

/** A hook that lets a request pass only if its user has the permissions, made by `app.atlassian.authorizeJira`. */
export type AuthorizeHook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** What resolvers read, unless the route's own types are named. Nothing in it is trusted. */
export interface UntypedRoute extends RouteGenericInterface {
  readonly Params: Readonly<Record<string, unknown>>
  readonly Querystring: Readonly<Record<string, unknown>>
}

/** What `fastify.atlassian` offers. */
export interface FastifyAtlassian {
  readonly descriptor: Descriptor
  readonly tenants: Tenants
  readonly events: AppEvents
  /** The routes that were declared so far inside the scope of the plugin, with their policies; for `createManifest`. */
  routes(): readonly ManifestRoute[]
  /** Where user tokens come from, as configured. */
  readonly authorizationServer: string
  /**
   * A client for jobs. Each call looks the tenant up and rejects with `ATL_NO_TENANT` if the app is not installed there.
   * Where Connect and Forge live side by side, `{ installationId }` of Forge is called by its stored system token and
   * everything else by Connect. Without a good token: ForgeTokenError.
   */
  hostClient(lookup: HostLookup): HostClient
  /** Webhooks that the app registers at run time, per site of Jira. Needs the option `webhooks.dynamicPath`. */
  readonly dynamicWebhooks: DynamicWebhooks
  /** What happened with calls to hosts since the start, and what is going on now. */
  hostMetrics(): HostMetrics
  /**
   * For `product: 'bitbucket'`: an access token that acts as the account of this installation, for REST calls outside of
   * `hostClient` and for git over HTTPS. Rejects with UserTokenError, `ATL_NO_TENANT`, and `ATL_OPTION` for other apps.
   */
  bitbucketToken(lookup: TenantLookup): Promise<Secret>
  /**
   * Runs the handlers of an event that `forge.events.enqueue` gave to a queue of the app, as it was given. Rejects with
   * what a handler throws, so that the queue tries again.
   */
  handleForgeEvent(message: ForgeEventMessage): Promise<void>
  /** Route options to spread: `app.get('/api', { ...app.atlassian.protect('context') }, handler)`. */
  protect(
    policy: PolicyOption,
    forge?: ForgeRouteRules
  ): { readonly config: { readonly atlassian: AtlassianRouteConfig } }
  /** The same as a hook: `onRequest: app.atlassian.authenticate('context')`. Place it on a route, not on a scope. */
  authenticate(policy: PolicyOption): AuthenticateHook
  /**
   * A `preHandler` (without resolvers: also an `onRequest` hook) that asks Jira for the permissions of the verified
   * user, or of everybody for an anonymous visitor, and refuses with 403 unless all are granted. Throws `ATL_OPTION`
   * for empty requirements.
   */
  authorizeJira<Route extends RouteGenericInterface = UntypedRoute>(
    requirements: JiraRequirements<FastifyRequest<Route>>
  ): AuthorizeHook
  /** The same for Confluence; anonymous visitors are refused. */
  authorizeConfluence<Route extends RouteGenericInterface = UntypedRoute>(
    requirements: ConfluenceRequirements<FastifyRequest<Route>>
  ): AuthorizeHook
  /**
   * A `preHandler` (or `onRequest` hook) that lets a request pass only while the app has a license on its site, or for
   * the grace time after it was first seen without one. Refuses with 403 `ATL_LICENSE`. Throws `ATL_OPTION`.
   */
  requireLicense(rules?: LicenseRules): AuthorizeHook
  /** Which accounts the app stores data about, and the reports that Atlassian demands. */
  readonly personalData: PersonalData
  /** Small JSON values that the host keeps for the app. */
  readonly appProperties: AppProperties
  /** Modules that one site has beside those of the descriptor. */
  readonly dynamicModules: DynamicModules
  /** Where the data of a tenant has to be, as far as the platform said; `null` if it never did. */
  regionOf(tenantId: string): Promise<TenantRegion | null>
  /** Makes every route of this scope public that names no policy itself. Call it first inside the scope. */
  publicScope(scope: FastifyInstance): void
  /** A session token for the front end of this verified request. */
  sessionToken(request: FastifyRequest): { readonly token: string; readonly expiresAtSeconds: number }
  /** What the built-in routes do with a verified life-cycle call, for a route of the app's own with that policy. */
  applyLifecycle(request: FastifyRequest): Promise<LifecycleResult>
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly atlassian: FastifyAtlassian
  }
  interface FastifyRequest {
    /** Who sent this request, verified; `null` on public routes. */
    readonly atlassian: AtlassianRequestContext | null
    /** The verified Connect token; `null` on public routes and for calls of Forge. */
    readonly connect: VerifiedConnect | null
    /** The verified Forge call; `null` on public routes and for requests of Connect. */
    readonly forge: ForgeInvocation | null
    /**
     * The tenant of this request, by whichever platform it came; `null` on public routes. Where only Connect is served,
     * `requireConnect(request).tenant` has the members of its registration.
     */
    readonly tenant: TenantWithSettings | null
    /**
     * Calls the site of `request.tenant` as the app; `asUser()` is who sent it. On calls of Forge: by the tokens that
     * came with it, or the stored system token. `product` chooses among the products of a Forge installation; without
     * it, the one that called. Throws `ATL_NOT_PROTECTED` on public routes and `ATL_HOST_PRODUCT`.
     */
    hostClient(options?: { readonly product?: string }): HostClient
    /** What the last authorizing hook of this request checked and the host granted; `null` before. */
    readonly authorized: Authorized | null
    /**
     * Those of these issues (in Confluence: contents) for which the verified user has every one of the permissions, in
     * their order: one call for up to 1000 issues. What is no id is left out. Rejects with `ATL_PERMISSION_UNKNOWN`
     * when the host gives no clear answer, and with `ATL_OPTION` for more than 1000 ids.
     */
    filterAllowed<Id extends string | number>(ids: readonly Id[], permissions: readonly string[]): Promise<Id[]>
    /**
     * What a verified source says about the app's license on this site: the page token, the token of Forge, or what
     * `requireLicense` found out; `null` where none of them says anything.
     */
    readonly license: License | null
    /** The verified life-cycle call on routes with the policy `lifecycle`; else `null`. */
    readonly verifiedInstall: VerifiedInstall | null
  }
  interface FastifyReply {
    /** The nonce of this page's scripts, as in its Content-Security-Policy. */
    readonly scriptNonce: string
  }
  interface FastifyContextConfig {
    readonly atlassian?: AtlassianRouteConfig
  }
}
