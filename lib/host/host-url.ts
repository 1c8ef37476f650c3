import { AtlassianError } from '../errors.ts'

export type QueryValue = string | number | boolean | null | undefined
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>

/**
 * The absolute address of a path under the tenant's base URL. Accepts a path (`/rest/api/3/myself`), the same with the
 * base path in front (`/wiki/rest/…`) or a full address; all of them have to end up under the base URL after dot
 * segments are resolved. Throws AtlassianError `ATL_HOST_ADDRESS`.
 */
export function resolveHostUrl(baseUrl: string, target: string, query?: Query): URL {
  const base = new URL(baseUrl)
  const basePath = base.pathname === '/' ? '' : base.pathname
  const url = parseTarget(base, basePath, target)
  const underBase = basePath === '' || url.pathname === basePath || url.pathname.startsWith(`${basePath}/`)
  // The protocol too: a blob: address has the origin of the address inside of it.
  const sameSite = url.origin === base.origin && url.protocol === base.protocol
  if (!isSafeProtocol(base)) throw new AtlassianError('ATL_HOST_ADDRESS', 'not-https', { origin: base.origin })
  if (!sameSite || !underBase || hasHiddenDots(url.pathname) || url.username !== '' || url.password !== '') {
    throw new AtlassianError('ATL_HOST_ADDRESS', 'outside-base-url', { origin: url.origin })
  }
  url.hash = ''
  // Some parsers of URLs encode these and some do not, and the hash is over what they see; encoded, all agree.
  if (/['|^]/.test(url.pathname)) url.pathname = url.pathname.replace(/['|^]/g, encodedCharacter)
  appendQuery(url, query)
  return url
}

/**
 * Dot segments that a parser leaves and a server behind a proxy may still see: after an encoded slash, encoded twice, or
 * with path parameters behind them. Such a server would climb out of the base path.
 */
function hasHiddenDots(path: string): boolean {
  if (!/[%;]/.test(path)) return false
  const plain = path
    .replace(/%(?:25)+/gi, '%')
    .replace(/%2e/gi, '.')
    .replace(/%(?:2f|5c)/gi, '/')
    .replace(/%3b/gi, ';')
  return plain.split('/').some((part) => /^\.{1,2}(?:;.*|%00.*)?$/.test(part))
}

/** Credentials travel over https, except to this machine. */
function isSafeProtocol({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true
  return protocol === 'http:' && /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}

function encodedCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

function parseTarget(base: URL, basePath: string, target: string): URL {
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(target)
  if (absolute) {
    if (!URL.canParse(target)) throw new AtlassianError('ATL_HOST_ADDRESS', 'address')
    return new URL(target)
  }
  // A second slash or a backslash would name another host.
  if (/^[/\\]{2}/.test(target) || target.includes('\\')) throw new AtlassianError('ATL_HOST_ADDRESS', 'address')
  const path = target.startsWith('/') ? target : `/${target}`
  const full = basePath !== '' && !hasPrefix(path, basePath) ? `${basePath}${path}` : path
  return new URL(`${base.origin}${full}`)
}

/** A path without the context path that may be in front of it; full addresses stay as they are. */
export function withoutContextPath(target: string, contextPath: string): string {
  const path = target.startsWith('/') ? target : `/${target}`
  return contextPath !== '' && hasPrefix(path, contextPath) ? path.slice(contextPath.length) : target
}

function hasPrefix(path: string, basePath: string): boolean {
  return path.startsWith(basePath) && /^(?:[/?#]|$)/.test(path.slice(basePath.length))
}

function appendQuery(url: URL, query: Query | undefined): void {
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined) url.searchParams.append(name, String(item))
    }
  }
}
