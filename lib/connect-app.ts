import { withoutTrailingSlash } from './allowed-hosts.ts'
import { announcing } from './announcing.ts'
import { type AppEmitter, createAppEmitter } from './app-events.ts'
import { createAppInstalls } from './app-installs.ts'
import { type AppRules, createAppRules } from './app-rules.ts'
import { createTenants, type Tenants } from './app-tenants.ts'
import { type Authenticator, createAuthenticator, type Verified } from './authenticator.ts'
import { createAskHost } from './authorize/ask-host.ts'
import { type Authorizer, createAuthorizer } from './authorize/authorizer.ts'
import { createBitbucketTokens } from './bitbucket/bitbucket-tokens.ts'
import { signBitbucketRequest } from './bitbucket/sign-bitbucket-request.ts'
import { createDispatcher, type Dispatcher } from './delivery/dispatcher.ts'
import type { Descriptor } from './descriptor/descriptor.ts'
import { createDynamicWebhooks, type DynamicWebhooks } from './dynamic-webhooks/dynamic-webhooks.ts'
import { AtlassianError, OptionError } from './errors.ts'
import { createTargetFinder, type HostLookup, isTarget } from './find-target.ts'
import { createForgeApp, type ForgeApp } from './forge/forge-app.ts'
import { createForgeHost, endingTokens, type ForgeHost } from './forge/forge-host.ts'
import { createForgeEvents, type ForgeEvents } from './forge-events.ts'
import { createDeliveryHandler, isJoin } from './handle-delivery.ts'
import { createHostCalls, type HostMetrics } from './host/host-calls.ts'
import type { HostClient, VerifiedUser } from './host/host-client.ts'
import { type HostTarget, isForgeTarget } from './host/host-target.ts'
import { createUserTokens } from './host/user-token.ts'
import type { UserTokens } from './host/user-tokens.ts'
import type { Installs } from './jwt/installs.ts'
import { signHostRequest } from './jwt/sign-host-request.ts'
import type { ConnectRules } from './jwt/verify-connect.ts'
import type { ResolvedOptions } from './options.ts'
import { createPlatformCalls } from './platform-calls.ts'
import type { Log, SignedRequest } from './ports.ts'
import type { Secret } from './secret.ts'
import { createLifecycleService, type LifecycleService } from './tenant/lifecycle-service.ts'
import { createTenantDirectory, type TenantDirectory } from './tenant/tenant-directory.ts'
import { createSettingsGiver, type SettingsGiver } from './tenant/tenant-settings.ts'
import type { TenantLookup, TenantStore } from './tenant/tenant-store.ts'
import { version } from './version.ts'
import { createWebhookReceiver, type ReceivedWebhook } from './webhook/receive-webhook.ts'
import { within } from './within.ts'

/** One app at run time, free of any web framework. */
export interface ConnectApp extends AppRules {
  readonly options: ResolvedOptions
  readonly descriptor: Descriptor
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  /** `null` for an app that has no Forge part. */
  readonly forge: ForgeApp | null
  /** Tokens of Forge, and who is called with them; `null` beside `forge`. */
  readonly forgeHost: ForgeHost | null
  /** The same. */
  readonly forgeEvents: ForgeEvents | null
  /** How life-cycle calls are proved, which the option `product` alone decides. */
  readonly installs: Installs
  /** Acts as the account of an installation in Bitbucket. Rejects with `ATL_OPTION` for every other app. */
  bitbucketToken(lookup: TenantLookup): Promise<Secret>
  readonly lifecycle: LifecycleService
  /** Tokens with which the app acts as a user of a site. */
  readonly userTokens: UserTokens
  readonly events: AppEmitter
  readonly dispatcher: Dispatcher
  readonly tenants: Tenants
  /** The record as handlers get it. */
  readonly withSettings: SettingsGiver
  receiveWebhook(webhook: ReceivedWebhook): Promise<void>
  /**
   * Calls this site as the app. A lookup is made for each call; it rejects with `ATL_NO_TENANT` if the site is gone.
   * `verified` says who sent the request that it is for; without it the client belongs to a job.
   */
  hostClient(target: HostTarget | HostLookup, verified?: VerifiedUser): HostClient
  hostMetrics(): HostMetrics
  readonly dynamicWebhooks: DynamicWebhooks
  /** Who sent a call that Atlassian signs with either of its keys. */
  verifyPlatformCall(request: SignedRequest): Promise<Verified>
  /** Ends the connections to hosts. */
  closeConnections(): Promise<void>
}

const POLL_MS = 5000

/**
 * Puts the parts of one app together. Reads and writes nothing yet; the store has to be open before the first request.
 */
