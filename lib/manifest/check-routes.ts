import type { Descriptor } from '../descriptor/descriptor.ts'
import { descriptorModules } from '../descriptor/descriptor-modules.ts'
import { descriptorWebhooks } from '../descriptor/descriptor-webhooks.ts'
import { isObject } from '../descriptor/json-value.ts'
import { lifecyclePaths } from '../descriptor/lifecycle-paths.ts'
import { matchesPath } from '../descriptor/matches-path.ts'
import { acceptsForge } from './backend-modules.ts'
import { DATA_RESIDENCY } from './check-endpoints.ts'
import type { Findings } from './findings.ts'
import type { ManifestRoute } from './manifest.ts'
import { endpointUses, type ManifestView, type ModuleEntry, routePathOf } from './read-manifest.ts'

/** What the manifest sends, compared with the routes that the app has. `mountPath` is where the app has its base URL. */
export function checkRoutes(
  view: ManifestView,
  routes: readonly ManifestRoute[],
  mountPath: string,
  findings: Findings
): void {
  const find = (path: string, methods: readonly string[]) =>
    routes.filter(
      ({ url, method }) =>
        matchesPath(url, `${mountPath}${path}`) && [method].flat().some((one) => methods.includes(one))
    )

  for (const { module, method, path, field, signed } of forgeCalls(view)) {
    const found = find(path, [method])
    if (found.length === 0) {
      findings.error(
        'route-missing',
        field,
        `The app has no route ${method} ${path}, to which Forge sends the ${module.type} "${module.key}".`
      )
    } else if (signed && !found.some(acceptsForge)) {
      findings.error(
        'route-policy',
        field,
        `The route ${method} ${path} does not have the policy "forge", so it refuses every call of Forge.`
      )
    }
  }
  const takesForge = routes.some(acceptsForge)
  if (takesForge && view.endpoints.length === 0) {
    findings.warn(
      'endpoint-missing',
      'modules.endpoint',
      'The app has routes for Forge, but the manifest has no endpoint.'
    )
  }
  for (const { path, methods, field } of connectCalls(view)) {
    if (find(path, methods).length === 0) {
      findings.error('connect-route-missing', field, `The app has no route ${methods.join(' or ')} ${path}.`)
    }
  }
}

/** Below the path of a move of data (forge.md 1.3). */
const dataResidencyHooks = ['schedule', 'start', 'status', 'commit', 'rollback'] as const

interface ForgeCall {
  readonly module: ModuleEntry
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly field: string
  /** Whether it brings an invocation token. */
  readonly signed: boolean
}

/** What Forge sends to paths of the manifest. The calls of a front end (`resolver`) name their paths themselves. */
function forgeCalls(view: ManifestView): ForgeCall[] {
  return view.modules.flatMap((module): ForgeCall[] => {
    if (module.type === DATA_RESIDENCY) return dataResidencyCalls(module)
    const uses = endpointUses(module).filter(({ field }) => !field.endsWith('.resolver.endpoint'))
    return uses.flatMap(({ key }): ForgeCall[] => {
      const endpoint = view.endpoints.find((each) => each.key === key)
      const path = endpoint === undefined ? null : routePathOf(endpoint)
      if (endpoint === undefined || path === null) return []
      const signed = module.type !== 'webtrigger'
      return [{ module, method: 'POST', path, field: `${endpoint.field}.route.path`, signed }]
    })
  })
}

function dataResidencyCalls(module: ModuleEntry): ForgeCall[] {
  const { path } = module.value
  if (typeof path !== 'string') return []
  return dataResidencyHooks.map((hook) => ({
    module,
    method: hook === 'status' ? 'GET' : 'POST',
    path: `${path.replace(/\/$/, '')}/${hook}`,
    field: `${module.field}.path`,
    signed: true
  }))
}

interface Call {
  readonly path: string
  readonly methods: readonly string[]
  readonly field: string
}

/** What Connect sends: modules of a manifest are those of a descriptor, so the descriptor's own readers find it. */
function connectCalls(view: ManifestView): Call[] {
  return view.connectModules.flatMap((module): Call[] => {
    const name = module.type.slice(module.type.indexOf(':') + 1)
    const descriptor = asDescriptor(view, module, name)
    if (name === 'lifecycle') {
      return Object.values(lifecyclePaths(descriptor)).map(({ path, field }) => ({
        path,
        methods: ['POST'],
        field: `${module.field}${field.slice('lifecycle'.length)}`
      }))
    }
    if (name === 'webhooks') {
      return descriptorWebhooks(descriptor).flatMap(({ webhooks }) =>
        webhooks.map(({ path }) => ({ path, methods: ['POST'], field: `${module.field}.url` }))
      )
    }
    return descriptorModules(descriptor).map(({ path, methods, field }) => ({
      path,
      methods,
      field: `${module.field}${field.slice(`modules.${name}[0]`.length)}`
    }))
  })
}

function asDescriptor({ remotes, connect }: ManifestView, { value }: ModuleEntry, name: string): Descriptor {
  const remote = remotes.find(({ key }) => key === connect?.remote)?.value.baseUrl
  const address = isObject(remote) ? remote.default : remote
  return {
    key: '',
    baseUrl: typeof address === 'string' && URL.canParse(address) ? address : 'https://app.invalid',
    authentication: {},
    ...(name === 'lifecycle' ? { lifecycle: value } : { modules: { [name]: [value] } })
  }
}
