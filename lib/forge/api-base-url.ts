import { BoundedMap } from '../bounded-map.ts'
import { isUuid } from './ari.ts'

/** Where the product of a Forge call can be reached, checked. */
export interface ApiPlace {
  /** Without a trailing slash. */
  readonly url: string
  /** `jira`, `confluence`, `bitbucket` and so on. */
  readonly product: string
  /** `null` where the address names no site, as Bitbucket's. */
  readonly cloudId: string | null
}

/** Reads an `apiBaseUrl` of a token; `null` for an address that must not be called. */
export type ApiBaseUrlReader = (value: unknown) => ApiPlace | null

const SITE_PATH = /^\/ex\/([a-z][a-z0-9-]{0,63})\/([^/]+)$/
const BITBUCKET = 'api.bitbucket.org'
const MAX_REMEMBERED = 2000

/**
 * Accepts addresses below these origins only: `/ex/<product>/<cloudId>`, or Bitbucket's host, which has no such path
 * (forge.md 4.1). Whoever calls one hands over a bearer token.
 */
export function createApiBaseUrlReader(origins: readonly string[]): ApiBaseUrlReader {
  const known = new BoundedMap<string, ApiPlace>(MAX_REMEMBERED)
  return (value) => {
    if (typeof value !== 'string') return null
    const before = known.peek(value)
    if (before !== undefined) return before
    const place = read(value, origins)
    if (place !== null) known.set(value, place)
    return place
  }
}

function read(value: string, origins: readonly string[]): ApiPlace | null {
  if (!URL.canParse(value)) return null
  const url = new URL(value)
  const path = url.pathname.replace(/\/$/, '')
  // As it is written: a parser removes what a check for credentials, dots or a fragment would have to find.
  const written = value.replace(/\/$/, '')
  if (!origins.includes(url.origin) || written !== `${url.origin}${path}`) return null
  if (url.hostname === BITBUCKET)
    return path === '' ? place({ url: written, product: 'bitbucket', cloudId: null }) : null
  const [, product, cloudId] = SITE_PATH.exec(path) ?? []
  if (product === undefined || cloudId === undefined || !isUuid(cloudId)) return null
  return place({ url: written, product, cloudId })
}

function place(given: ApiPlace): ApiPlace {
  return Object.freeze(given)
}
