import { hash } from 'node:crypto'
import { constantTimeEqual } from './constant-time.ts'
import { MalformedUrlError, type Parameter, parseSignedUrl, type SignedUrl } from './signed-url.ts'

/** The fixed text that a context token carries instead of a hash. */
export const CONTEXT_QSH = 'context-qsh'

/** Which order the names and values were sorted in: documentation says encoded, the reference library decodes first. */
type SortOrder = 'encoded' | 'decoded'

/**
 * The text that is hashed: METHOD, path and query joined by `&`, by the rules of connect.md 4.1, with names sorted as
 * documented (encoded). `basePath` is the path of the base URL and is removed at a segment border only.
 * Throws MalformedUrlError.
 */
export function canonicalRequest(method: string, url: string, basePath = ''): string {
  const parsed = parseSignedUrl(url)
  return canonicalText(method, canonicalPath(parsed.path, basePath.replace(/\/$/, '')), parsed.parameters, 'encoded')
}

/** Lower-case hex SHA-256 of the canonical request. Throws MalformedUrlError. */
export function queryStringHash(method: string, url: string, basePath = ''): string {
  return sha256(canonicalRequest(method, url, basePath))
}

export interface HashInput {
  readonly method: string
  readonly url: SignedUrl
  readonly basePaths: readonly string[]
  /** Whether a path below none of the base paths has no hash at all, because no host can have signed it. */
  readonly needsBasePath?: boolean
  /** Form fields, given only where the body may take the place of an empty query (rule 15). */
  readonly form?: readonly Parameter[] | undefined
}

/**
 * Whether `claimed` is a hash of this request in one of the readings that hosts are known to use: names sorted
 * encoded or decoded, the path raw or decoded once, the query or (where given) the form. The usual reading is first,
 * so that a good request is hashed once.
 */
export function matchesQueryStringHash(claimed: string, input: HashInput): boolean {
  return pathsBelow(input).some((path) => matchesPath(claimed, path, input))
}

function matchesPath(claimed: string, path: string, { method, url, form }: HashInput): boolean {
  if (matchesParameters(claimed, method, path, url.parameters)) return true
  const decoded = decodedPath(path)
  if (decoded !== null && matchesParameters(claimed, method, decoded, url.parameters)) return true
  return form !== undefined && url.query === '' && matchesParameters(claimed, method, path, form)
}

/** The path below each base path that fits, since one base may lie inside another; as it came if none does. */
function pathsBelow({ url, basePaths, needsBasePath = false }: HashInput): string[] {
  const below = basePaths.filter((basePath) => isBelow(url.path, basePath))
  if (below.length > 0) return below.map((basePath) => canonicalPath(url.path, basePath))
  return needsBasePath ? [] : [canonicalPath(url.path, '')]
}

function matchesParameters(claimed: string, method: string, path: string, parameters: readonly Parameter[]): boolean {
  if (constantTimeEqual(sha256(canonicalText(method, path, parameters, 'encoded')), claimed)) return true
  // Both orders agree unless something had to be encoded.
  if (parameters.length < 2 || parameters.every(isPlainParameter)) return false
  return constantTimeEqual(sha256(canonicalText(method, path, parameters, 'decoded')), claimed)
}

function isPlainParameter([name, value]: Parameter): boolean {
  return UNRESERVED.test(name) && UNRESERVED.test(value)
}

function canonicalText(method: string, path: string, parameters: readonly Parameter[], order: SortOrder): string {
  return `${method.toUpperCase()}&${path}&${canonicalQuery(parameters, order)}`
}

function isBelow(path: string, basePath: string): boolean {
  return basePath !== '' && (path === basePath || path.startsWith(`${basePath}/`))
}

function canonicalPath(rawPath: string, basePath: string): string {
  let path = isBelow(rawPath, basePath) ? rawPath.slice(basePath.length) : rawPath
  if (path === '') return '/'
  if (path.charCodeAt(0) !== 47) path = `/${path}`
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1)
  return path.includes('&') ? path.replaceAll('&', '%26') : path
}

// Decoding these would make another path, so that a token for one address would open another.
const STRUCTURAL = /%(?:2f|5c|2e|3f|23|25|3b|00)/i

function decodedPath(path: string): string | null {
  if (!path.includes('%') || STRUCTURAL.test(path)) return null
  try {
    return decodeURIComponent(path).replaceAll('&', '%26')
  } catch {
    return null
  }
}

function canonicalQuery(parameters: readonly Parameter[], order: SortOrder): string {
  if (parameters.length === 0) return ''
  const entries = parameters.map(([name, value]) => toEntry(name, value, order))
  entries.sort(compareEntries)
  let text = ''
  let previous: string | null = null
  for (const entry of entries) {
    if (entry.name === previous) text += `,${entry.value}`
    else text += previous === null ? `${entry.name}=${entry.value}` : `&${entry.name}=${entry.value}`
    previous = entry.name
  }
  return text
}

interface Entry {
  readonly name: string
  readonly value: string
  readonly nameKey: string
  readonly valueKey: string
}

function toEntry(name: string, value: string, order: SortOrder): Entry {
  const encodedName = encode(name)
  const encodedValue = encode(value)
  return order === 'encoded'
    ? { name: encodedName, value: encodedValue, nameKey: encodedName, valueKey: encodedValue }
    : { name: encodedName, value: encodedValue, nameKey: name, valueKey: value }
}

function compareEntries(a: Entry, b: Entry): number {
  if (a.nameKey !== b.nameKey) return a.nameKey < b.nameKey ? -1 : 1
  if (a.valueKey === b.valueKey) return 0
  return a.valueKey < b.valueKey ? -1 : 1
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/

function encode(text: string): string {
  if (UNRESERVED.test(text)) return text
  try {
    return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  } catch {
    throw new MalformedUrlError('a lone surrogate cannot be encoded')
  }
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}
