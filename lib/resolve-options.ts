import { compileAllowedHosts, productionHosts, withoutTrailingSlash } from './allowed-hosts.ts'
import { parseBaseUrl } from './base-url.ts'
import { bitbucketHosts, bitbucketScript } from './bitbucket/bitbucket-options.ts'
import { OptionError } from './errors.ts'
import { productionAuthorizationServer } from './host/authorization-server.ts'
import { productionKeyHosts } from './jwt/install-keys.ts'
import * as check from './option-checks.ts'
import type { ConnectOptions, ResolvedOptions } from './options.ts'
import { systemTimer } from './ports.ts'
import { parseAddress, parsePath, refuseInsecure } from './resolve-addresses.ts'
import { parseBitbucket } from './resolve-bitbucket.ts'
import { resolveForge } from './resolve-forge.ts'
import { parseDataResidency } from './resolve-forge-events.ts'
import { resolveRecording } from './resolve-recording.ts'
import { resolveLicense, resolvePersonalData } from './resolve-rules.ts'
import { parseDatabase, parseEncryption, parseStore } from './resolve-store.ts'
import { resolveWebhooks } from './resolve-webhooks.ts'
import type { LifecycleEventType } from './tenant/lifecycle-payload.ts'

const DAY_SECONDS = 86_400

