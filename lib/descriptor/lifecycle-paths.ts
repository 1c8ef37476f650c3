import { appAddress, isAbsolute } from './app-address.ts'
import type { Descriptor } from './descriptor.ts'
import { fieldOf, isObject } from './json-value.ts'
import { pathPattern } from './path-pattern.ts'

export const lifecycleEvents = ['installed', 'uninstalled', 'enabled', 'disabled'] as const
export type LifecycleEventName = (typeof lifecycleEvents)[number]

export interface LifecyclePath {
  /** With a leading slash and without the query, which may hold a secret of the app's own. */
  readonly path: string
  /** The path as a route of Fastify. */
  readonly routePath: string
  /** Such as `lifecycle.installed`. */
  readonly field: string
}

/** The paths of the life-cycle calls that the descriptor asks for. Absolute URLs are left out and reported by the check. */
export function lifecyclePaths(descriptor: Descriptor): { readonly [Event in LifecycleEventName]?: LifecyclePath } {
  const { lifecycle } = descriptor
  const paths: { [Event in LifecycleEventName]?: LifecyclePath } = {}
  if (!isObject(lifecycle)) return paths
  for (const event of lifecycleEvents) {
    const path = pathOf(descriptor, lifecycle[event], event)
    if (path !== null) paths[event] = path
  }
  return paths
}

/** The path below which the hooks of moves to another region are; `null` if the descriptor asks for none. */
export function residencyPath(descriptor: Descriptor): LifecyclePath | null {
  const { lifecycle } = descriptor
  return isObject(lifecycle) ? pathOf(descriptor, lifecycle[RESIDENCY], RESIDENCY) : null
}

/** The member of `lifecycle` for moves to another region. */
export const RESIDENCY = 'dare-migration'

function pathOf(descriptor: Descriptor, url: unknown, event: string): LifecyclePath | null {
  if (typeof url !== 'string' || url === '' || isAbsolute(url)) return null
  const address = appAddress(url, descriptor.baseUrl)
  if (address === null) return null
  const path = address.path.replace(/\/+$/, '')
  const bare = event === RESIDENCY ? path : address.path
  return { path: bare, routePath: pathPattern(bare), field: fieldOf('lifecycle', event) }
}
