/** Stands for a value that nobody knows yet; no route has it as fixed text. */
const unknownValue = '\u0000'

/**
 * Whether a route of the app may serve a path of the descriptor. `routePath` is any route path of Fastify
 * (parameters, expressions, an optional last parameter, a wildcard); `path` may be a concrete path or hold
 * `{variables}`, whose values are unknown and so fit parameters and wildcards only. Expressions in a route are taken
 * to fit: this is for finding routes that are surely missing, never for protecting one.
 */
export function matchesPath(routePath: string, path: string): boolean {
  const concrete = path.replace(/[?#].*$/s, '').replace(/\{[^{}]*\}/g, unknownValue)
  return routeExpression(routePath).test(decode(concrete))
}

function routeExpression(routePath: string): RegExp {
  const optional = /^(.*)\/(:[^/]+)\?$/s.exec(routePath)
  if (optional !== null) return new RegExp(`^${source(optional[1] ?? '')}(?:/${source(optional[2] ?? '')})?$`, 's')
  return new RegExp(`^${source(routePath)}$`, 's')
}

function source(route: string): string {
  let result = ''
  for (let at = 0; at < route.length; at++) {
    const letter = route[at] ?? ''
    if (letter === '*') result += '.*'
    else if (letter !== ':') result += escapeLetter(letter)
    else if (route[at + 1] === ':') {
      result += ':'
      at++
    } else {
      result += '[^/]*'
      at = parameterEnd(route, at + 1) - 1
    }
  }
  return result
}

/** The offset behind a parameter and its expression, if it has one. */
function parameterEnd(route: string, start: number): number {
  let end = start
  while (end < route.length && !'/-.('.includes(route[end] ?? '')) end++
  if (route[end] !== '(') return end
  let depth = 0
  for (; end < route.length; end++) {
    if (route[end] === '\\') end++
    else if (route[end] === '(') depth++
    else if (route[end] === ')' && --depth === 0) return end + 1
  }
  return end
}

function escapeLetter(letter: string): string {
  return letter.replace(/[\\^$.|?*+()[\]{}]/, '\\$&')
}

function decode(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
