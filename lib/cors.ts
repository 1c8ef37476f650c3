import { type AllowedHosts, compileAllowedHosts, isInsecureAddress } from './allowed-hosts.ts'
import { OptionError } from './errors.ts'

/** Which origins may call a route from a browser: the sites that may install the app, or a list of its own. */
export type CorsOption = true | readonly string[]

/** What was decided for one route. */
export interface CorsRule {
  /** Whether a page of this origin may read the answer. */
  allows(origin: string): boolean
}

/** What a browser asks before it sends a request across origins. */
export interface Preflight {
  readonly origin: string | undefined
  /** `Access-Control-Request-Method`. */
  readonly method: string | undefined
  /** `Access-Control-Request-Headers`. */
  readonly headers: string | undefined
}

/** Browsers ask again after that long, so that a shortened list has an effect soon. */
const MAX_AGE_SECONDS = 600
/** What a front end of this package sends; enough for callers that do not say what they want. */
const USUAL_HEADERS = 'authorization, content-type'
const HEADER_LIST = /^[a-z0-9-]{1,64}(?:, ?[a-z0-9-]{1,64}){0,31}$/i

/**
 * `true` takes the patterns of `hosts`; a list has the same forms as `allowedHosts`. In production an address that is
 * not https, or on this machine, is refused. Throws OptionError, naming `field`.
 */
export function compileCors(option: unknown, field: string, hosts: AllowedHosts, production: boolean): CorsRule {
  const allowed = option === true ? hosts : compileAllowedHosts(listOf(option, field, production), field)
  // An origin is a site URL without a path; anything that is repaired on the way was no origin.
  return Object.freeze({ allows: (origin: string) => allowed.siteUrl(origin) === origin })
}

/** The headers that let the browser go on, or `null` where it is not a preflight or may not. */
export function answerPreflight(
  { origin, method, headers }: Preflight,
  rules: ReadonlyMap<string, CorsRule>
): Readonly<Record<string, string>> | null {
  if (origin === undefined || method === undefined) return null
  if (rules.get(method)?.allows(origin) !== true) return null
  const wanted = headers !== undefined && HEADER_LIST.test(headers) ? headers.toLowerCase() : USUAL_HEADERS
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': method,
    'access-control-allow-headers': wanted,
    'access-control-max-age': String(MAX_AGE_SECONDS),
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'
  }
}

/** A `Vary` header with `Origin` in it, whatever the handler wrote there. */
export function varyByOrigin(present: unknown): string {
  const text = [present ?? []].flat().join(', ')
  if (text === '') return 'Origin'
  return /(?:^|,)\s*(?:origin|\*)\s*(?:,|$)/i.test(text) ? text : `${text}, Origin`
}

function listOf(option: unknown, field: string, production: boolean): string[] {
  const list: unknown[] = Array.isArray(option) ? option : []
  if (list.length === 0 || !list.every((entry) => typeof entry === 'string')) {
    throw new OptionError(field, option, 'it must be true, for the sites of "allowedHosts", or a list of origins')
  }
  const insecure = production ? list.find(isInsecureAddress) : undefined
  if (insecure !== undefined) {
    throw new OptionError(field, insecure, 'in production it must be https and not on this machine')
  }
  return list
}
