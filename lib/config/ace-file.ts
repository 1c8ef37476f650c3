import { parseJson5 } from './json5.ts'

/** ACE's configuration file, with the section of one environment chosen. */
export interface AceFile {
  /** The name of the file, for messages. */
  readonly name: string
  readonly section: string
  readonly values: Readonly<Record<string, unknown>>
  readonly globals: Readonly<Record<string, unknown>>
}

type Environment = Readonly<Record<string, string | undefined>>

/** The section of the environment, or like ACE that of `development` where there is none. Throws what says the fault. */
export function readAceFile(text: string, name: string, environment: string): AceFile {
  const globals = parseJson5(text)
  if (!isObject(globals)) throw new Error('it must hold an object')
  const section = Object.hasOwn(globals, environment) && isObject(globals[environment]) ? environment : 'development'
  const values = globals[section]
  return { name, section, globals, values: isObject(values) ? values : {} }
}

/** Keys that no other tool's `config.json` is likely to have. */
const telling = [
  'allowedBaseUrls',
  'appKey',
  'errorTemplate',
  'expressErrorHandling',
  'hostScriptUrl',
  'localBaseUrl',
  'maxTokenAge',
  'setupInstallRoute',
  'store',
  'validateDescriptor',
  'whitelist'
]

/** Whether a file that happens to be called `config.json` is one of ACE's. */
export function isAceFile({ values }: AceFile): boolean {
  return telling.some((key) => Object.hasOwn(values, key))
}

/** A value with `$NAME` replaced by variables everywhere in it, and the names that are not set: their `$NAME` stays. */
export function replaceNames(
  value: unknown,
  env: Environment
): { readonly value: unknown; readonly missing: readonly string[] } {
  const missing: string[] = []
  const replace = (part: unknown): unknown => {
    if (typeof part === 'string') {
      return part.replace(/\$([a-zA-Z]\w*)/g, (written, name: string) => {
        const found = Object.hasOwn(env, name) ? env[name] : undefined
        if (found) return found
        missing.push(name)
        return written
      })
    }
    if (Array.isArray(part)) return part.map(replace)
    if (!isObject(part)) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, replace(inner)]))
  }
  return { value: replace(value), missing }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
