import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import {
  type Descriptor,
  type DescriptorModule,
  descriptorModules,
  lifecyclePaths,
  matchesPath
} from '../lib/descriptor/index.ts'
import { AtlassianError, OptionError } from '../lib/errors.ts'
import type { PolicyOption } from '../lib/jwt/policy.ts'
import { lifecycleEvents } from '../lib/tenant/lifecycle-payload.ts'
import { policyFromOptions } from './route-policy.ts'

/** A route of the app, and what it demands. */
export interface SeenRoute {
  readonly url: string
  readonly methods: readonly string[]
  readonly policy: PolicyOption
}

/**
 * Compares descriptor and routes once the app is complete: a missing route is a warning, a wrong policy ends the start.
 * The routes are gathered in `seen`.
 */
export const checkRoutesPlugin = fp<{ core: ConnectApp; seen: SeenRoute[] }>(
  async (app, { core, seen }) => {
    app.addHook('onRoute', function remember(route) {
      seen.push({ url: route.url, methods: [route.method].flat(), policy: policyFromOptions(route, this) })
    })
    app.addHook('onReady', async () => {
      const { errorPage } = core.options
      if (errorPage && !app.hasReplyDecorator('viewAsync')) {
        throw new OptionError('errorPage.template', errorPage.template, 'it needs "views", or the plugin @fastify/view')
      }
      checkRoutes(app, core, core.descriptor, seen)
    })
  },
  { name: 'fastify-atlassian/check-routes', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** Throws AtlassianError for the first module whose route has a policy that the host cannot meet. */
export function checkRoutes(
  app: FastifyInstance,
  core: ConnectApp,
  descriptor: Descriptor,
  seen: readonly SeenRoute[]
): void {
  const usesTokens = String(descriptor.authentication.type ?? 'jwt').toLowerCase() === 'jwt'
  const modules = descriptorModules(descriptor)
  const openPaths = new Set(modules.filter(({ cacheable }) => cacheable).map(({ path }) => path))
  for (const module of modules) checkModule(app, core, module, seen, usesTokens && !openPaths.has(module.path))
  const paths = lifecyclePaths(descriptor)
  for (const event of lifecycleEvents) {
    const path = paths[event]
    if (path !== undefined && !core.options.lifecycle[event]) {
      warnIfMissing(app, core, `lifecycle.${event}`, path.path, 'POST')
    }
  }
}

function checkModule(
  app: FastifyInstance,
  core: ConnectApp,
  module: DescriptorModule,
  seen: readonly SeenRoute[],
  /** Whether every load of this path is signed: not if a cacheable module has the same path. */
  isSigned: boolean
): void {
  for (const mountPath of core.options.mountPaths) {
    const path = `${app.prefix}${mountPath}${module.path}`
    const route = bestMatch(seen, path, module.methods)
    if (route === undefined) {
      const [method = 'GET'] = module.methods
      const exists = warnIfMissing(app, core, `${module.field} of module "${module.key}"`, module.path, method)
      if (exists && module.cacheable) {
        throw mismatch(
          module,
          `the route of ${module.path} was declared before the plugin was loaded: write "await app.register(connectPlugin, …)" first`
        )
      }
      continue
    }
    const isPublic = route.policy === 'none'
    if (module.cacheable && !isPublic) {
      throw mismatch(
        module,
        `it is cacheable, so the host opens ${module.path} without a token, but the route demands "${route.policy}": make it "none" and let the page fetch its data with a context token`
      )
    }
    if (isSigned && module.pageLike && isPublic) {
      throw mismatch(
        module,
        `the route of ${module.path} is public, but the host signs every load of it: protect it as "page", or say "cacheable": true in the descriptor`
      )
    }
  }
}

/** The route that the router would choose: fixed text before parameters before wildcards. */
function bestMatch(seen: readonly SeenRoute[], path: string, methods: readonly string[]): SeenRoute | undefined {
  const fits = seen.filter(
    (route) => route.methods.some((method) => methods.includes(method as never)) && matchesPath(route.url, path)
  )
  return fits.sort((a, b) => compareRoutes(a.url, b.url))[0]
}

/** Segment by segment, as the router walks: fixed text first, then a parameter, then a wildcard. */
function compareRoutes(a: string, b: string): number {
  const [left, right] = [segmentRanks(a), segmentRanks(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function segmentRanks(url: string): number[] {
  return url.split('/').map((segment) => {
    if (segment.includes('*')) return 3
    // A parameter with fixed text around it is tried before a bare one; "::" is an escaped colon.
    const bare = segment.replaceAll('::', '')
    return bare.includes(':') ? (bare.startsWith(':') && !/[(.-]/.test(bare) ? 2 : 1) : 0
  })
}

function warnIfMissing(app: FastifyInstance, core: ConnectApp, field: string, path: string, method: string): boolean {
  // Variables of the host become a harmless piece of path.
  const example = path.replace(/\{[^{}]*\}/g, 'x')
  const exists = core.options.mountPaths.some(
    (mountPath) => app.findRoute({ method, url: `${app.prefix}${mountPath}${example}` } as never) !== null
  )
  if (!exists) app.log.warn({ field, path, method }, 'the descriptor names a route that the app does not have')
  return exists
}

function mismatch(module: DescriptorModule, problem: string): AtlassianError {
  return new AtlassianError(
    'ATL_DESCRIPTOR',
    'route-policy',
    { field: module.field },
    { message: `Module "${module.key}" (${module.field}): ${problem}` }
  )
}
