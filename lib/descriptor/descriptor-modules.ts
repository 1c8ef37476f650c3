import { appAddress } from './app-address.ts'
import type { Descriptor } from './descriptor.ts'
import { findMembers } from './find-members.ts'
import { isObject } from './json-value.ts'
import { type ModuleMethod, ownUrlUse, type UrlUse, urlMembers } from './module-kinds.ts'
import { listModules, type RawModule } from './module-list.ts'
import { pathPattern } from './path-pattern.ts'

/** One URL of a module that the app has to serve. A module with several of them gives several of these. */
export interface DescriptorModule {
  /** Such as `generalPages`. */
  readonly type: string
  /** Empty when the module has none. */
  readonly key: string
  /** The plain text of the name; empty when the module has none. */
  readonly name: string
  /** Path and query below the base URL, with a leading slash; `{variables}` as the descriptor has them. */
  readonly url: string
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** The path as a route of Fastify. */
  readonly routePath: string
  /** What the host may call it with. */
  readonly methods: readonly ModuleMethod[]
  /** The host opens it without a token and without any parameter. */
  readonly cacheable: boolean
  /** Shown to a person in a frame; `false` when the host's server calls it. */
  readonly pageLike: boolean
  /** Such as `modules.webPanels[0].url`. */
  readonly field: string
}

/** Every URL of a module, except webhooks, that lies below the app's base URL; in the order of the descriptor. */
export function descriptorModules(descriptor: Descriptor): DescriptorModule[] {
  return listModules(descriptor).flatMap((raw) => moduleUrls(raw).flatMap((found) => toModule(descriptor, raw, found)))
}

interface ModuleUrl {
  readonly value: unknown
  readonly field: string
  readonly use: UrlUse
  readonly cacheable: boolean
}

/** The URLs of one module as they stand: of any origin, and not even text for certain. */
export function moduleUrls({ type, module, field }: RawModule): ModuleUrl[] {
  if (type === 'webhooks') return []
  return urlMembers.flatMap(([member, general]) => {
    const use = member === 'url' ? ownUrlUse(type, module.context, module.renderingMethod) : general
    if (use === null) return []
    return findMembers(module, member, field).map(({ value, holder, field: valueField }) => {
      // A target describes how the module itself opens, so the module's own word counts for it.
      const cacheable = holder.cacheable === true || (member === 'target.url' && module.cacheable === true)
      return { value, field: valueField, use, cacheable: cacheable && use.pageLike }
    })
  })
}

function toModule(descriptor: Descriptor, { type, module }: RawModule, found: ModuleUrl): DescriptorModule[] {
  const { value, field, cacheable, use } = found
  const address = typeof value === 'string' ? appAddress(value, descriptor.baseUrl) : null
  if (address === null) return []
  const key = typeof module.key === 'string' ? module.key : ''
  const name = nameOf(module.name)
  const routePath = pathPattern(address.path)
  return [{ type, key, name, ...address, routePath, ...use, cacheable, field }]
}

function nameOf(name: unknown): string {
  if (typeof name === 'string') return name
  return isObject(name) && typeof name.value === 'string' ? name.value : ''
}