export function createConnectApp(
  options: ResolvedOptions,
  descriptor: Descriptor,
  store: TenantStore,
  log: Log
): ConnectApp {
  const { clock, tokens } = options
  const appKey = descriptor.key
  const userAgent = options.userAgent ?? `fastify-atlassian/${version} ${appKey}`
  const { audiences, basePaths, needsBasePath } = withRegions(options, descriptor)
  const { tenantFreshMs: freshMs, maxCachedTenants: maxTenants } = options
  const byClientKey = createTenantDirectory({
    store,
    clock,
    log,
    freshMs,
    maxTenants,
    unknownPerSecond: options.maxUnknownLookupsPerSecond
  })
  const forgeApp =
    options.forge === null
      ? null
      : createForgeApp({
          options: options.forge,
          appKey,
          store,
          directory: byClientKey,
          clock,
          fetch: options.fetch,
          log,
          freshMs,
          maxTenants,
          joined
        })
  const directory = forgeApp?.directory ?? byClientKey

  function joined(deliveryId: string): void {
    void dispatcher.dispatch(deliveryId)
  }

  const rules: ConnectRules = {
    appKey,
    clock,
    leewaySeconds: tokens.leewaySeconds,
    maxLifetimeSeconds: tokens.maxLifetimeSeconds,
    previousSecretSeconds: tokens.previousSecretSeconds,
    sessionMaxHours: options.sessionMaxHours
  }
  const network = { userAgent, fetch: options.fetch, clock }
  const userTokens = createUserTokens({
    ...network,
    scopes: descriptor.scopes ?? [],
    authorizationServer: options.authorizationServer,
    store,
    log
  })
  const sign = options.bitbucket === null ? signHostRequest : signBitbucketRequest
  const bitbucketTokens =
    options.bitbucket === null
      ? null
      : createBitbucketTokens({ ...network, bitbucket: options.bitbucket, store, log, timeoutMs: 5000 })
  const events = createAppEmitter(log)
  const withSettings = createSettingsGiver({ store, clock, maxValueBytes: options.maxSettingBytes })

  const dispatcher = createDispatcher({
    inbox: store.inbox,
    handle: createDeliveryHandler({
      store,
      events,
      hooks: options.hooks,
      withSettings,
      forge: {
        handle: async (delivery) => forgeEvents?.handleDelivery(delivery),
        joined: async (fromTenantId, to) => forgeHost?.joined(fromTenantId, to)
      }
    }),
    mustEnd: isJoin,
    clock,
    log,
    concurrency: options.webhooks.concurrency,
    handlerTimeoutMs: options.webhooks.handlerTimeoutMs,
    pollMs: POLL_MS,
    sweep: (nowMs) => Promise.all([store.settings?.sweep(nowMs), store.tokens?.sweep(nowMs)])
  })

  const forgeEvents =
    forgeApp === null
      ? null
      : createForgeEvents({
          forge: forgeApp,
          store,
          events,
          withSettings,
          clock,
          log,
          handlerTimeoutMs: options.webhooks.handlerTimeoutMs,
          dispatch: (deliveryId) => dispatcher.dispatch(deliveryId),
          ended: (tenant) => userTokens.forget(tenant.tenantId),
          heard: (...told) => authorizer.heardForge(...told)
        })

  const hostCalls = createHostCalls({
    userAgent,
    limits: options.hostClient,
    fetch: options.ownFetch,
    dispatcher: options.dispatcher,
    clock,
    timer: options.timer,
    sign: (tenant, method, url) => `JWT ${sign(tenant, method, url, Math.floor(clock() / 1000))}`,
    userTokens,
    appRefused: (tenant) => targets.refused(tenant),
    ...(bitbucketTokens === null || options.bitbucket?.calls !== 'access-token' ? {} : { appTokens: bitbucketTokens }),
    onLimit: (event) => events.announce('hostLimit', event)
  })

  const forgeHost =
    forgeApp === null
      ? null
      : createForgeHost({
          options: forgeApp.options,
          store,
          association: forgeApp.association,
          // An app whose Connect part is gone still names the key under which Connect knew it.
          connectKey: options.descriptor === undefined ? (options.appKey ?? null) : appKey,
          client: (target) => hostClient(target),
          userAgent,
          fetch: options.fetch,
          clock,
          log
        })
  const forge =
    forgeApp === null || forgeHost === null
      ? null
      : { ...forgeApp, association: endingTokens(forgeApp.association, forgeHost) }

  const targets = createTargetFinder({ store, directory, forgeHost, log })
  const hostClient = (target: HostTarget | HostLookup, verified?: VerifiedUser): HostClient =>
    hostCalls.client(() => (isTarget(target) ? target : targets.find(target)), verified)
  const authorizer = createAuthorizer({
    ...options.authorization,
    clock,
    log,
    askHost: createAskHost({ client: hostClient, timeoutMs: options.authorization.timeoutMs })
  })
  const receiveWebhook = createWebhookReceiver({
    mode: options.webhooks.mode,
    inbox: store.inbox,
    clock,
    log,
    handlerTimeoutMs: options.webhooks.handlerTimeoutMs,
    handle: (event) => within(events.emitWebhook(event), options.webhooks.handlerTimeoutMs),
    dispatch: (deliveryId) => dispatcher.dispatch(deliveryId)
  })

  async function bitbucketToken(lookup: TenantLookup): Promise<Secret> {
    if (bitbucketTokens === null) throw new OptionError('product', undefined, 'it must be "bitbucket" for its tokens')
    const tenant = await targets.find(lookup)
    if (isForgeTarget(tenant)) throw new AtlassianError('ATL_NO_TENANT', 'bitbucket-token')
    return await bitbucketTokens.get(tenant)
  }

  const authenticator = createAuthenticator({ rules, basePaths, needsBasePath, directory })
  const { installs, signed } = createAppInstalls({ options, store, log, rules, audiences, basePaths, needsBasePath })
  const rulesOfPlatform = createAppRules({
    options,
    descriptor,
    store,
    forgeHost,
    findTarget: targets.find,
    hostClient,
    userAgent,
    log
  })

  return Object.freeze({
    ...rulesOfPlatform,
    options,
    descriptor,
    store,
    directory,
    events,
    dispatcher,
    authenticator,
    authorizer,
    forge,
    forgeHost,
    forgeEvents,
    installs,
    bitbucketToken,
    verifyPlatformCall: createPlatformCalls({ authenticator, signed, store }),
    userTokens,
    lifecycle: announcing(
      forgettingTokens(
        createLifecycleService({
          store,
          directory,
          clock,
          log,
          joined,
          beforeInstall: options.hooks.beforeInstall
        }),
        userTokens
      ),
      events,
      withSettings
    ),
    withSettings,
    tenants: createTenants({ options, store, directory, events, withSettings, userTokens, forgeHost, log }),
    receiveWebhook(webhook: ReceivedWebhook) {
      // Before anything else: whoever is asked for next must not be judged by what was true before.
      authorizer.heard(webhook.tenant.tenantId, webhook.event, webhook.content.body)
      return receiveWebhook(webhook)
    },
    hostClient,
    hostMetrics: () => hostCalls.metrics(),
    dynamicWebhooks: createDynamicWebhooks({
      url: dynamicUrl(options, descriptor),
      store,
      client: (lookup) => hostClient(lookup),
      clock,
      log
    }),
    closeConnections: () => hostCalls.close()
  })
}

