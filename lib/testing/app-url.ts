import type { SiteApp } from './site.ts'

/** An address of the app, in the two forms that a signing host needs. */
export interface AppUrl {
  readonly absolute: string
  /** Path and query below the app's base URL: what the hash covers. */
  readonly signed: string
}

/** The base URL at which the host reaches the app, without a trailing slash. */
export function reachableBase(app: SiteApp): string {
  const { address } = app.connection
  const declared = URL.canParse(app.descriptor.baseUrl) ? new URL(app.descriptor.baseUrl) : null
  if (declared === null) {
    if (address !== null) return address
    throw new Error(`The app's descriptor has no usable base URL ("${app.descriptor.baseUrl}").`)
  }
  const origin = address === null ? declared.origin : new URL(address).origin
  return origin + declared.pathname.replace(/\/+$/, '')
}

/** Joins with exactly one slash, and writes the URL as the network will carry it, before it is hashed. */
export function appUrl(app: SiteApp, pathAndQuery: string): AppUrl {
  const base = reachableBase(app)
  const joiner = pathAndQuery.startsWith('/') || pathAndQuery.startsWith('?') || pathAndQuery === '' ? '' : '/'
  const url = new URL(base + joiner + pathAndQuery)
  url.hash = ''
  const basePath = new URL(base).pathname.replace(/\/+$/, '')
  return { absolute: url.href, signed: url.pathname.slice(basePath.length) + url.search }
}

/** Adds parameters the way the host writes them: percent-encoded, never with a plus sign. */
export function addQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const query = Object.entries(parameters)
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .join('&')
  if (query === '') return url
  return url + (url.includes('?') ? (/[?&]$/.test(url) ? '' : '&') : '?') + query
}

/** Everything but letters, digits and `-._~`. */
export function encodeStrictly(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  )
}
