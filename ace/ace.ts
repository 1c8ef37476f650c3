import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AtlassianError, OptionError } from '../plugins/index.ts'
import { decorateWithContext } from './context.ts'
import { createListening } from './events.ts'
import { decorateWithExpressNames } from './express-names.ts'
import { type AceHttpClient, createAceHttpClient } from './http-client.ts'
import { createMiddlewares } from './middlewares.ts'
import { createRoute } from './routes.ts'
import { clientInfo, createAceSettings } from './settings.ts'
import type { AceHandler, AceHttpClientFor, Addon } from './types.ts'

/**
 * ACE's `addon` for an app that moves route by route. Call it once, after `await app.register(connectPlugin, …)` and
 * before the routes: whatever a middleware of `addon` says becomes the policy of its route, and a middleware that stands
 * on no route ends the start. `config` holds values of the app's own that `addon.config` gives by their names.
 * Throws OptionError where the plugin is not loaded.
 */
export function ace<const Values extends Readonly<Record<string, unknown>> = Readonly<Record<never, never>>>(
  app: FastifyInstance,
  { config }: { readonly config?: Values } = {}
): Addon<Values> {
  if (!app.hasDecorator('atlassian')) {
    throw new OptionError('ace(app)', undefined, 'it comes after "await app.register(connectPlugin, …)"')
  }
  const { atlassian } = app
  const { descriptor } = atlassian
  const ours = new WeakSet<object>()
  const failed = (error: unknown): void =>
    app.log.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'a callback of httpClient failed')

  const clientOfRequest = (request: FastifyRequest): AceHttpClient => createAceHttpClient(request.hostClient(), failed)
  const clientOfSite = (clientKey: string): AceHttpClient =>
    createAceHttpClient(atlassian.hostClient({ clientKey }), failed)

  decorateWithContext(app, clientOfRequest)
  decorateWithExpressNames(app)
  const middlewares = createMiddlewares(app)
  const settings = createAceSettings(atlassian.tenants)
  const route = (method: string) => createRoute(app, method, (hook) => ours.has(hook))

  return Object.freeze({
    key: descriptor.key,
    name: String(descriptor.name ?? descriptor.key),
    descriptor,
    app,
    logger: app.log,
    config: configOf(descriptor.baseUrl, config),
    settings,
    ...marking(middlewares, ours),
    postInstallation: (): AceHandler => (request, response, next) => {
      atlassian.applyLifecycle(request).then(() => response.code(204).send(), next)
    },
    async loadClientInfo(clientKey: string) {
      const tenant = await atlassian.tenants.find({ clientKey })
      return tenant === null ? null : clientInfo(tenant)
    },
    httpClient(target: AceHttpClientFor) {
      if ('hostClient' in target) return clientOfRequest(target)
      if ('context' in target) return clientOfSite(target.context.clientKey)
      if (!target.clientKey) throw new AtlassianError('ATL_NO_TENANT', 'no-client-key')
      if ('userKey' in target) throw new OptionError('httpClient().userKey', 'a user key', 'use userAccountId')
      const client = clientOfSite(target.clientKey)
      return target.userAccountId === undefined ? client : client.asUserByAccountId(target.userAccountId)
    },
    on: createListening(atlassian, clientOfSite),
    get: route('GET'),
    post: route('POST'),
    put: route('PUT'),
    patch: route('PATCH'),
    delete: route('DELETE')
  })
}

/** What a route has to pass on to Fastify as it is, because the plugin knows it by identity. */
function marking<Made extends object>(middlewares: Made, ours: WeakSet<object>): Made {
  const wrapped = Object.entries(middlewares).map(([name, make]) => [
    name,
    (...values: unknown[]) => {
      const hook: object = Reflect.apply(make, undefined, values)
      ours.add(hook)
      return hook
    }
  ])
  return Object.fromEntries(wrapped)
}

function configOf<Values extends Readonly<Record<string, unknown>>>(baseUrl: unknown, values: Values | undefined) {
  const own = Object.entries(values ?? {}).map(([name, value]) => [name, () => value])
  return Object.freeze({
    localBaseUrl: () => String(baseUrl),
    environment: () => process.env.NODE_ENV ?? 'development',
    ...Object.fromEntries(own)
  }) as Addon<Values>['config']
}
