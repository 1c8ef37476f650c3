type Part = { readonly text: string } | { readonly variable: string }

/** Encoded characters that the router keeps encoded, at least in places, so that fixed text of a route misses them. */
const keptEncoded = /%(?:2[3-6BCF]|3[ABDF]|40)/i
/** Two open-ended matches in a segment stay quick on any input; more of them would not. */
const maxVariables = 2

/**
 * The route path, as Fastify's router understands it, for a path or URL of the descriptor: a `{variable}` becomes a
 * parameter (`{issue.key}` is `:issueKey`), a query or fragment is dropped, `:` is escaped, and encoded letters are
 * decoded as the router decodes them. A segment that the router cannot express exactly is one parameter as a whole.
 */
export function pathPattern(url: string): string {
  const path = url.replace(/[?#].*$/s, '')
  const names = new Set<string>()
  const pattern = path
    .split('/')
    .map((segment) => segmentPattern(segment, names))
    .join('/')
  return pattern.startsWith('/') ? pattern : `/${pattern}`
}

/** Equal for two route paths exactly when the router takes them for the same route: names of parameters do not count. */
export function routeIdentity(routePath: string): string {
  return routePath.replace(/(?<!:)((?:::)*):[^:/(.-]+/g, '$1:')
}

function segmentPattern(segment: string, names: Set<string>): string {
  const parts = splitSegment(segment)
  const variables = parts.flatMap((part) => ('variable' in part ? [part.variable] : []))
  const fixed = parts.flatMap((part) => ('text' in part ? [part.text] : []))
  const exact =
    variables.length <= maxVariables && !keptEncoded.test(segment) && !fixed.some((text) => text.includes('*'))
  if (!exact) return `:${parameterName(variables.join(' '), names)}`
  // A bare parameter runs to the end of its segment; anything behind it needs the form with an expression.
  const last = parts.at(-1)
  const open = variables.length === 1 && last !== undefined && 'variable' in last ? '' : '(.*)'
  return parts
    .map((part) =>
      'text' in part ? part.text.replaceAll(':', '::') : `:${parameterName(part.variable, names)}${open}`
    )
    .join('')
}

function splitSegment(segment: string): Part[] {
  return segment
    .split(/(\{[^{}]*\})/)
    .filter((piece) => piece !== '')
    .map((piece) => (/^\{[^{}]*\}$/.test(piece) ? { variable: piece.slice(1, -1) } : { text: decode(piece) }))
}

/** A name of letters and digits that no other parameter of the path and no member of Object.prototype has. */
function parameterName(variable: string, names: Set<string>): string {
  const [first = '', ...rest] = variable.split(/[^a-zA-Z0-9]+/).filter((word) => word !== '')
  const joined = first + rest.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')
  const base = joined === '' ? 'segment' : /^\d/.test(joined) || joined in {} ? `var${joined}` : joined
  let name = base
  for (let count = 2; names.has(name); count++) name = `${base}${count}`
  names.add(name)
  return name
}

function decode(text: string): string {
  try {
    return decodeURI(text)
  } catch {
    return text
  }
}
