import { parseAcOpts } from './ac-opts.ts'
import { type AceFile, isObject, replaceNames } from './ace-file.ts'
import { type AceKey, aceKeys } from './ace-keys.ts'
import type { Draft } from './draft.ts'
import { PREFIX } from './variables.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What ACE's variables and file add to the draft, below everything that is set already. */
export function readAce(draft: Draft, file: AceFile | null, env: Environment, environment: string): void {
  readAcOpts(draft, env.AC_OPTS)
  readOtherVariables(draft, env)
  for (const key of aceKeys) readKey(key, draft, file, env, environment)
}

/** Says what ACE would allow: outside of production every host may install there, unless a list names some. */
export function sayAllowList(draft: Draft, file: AceFile | null, env: Environment, production: boolean): void {
  const used = file !== null || aceKeys.some(({ variable = '' }) => variable.startsWith('AC_') && env[variable])
  if (!used || production || draft.has('allowedHosts')) return
  draft.notice(
    'ACE lets every host install outside of production, this app does not: only *.atlassian.net and *.jira.com may, ' +
      `until ${PREFIX}ALLOWED_HOSTS or AC_HOST_WHITELIST names others`
  )
}

function readAcOpts(draft: Draft, text: string | undefined): void {
  const { refused, unknown } = parseAcOpts(text)
  for (const sentence of refused) draft.problem('AC_OPTS', sentence)
  if (unknown.length > 0) draft.notice(`AC_OPTS: ${unknown.length} of its words mean nothing, here and in ACE`)
}

/** Variables of ACE that stand for no key of its file. */
function readOtherVariables(draft: Draft, env: Environment): void {
  const { DB_URL, CONNECT_KEYS_CDN_URL, SCHEMA_HOST } = env
  if (DB_URL) draft.read('store', { type: 'database' }, DB_URL, 'DB_URL', true)
  if (CONNECT_KEYS_CDN_URL) {
    draft.read('installKeyHosts', { type: 'list', of: 'url' }, CONNECT_KEYS_CDN_URL, 'CONNECT_KEYS_CDN_URL')
  }
  if (SCHEMA_HOST)
    draft.notice('SCHEMA_HOST is not needed: the descriptor is checked without a schema from the network')
}

function readKey(key: AceKey, draft: Draft, file: AceFile | null, env: Environment, environment: string): void {
  if (key.options.length > 0 && key.options.every((option) => draft.has(option))) return
  const given = find(key, file, env)
  if (given === null) return
  const { value, missing } = withPort(key, replaceNames(given.value, given.inFile ? env : {}), draft)
  const [name] = given.inFile ? missing : []
  if (name !== undefined) {
    draft.problem(given.from, sentenceOf(name, given.value, key))
    return
  }
  key.read({
    draft,
    value,
    from: given.from,
    environment,
    other: (otherKey) => replaceNames(file?.values[otherKey], env).value
  })
}

/** Behind a `$` in an address of a database may stand a piece of its password: only a name that stands alone is told. */
function sentenceOf(name: string, given: unknown, { secret }: AceKey): string {
  const isAlone = secret !== true || (isObject(given) && Object.values(given).includes(`$${name}`))
  return isAlone
    ? `it names the variable $${name}, which is not set`
    : 'it names a variable that is not set; write a "$" of a password as "%24"'
}

interface Given {
  readonly value: unknown
  readonly from: string
  readonly inFile: boolean
}

/** ACE's order: the variable, the section, and for some keys what stands outside of the sections. */
function find({ key, variable, global }: AceKey, file: AceFile | null, env: Environment): Given | null {
  const text = variable === undefined ? undefined : env[variable]
  if (variable !== undefined && text) return { value: text, from: variable, inFile: false }
  if (file === null) return null
  const inSection = file.values[key]
  if (isGiven(inSection)) return { value: inSection, from: `${file.name}: ${file.section}.${key}`, inFile: true }
  const outside = global === true ? file.globals[key] : undefined
  return isGiven(outside) ? { value: outside, from: `${file.name}: ${key}`, inFile: true } : null
}

/** Like ACE, an empty text counts as nothing. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** `$port` in ACE's base URL is the port, from wherever it comes. */
function withPort(
  { key }: AceKey,
  replaced: { readonly value: unknown; readonly missing: readonly string[] },
  draft: Draft
): { readonly value: unknown; readonly missing: readonly string[] } {
  if (key !== 'localBaseUrl' || typeof replaced.value !== 'string') return replaced
  return {
    value: replaced.value.replace(/\$port(?!\w)/g, String(draft.get('port') ?? 3000)),
    missing: replaced.missing.filter((name) => name !== 'port')
  }
}

/** Keys that ACE does not know: the app's own, which it reads as `addon.config.name()`. Names that are not set stay. */
export function ownKeys(file: AceFile | null, env: Environment): Record<string, unknown> {
  if (file === null) return {}
  const known = new Set(aceKeys.map(({ key }) => key))
  const sections = new Set([file.section, 'development', 'production'])
  const outside = Object.entries(file.globals).filter(([name, value]) => !(sections.has(name) && isObject(value)))
  const own = [...outside, ...Object.entries(file.values)].filter(([name]) => !known.has(name))
  return Object.fromEntries(own.map(([name, value]) => [name, replaceNames(value, env).value]))
}
