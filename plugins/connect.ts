import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { refuseAcOpts } from '../lib/config/ac-opts.ts'
import { type ConnectApp, createConnectApp } from '../lib/connect-app.ts'
import { assertDescriptor, assertOwnAddress, type Descriptor, loadDescriptor } from '../lib/descriptor/index.ts'
import { AtlassianError, OptionError } from '../lib/errors.ts'
import { bareId } from '../lib/forge/ari.ts'
import type { ForgeEventMessage } from '../lib/forge/events/forge-event.ts'
import type { ForgeRouteRules } from '../lib/forge/route-rules.ts'
import type { PolicyOption } from '../lib/jwt/policy.ts'
import type { LicenseRules } from '../lib/license/license-guard.ts'
import type { ConnectOptions, ResolvedOptions } from '../lib/options.ts'
import { createRecorder, type Recorder } from '../lib/recording/recorder.ts'
import { resolveOptions } from '../lib/resolve-options.ts'
import { authenticatePlugin } from './authenticate.ts'
import { authorizePlugin, createAuthorizeHooks } from './authorize.ts'
import { checkRoutesPlugin, type SeenRoute } from './check-routes.ts'
import { corsPlugin } from './cors.ts'
import { dataResidencyPlugin } from './data-residency.ts'
import { descriptorPlugin } from './descriptor.ts'
import { forgePlugin } from './forge.ts'
import { forgeEventsPlugin } from './forge-events.ts'
import { forgeKeepAlivePlugin } from './forge-keep-alive.ts'
import { formParserPlugin } from './form-parser.ts'
import { framePlugin } from './frame.ts'
import { hostClientPlugin } from './host-client.ts'
import { createLicenseHook, licensePlugin } from './license.ts'
import { applyInstall, lifecyclePlugin } from './lifecycle.ts'
import { openStore } from './open-store.ts'
import { personalDataPlugin } from './personal-data.ts'
import { requestState } from './request-state.ts'
import { checkPolicy, markHook, policyOf, publicScope } from './route-policy.ts'
import { createSessionToken, sessionPlugin } from './session.ts'
import { tenantsPlugin } from './tenants.ts'
import { tracePlugin } from './trace.ts'
import type { FastifyAtlassian } from './types.ts'
import { viewsPlugin } from './views.ts'
import { type ServedDescriptor, watchDescriptorPlugin } from './watch-descriptor.ts'
import { webhooksPlugin } from './webhooks.ts'

const connect: FastifyPluginAsync<ConnectOptions> = async (app, given) => {
  refuseAcOpts(process.env.AC_OPTS)
  const options = resolveOptions(given, process.env.NODE_ENV ?? 'development')
  for (const notice of options.notices) app.log.warn(notice)
  const descriptor = await readDescriptor(app, options)
  const store = await openStore(options, descriptor.key, app.log)
  const core = createConnectApp(options, descriptor, store, app.log)
  const seen: SeenRoute[] = []
  const recorder = openRecorder(app, options)
  const served: ServedDescriptor = { current: descriptor }

  await app.register(tenantsPlugin, { core, api: createApi(app, core, seen, served) })
  if (options.formParser) await app.register(formParserPlugin)
  // Before authentication: a preflight carries no token.
  await app.register(corsPlugin, { core })
  await app.register(authenticatePlugin, { core })
  await app.register(authorizePlugin, { core })
  await app.register(licensePlugin, { core })
  await app.register(hostClientPlugin, { core })
  await app.register(framePlugin, { core })
  if (options.views !== undefined) {
    await app.register(viewsPlugin, { views: options.views, production: options.production })
  }
  if (core.forge !== null) {
    await app.register(forgePlugin, { forge: core.forge, host: core.forgeHost })
    await app.register(tracePlugin)
  }
  // Before every route of ours: it sees those that come after it.
  await app.register(checkRoutesPlugin, { core, seen })
  if (core.forge !== null) {
    const { keepAlivePath, events } = core.forge.options
    if (keepAlivePath !== null) await app.register(forgeKeepAlivePlugin, { core, path: keepAlivePath })
    if (events !== null && core.forgeEvents !== null) {
      await app.register(forgeEventsPlugin, { core, events, forgeEvents: core.forgeEvents, recorder })
    }
  }
  await app.register(personalDataPlugin, { core })
  if (options.descriptor === undefined) return
  await app.register(descriptorPlugin, { core, served })
  await app.register(lifecyclePlugin, { core })
  await app.register(dataResidencyPlugin, { core })
  await app.register(sessionPlugin, { core })
  await app.register(webhooksPlugin, { core, recorder, served })
  if (options.watchDescriptor) {
    const read = () => readDescriptor(app, options)
    await app.register(watchDescriptorPlugin, { core, seen, served, read })
  }
}

