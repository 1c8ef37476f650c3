import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isLifecycleName } from '../lib/app-events.ts'
import type { ConnectApp } from '../lib/connect-app.ts'
import { type Descriptor, descriptorWebhooks, routeIdentity } from '../lib/descriptor/index.ts'
import { dynamicWebhookEvents } from '../lib/dynamic-webhooks/dynamic-webhook.ts'
import { parseSignedUrl } from '../lib/jwt/signed-url.ts'
import type { Recorder } from '../lib/recording/recorder.ts'
import { deliveryHeaders, type StoredWebhook, webhookEventName } from '../lib/webhook/webhook-event.ts'
import { acceptAnyBody, parseJsonBytes, writable } from './json-bytes.ts'
import { refuse, useErrorHandlerOfApp } from './refuse.ts'
import { requireConnect } from './require-atlassian.ts'
import type { ServedDescriptor } from './watch-descriptor.ts'

const CONSTRAINT = 'fastifyAtlassianWebhook'

/**
 * One POST route for each path under which the descriptor lists webhooks, and one for dynamic ones. A route of the app
 * on that path wins.
 */
export const webhooksPlugin = fp<{ core: ConnectApp; recorder: Recorder | null; served?: ServedDescriptor }>(
  async (app, { core, recorder, served = { current: core.descriptor } }) => {
    const { dynamicPath } = core.options.webhooks
    const routes = webhookRoutes(core.descriptor, dynamicPath)
    if (routes.length === 0) return
    const yielded = yieldToApp(app)
    const mayRead = (core.descriptor.scopes ?? []).some((scope) => scope.toUpperCase() === 'READ')
    if (dynamicPath !== null && !mayRead) {
      app.log.warn('dynamic webhooks need the scope READ, which the descriptor does not ask for')
    }

    await app.register(async (scope) => {
      acceptAnyBody(scope)
      for (const event of routes.flatMap(({ events }) => events)) {
        if (isLifecycleName(event))
          app.log.warn({ event }, 'a webhook with the name of a life-cycle event is heard as "*" only')
      }
      for (const { routePath, events } of routes) {
        for (const mountPath of core.options.mountPaths) {
          const url = `${mountPath}${routePath}`
          const fullUrl = `${app.prefix}${url}`
          if (app.hasRoute({ method: 'POST', url: fullUrl })) {
            app.log.info({ url: fullUrl }, 'webhooks of this path are handled by a route of the app')
            continue
          }
          scope.route({
            method: 'POST',
            url,
            config: { atlassian: { auth: 'webhook' } },
            constraints: { [CONSTRAINT]: fullUrl },
            bodyLimit: core.options.webhooks.bodyLimit,
            errorHandler: useErrorHandlerOfApp,
            handler: async (request, reply) => {
              try {
                await receive(core, recorder, request, eventsNow(routePath, events))
              } catch (error) {
                refuse(request, reply, error, core.options.errorPage, (failure) => {
                  throw failure
                })
                return reply
              }
              return reply.code(204).send()
            }
          })
          yielded.watch(fullUrl)
        }
      }
    })

    /** A descriptor that changed while the app is developed may list other events for the same route. */
    function eventsNow(routePath: string, events: readonly string[]): readonly string[] {
      if (served.current === core.descriptor) return events
      const identity = routeIdentity(routePath)
      const routes = webhookRoutes(served.current, dynamicPath)
      return routes.find((known) => routeIdentity(known.routePath) === identity)?.events ?? []
    }
  },
  { name: 'fastify-atlassian/webhooks', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** Those of the descriptor, and the one of dynamic webhooks: where both use a path, it hears the events of both. */
function webhookRoutes(
  descriptor: Descriptor,
  dynamicPath: string | null
): { routePath: string; events: readonly string[] }[] {
  const listed = descriptorWebhooks(descriptor)
  if (dynamicPath === null) return listed
  const isDynamic = ({ routePath }: { routePath: string }) => routeIdentity(routePath) === routeIdentity(dynamicPath)
  const events = new Set([...(listed.find(isDynamic)?.events ?? []), ...dynamicWebhookEvents])
  return [...listed.filter((route) => !isDynamic(route)), { routePath: dynamicPath, events: [...events] }]
}

async function receive(
  core: ConnectApp,
  recorder: Recorder | null,
  request: FastifyRequest,
  listed: readonly string[]
): Promise<void> {
  const { tenant, connect } = requireConnect(request)
  const body = parseJsonBytes(request.body)
  const isBitbucket = core.options.bitbucket !== null
  const { identifier, retry, flow } = deliveryHeaders(request.headers, isBitbucket)
  const content: StoredWebhook = {
    retry,
    flow,
    accountId: connect.accountId,
    params: { ...(request.params as Record<string, string>) },
    query: queryOf(request.originalUrl),
    body
  }
  const said = isBitbucket ? request.headers['x-event-key'] : undefined
  const event = webhookEventName(body, listed, said)
  recorder?.record({ kind: 'webhook', event: () => event, url: request.originalUrl, headers: request.headers, body })
  await writable(core.receiveWebhook({ tenant, event, identifier, content }))
}

function queryOf(url: string): Record<string, string | string[]> {
  const query = new Map<string, string | string[]>()
  for (const [name, value] of parseSignedUrl(url).parameters) {
    const before = query.get(name)
    if (before === undefined) query.set(name, value)
    else query.set(name, [before, value].flat())
  }
  return Object.fromEntries(query)
}

interface YieldedRoutes {
  readonly ours: Set<string>
  readonly taken: Set<string>
}

// One router serves all scopes of a server, and takes each constraint once.
const yieldedOfServer = new WeakMap<object, YieldedRoutes>()

/**
 * Lets a route that the app defines later on the same path win. Fastify refuses two equal routes, so ours carry a
 * constraint that stops matching as soon as the app's route appears.
 */
function yieldToApp(app: FastifyInstance): { watch(url: string): void } {
  const { ours, taken } = yieldedOfServer.get(app.server) ?? addConstraint(app)
  app.addHook('onRoute', (route) => {
    if (route.constraints && CONSTRAINT in route.constraints) return
    const identity = routeIdentity(route.url)
    if (![route.method].flat().includes('POST') || !ours.has(identity) || taken.has(identity)) return
    taken.add(identity)
    app.log.info({ url: route.url }, 'webhooks of this path are handled by a route of the app')
  })
  return { watch: (url) => void ours.add(routeIdentity(url)) }
}

function addConstraint(app: FastifyInstance): YieldedRoutes {
  const routes: YieldedRoutes = { ours: new Set(), taken: new Set() }
  yieldedOfServer.set(app.server, routes)
  app.addConstraintStrategy({
    name: CONSTRAINT,
    storage() {
      let identity = ''
      let route: unknown = null
      return {
        get: () => (routes.taken.has(identity) ? undefined : route),
        set(url: unknown, store: unknown) {
          identity = routeIdentity(String(url))
          route = store
        }
      } as never
    },
    deriveConstraint: () => 'always'
  })
  return routes
}
