import { compileAllowedHosts } from '../allowed-hosts.ts'
import { appAri } from '../forge/ari.ts'

/** The types that a variable may have. */
export type Kind =
  | { readonly type: 'text' }
  /** An http(s) address without credentials or fragment; `query` allows one. */
  | { readonly type: 'url'; readonly query?: true }
  | { readonly type: 'path' }
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly values: readonly string[] }
  | { readonly type: 'list'; readonly of: 'text' | 'url' | 'host' }
  /** The id of an app of Forge. */
  | { readonly type: 'forge-app' }
  | { readonly type: 'database' }
  | { readonly type: 'keys' }

/** A value of the right type, or what would be one. */
export type Checked = { readonly value: unknown } | { readonly expected: string }

/** Reads a value from the text of a variable, or takes one of a file that has the type already. Never quotes it. */
export function checkValue(kind: Kind, given: unknown): Checked {
  const value = read(kind, typeof given === 'string' ? given.trim() : given)
  return value === undefined ? { expected: `it must be ${inWords(kind)}` } : { value }
}

/** What a value of this type is, for messages and documents. */
export function inWords(kind: Kind): string {
  switch (kind.type) {
    case 'text':
      return 'a text of one line'
    case 'url':
      return `an http(s) address without credentials${kind.query ? '' : ', query'} or fragment`
    case 'path':
      return 'a path such as "/connect"'
    case 'integer':
      return `a whole number from ${kind.min} to ${kind.max}`
    case 'boolean':
      return 'true or false (or 1 or 0)'
    case 'choice':
      return `one of ${kind.values.join(', ')}`
    case 'list':
      return listWords[kind.of]
    case 'forge-app':
      return 'the id of the app in its manifest, a UUID or an ARI'
    case 'database':
      return 'a database address: sqlite:file, postgres://…, mysql://… or redis://…'
    case 'keys':
      return 'keys as ID=KEY with commas between them, the newest first, each KEY 32 bytes as base64 text'
  }
}

const listWords = {
  text: 'texts with commas between them',
  url: 'http(s) addresses without credentials, query or fragment, with commas between them',
  host: 'hosts such as "acme.atlassian.net", "*." before one, or origins, with commas between them'
}

function read(kind: Kind, given: unknown): unknown {
  switch (kind.type) {
    case 'text':
      return isText(given) ? given : undefined
    case 'url':
      return isUrl(given, kind.query === true) ? given : undefined
    case 'path':
      return typeof given === 'string' && /^(?:\/|(?:\/[A-Za-z0-9._~-]+)+)$/.test(given) ? given : undefined
    case 'integer':
      return toInteger(given, kind)
    case 'boolean':
      return toBoolean(given)
    case 'choice':
      return kind.values.find((value) => value === given)
    case 'list':
      return toList(given, kind.of)
    case 'forge-app':
      return isText(given) && appAri(given) !== null ? given : undefined
    case 'database':
      return isText(given) && DATABASE.test(given) ? given : undefined
    case 'keys':
      return typeof given === 'string' ? toKeys(given) : undefined
  }
}

const DATABASE = /^(?:postgres(?:ql)?|mysql|mariadb|rediss?|sqlite|file):|^:memory:$|\.sqlite3?$/i

function isText(given: unknown): given is string {
  return typeof given === 'string' && given !== '' && !/\p{Cc}/u.test(given)
}

function isUrl(given: unknown, query: boolean): boolean {
  if (!isText(given) || !/^https?:\/\//i.test(given) || !URL.canParse(given)) return false
  const { username, password } = new URL(given)
  return username === '' && password === '' && !given.includes('#') && (query || !given.includes('?'))
}

function toInteger(given: unknown, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
  const number = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given
  return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max ? number : undefined
}

function toBoolean(given: unknown): boolean | undefined {
  if (given === true || given === 'true' || given === '1') return true
  return given === false || given === 'false' || given === '0' ? false : undefined
}

/** Whether an entry of `allowedHosts` is one. */
function isHost(given: unknown): boolean {
  if (!isText(given)) return false
  try {
    compileAllowedHosts([given])
    return true
  } catch {
    return false
  }
}

const itemChecks = { text: isText, url: (item: unknown) => isUrl(item, false), host: isHost }

function toList(given: unknown, of: 'text' | 'url' | 'host'): string[] | undefined {
  const items: unknown[] | undefined =
    typeof given === 'string' ? given.split(',') : Array.isArray(given) ? given : undefined
  const read = items?.map((item) => (typeof item === 'string' ? item.trim() : item)).filter((item) => item !== '')
  if (read === undefined || read.length === 0) return undefined
  return read.every((item): item is string => itemChecks[of](item)) ? read : undefined
}

/** Commas or lines divide the keys; a `=` at the end of one belongs to its base64 text. */
function toKeys(given: string): { id: string; key: string }[] | undefined {
  const keys: { id: string; key: string }[] = []
  for (const part of given.split(/[,\n]/).map((part) => part.trim())) {
    if (part === '') continue
    const [, id = '', key = ''] = /^([A-Za-z0-9_-]{1,64})=([A-Za-z0-9+/_-]+=*)$/.exec(part) ?? []
    if (Buffer.from(key, 'base64').length !== 32 || keys.some((other) => other.id === id)) return undefined
    keys.push({ id, key })
  }
  return keys.length === 0 ? undefined : keys
}
