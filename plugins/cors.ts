import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { answerPreflight, type CorsRule, compileCors, varyByOrigin } from '../lib/cors.ts'
import { routeIdentity } from '../lib/descriptor/index.ts'
import { OptionError } from '../lib/errors.ts'
import { policyFromOptions } from './route-policy.ts'

/** Marks our own OPTIONS routes and holds, for each method of the path, who may call it. */
const preflightRules = Symbol('fastify-atlassian preflight')

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly [preflightRules]?: ReadonlyMap<string, CorsRule>
  }
}

/** Called by the host's servers, or opened as a page: no script of another origin has any business there. */
const withoutFrontEnd: readonly string[] = ['page', 'webhook', 'lifecycle']

/**
 * Routes with `config.atlassian.cors` may be called by front ends of other origins (`requestRemote` of Forge): each
 * gets a preflight, answered before authentication, and its answers say who may read them. Never with credentials.
 */
export const corsPlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const paths = new Map<string, Map<string, CorsRule>>()

    app.addHook('onRoute', function allowOrigins(route) {
      const option = route.config?.atlassian?.cors
      if (option === undefined) return
      const field = `config.atlassian.cors of ${route.url}`
      const rule = compileCors(option, field, core.options.hosts, core.options.production)
      checkRoute(route, field, this)
      route.onSend = [route.onSend ?? [], headersBy(rule)].flat()
      const key = JSON.stringify([routeIdentity(route.url), route.constraints ?? {}])
      let rules = paths.get(key)
      if (rules === undefined) {
        rules = new Map()
        paths.set(key, rules)
        addPreflight(this, route, rules)
      }
      for (const method of [route.method].flat()) rules.set(method, rule)
    })

    app.addHook('onRequest', function answer(request, reply, done) {
      const rules = request.routeOptions.config?.[preflightRules]
      if (rules === undefined) return done()
      preflight(request, reply, rules)
    })
  },
  { name: 'fastify-atlassian/cors', fastify: '5.x' }
)

function checkRoute(route: RouteOptions, field: string, scope: FastifyInstance): void {
  const policy = policyFromOptions(route, scope)
  if (withoutFrontEnd.includes(String(policy))) {
    throw new OptionError(field, policy, `a "${policy}" route is not called by the script of a front end`)
  }
  if ([route.method].flat().includes('OPTIONS')) {
    throw new OptionError(field, 'OPTIONS', 'the plugin answers OPTIONS itself: list the other methods of the route')
  }
}

function addPreflight(scope: FastifyInstance, route: RouteOptions, rules: ReadonlyMap<string, CorsRule>): void {
  const { routePath = '', prefixTrailingSlash, constraints } = route as RouteOptions & { routePath?: string }
  scope.route({
    method: 'OPTIONS',
    url: routePath === '' ? '/' : routePath,
    ...(prefixTrailingSlash === undefined ? {} : { prefixTrailingSlash }),
    ...(constraints === undefined ? {} : { constraints }),
    config: { atlassian: { auth: 'none' }, [preflightRules]: rules },
    // Fastify wants one; the hook above has answered before.
    handler: (request, reply) => preflight(request, reply, rules)
  })
}

/** A preflight that may not pass, and an OPTIONS that is none, get what a path without this route would answer. */
function preflight(request: FastifyRequest, reply: FastifyReply, rules: ReadonlyMap<string, CorsRule>): void {
  const { origin, ...headers } = request.headers
  const answer = answerPreflight(
    { origin, method: headers['access-control-request-method'], headers: headers['access-control-request-headers'] },
    rules
  )
  if (answer !== null) reply.code(204).headers(answer).send()
  else {
    request.log.info({ origin, url: request.routeOptions.url }, 'preflight refused')
    reply.callNotFound()
  }
}

/** Refusals say it too, or the front end could not see that its token has ended. */
function headersBy(rule: CorsRule) {
  return function addHeaders(request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void {
    const { origin } = request.headers
    reply.header('vary', varyByOrigin(reply.getHeader('vary')))
    if (origin !== undefined && rule.allows(origin)) reply.header('access-control-allow-origin', origin)
    done(null, payload)
  }
}

type Done = (error: Error | null, payload: unknown) => void