/** Checks every option and fills in defaults. Throws OptionError naming the option, what came and what is needed. */
export function resolveOptions(given: ConnectOptions, environment: string): ResolvedOptions {
  check.object(given, 'options')
  if ('prefix' in given) throw new OptionError('prefix', given.prefix, 'it moves none of our routes; use "mountPath"')
  check.noUnknown(given, '', KNOWN)
  if (given.descriptor === undefined && given.forge === undefined)
    throw new OptionError(
      'descriptor',
      undefined,
      'it must be a file, an object or a function; only an app with "forge" can do without'
    )
  const stage = check.text(given.environment, 'environment', environment)
  const baseUrls = [given.baseUrl, ...check.list(given.allowedBaseUrls, 'allowedBaseUrls', [])].map((url, index) =>
    parseBaseUrl(url, index === 0 ? 'baseUrl' : `allowedBaseUrls[${index - 1}]`)
  )
  const basePaths = [...new Set(baseUrls.map((url) => withoutTrailingSlash(new URL(url).pathname)))]
  const mountPaths = given.mountPath === undefined ? basePaths : [parsePath(given.mountPath, 'mountPath')]
  const bitbucket = parseBitbucket(given)
  const allowedHosts = check.list(
    given.allowedHosts,
    'allowedHosts',
    bitbucket === null ? productionHosts : bitbucketHosts(bitbucket)
  )
  const installKeyHosts = check
    .list(given.installKeyHosts, 'installKeyHosts', productionKeyHosts)
    .map((url, index) => parseAddress(url, `installKeyHosts[${index}]`))
  if (allowedHosts.length === 0) throw new OptionError('allowedHosts', allowedHosts, 'it must name at least one host')
  if (installKeyHosts.length === 0)
    throw new OptionError('installKeyHosts', installKeyHosts, 'it must name at least one address')
  const unsafe = check.flag(given.unsafeAllowInsecureHostsInProduction, 'unsafeAllowInsecureHostsInProduction', false)
  // The option also fills a placeholder of the descriptor, so another word there must not lift the guard of NODE_ENV.
  const production = stage === 'production' || environment === 'production'
  const authorizationServer = parseAddress(
    check.text(given.authorizationServer, 'authorizationServer', productionAuthorizationServer),
    'authorizationServer'
  )
  const hostScriptUrl = parseAddress(
    check.text(
      given.hostScriptUrl,
      'hostScriptUrl',
      bitbucket === null ? 'https://connect-cdn.atl-paas.net/all.js' : bitbucketScript
    ),
    'hostScriptUrl'
  )
  const personalDataServer = parseAddress(
    check.text(given.personalDataServer, 'personalDataServer', 'https://api.atlassian.com'),
    'personalDataServer'
  )
  if (production && !unsafe) {
    const single = {
      authorizationServer: [authorizationServer],
      hostScriptUrl: [hostScriptUrl],
      personalDataServer: [personalDataServer]
    }
    if (bitbucket !== null) {
      refuseInsecure({ 'bitbucket.apiUrl': [bitbucket.apiUrl], 'bitbucket.siteUrl': [bitbucket.siteUrl] })
    }
    refuseInsecure({ baseUrls, allowedHosts, installKeyHosts, ...single })
  }
  const { session = {}, tokens = {}, webhooks = {}, hooks = {}, authorization = {}, hostClient = {} } = given
  check.nested({ session, tokens, webhooks, hooks, authorization, hostClient }, NESTED)
  if (given.descriptor === undefined) refuseHooks(hooks)

  return Object.freeze({
    descriptor: given.descriptor,
    forge: resolveForge(given.forge, { production, unsafe }),
    bitbucket,
    baseUrl: baseUrls[0] ?? '',
    baseUrls: Object.freeze([...new Set(baseUrls)]),
    // A proxy may put the mount path where the host wrote the path of the base URL; `rewriteUrl` keeps the host's.
    basePaths: Object.freeze(
      [...new Set([...basePaths, ...mountPaths])].filter((path) => path !== '').sort((a, b) => b.length - a.length)
    ),
    mountPaths: Object.freeze(mountPaths),
    transformDescriptor: check.fn(given.transformDescriptor, 'transformDescriptor'),
    appKey: given.appKey === undefined ? undefined : check.text(given.appKey, 'appKey', ''),
    watchDescriptor: parseWatch(given.watchDescriptor, production),
    store: parseStore(given.store),
    database: parseDatabase(given),
    migrate: given.migrate === undefined ? undefined : check.flag(given.migrate, 'migrate', false),
    encryption: parseEncryption(given),
    coherence:
      given.coherence === undefined ? undefined : check.oneOf(given.coherence, 'coherence', ['listen', 'poll'], 'poll'),
    listenUrl: given.listenUrl === undefined ? undefined : check.text(given.listenUrl, 'listenUrl', ''),
    environment: stage,
    production,
    hosts: compileAllowedHosts(allowedHosts),
    installKeyHosts: Object.freeze(installKeyHosts),
    authorizationServer,
    hostScriptUrl,
    lifecycle: parseLifecycle(given.lifecycle),
    hooks: Object.freeze({
      beforeInstall: check.fn(hooks.beforeInstall, 'hooks.beforeInstall'),
      onInstalled: check.fn(hooks.onInstalled, 'hooks.onInstalled'),
      onUninstalled: check.fn(hooks.onUninstalled, 'hooks.onUninstalled'),
      onEnabled: check.fn(hooks.onEnabled, 'hooks.onEnabled'),
      onDisabled: check.fn(hooks.onDisabled, 'hooks.onDisabled'),
      awaitMs: check.number(hooks.awaitMs, 'hooks.awaitMs', 0, { min: 0, max: 30_000 })
    }),
    session: Object.freeze({
      path: session.path === false ? false : parsePath(session.path ?? '/atlassian/session', 'session.path'),
      minutes: check.number(session.minutes, 'session.minutes', 15, { min: 1, max: 60 })
    }),
    sessionMaxHours: check.number(given.sessionMaxHours, 'sessionMaxHours', 12, { min: 1, max: 168 }),
    tokens: Object.freeze({
      leewaySeconds: check.number(tokens.leewaySeconds, 'tokens.leewaySeconds', 30, { min: 0, max: 60 }),
      maxLifetimeSeconds: check.number(tokens.maxLifetimeSeconds, 'tokens.maxLifetimeSeconds', DAY_SECONDS, {
        min: 60,
        max: 7 * DAY_SECONDS
      }),
      previousSecretSeconds: check.number(tokens.previousSecretSeconds, 'tokens.previousSecretSeconds', 900, {
        min: 0,
        max: DAY_SECONDS
      })
    }),
    webhooks: resolveWebhooks(given),
    authorization: Object.freeze({
      cacheMs: check.number(authorization.cacheMs, 'authorization.cacheMs', 5000, { min: 0, max: 60_000 }),
      maxCached: check.number(authorization.maxCached, 'authorization.maxCached', 10_000, { min: 1, max: 1_000_000 }),
      timeoutMs: check.number(authorization.timeoutMs, 'authorization.timeoutMs', 5000, { min: 10, max: 60_000 })
    }),
    hostClient: Object.freeze({
      timeoutMs: check.number(hostClient.timeoutMs, 'hostClient.timeoutMs', 10_000, { min: 100, max: 3_600_000 }),
      maxAttempts: check.number(hostClient.maxAttempts, 'hostClient.maxAttempts', 5, { min: 1, max: 20 }),
      maxTotalMs: check.number(hostClient.maxTotalMs, 'hostClient.maxTotalMs', 30_000, { min: 0, max: 3_600_000 }),
      concurrency: check.number(hostClient.concurrency, 'hostClient.concurrency', 20, { min: 1, max: 10_000 }),
      maxWaiting: check.number(hostClient.maxWaiting, 'hostClient.maxWaiting', 1000, { min: 0, max: 1_000_000 })
    }),
    userAgent: parseUserAgent(given.userAgent),
    notices: Object.freeze([...check.list(given.notices, 'notices', [])]),
    tenantFreshMs: check.number(given.tenantFreshMs, 'tenantFreshMs', 2500, { min: 0, max: 3_600_000 }),
    maxCachedTenants: check.number(given.maxCachedTenants, 'maxCachedTenants', 10_000, { min: 1, max: 10_000_000 }),
    maxUnknownLookupsPerSecond: check.number(given.maxUnknownLookupsPerSecond, 'maxUnknownLookupsPerSecond', 20, {
      min: 1,
      max: 100_000
    }),
    retentionDays: check.number(given.retentionDays, 'retentionDays', 30, { min: 0, max: 36_500 }),
    personalData: resolvePersonalData(given.personalData),
    personalDataServer,
    license: resolveLicense(given.license),
    dataResidency: parseDataResidency(given.dataResidency, 'dataResidency'),
    maxSettingBytes: check.number(given.maxSettingBytes, 'maxSettingBytes', 262_144, {
      min: 1024,
      max: 16 * 1024 * 1024
    }),
    maxKeyFetchesPerMinute: check.number(given.maxKeyFetchesPerMinute, 'maxKeyFetchesPerMinute', 30, {
      min: 1,
      max: 10_000
    }),
    errorPage: parseErrorPage(given.errorPage),
    views: given.views === undefined ? undefined : check.object(given.views, 'views'),
    formParser: check.flag(given.formParser, 'formParser', true),
    recording: resolveRecording(given, production),
    fetch: check.fn(given.fetch, 'fetch') ?? ((url, init) => fetch(url, init)),
    ownFetch: given.fetch,
    dispatcher: parseDispatcher(given.dispatcher),
    clock: check.fn(given.clock, 'clock') ?? Date.now,
    timer: check.fn(given.timer, 'timer') ?? systemTimer
  })
}

