import type { Descriptor } from './descriptor.ts'
import { descriptorWebhooks } from './descriptor-webhooks.ts'
import { routeIdentity } from './path-pattern.ts'

const members = ['key', 'baseUrl', 'authentication', 'lifecycle', 'scopes', 'regionBaseUrls'] as const

/**
 * What an app takes from its descriptor once, at its start, and what differs in `after`: routes cannot be added to a
 * server that runs, and keys, addresses and scopes are part of what is verified and cached. Empty when a running app
 * can serve `after`.
 */
export function changedFixedParts(before: Descriptor, after: Descriptor): string[] {
  const changed: string[] = members.filter((member) => JSON.stringify(before[member]) !== JSON.stringify(after[member]))
  const known = new Set(descriptorWebhooks(before).map(({ routePath }) => routeIdentity(routePath)))
  for (const { routePath, webhooks } of descriptorWebhooks(after)) {
    if (!known.has(routeIdentity(routePath))) changed.push(webhooks[0]?.field ?? 'modules.webhooks')
  }
  return changed
}
