import type { PageModule } from './types.ts'

/** The descriptor with the members that a host reads, whatever else it holds. */
export interface AppDescriptor {
  readonly raw: Readonly<Record<string, unknown>>
  readonly key: string
  readonly name: string
  /** As the descriptor has it: the audience of install tokens. */
  readonly baseUrl: string
  /** False for `authentication: none`: no token anywhere. */
  readonly signed: boolean
  readonly lifecycle: Readonly<Record<string, string>>
  readonly pages: readonly PageModule[]
  readonly webhooks: readonly WebhookModule[]
}

export interface WebhookModule {
  readonly event: string
  readonly url: string
  readonly excludeBody: boolean
}

/** Objects with a `url` that no iframe ever opens: links of the host itself, or addresses for other servers. */
const withoutPage = new Set([
  'webhooks',
  'jiraDevelopmentTool',
  'jiraBuildInfoProvider',
  'jiraDeploymentInfoProvider',
  'jiraFeatureFlagInfoProvider',
  'jiraRemoteLinkInfoProvider',
  'jiraSecurityInfoProvider',
  'jiraTimeTrackingProviders',
  'jiraJqlFunctions'
])

/** Reads a descriptor as a tolerant host does. Throws when it is no JSON object or has no key. */
export function readDescriptor(text: string): AppDescriptor {
  const raw = parseObject(text)
  const key = raw.key
  if (typeof key !== 'string' || key === '') throw new Error('The descriptor of the app has no key.')
  const modules = isObject(raw.modules) ? raw.modules : {}
  const authentication = isObject(raw.authentication) ? raw.authentication.type : undefined
  return {
    raw,
    key,
    name: typeof raw.name === 'string' ? raw.name : key,
    baseUrl: typeof raw.baseUrl === 'string' ? raw.baseUrl : '',
    signed: String(authentication ?? 'jwt').toLowerCase() !== 'none',
    lifecycle: stringsOf(raw.lifecycle),
    pages: pagesOf(modules),
    webhooks: listOf(modules.webhooks).flatMap((module) =>
      typeof module.event === 'string' && typeof module.url === 'string'
        ? [{ event: module.event, url: module.url, excludeBody: module.excludeBody === true }]
        : []
    )
  }
}

function pagesOf(modules: Record<string, unknown>): PageModule[] {
  const pages: PageModule[] = []
  for (const [type, value] of Object.entries(modules)) {
    if (withoutPage.has(type)) continue
    for (const [index, module] of listOf(value).entries()) {
      const key = typeof module.key === 'string' && module.key !== '' ? module.key : `${type}-${index}`
      for (const { suffix, holder } of pageHolders(module)) {
        if (!isOwnPage(type, holder)) continue
        pages.push({
          key: key + suffix,
          type,
          name: isObject(module.name) && typeof module.name.value === 'string' ? module.name.value : key,
          url: holder.url,
          cacheable: (suffix === '' ? (holder.cacheable ?? module.cacheable) : holder.cacheable) === true,
          method: String(module.renderingMethod).toLowerCase() === 'post' ? 'POST' : 'GET',
          location: typeof module.location === 'string' ? module.location : null
        })
      }
    }
  }
  return pages
}

/** A module's own page has the module's key; its further pages get their member's name behind a slash. */
function pageHolders(module: Record<string, unknown>): { suffix: string; holder: Record<string, unknown> }[] {
  const own = typeof module.url !== 'string' && isObject(module.target) ? module.target : module
  const holders = [{ suffix: '', holder: own }]
  for (const member of ['editor', 'propertyPanel', 'create', 'edit', 'view', 'dialog', 'configForm']) {
    const holder = module[member]
    if (isObject(holder)) holders.push({ suffix: `/${member}`, holder })
  }
  return holders
}

/** Absolute URLs are other servers' pages; links to the product or to another module are not pages either. */
function isOwnPage(type: string, holder: Record<string, unknown>): holder is Record<string, unknown> & { url: string } {
  const { url, context } = holder
  if (typeof url !== 'string' || url === '' || /^[a-z][a-z0-9+.-]*:|^\/\//i.test(url)) return false
  return !(type === 'webItems' && (context === 'product' || context === 'page'))
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A module given as one object or as a list; `false`, `null` and anything else are none. */
function listOf(value: unknown): Record<string, unknown>[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject)
}

function stringsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '')
  )
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('The descriptor of the app is not valid JSON.')
  }
  if (!isObject(value)) throw new Error('The descriptor of the app is not a JSON object.')
  return value
}
