import { OptionError } from './errors.ts'

/** `*.atlassian.net` and `*.jira.com`: where production sites live (connect.md 2.4, rule 9). */
export const productionHosts: readonly string[] = Object.freeze(['*.atlassian.net', '*.jira.com'])

interface Rule {
  readonly protocol: 'https:' | 'http:'
  /** Everything after one label for a wildcard, else the whole host. */
  readonly host: string
  readonly wildcard: boolean
  readonly port: string
}

/** The sites that may install the app and frame its pages. */
export interface AllowedHosts {
  /** The canonical site base URL (no trailing slash), or `null` if this site may not install. */
  siteUrl(baseUrl: string): string | null
  /** The origin if the address may frame our pages or be linked to: https anywhere, http only where it is listed. */
  frameOrigin(url: string): string | null
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$|^\[[0-9a-f:]+\]$/

/**
 * Understands `host`, `*.host` (exactly one label) and either with `https://` or `http://` and a port before or behind it.
 * Throws OptionError, naming the entry of `option`.
 */
export function compileAllowedHosts(entries: readonly string[], option = 'allowedHosts'): AllowedHosts {
  const rules = entries.map((entry, index) => parseRule(entry, `${option}[${index}]`))
  const allows = (url: URL): boolean => rules.some((rule) => matches(rule, url))

  return Object.freeze({
    siteUrl(baseUrl: string): string | null {
      const url = parsePlainUrl(baseUrl)
      return url !== null && allows(url) ? withoutTrailingSlash(url.href) : null
    },
    frameOrigin(address: string): string | null {
      const url = parsePlainUrl(address)
      if (url === null) return null
      return url.protocol === 'https:' || allows(url) ? url.origin : null
    }
  })
}

/** Whether an entry or address stays on this machine or goes over plain http: fine for development, never in production. */
export function isInsecureAddress(entry: string): boolean {
  const rest = entry.toLowerCase().replace(/^https:\/\//, '')
  return rest.startsWith('http://') || isLoopbackHost(rest.replace(/[/].*$/, '').replace(/:\d+$/, ''))
}

export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '')
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '0.0.0.0' ||
    /^127\.\d+\.\d+\.\d+$/.test(host) ||
    // The unspecified address, the loopback one, and IPv4's loopback in IPv6.
    /^\[(?:::|::1|::ffff:(?:7f[0-9a-f]{2}:[0-9a-f]{1,4}|127\.[\d.]+|0:0|0\.0\.0\.0))\]$/.test(host)
  )
}

export function withoutTrailingSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}

function parseRule(entry: string, field: string): Rule {
  const match = /^(https:\/\/|http:\/\/)?(\*\.)?([^/:*]+|\[[^\]]+\])(?::(\d{1,5}))?$/.exec(entry)
  const host = match?.[3] ?? ''
  if (match === null || !HOST.test(host)) {
    throw new OptionError(
      field,
      entry,
      'it must be a host such as "example.atlassian.net", one label as in "*.atlassian.net", or an origin such as "http://127.0.0.1:3001"'
    )
  }
  const protocol = match[1] === 'http://' ? 'http:' : 'https:'
  const defaultPort = protocol === 'https:' ? '443' : '80'
  const port = match[4] ?? ''
  return { protocol, host, wildcard: match[2] !== undefined, port: port === defaultPort ? '' : port }
}

function matches(rule: Rule, url: URL): boolean {
  if (url.protocol !== rule.protocol || url.port !== rule.port) return false
  if (!rule.wildcard) return url.hostname === rule.host
  const suffix = `.${rule.host}`
  return url.hostname.endsWith(suffix) && LABEL.test(url.hostname.slice(0, -suffix.length))
}

/**
 * Only an address that means what it says: no credentials, query, fragment, backslash or other spelling that a URL
 * parser would quietly repair, and a host of letters and digits: `*` and `;` would speak in a Content-Security-Policy.
 */
function parsePlainUrl(address: string): URL | null {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  if (!HOST.test(url.hostname) || url.pathname.includes('//')) return null
  const plain = `${url.origin}${url.pathname}`
  return withoutTrailingSlash(plain).toLowerCase() === withoutTrailingSlash(address).toLowerCase() ? url : null
}