/**
 * Makes this Fastify scope the backend of a Connect app: life-cycle and webhook routes, the descriptor, and a verified
 * tenant on every request. Every route of the scope is protected as `page` unless it says otherwise.
 * Register it with `await`, before the routes. Throws AtlassianError at start, naming what is wrong.
 */
export const connectPlugin = fp(connect, { name: 'fastify-atlassian/connect', fastify: '5.x' })

/** What arrives is written by the time the server is closed. */
function openRecorder(app: FastifyInstance, { recording, basePaths, clock }: ResolvedOptions): Recorder | null {
  if (recording === null) return null
  const recorder = createRecorder({ ...recording, basePaths, clock, log: app.log })
  app.addHook('onClose', () => recorder.close())
  return recorder
}

async function readDescriptor(app: FastifyInstance, options: ResolvedOptions): Promise<Descriptor> {
  if (options.descriptor === undefined) return withoutConnectPart(options)
  const descriptor = await loadDescriptor(options.descriptor, {
    baseUrl: options.baseUrl,
    environment: options.environment,
    product: options.bitbucket === null ? undefined : 'bitbucket',
    appKey: options.appKey,
    transform: options.transformDescriptor
  })
  const product = options.bitbucket === null ? undefined : 'bitbucket'
  for (const { field, message } of assertDescriptor(descriptor, product))
    app.log.warn({ field }, `descriptor: ${message}`)
  assertOwnAddress(descriptor, options.baseUrls)
  return descriptor
}

/** What stands for the descriptor of an app that has none: its key, and nothing that a host could call. */
function withoutConnectPart({ appKey, baseUrl, forge }: ResolvedOptions): Descriptor {
  const key = appKey ?? bareId(forge?.appId ?? '')
  return Object.freeze({ key, name: key, baseUrl, authentication: Object.freeze({ type: 'none' }) })
}

function createApi(
  app: FastifyInstance,
  core: ConnectApp,
  seen: readonly SeenRoute[],
  served: ServedDescriptor
): FastifyAtlassian {
  return Object.freeze({
    get descriptor() {
      return served.current
    },
    tenants: core.tenants,
    events: core.events,
    authorizationServer: core.options.authorizationServer,
    routes: () => seen.map(({ url, methods, policy }) => ({ method: methods, url, policy })),
    hostClient: (lookup: Parameters<FastifyAtlassian['hostClient']>[0]) => core.hostClient(lookup),
    hostMetrics: () => core.hostMetrics(),
    dynamicWebhooks: core.dynamicWebhooks,
    bitbucketToken: (lookup: Parameters<FastifyAtlassian['bitbucketToken']>[0]) => core.bitbucketToken(lookup),
    async handleForgeEvent(message: ForgeEventMessage) {
      if (core.forgeEvents === null) throw new OptionError('forge', undefined, 'events of Forge need it')
      await core.forgeEvents.handle(message)
    },
    protect(policy: PolicyOption, forge?: ForgeRouteRules) {
      checkPolicy(policy, 'protect()')
      return { config: { atlassian: forge === undefined ? { auth: policy } : { auth: policy, forge } } }
    },
    authenticate(policy: PolicyOption) {
      checkPolicy(policy, 'authenticate()')
      // The scope's own hook has decided by the route's policy before; this one makes sure that it was the same policy.
      return markHook(async (request: FastifyRequest) => {
        const decided = policy === 'none' || request[requestState]?.owner === core
        if (!decided || policyOf(request).name !== String(policy)) {
          throw new AtlassianError('ATL_NOT_PROTECTED', 'authenticate-is-for-routes')
        }
      }, policy)
    },
    ...createAuthorizeHooks(core),
    requireLicense: (rules?: LicenseRules) => createLicenseHook(core, rules),
    personalData: core.personalData,
    appProperties: core.appProperties,
    dynamicModules: core.dynamicModules,
    regionOf: (tenantId: string) => core.regions.of(tenantId),
    publicScope(scope: FastifyInstance) {
      if (scope === app) {
        throw new OptionError(
          'publicScope',
          'the scope of the plugin',
          'it must be a scope of its own inside, or the whole app would be open'
        )
      }
      scope[publicScope] = true
    },
    sessionToken: (request: FastifyRequest) => createSessionToken(core, request),
    applyLifecycle: (request: FastifyRequest) => applyInstall(core, request)
  })
}
