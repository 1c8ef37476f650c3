import { OptionError } from '../errors.ts'
import { connectTarget, type ServiceLookup, type ServiceParts } from './service-target.ts'

/** One module as it would stand in the descriptor. */
export interface DynamicModule {
  readonly key: string
  readonly [member: string]: unknown
}

/** Modules by their type, as in the descriptor's `modules`. */
export type DynamicModuleMap = Readonly<Record<string, DynamicModule | readonly DynamicModule[]>>

/**
 * `app.atlassian.dynamicModules`: modules of Connect that one site has beside those of the descriptor. They end with
 * the installation. All methods reject with HostError for what the host refuses, `ATL_HOST_PRODUCT` for a tenant that
 * only Forge knows, and as `hostClient` does.
 */
export interface DynamicModules {
  /**
   * Adds modules. Throws `ATL_OPTION` for a key that is wrong, given twice, or in the descriptor, and for more than 300.
   * The host takes all of them, or none.
   */
  register(lookup: ServiceLookup, modules: DynamicModuleMap): Promise<void>
  /** Every registered module by its type. */
  list(lookup: ServiceLookup): Promise<Record<string, readonly DynamicModule[]>>
  /** Removes these and only these. Throws `ATL_OPTION` for an empty list, which the host would take for all. */
  remove(lookup: ServiceLookup, keys: readonly string[]): Promise<void>
  removeAll(lookup: ServiceLookup): Promise<void>
}

const PATH = '/rest/atlassian-connect/1/app/module/dynamic'
const MAX_MODULES = 300
/** So that the address of one call stays short enough for every proxy. */
const KEYS_OF_A_CALL = 50

export interface DynamicModuleParts extends ServiceParts {
  /** Keys of the modules of the descriptor. */
  readonly staticKeys: ReadonlySet<string>
}

/** The service. */
export function createDynamicModules(parts: DynamicModuleParts): DynamicModules {
  const client = (lookup: ServiceLookup) => connectTarget(parts, lookup, 'dynamic modules of this kind')

  return Object.freeze({
    async register(lookup: ServiceLookup, modules: DynamicModuleMap) {
      checkModules(modules, parts.staticKeys)
      await (await client(lookup)).post(PATH, { ...modules })
    },
    async list(lookup: ServiceLookup) {
      const answer = await (await client(lookup)).get<DynamicModuleMap>(PATH)
      return Object.fromEntries(Object.entries(answer ?? {}).map(([type, modules]) => [type, listOf(modules)]))
    },
    async remove(lookup: ServiceLookup, keys: readonly string[]) {
      if (keys.length === 0)
        throw new OptionError('keys', keys, 'it must name at least one module; "removeAll" ends all')
      for (const key of keys) checkKey(key)
      const called = await client(lookup)
      for (let at = 0; at < keys.length; at += KEYS_OF_A_CALL) {
        const query = new URLSearchParams(
          keys.slice(at, at + KEYS_OF_A_CALL).map((key): [string, string] => ['moduleKey', key])
        )
        await called.delete(`${PATH}?${query}`, { retry: true })
      }
    },
    async removeAll(lookup: ServiceLookup) {
      await (await client(lookup)).delete(PATH, { retry: true })
    }
  })
}

/** Keys of every module in the descriptor's `modules`. */
export function moduleKeys(modules: unknown): ReadonlySet<string> {
  const found = Object.values(typeof modules === 'object' && modules !== null ? modules : {}).flat()
  return new Set(
    found.flatMap((one: unknown) => {
      const key: unknown = typeof one === 'object' && one !== null ? Reflect.get(one, 'key') : undefined
      return typeof key === 'string' ? [key] : []
    })
  )
}

function checkModules(modules: DynamicModuleMap, staticKeys: ReadonlySet<string>): void {
  const keys = new Set<string>()
  for (const [type, given] of Object.entries(modules)) {
    if (!/^[A-Za-z]{1,100}$/.test(type))
      throw new OptionError('modules', type, 'a type is a word such as "jiraIssueFields"')
    for (const { key } of listOf(given)) {
      checkKey(key)
      if (keys.has(key)) throw new OptionError(`modules.${type}`, key, 'each module needs a key of its own')
      if (staticKeys.has(key)) throw new OptionError(`modules.${type}`, key, 'a module of the descriptor has this key')
      keys.add(key)
    }
  }
  if (keys.size === 0) throw new OptionError('modules', modules, 'it must hold at least one module')
  if (keys.size > MAX_MODULES) throw new OptionError('modules', keys.size, `a site takes at most ${MAX_MODULES}`)
}

function checkKey(key: unknown): void {
  if (typeof key === 'string' && /^[A-Za-z0-9-]{1,100}$/.test(key)) return
  throw new OptionError('key', key, 'the key of a module is 1 to 100 letters, digits and hyphens')
}

function listOf(modules: DynamicModule | readonly DynamicModule[]): readonly DynamicModule[] {
  return [modules].flat()
}
