import type { Descriptor } from '../descriptor/descriptor.ts'
import { isObject } from '../descriptor/json-value.ts'
import { listModules } from '../descriptor/module-list.ts'
import type { ManifestProduct, ManifestValue } from './manifest.ts'
import { productsFor } from './manifest-products.ts'

type Modules = Record<string, ManifestValue[]>

/** Module types that have a Forge module of the same meaning and data, so that they move at once (forge.md 5.4). */
const nativeTypes: Readonly<Record<string, string>> = {
  jiraGlobalPermissions: 'jira:globalPermission',
  jiraProjectPermissions: 'jira:projectPermission'
}

/** What a descriptor says once for all products; each of them has it under the same key. */
export const sharedTypes = /:(?:lifecycle|translations|cloudAppMigration|webhooks)$/

export interface ConvertedModules {
  readonly connectModules: Readonly<Record<string, readonly ManifestValue[]>>
  /** Modules of Forge's own kinds. */
  readonly modules: Readonly<Record<string, readonly ManifestValue[]>>
}

/** The modules of the descriptor as a manifest has them: nothing is lost, and their keys stay (forge.md 5.4). */
export function convertModules(descriptor: Descriptor, products: readonly ManifestProduct[]): ConvertedModules {
  const connectModules: Modules = {}
  const modules: Modules = {}
  for (const raw of listModules(descriptor)) {
    const native = Object.hasOwn(nativeTypes, raw.type) ? nativeTypes[raw.type] : undefined
    if (native !== undefined) add(modules, native, { ...flattenNames(raw.module), migratedFromConnect: true })
    else
      for (const product of productsFor(raw, products)) {
        const type = `${product}:${raw.type}`
        const module = plain(raw.module)
        const number = (connectModules[type]?.length ?? 0) + 1
        add(connectModules, type, raw.type === 'webhooks' ? { key: `webhook-${number}`, ...module } : module)
      }
  }
  for (const product of products) addFixedModules(connectModules, descriptor, product)
  return { connectModules, modules }
}

/** What a descriptor says outside of its modules and a manifest inside of them. */
function addFixedModules(modules: Modules, descriptor: Descriptor, product: ManifestProduct): void {
  const { lifecycle, translations, cloudAppMigration } = descriptor
  if (isObject(lifecycle)) {
    const { 'dare-migration': _, ...calls } = lifecycle
    if (Object.keys(calls).length > 0) {
      add(modules, `${product}:lifecycle`, { key: 'lifecycle-events', ...plain(calls) })
    }
  }
  if (isObject(translations) && isObject(translations.paths)) {
    add(modules, `${product}:translations`, { key: 'connect-translations', paths: plain(translations.paths) })
  }
  if (isObject(cloudAppMigration) && typeof cloudAppMigration.migrationWebhookPath === 'string') {
    add(modules, `${product}:cloudAppMigration`, {
      key: 'connect-cloud-app-migration',
      migrationWebhookPath: cloudAppMigration.migrationWebhookPath
    })
  }
}

function add(modules: Modules, type: string, module: ManifestValue): void {
  modules[type] ??= []
  modules[type].push(module)
}

/** `{ value, i18n }` becomes its plain text. */
function flattenNames(module: Readonly<Record<string, unknown>>): Record<string, ManifestValue> {
  const entries = Object.entries(plain(module)).map(([name, value]): [string, ManifestValue] => [
    name,
    isObject(value) && typeof value.value === 'string' ? value.value : value
  ])
  return Object.fromEntries(entries)
}

/** A descriptor that was loaded is JSON, so a copy through text loses nothing. */
function plain(module: object): Record<string, ManifestValue> {
  return JSON.parse(JSON.stringify(module))
}
