import type { Descriptor } from '../descriptor/descriptor.ts'
import { descriptorModules } from '../descriptor/descriptor-modules.ts'
import { descriptorWebhooks } from '../descriptor/descriptor-webhooks.ts'
import { isObject } from '../descriptor/json-value.ts'
import { lifecyclePaths } from '../descriptor/lifecycle-paths.ts'
import { matchesPath } from '../descriptor/matches-path.ts'
import { acceptsForge } from './backend-modules.ts'
import { serverModules } from './check-endpoints.ts'
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

  for (const module of view.modules.filter(({ type }) => serverModules.has(type))) {
    for (const { key } of endpointUses(module)) {
      const endpoint = view.endpoints.find((each) => each.key === key)
      const path = endpoint === undefined ? null : routePathOf(endpoint)
      if (endpoint === undefined || path === null) continue
      const field = `${endpoint.field}.route.path`
      const found = find(path, ['POST'])
      if (found.length === 0)
        findings.error(
          'route-missing',
          field,
          `The app has no route POST ${path}, to which Forge sends the ${module.type} "${module.key}".`
        )
      else if (!found.some(acceptsForge))
        findings.error(
          'route-policy',
          field,
          `The route POST ${path} does not have the policy "forge", so it refuses every call of Forge.`
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
