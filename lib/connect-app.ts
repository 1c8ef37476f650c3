import { withoutTrailingSlash } from './allowed-hosts.ts'
import { type AppEmitter, createAppEmitter } from './app-events.ts'
import { type AppRules, createAppRules } from './app-rules.ts'
import { type Authenticator, createAuthenticator, type Verified } from './authenticator.ts'
import { createAskHost } from './authorize/ask-host.ts'
import { type Authorizer, createAuthorizer } from './authorize/authorizer.ts'
import { createDispatcher, type Dispatcher } from './delivery/dispatcher.ts'
import type { Descriptor } from './descriptor/descriptor.ts'
import { createTargetFinder, type HostLookup, isTarget } from './find-target.ts'
import { createForgeApp, type ForgeApp } from './forge/forge-app.ts'
import { createForgeHost, endingTokens, type ForgeHost } from './forge/forge-host.ts'
import { createForgeEvents, type ForgeEvents } from './forge-events.ts'
import { createHostCalls, type HostMetrics } from './host/host-calls.ts'
import type { HostClient, VerifiedUser } from './host/host-client.ts'
import type { HostTarget } from './host/host-target.ts'
import { createUserTokens } from './host/user-token.ts'
import type { UserTokens } from './host/user-tokens.ts'
import { createInstallKeySource, type InstallKeySource } from './jwt/install-keys.ts'
import { signHostRequest } from './jwt/sign-host-request.ts'
import type { ConnectRules } from './jwt/verify-connect.ts'
import type { InstallRules } from './jwt/verify-install.ts'
import type { LifecycleHookEvent, ResolvedOptions } from './options.ts'
import { createPlatformCalls } from './platform-calls.ts'
import type { Log, SignedRequest } from './ports.ts'
import { finishJoin, JOINED } from './tenant/join-delivery.ts'
import { adoptTenant, createLifecycleService, type LifecycleService } from './tenant/lifecycle-service.ts'
import { clientKeysOf, hasRegistration, isAlive, isConnected, type Tenant } from './tenant/tenant.ts'
import { createTenantDirectory, type TenantDirectory } from './tenant/tenant-directory.ts'
import type { TenantName } from './tenant/tenant-names.ts'
import { type PurgeRequest, type PurgeResult, purgeTenants } from './tenant/tenant-purge.ts'
import { createSettingsGiver, type SettingsGiver, type TenantWithSettings } from './tenant/tenant-settings.ts'
import type { Delivery, TenantListQuery, TenantLookup, TenantStore } from './tenant/tenant-store.ts'
import { version } from './version.ts'
import { createWebhookReceiver, type ReceivedWebhook, webhookFromDelivery } from './webhook/receive-webhook.ts'
import { within } from './within.ts'

