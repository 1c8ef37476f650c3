import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AppEvents } from '../lib/app-events.ts'
import type { Tenants } from '../lib/connect-app.ts'
import type { CorsOption } from '../lib/cors.ts'
import type { Descriptor } from '../lib/descriptor/descriptor.ts'
import type { HostClient } from '../lib/host/host-client.ts'
import type { PolicyOption } from '../lib/jwt/policy.ts'
import type { VerifiedConnect } from '../lib/jwt/verify-connect.ts'
import type { VerifiedInstall } from '../lib/jwt/verify-install.ts'
import type { ManifestRoute } from '../lib/manifest/manifest.ts'
import type { LifecycleEventType } from '../lib/tenant/lifecycle-payload.ts'
import type { LifecycleResult } from '../lib/tenant/lifecycle-service.ts'
import type { ConnectTenantWithSettings } from '../lib/tenant/tenant-settings.ts'
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

/** Verified requests by platform. */
export type AtlassianRequestContext = ConnectRequestContext

/** What a route says about itself in `config.atlassian`. */
export interface AtlassianRouteConfig {
  /** Which token the route demands. Without it a route is protected as `page`. */
  readonly auth?: PolicyOption
  /** For `lifecycle` on a path that the descriptor does not name: which event is expected. */
  readonly event?: LifecycleEventType
  /** Which other origins may call the route from a browser: the sites that may install (`true`), or a list. Default none. */
  readonly cors?: CorsOption
}

/** An `onRequest` hook that stands for a policy, made by `app.atlassian.authenticate`. */
export type AuthenticateHook = (request: FastifyRequest) => Promise<void>

/** What `fastify.atlassian` offers. */
export interface FastifyAtlassian {
  readonly descriptor: Descriptor
  readonly tenants: Tenants
  readonly events: AppEvents
  /** The routes that were declared so far inside the scope of the plugin, with their policies; for `createManifest`. */
  routes(): readonly ManifestRoute[]
  /** Where user tokens come from, as configured. */
  readonly authorizationServer: string
  /** A client for jobs. Each call looks the tenant up and rejects with `ATL_NO_TENANT` if the app is not installed there. */
  hostClient(lookup: TenantLookup): HostClient
  /** Route options to spread: `app.get('/api', { ...app.atlassian.protect('context') }, handler)`. */
  protect(policy: PolicyOption): { readonly config: { readonly atlassian: AtlassianRouteConfig } }
  /** The same as a hook: `onRequest: app.atlassian.authenticate('context')`. Place it on a route, not on a scope. */
  authenticate(policy: PolicyOption): AuthenticateHook
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
    /** The verified Connect token; `null` on public routes. */
    readonly connect: VerifiedConnect | null
    /** The tenant that signed this request; `null` on public routes. */
    readonly tenant: ConnectTenantWithSettings | null
    /** Calls the site of `request.tenant` as the app. Throws `ATL_NOT_PROTECTED` on public routes. */
    hostClient(): HostClient
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
