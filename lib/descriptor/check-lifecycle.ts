import { relativeUrlFault } from './check-url.ts'
import type { Descriptor } from './descriptor.ts'
import { descriptorWebhooks } from './descriptor-webhooks.ts'
import { fieldOf, isObject } from './json-value.ts'
import { lifecycleEvents, lifecyclePaths, residencyPath } from './lifecycle-paths.ts'
import { routeIdentity } from './path-pattern.ts'
import type { ProblemList } from './problem-list.ts'

/** The life-cycle paths: present where they are needed, relative, and each with a route of its own. */
export function checkLifecycle(
  descriptor: Descriptor,
  authentication: 'jwt' | 'none' | null,
  problems: ProblemList
): void {
  const lifecycle: unknown = descriptor.lifecycle
  if (lifecycle !== undefined && lifecycle !== null && !isObject(lifecycle)) {
    problems.error('lifecycle', 'lifecycle-type', 'has to be an object of paths')
    return
  }
  const calls = isObject(lifecycle)
    ? lifecycleEvents.filter((event) => lifecycle[event] !== undefined && lifecycle[event] !== null)
    : []
  for (const event of calls)
    problems.judge(fieldOf('lifecycle', event), relativeUrlFault(descriptor.lifecycle?.[event]))
  if (authentication === 'jwt' && !calls.includes('installed')) {
    problems.error(
      'lifecycle.installed',
      'installed-missing',
      'is missing; with authentication jwt the host hands over the shared secret there'
    )
  }
  if (authentication === 'none' && calls.length > 0) {
    problems.warn(
      'lifecycle',
      'lifecycle-unsigned',
      'asks for life-cycle calls, but with authentication none the host shares no secret'
    )
  }
  checkSharedRoutes(descriptor, problems)
}

/** Each call is verified in its own way, and a route has one way only. */
function checkSharedRoutes(descriptor: Descriptor, problems: ProblemList): void {
  const owners = new Map<string, string>()
  const routes = [
    ...Object.values(lifecyclePaths(descriptor)),
    ...[residencyPath(descriptor)].filter((path) => path !== null),
    ...descriptorWebhooks(descriptor).map(({ routePath, webhooks }) => ({ routePath, field: webhooks[0]?.field ?? '' }))
  ]
  for (const { routePath, field } of routes) {
    const identity = routeIdentity(routePath)
    const owner = owners.get(identity)
    if (owner === undefined) owners.set(identity, field)
    else problems.error(field, 'path-shared', `has the same path as ${owner}; each of them needs a path of its own`)
  }
}