/** What a tenant's users had let the app do ends with every install, rotation and uninstall (connect.md 2.3). */
function forgettingTokens(lifecycle: LifecycleService, userTokens: UserTokens): LifecycleService {
  return {
    async apply(clientKey, event) {
      const result = await lifecycle.apply(clientKey, event)
      const { change, tenant } = result
      const leavesTokens = change === 'none' || change === 'enabled' || change === 'disabled'
      if (tenant !== null && !leavesTokens) await userTokens.forget(tenant.tenantId)
      return result
    }
  }
}

/** By the address of the descriptor: the host takes no other (connect.md 7.1). */
function dynamicUrl({ webhooks }: ResolvedOptions, { baseUrl }: Descriptor): string | null {
  return webhooks.dynamicPath === null ? null : `${withoutTrailingSlash(baseUrl)}${webhooks.dynamicPath}`
}

/** Hosts of a region know the app by the address of that region (connect.md 7.8). */
function withRegions(options: ResolvedOptions, descriptor: Descriptor) {
  const { regionBaseUrls } = descriptor
  const regions = typeof regionBaseUrls === 'object' && regionBaseUrls !== null ? Object.values(regionBaseUrls) : []
  const urls = regions.filter((url): url is string => typeof url === 'string' && URL.canParse(url))
  const paths = urls.map((url) => withoutTrailingSlash(new URL(url).pathname)).filter((path) => path !== '')
  return {
    // As they are written, and as a URL parser would write them.
    audiences: [
      ...new Set([...options.baseUrls, ...urls].flatMap((url) => [url, new URL(url).href]).map(withoutTrailingSlash))
    ],
    basePaths: [...new Set([...options.basePaths, ...paths])].sort((a, b) => b.length - a.length),
    // Where a proxy removes the path, or one address has none, requests arrive without it.
    needsBasePath: options.mountPaths.every((mountPath) => mountPath !== '') && paths.length === urls.length
  }
}
