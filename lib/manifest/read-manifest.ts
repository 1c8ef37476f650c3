import { fieldOf, isObject, type JsonObject } from '../descriptor/json-value.ts'

/** One object of a list in a manifest, with its place. */
export interface Entry {
  readonly value: JsonObject
  readonly field: string
  /** Empty where there is none. */
  readonly key: string
}

/** A module: its type is such as `trigger` or `jira:issuePanel`. */
export interface ModuleEntry extends Entry {
  readonly type: string
}

/** A manifest as the checks read it. Parts that are missing or of another shape are empty. */
export interface ManifestView {
  readonly app: JsonObject
  /** `null` without `app.connect`. */
  readonly connect: JsonObject | null
  readonly remotes: readonly Entry[]
  readonly services: readonly Entry[]
  readonly endpoints: readonly ModuleEntry[]
  /** All modules but endpoints. */
  readonly modules: readonly ModuleEntry[]
  readonly connectModules: readonly ModuleEntry[]
  /** `null` where `permissions.scopes` is neither list nor map. */
  readonly scopes: readonly string[] | null
}

/** Reads whatever a file holds; never throws. */
export function readManifest(manifest: JsonObject): ManifestView {
  const app = isObject(manifest.app) ? manifest.app : {}
  const modules = modulesOf(manifest.modules, 'modules')
  return {
    app,
    connect: isObject(app.connect) ? app.connect : null,
    remotes: entriesOf(manifest.remotes, 'remotes'),
    services: entriesOf(manifest.services, 'services'),
    endpoints: modules.filter(({ type }) => type === 'endpoint'),
    modules: modules.filter(({ type }) => type !== 'endpoint'),
    connectModules: modulesOf(manifest.connectModules, 'connectModules'),
    scopes: scopesOf(manifest.permissions)
  }
}

/** Whether `auth` of an endpoint or a remote asks for this kind of token. */
export function wantsToken({ value }: Entry, kind: 'appSystemToken' | 'appUserToken'): boolean {
  const token = isObject(value.auth) ? value.auth[kind] : undefined
  return isObject(token) && token.enabled === true
}

/** The path of an endpoint's route; `null` where it has none. */
export function routePathOf({ value }: Entry): string | null {
  const path = isObject(value.route) ? value.route.path : undefined
  return typeof path === 'string' ? path : null
}

/** Every endpoint key that a module names, at whatever depth, with its place. */
export function endpointUses({ value, field }: ModuleEntry): { key: string; field: string }[] {
  return usesIn(value, field, [])
}

/** `above` is what the value stands in: names inside of YAML may make a circle. */
function usesIn(value: unknown, field: string, above: readonly unknown[]): { key: string; field: string }[] {
  if (above.includes(value)) return []
  const inside = [...above, value]
  if (Array.isArray(value)) return value.flatMap((item, index) => usesIn(item, fieldOf(field, index), inside))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'endpoint' && typeof member === 'string'
      ? [{ key: member, field: fieldOf(field, name) }]
      : usesIn(member, fieldOf(field, name), inside)
  )
}

function modulesOf(value: unknown, field: string): ModuleEntry[] {
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([type, list]) =>
    entriesOf(list, `${field}.${type}`).map((entry) => ({ ...entry, type }))
  )
}

function entriesOf(value: unknown, field: string): Entry[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown, index) =>
    isObject(item)
      ? [{ value: item, field: fieldOf(field, index), key: typeof item.key === 'string' ? item.key : '' }]
      : []
  )
}

function scopesOf(permissions: unknown): string[] | null {
  if (!isObject(permissions) || permissions.scopes === undefined) return []
  const { scopes } = permissions
  if (isObject(scopes)) return Object.keys(scopes)
  return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : null
}