const KNOWN = [
  'descriptor',
  'baseUrl',
  'allowedBaseUrls',
  'mountPath',
  'transformDescriptor',
  'appKey',
  'watchDescriptor',
  'forge',
  'product',
  'bitbucket',
  'store',
  'migrate',
  'encryption',
  'coherence',
  'listenUrl',
  'database',
  'environment',
  'allowedHosts',
  'installKeyHosts',
  'authorizationServer',
  'hostScriptUrl',
  'unsafeAllowInsecureHostsInProduction',
  'lifecycle',
  'hooks',
  'session',
  'sessionMaxHours',
  'tokens',
  'webhooks',
  'authorization',
  'hostClient',
  'userAgent',
  'notices',
  'tenantFreshMs',
  'maxCachedTenants',
  'maxUnknownLookupsPerSecond',
  'personalData',
  'personalDataServer',
  'license',
  'dataResidency',
  'retentionDays',
  'maxSettingBytes',
  'maxKeyFetchesPerMinute',
  'errorPage',
  'views',
  'formParser',
  'recordTo',
  'recordDelivery',
  'redactRecordedNames',
  'maxRecordedBytes',
  'fetch',
  'dispatcher',
  'clock',
  'timer'
] as const satisfies readonly (keyof ConnectOptions)[]

