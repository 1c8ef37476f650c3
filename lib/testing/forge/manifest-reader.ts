import { isObject } from '../descriptor-reader.ts'
import type { ForgeManifest } from './types.ts'

/** Where a call goes and which tokens it brings. */
export interface ForgeEndpoint {
  readonly key: string
  /** Null: none is declared, so the caller has to name one. */
  readonly path: string | null
  readonly system: boolean
  readonly user: boolean
}

export interface ForgeModule {
  readonly type: string
  readonly key: string
  readonly endpoint: ForgeEndpoint | null
  /** What people read; the key where the manifest says nothing. */
  readonly title: string
  /** The key of the files that it shows; null for none. */
  readonly resource: string | null
}

/** What the simulator reads of a manifest. Without one, every call brings the tokens that its kind may bring. */
export interface ReadManifest {
  readonly given: boolean
  /** The bare UUID; null for a placeholder. */
  readonly appId: string | null
  readonly connectKey: string | null
  readonly endpoints: ReadonlyMap<string, ForgeEndpoint>
  /** Modules with a `resolver.endpoint`, in the manifest's order. */
  readonly uiModules: readonly ForgeModule[]
  readonly preUninstall: readonly ForgeModule[]
  readonly scheduled: readonly ForgeModule[]
  readonly triggers: readonly (ForgeModule & { readonly events: readonly string[] })[]
  readonly dataResidencyPath: string | null
  /** What functions send along. */
  readonly remoteAuth: Pick<ForgeEndpoint, 'system' | 'user'>
  /** Null: nothing is declared, so nothing is checked. Each with whether the app may act for absent users in it. */
  readonly scopes: ReadonlyMap<string, boolean> | null
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const NOT_UI = new Set([
  'endpoint',
  'trigger',
  'scheduledTrigger',
  'preUninstall',
  'function',
  'migration:dataResidency'
])

export function readManifest(manifest: ForgeManifest | undefined): ReadManifest {
  const modules = isObject(manifest?.modules) ? manifest.modules : {}
  const app = isObject(manifest?.app) ? manifest.app : {}
  const remotes = listOf(manifest?.remotes)
  const permissions = isObject(manifest?.permissions) ? manifest.permissions : {}
  const endpoints = new Map(listOf(modules.endpoint).map((entry) => [String(entry.key), readEndpoint(entry)]))

  const modulesOf = (type: string): (ForgeModule & { entry: Record<string, unknown> })[] =>
    listOf(modules[type]).map((entry) => ({ entry, ...readModule(type, entry, endpoints) }))

  return {
    given: manifest !== undefined,
    appId: UUID.exec(String(app.id ?? ''))?.[0] ?? null,
    connectKey: isObject(app.connect) && typeof app.connect.key === 'string' ? app.connect.key : null,
    endpoints,
    uiModules: Object.keys(modules)
      .filter((type) => !NOT_UI.has(type))
      .flatMap((type) => modulesOf(type).filter(({ entry }) => isObject(entry.resolver))),
    preUninstall: modulesOf('preUninstall'),
    scheduled: modulesOf('scheduledTrigger'),
    triggers: modulesOf('trigger').map((module) => ({ ...module, events: textsOf(module.entry.events) })),
    dataResidencyPath: textOf(listOf(modules['migration:dataResidency'])[0]?.path),
    remoteAuth: manifest === undefined ? { system: true, user: true } : authOf(remotes[0]),
    scopes: readScopes(permissions.scopes)
  }
}

function readModule(
  type: string,
  entry: Record<string, unknown>,
  endpoints: ReadonlyMap<string, ForgeEndpoint>
): ForgeModule {
  const named = isObject(entry.resolver) ? entry.resolver.endpoint : entry.endpoint
  const endpoint = typeof named === 'string' ? endpoints.get(named) : undefined
  if (typeof named === 'string' && endpoint === undefined) {
    throw new Error(`The module "${String(entry.key)}" of the manifest names the endpoint "${named}", which it lacks.`)
  }
  const key = String(entry.key ?? type)
  return { type, key, endpoint: endpoint ?? null, title: textOf(entry.title) ?? key, resource: textOf(entry.resource) }
}

function readEndpoint(entry: Record<string, unknown>): ForgeEndpoint {
  const path = isObject(entry.route) ? textOf(entry.route.path) : null
  return { key: String(entry.key), path, ...authOf(entry) }
}

function authOf(entry: Record<string, unknown> | undefined): Pick<ForgeEndpoint, 'system' | 'user'> {
  const auth = isObject(entry?.auth) ? entry.auth : {}
  const enabled = (value: unknown) => isObject(value) && value.enabled === true
  return { system: enabled(auth.appSystemToken), user: enabled(auth.appUserToken) }
}

function readScopes(value: unknown): ReadonlyMap<string, boolean> | null {
  if (Array.isArray(value)) return new Map(textsOf(value).map((scope) => [scope, false]))
  if (!isObject(value)) return null
  return new Map(
    Object.entries(value).map(([scope, entry]) => [scope, isObject(entry) && entry.allowImpersonation === true])
  )
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
