import { checkKeys } from './check-remotes.ts'
import type { Findings } from './findings.ts'
import {
  type Entry,
  endpointUses,
  type ManifestView,
  type ModuleEntry,
  routePathOf,
  wantsToken
} from './read-manifest.ts'

/** Called by Forge's servers: with a POST to the path of the endpoint, and never with a user (forge.md 1.1, 1.4). */
const serverModules: ReadonlySet<string> = new Set([
  'trigger',
  'scheduledTrigger',
  'preUninstall',
  'consumer',
  'bitbucket:mergeCheck',
  'bitbucket:dynamicPipelinesProvider'
])
/** Names its remote and path itself, without an endpoint. */
export const DATA_RESIDENCY = 'migration:dataResidency'
/** Modules that need a Forge function and take no endpoint (forge.md 5.3). */
const functionOnly = new Set([
  'apiRoute',
  'fifoConsumer',
  'sql',
  'objectStore',
  'event',
  'llm',
  'migration',
  'rovo:agent',
  'rovo:mcp'
])

/** Endpoints, and the modules that name them (forge.md 5.2, 5.3). */
export function checkEndpoints(view: ManifestView, findings: Findings): void {
  checkKeys(view.endpoints, 'endpoint', findings)
  const byKey = new Map(view.endpoints.map((endpoint) => [endpoint.key, endpoint]))
  for (const endpoint of view.endpoints) checkTarget(endpoint, view, findings)
  const used = new Set<string>()
  for (const module of view.modules) {
    if (module.type === DATA_RESIDENCY) checkDataResidency(module, view, findings)
    for (const { key, field } of endpointUses(module)) {
      used.add(key)
      const endpoint = byKey.get(key)
      if (endpoint === undefined) findings.error('endpoint-unknown', field, `There is no endpoint "${key}".`)
      else if (serverModules.has(module.type)) checkServerEndpoint(module, endpoint, findings)
      if (functionOnly.has(module.type) || module.type.startsWith('automation:')) {
        findings.error('endpoint-not-possible', field, `A module of the type "${module.type}" takes a function only.`)
      }
    }
  }
  for (const endpoint of view.endpoints) {
    // One without a path may wait for the first module of a front end.
    if (endpoint.key !== '' && !used.has(endpoint.key) && routePathOf(endpoint) !== null) {
      findings.warn('endpoint-unused', endpoint.field, `No module names the endpoint "${endpoint.key}".`)
    }
  }
}

function checkDataResidency({ value, field }: ModuleEntry, { remotes }: ManifestView, findings: Findings): void {
  const { remote, path } = value
  if (!remotes.some(({ key }) => key !== '' && key === remote)) {
    findings.error('data-residency-remote', `${field}.remote`, `There is no remote "${String(remote)}".`)
  }
  if (typeof path !== 'string' || !isPath(path)) {
    findings.error('data-residency-path', `${field}.path`, PATH_RULE)
  }
}

const PATH_RULE = 'A path begins with a slash and has no query, no variables and no spaces.'

function isPath(path: string): boolean {
  return path.startsWith('/') && !/[?#{}\s]/.test(path)
}

function checkTarget(endpoint: Entry, { remotes, services }: ManifestView, findings: Findings): void {
  const { value, field } = endpoint
  const { remote, service } = value
  if ((remote === undefined) === (service === undefined)) {
    findings.error('endpoint-target', field, 'An endpoint has a remote or a service, exactly one of them.')
  } else if (remote !== undefined && !remotes.some(({ key }) => key === remote)) {
    findings.error('endpoint-remote-unknown', `${field}.remote`, `There is no remote "${remote}".`)
  } else if (service !== undefined && !services.some(({ key }) => key === service)) {
    findings.error('endpoint-service-unknown', `${field}.service`, `There is no service "${service}".`)
  }
  const path = routePathOf(endpoint)
  if (path !== null && !isPath(path)) findings.error('endpoint-path-form', `${field}.route.path`, PATH_RULE)
}

function checkServerEndpoint({ type }: ModuleEntry, endpoint: Entry, findings: Findings): void {
  if (routePathOf(endpoint) === null) {
    findings.error(
      'endpoint-route-missing',
      `${endpoint.field}.route.path`,
      `A ${type} is sent to the path of its endpoint, and this one has none.`
    )
  }
  if (wantsToken(endpoint, 'appUserToken')) {
    findings.error(
      'trigger-user-token',
      `${endpoint.field}.auth.appUserToken`,
      `A ${type} has no user: only appSystemToken is allowed.`
    )
  }
}
