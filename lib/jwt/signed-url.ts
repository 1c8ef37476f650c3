/** The target of a request, taken apart once: everything that the token search and the hash need. */
export interface SignedUrl {
  /** Raw path as received, never decoded. */
  readonly path: string
  /** Raw query without its question mark; empty if there is none. */
  readonly query: string
  /** Decoded name and value pairs in order, without those named `jwt`. */
  readonly parameters: readonly Parameter[]
  /** Every value of a parameter named `jwt`. */
  readonly tokens: readonly string[]
}

export type Parameter = readonly [name: string, value: string]

const NONE: readonly never[] = Object.freeze([])

/** Thrown for a percent sequence that is not UTF-8: such a request has no hash (connect.md 4.1, rule 7). */
export class MalformedUrlError extends Error {}

/**
 * Takes a raw request target apart. Accepts absolute targets too.
 * Parses every parameter: Node's own parser stops after 1000 and would leave the rest outside of the hash.
 * Throws MalformedUrlError.
 */
export function parseSignedUrl(target: string): SignedUrl {
  let url = target
  const fragment = url.indexOf('#')
  if (fragment !== -1) url = url.slice(0, fragment)
  const scheme = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i.exec(url)
  if (scheme !== null) url = url.slice(scheme[0].length)

  const question = url.indexOf('?')
  if (question === -1) return { path: url, query: '', parameters: NONE, tokens: NONE }

  const query = url.slice(question + 1)
  const parameters: Parameter[] = []
  const tokens: string[] = []
  let start = 0
  while (start <= query.length) {
    let end = query.indexOf('&', start)
    if (end === -1) end = query.length
    if (end > start) {
      let equals = query.indexOf('=', start)
      if (equals === -1 || equals > end) equals = end
      const name = decode(query.slice(start, equals))
      const value = equals === end ? '' : decode(query.slice(equals + 1, end))
      if (name === 'jwt') tokens.push(value)
      else parameters.push([name, value])
    }
    start = end + 1
  }
  return { path: url.slice(0, question), query, parameters, tokens }
}

const NEEDS_DECODING = /[%+]/

function decode(text: string): string {
  if (!NEEDS_DECODING.test(text)) return text
  try {
    return decodeURIComponent(text.includes('+') ? text.replaceAll('+', ' ') : text)
  } catch {
    throw new MalformedUrlError('a percent sequence is not UTF-8')
  }
}