/** The tenants of this app, for jobs and scripts. */
export interface Tenants {
  find(lookup: TenantLookup): Promise<TenantWithSettings | null>
  /** Every name that the tenant has or had, oldest first: what it was called, from when and until when. */
  names(tenantId: string): Promise<TenantName[]>
  /** A page of tenants in order of `tenantId`; go on with `after`. */
  list(query?: Partial<TenantListQuery>): Promise<TenantWithSettings[]>
  /**
   * Gives the data of `fromTenantId` to `toTenantId` and ends the first, until its own site
   * installs the app again. Handlers of `adopted` move the
   * app's own rows. Throws `ATL_NO_TENANT`, `ATL_ADOPT_REFUSED`, or what a handler throws; it can be repeated.
   */
  adopt(fromTenantId: string, toTenantId: string): Promise<void>
  /**
   * Removes tenants whose last installation ended longer ago than the retention time, with their deliveries and
   * settings and what handlers of `beforePurge` delete. Never one that lives or comes back in this moment.
   */
  purge(request?: PurgeRequest): Promise<PurgeResult>
}

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
  readonly installKeys: InstallKeySource
  readonly installRules: InstallRules
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
  const userTokens = createUserTokens({
    scopes: descriptor.scopes ?? [],
    authorizationServer: options.authorizationServer,
    store,
    userAgent,
    fetch: options.fetch,
    clock,
    log
  })
  const events = createAppEmitter()
  const withSettings = createSettingsGiver({ store, clock, maxValueBytes: options.maxSettingBytes })

  async function handleDelivery(delivery: Delivery): Promise<void> {
    if (delivery.kind === 'forge') return forgeEvents?.handleDelivery(delivery)
    if (delivery.kind === 'lifecycle' && delivery.event === JOINED) return handleJoin(delivery)
    const found = await tenantOf(delivery)
    if (found === null || !hasRegistration(found)) return
    const tenant = withSettings(found)
    if (delivery.kind === 'webhook') await events.emitWebhook(webhookFromDelivery(delivery, tenant))
    else if (isStillTrue(delivery, tenant))
      await handleLifecycle(delivery.event, { tenant, change: changeOf(delivery) })
  }

  /** As the registration sees it that the delivery came by, unless another tenant took over since. */
  async function tenantOf({ tenantId, payload }: Delivery): Promise<Tenant | null> {
    const clientKey = memberOf(payload, 'clientKey')
    const seen = typeof clientKey === 'string' ? await store.find({ clientKey }) : null
    return seen?.tenantId === tenantId ? seen : store.find({ tenantId })
  }

  async function handleJoin(delivery: Delivery): Promise<void> {
    const to = await store.find({ tenantId: delivery.tenantId })
    const fromTenantId = memberOf(delivery.payload, 'fromTenantId')
    // Before the tokens of the first go: nobody can ask for these again.
    if (to !== null && typeof fromTenantId === 'string') await forgeHost?.joined(fromTenantId, to)
    const { from } = await finishJoin(store, delivery)
    if (from === null || to === null) return
    await events.emitLifecycle('adopted', { from: withSettings(from), to: withSettings(to) })
  }

  async function handleLifecycle(name: string, event: LifecycleHookEvent): Promise<void> {
    const { hooks } = options
    const run = {
      installed: hooks.onInstalled,
      uninstalled: hooks.onUninstalled,
      enabled: hooks.onEnabled,
      disabled: hooks.onDisabled
    }
    if (!isLifecycleName(name)) return
    await run[name]?.(event)
    await events.emitLifecycle(name, event)
  }

  const dispatcher = createDispatcher({
    inbox: store.inbox,
    handle: handleDelivery,
    mustEnd: ({ kind, event }) => kind === 'lifecycle' && event === JOINED,
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
          ended: (tenant) => userTokens.forget(tenant.tenantId)
        })

  const hostCalls = createHostCalls({
    userAgent,
    limits: options.hostClient,
    fetch: options.ownFetch,
    dispatcher: options.dispatcher,
    clock,
    timer: options.timer,
    sign: (tenant, method, url) => `JWT ${signHostRequest(tenant, method, url, Math.floor(clock() / 1000))}`,
    userTokens,
    onLimit(event) {
      events.emitLifecycle('hostLimit', event).catch((error: unknown) => {
        log.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'handler of hostLimit failed')
      })
    }
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

  const findTarget = createTargetFinder({ store, directory, forgeHost })
  const hostClient = (target: HostTarget | HostLookup, verified?: VerifiedUser): HostClient =>
    hostCalls.client(() => (isTarget(target) ? target : findTarget(target)), verified)
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

  const authenticator = createAuthenticator({ rules, basePaths, needsBasePath, directory })
  const installKeys = createInstallKeySource({
    hosts: options.installKeyHosts,
    fetch: options.fetch,
    clock,
    log,
    maxFetchesPerMinute: options.maxKeyFetchesPerMinute,
    timeoutMs: 5000
  })
  const installRules: InstallRules = {
    appKey,
    clock,
    audiences,
    basePaths,
    needsBasePath,
    leewaySeconds: tokens.leewaySeconds,
    maxLifetimeSeconds: tokens.maxLifetimeSeconds
  }
  const rulesOfPlatform = createAppRules({
    options,
    descriptor,
    store,
    forgeHost,
    findTarget,
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
    installKeys,
    installRules,
    verifyPlatformCall: createPlatformCalls({ authenticator, installKeys, installRules, store }),
    userTokens,
    lifecycle: forgettingTokens(
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
    withSettings,
    tenants: Object.freeze({
      async find(lookup: TenantLookup) {
        const tenant = await store.find(lookup)
        return tenant === null ? null : withSettings(tenant)
      },
      names: (tenantId: string) => store.names(tenantId),
      async list(query: Partial<TenantListQuery> = {}) {
        return (await store.list({ limit: 100, ...query })).map(withSettings)
      },
      purge(request: PurgeRequest = {}) {
        return purgeTenants(
          {
            store,
            log,
            nowMs: clock(),
            retentionDays: options.retentionDays,
            beforePurge: (event) => events.emitLifecycle('beforePurge', event),
            async purged(event) {
              for (const clientKey of clientKeysOf(event.tenant)) directory.changes.changed(clientKey)
              await events.emitLifecycle('purged', event)
            }
          },
          request
        )
      },
      async adopt(fromTenantId: string, toTenantId: string) {
        // While this process is at it, nobody else takes it up.
        const waitMs = options.webhooks.handlerTimeoutMs + 10_000
        const { from, to, deliveryId } = await adoptTenant(store, fromTenantId, toTenantId, clock(), waitMs)
        directory.put(from)
        directory.put(to)
        await userTokens.forget(fromTenantId)
        await forgeHost?.forgetUsers(fromTenantId)
        await events.emitLifecycle('adopted', { from: withSettings(from), to: withSettings(to) })
        await store.inbox.claim({ nowMs: clock() + waitMs, leaseMs: waitMs, limit: 1, deliveryId })
        await store.inbox.complete(deliveryId, clock())
      }
    }),
    receiveWebhook(webhook: ReceivedWebhook) {
      // Before anything else: whoever is asked for next must not be judged by what was true before.
      authorizer.heard(webhook.tenant.tenantId, webhook.event, webhook.content.body)
      return receiveWebhook(webhook)
    },
    hostClient,
    hostMetrics: () => hostCalls.metrics(),
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

/**
 * A hook that ran late, after a failure or a restart, may speak of what is over: an uninstall of a tenant that is
 * installed again, or still lives by another installation, an install of one that is gone, or anything about a tenant
 * whose inbox another one took over.
 */
function isStillTrue(delivery: Delivery, tenant: Tenant): boolean {
  const owner = memberOf(delivery.payload, 'tenantId')
  if (owner !== undefined && owner !== tenant.tenantId) return false
  return delivery.event === 'uninstalled' ? !isAlive(tenant) : isConnected(tenant)
}

function isLifecycleName(name: string): name is 'installed' | 'uninstalled' | 'enabled' | 'disabled' {
  return name === 'installed' || name === 'uninstalled' || name === 'enabled' || name === 'disabled'
}

function changeOf(delivery: Delivery): string {
  const change = memberOf(delivery.payload, 'change')
  return typeof change === 'string' ? change : delivery.event
}

function memberOf(json: string, name: string): unknown {
  const value: unknown = JSON.parse(json)
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
