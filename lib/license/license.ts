import type { ForgeLicense } from '../forge/forge-claims.ts'
import { MalformedUrlError, parseSignedUrl } from '../jwt/signed-url.ts'
import type { VerifiedConnect } from '../jwt/verify-connect.ts'

/** Where the app learned about a license. */
export type LicenseSource = 'page' | 'invocation' | 'host'

/** What a verified source says about the license of the app on a site. */
export interface License {
  readonly active: boolean
  /** `false`: the source knows of no license at all, as for apps that are not paid and outside of production. */
  readonly known: boolean
  /** Such as `COMMERCIAL` or `DEVELOPER`, in upper case; `null` where the source does not tell. */
  readonly type: string | null
  /** `null` where the source does not tell. */
  readonly evaluation: boolean | null
  /** The edition; `null` where the source does not tell. */
  readonly capabilitySet: string | null
  readonly source: LicenseSource
  /** When the source said it, in milliseconds since 1970. */
  readonly seenAtMs: number
  /**
   * The license is not active, and a guard lets the app work on until then. `null`: it is active, none is needed here,
   * or no guard has judged.
   */
  readonly graceUntilMs: number | null
}

/**
 * What the query of a page says: the parameter `lic`, which the hash of a page token covers. `null` for every other
 * token, whose query anybody may have written, and for pages without it.
 */
export function licenseOfPage(connect: VerifiedConnect, url: string): License | null {
  if (connect.tokenKind !== 'page') return null
  const values = licenseParameters(url)
  if (values.length === 0) return null
  return Object.freeze({
    active: values.every((value) => value === 'active'),
    known: true,
    type: null,
    evaluation: null,
    capabilitySet: null,
    source: 'page',
    seenAtMs: connect.issuedAtSeconds * 1000,
    graceUntilMs: null
  })
}

function licenseParameters(url: string): string[] {
  try {
    return parseSignedUrl(url)
      .parameters.filter(([name]) => name === 'lic')
      .map(([, value]) => value)
  } catch (error) {
    if (error instanceof MalformedUrlError) return []
    throw error
  }
}

/** What an invocation token of Forge says. */
export function licenseOfInvocation(license: ForgeLicense | null, issuedAtSeconds: number): License {
  return Object.freeze({
    active: license?.active === true,
    known: license !== null,
    type: license?.type?.toUpperCase() ?? null,
    evaluation: license === null ? null : license.isEvaluation,
    capabilitySet: license?.capabilitySet ?? null,
    source: 'invocation',
    seenAtMs: issuedAtSeconds * 1000,
    graceUntilMs: null
  })
}

/** What the host says about the app (connect.md 7.4). */
export function licenseOfHost(answer: unknown, nowMs: number): License {
  const license = memberOf(answer, 'license')
  const known = typeof license === 'object' && license !== null
  const type = memberOf(license, 'type')
  const evaluation = memberOf(license, 'evaluation')
  const capabilitySet = memberOf(license, 'capabilitySet')
  return Object.freeze({
    active: memberOf(license, 'active') === true,
    known,
    type: typeof type === 'string' ? type.toUpperCase() : null,
    evaluation: typeof evaluation === 'boolean' ? evaluation : null,
    capabilitySet: typeof capabilitySet === 'string' ? capabilitySet : null,
    source: 'host',
    seenAtMs: nowMs,
    graceUntilMs: null
  })
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
