/** An address of the app below its base URL. */
export interface AppAddress {
  /** Path and query, as the host appends them to the base URL; begins with a slash, may hold `{variables}`. */
  readonly url: string
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
}

/**
 * The address that a URL of the descriptor names, or `null` when it is not below `baseUrl`: another origin,
 * another path on the same origin, another scheme. Fragments never reach a server and are dropped.
 */
export function appAddress(url: string, baseUrl: string): AppAddress | null {
  const relative = relativeUrl(url, baseUrl)?.replace(/#.*$/s, '')
  if (relative === undefined) return null
  const mark = relative.indexOf('?')
  const rawPath = mark === -1 ? relative : relative.slice(0, mark)
  const query = mark === -1 ? '' : relative.slice(mark + 1)
  const path = rawPath.startsWith('/') ? rawPath : `/${rawPath}`
  return { url: query === '' ? path : `${path}?${query}`, path, query }
}

function relativeUrl(url: string, baseUrl: string): string | undefined {
  if (!isAbsolute(url)) return url
  const parts = /^(https?:\/\/[^/?#]*)(.*)$/is.exec(url)
  if (parts?.[1] === undefined || parts[2] === undefined || !URL.canParse(parts[1]) || !URL.canParse(baseUrl))
    return undefined
  const base = new URL(baseUrl)
  const basePath = base.pathname.replace(/\/+$/, '')
  if (new URL(parts[1]).origin !== base.origin || !parts[2].startsWith(basePath)) return undefined
  const rest = parts[2].slice(basePath.length)
  return rest === '' || /^[/?#]/.test(rest) ? rest : undefined
}

/** True for anything that a browser would not resolve below the base URL, such as `https:`, `data:` and `//host`. */
export function isAbsolute(url: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|[\\/]{2})/i.test(url)
}
