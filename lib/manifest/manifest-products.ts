import type { Descriptor } from '../descriptor/descriptor.ts'
import { listModules, type RawModule } from '../descriptor/module-list.ts'
import { type ManifestProduct, manifestProducts } from './manifest.ts'

/** Module types of Confluence that do not say so in their name. */
const confluenceTypes: ReadonlySet<string> = new Set([
  'blueprints',
  'confluenceContentProperties',
  'confluenceThemes',
  'contentBylineItems',
  'customContent',
  'dynamicContentMacros',
  'spaceToolsTabs',
  'staticContentMacros'
])
const jiraEvent = /^(?:jira:|issue|sprint_|board_|worklog_|project_|option_)/
const confluenceEvent = /^(?:page_|blog_|blueprint_|space_|content_|theme_|label_)/

/** The products whose modules the descriptor has; Jira if it has none that tells. */
export function productsOf(descriptor: Descriptor): readonly ManifestProduct[] {
  const told = new Set(listModules(descriptor).flatMap((raw) => ownProduct(raw) ?? []))
  const found = manifestProducts.filter((product) => told.has(product))
  return found.length === 0 ? ['jira'] : found
}

/** Those among the app's products that know this module: its own one, or all for a module of both. */
export function productsFor(raw: RawModule, products: readonly ManifestProduct[]): readonly ManifestProduct[] {
  const own = ownProduct(raw)
  return own === null ? products : products.filter((product) => product === own)
}

function ownProduct({ type, module }: RawModule): ManifestProduct | null {
  if (type === 'webhooks') {
    const event = String(module.event)
    if (jiraEvent.test(event)) return 'jira'
    return confluenceEvent.test(event) ? 'confluence' : null
  }
  if (type.startsWith('jira')) return 'jira'
  return confluenceTypes.has(type) || type.startsWith('confluence') ? 'confluence' : null
}
