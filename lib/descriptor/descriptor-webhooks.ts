import { appAddress, isAbsolute } from './app-address.ts'
import type { Descriptor } from './descriptor.ts'
import { listModules } from './module-list.ts'
import { pathPattern, routeIdentity } from './path-pattern.ts'

export interface DescriptorWebhook {
  readonly event: string
  /** Path and query below the base URL, with a leading slash; `{variables}` as the descriptor has them. */
  readonly url: string
  /** The path without its query, which is free to vary from call to call. */
  readonly path: string
  /** Such as `modules.webhooks[0]`. */
  readonly field: string
}

/** All webhooks that arrive at one route. */
export interface WebhookRoute {
  /** The path as a route of Fastify. */
  readonly routePath: string
  /** Each event once, in the order of the descriptor. */
  readonly events: readonly string[]
  readonly webhooks: readonly DescriptorWebhook[]
}

/**
 * One entry for each distinct route, in the order of the descriptor: webhooks that differ only in their query or in
 * the names of path variables share one. Webhooks without an event or with an absolute URL are left out;
 * `checkDescriptor` reports them.
 */
export function descriptorWebhooks(descriptor: Descriptor): WebhookRoute[] {
  const routes = new Map<string, { routePath: string; events: string[]; webhooks: DescriptorWebhook[] }>()
  for (const webhook of listWebhooks(descriptor)) {
    const routePath = pathPattern(webhook.path)
    const identity = routeIdentity(routePath)
    const route = routes.get(identity) ?? { routePath, events: [], webhooks: [] }
    routes.set(identity, route)
    route.webhooks.push(webhook)
    if (!route.events.includes(webhook.event)) route.events.push(webhook.event)
  }
  return [...routes.values()]
}

function listWebhooks(descriptor: Descriptor): DescriptorWebhook[] {
  return listModules(descriptor).flatMap(({ type, module, field }) => {
    const { event, url } = module
    if (type !== 'webhooks' || typeof event !== 'string' || event === '' || typeof url !== 'string' || isAbsolute(url))
      return []
    const address = appAddress(url, descriptor.baseUrl)
    return address === null ? [] : [{ event, url: address.url, path: address.path, field }]
  })
}