const NESTED = {
  session: ['path', 'minutes'],
  tokens: ['leewaySeconds', 'maxLifetimeSeconds', 'previousSecretSeconds'],
  webhooks: ['mode', 'bodyLimit', 'concurrency', 'handlerTimeoutMs', 'dynamicPath'],
  authorization: ['cacheMs', 'maxCached', 'timeoutMs'],
  hostClient: ['timeoutMs', 'maxAttempts', 'maxTotalMs', 'concurrency', 'maxWaiting'],
  hooks: ['beforeInstall', 'onInstalled', 'onUninstalled', 'onEnabled', 'onDisabled', 'awaitMs']
} as const

/** Nothing would ever run them, and nobody would notice. */
function refuseHooks(hooks: object): void {
  for (const [name, hook] of Object.entries(hooks)) {
    if (typeof hook === 'function') {
      throw new OptionError(
        `hooks.${name}`,
        hook,
        'hooks are for the life cycle of Connect and need "descriptor"; for Forge listen to events such as "forge:installed"'
      )
    }
  }
}

function parseWatch(value: ConnectOptions['watchDescriptor'], production: boolean): boolean {
  const watched = check.flag(value, 'watchDescriptor', false)
  if (watched && production) {
    throw new OptionError('watchDescriptor', value, 'it is for development: in production a descriptor is deployed')
  }
  return watched
}

/** Nothing else can be sent in a header. */
function parseUserAgent(value: ConnectOptions['userAgent']): string | undefined {
  if (
    value === undefined ||
    (typeof value === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(value))
  ) {
    return value
  }
  throw new OptionError('userAgent', value, 'it must be a text of 1 to 256 printable ASCII characters')
}

function parseDispatcher(value: ConnectOptions['dispatcher']): ConnectOptions['dispatcher'] {
  if (value === undefined || (typeof value?.dispatch === 'function' && typeof value.request === 'function'))
    return value
  throw new OptionError('dispatcher', value, 'it must be a dispatcher of undici, such as an Agent')
}

function parseLifecycle(value: ConnectOptions['lifecycle'] = {}): Readonly<Record<LifecycleEventType, boolean>> {
  check.object(value, 'lifecycle')
  check.noUnknown(value, 'lifecycle.', ['installed', 'uninstalled', 'enabled', 'disabled'])
  return Object.freeze({
    installed: check.flag(value.installed, 'lifecycle.installed', true),
    uninstalled: check.flag(value.uninstalled, 'lifecycle.uninstalled', true),
    enabled: check.flag(value.enabled, 'lifecycle.enabled', true),
    disabled: check.flag(value.disabled, 'lifecycle.disabled', true)
  })
}

function parseErrorPage(value: ConnectOptions['errorPage']): ResolvedOptions['errorPage'] {
  if (value === undefined || value === false) return value
  check.object(value, 'errorPage')
  check.noUnknown(value, 'errorPage.', ['template', 'data'])
  if (typeof value.template !== 'string' || value.template === '') {
    throw new OptionError('errorPage.template', value.template, 'it must be the name of a template')
  }
  if (value.data !== undefined) check.object(value.data, 'errorPage.data')
  return Object.freeze({ ...value })
}
