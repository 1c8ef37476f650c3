import type { Descriptor } from '../descriptor/descriptor.ts'
import { isObject } from '../descriptor/json-value.ts'
import { backendModules } from './backend-modules.ts'
import { type ConvertedModules, convertModules } from './connect-modules.ts'
import {
  APP_PREFIX,
  type Manifest,
  type ManifestFinding,
  type ManifestOptions,
  type ManifestRoute,
  type ManifestValue,
  tokenScopes,
  UNREGISTERED_APP
} from './manifest.ts'
import { manifestNotes } from './manifest-notes.ts'
import type { ManifestPlan } from './manifest-plan.ts'
import { productsOf } from './manifest-products.ts'
import { connectScopes, isTokenContent, scopesValue } from './manifest-scopes.ts'

/** What a manifest is made of. */
export interface ManifestInput {
  /** As `loadDescriptor` gives it, with its placeholders filled. */
  readonly descriptor: Descriptor
  /** `app.atlassian.routes()`. With them the report tells which routes a Forge front end cannot call. */
  readonly routes?: readonly ManifestRoute[]
  readonly forge?: ManifestOptions
}

/** A manifest and what is left to do by hand. */
export interface CreatedManifest {
  readonly manifest: Manifest
  readonly notes: readonly ManifestFinding[]
}

/**
 * The manifest that keeps a Connect app as it is and lets Forge call the same backend: every Connect module with its
 * key, the remote, endpoints with triggers for the life cycle and an hourly schedule that keeps the system token
 * fresh. The same input gives the same manifest. The rules are those of forge.md 5; nothing is looked up.
 */
export function createManifest({ descriptor, routes = [], forge: options = {} }: ManifestInput): CreatedManifest {
  const scopes = [...new Set(options.scopes ?? [])]
  const plan: ManifestPlan = {
    descriptor,
    routes,
    options,
    products: options.products ?? productsOf(descriptor),
    remoteKey: options.remoteKey ?? 'connect',
    scopes,
    systemToken: options.systemToken ?? scopes.some(isTokenContent),
    userToken: options.userToken ?? false
  }
  const converted = convertModules(descriptor, plan.products)
  const manifest: Manifest = {
    app: appOf(plan),
    remotes: [remoteOf(plan)],
    ...(Object.keys(converted.connectModules).length === 0 ? {} : { connectModules: converted.connectModules }),
    modules: modulesOf(plan, converted),
    permissions: { scopes: scopesOf(plan) }
  }
  return { manifest, notes: manifestNotes(plan, converted) }
}

function appOf({ descriptor, options, remoteKey }: ManifestPlan): ManifestValue {
  const { appId, runtime = 'nodejs24.x' } = options
  const { enableLicensing, editionsEnabled } = descriptor
  const licensing = {
    ...(enableLicensing === undefined ? {} : { enabled: enableLicensing === true }),
    ...(editionsEnabled === true ? { editionsEnabled } : {})
  }
  return {
    id: appId === undefined ? UNREGISTERED_APP : appId.startsWith('ari:') ? appId : `${APP_PREFIX}${appId}`,
    runtime: { name: runtime },
    connect: { key: descriptor.key, remote: remoteKey },
    ...(Object.keys(licensing).length === 0 ? {} : { licensing })
  }
}

function remoteOf({ descriptor, options, remoteKey }: ManifestPlan): ManifestValue {
  const { operations = ['compute', 'fetch', 'storage'], storesEndUserData = true } = options
  const regions: unknown = descriptor.regionBaseUrls
  return {
    key: remoteKey,
    baseUrl: isObject(regions) ? { default: descriptor.baseUrl, ...textMembers(regions) } : descriptor.baseUrl,
    operations,
    ...(operations.includes('storage') ? { storage: { inScopeEUD: storesEndUserData } } : {})
  }
}

function modulesOf(plan: ManifestPlan, { connectModules, modules }: ConvertedModules): ManifestValue {
  const { descriptor, options, remoteKey } = plan
  const { dataResidencyPath } = options
  const hours = isObject(descriptor.dataResidency) ? descriptor.dataResidency.maxMigrationDurationHours : undefined
  const keys = [connectModules, modules]
    .flatMap((lists) => Object.values(lists).flat())
    .flatMap((module) => (isObject(module) && typeof module.key === 'string' ? [module.key] : []))
  return {
    ...backendModules(plan, keys),
    ...modules,
    ...(dataResidencyPath === undefined
      ? {}
      : {
          'migration:dataResidency': [
            {
              key: 'dare',
              remote: remoteKey,
              path: dataResidencyPath,
              // Documents and schema differ about the default, so it is always written.
              maxMigrationDurationHours: typeof hours === 'number' ? hours : 24
            }
          ]
        })
  }
}

function scopesOf({ descriptor, products, options, scopes, systemToken, userToken }: ManifestPlan): ManifestValue {
  const all = [
    ...connectScopes(descriptor, products),
    ...scopes,
    ...(systemToken ? [tokenScopes.system] : []),
    ...(userToken ? [tokenScopes.user] : [])
  ]
  return scopesValue(all, options.impersonationScopes ?? [])
}

function textMembers(value: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  )
}
