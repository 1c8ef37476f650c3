import type { FetchLike } from '../../ports.ts'
import type { Secret } from '../../secret.ts'
import type { DevSite } from '../dev-events.ts'

/** What is to be registered. */
export interface Registration {
  readonly appKey: string
  readonly descriptorUrl: string
  /** Also when the app is there already. */
  readonly force: boolean
  /** The address was made a moment ago: not every name server knows it. */
  readonly fresh?: boolean
}

/** What became of it. `disabled`: it is there, but an administrator had switched it off; `present`: left as it was. */
export type RegistrationResult = 'registered' | 'disabled' | 'present'

/** One place where an app can be registered while it is developed. Both reject with RegistrationError. */
export interface SiteClient {
  readonly name: string
  /** As events tell it. */
  readonly site: DevSite
  register(registration: Registration, signal: AbortSignal): Promise<RegistrationResult>
  /** Resolves also when the app was not there. */
  deregister(appKey: string, signal: AbortSignal): Promise<void>
}

/** A site did not do what it was asked. The message is one or two sentences for the developer. */
export class RegistrationError extends Error {}

/** The site took the order and could not carry it out: most often it did not get the descriptor. */
export class InstallFailedError extends RegistrationError {}

/** How long a site may take. */
export interface SiteTiming {
  readonly requestMs: number
  /** From the request to install until the site says how it went. */
  readonly installMs: number
}

/** What Atlassian's own tools grant. */
export const siteTiming: SiteTiming = { requestMs: 15_000, installMs: 30_000 }

/** An answer of a site, read whole. */
export interface SiteAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** `undefined` if the text is no JSON. */
  readonly json: unknown
}

/** One request; rejects with RegistrationError when no answer came. */
export type CallSite = (method: string, url: string, signal: AbortSignal, body?: SiteBody) => Promise<SiteAnswer>

/** A JSON body, and the media type that the site wants for it. */
export interface SiteBody {
  readonly type: string
  readonly value: object
}

/** Calls with the login in the header. Redirects are not followed: the login belongs to this site alone. */
export function createSiteCaller(authorization: Secret, timing: SiteTiming, fetch: FetchLike): CallSite {
  return async (method, url, signal, body) => {
    const host = new URL(url).host
    try {
      const response = await fetch(url, {
        method,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timing.requestMs)]),
        headers: {
          authorization: authorization.reveal(),
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': body.type })
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body.value) })
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: parsed(text) }
    } catch (error) {
      if (signal.aborted) throw new RegistrationError('stopped')
      if (error instanceof Error && error.name === 'TimeoutError') {
        throw new RegistrationError(`${host} did not answer within ${timing.requestMs / 1000} seconds`)
      }
      throw new RegistrationError(`${host} cannot be reached (${causeOf(error)})`)
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'network'
}

/** A member of JSON that came from elsewhere. */
export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (now, name) => (typeof now === 'object' && now !== null ? Reflect.get(now, name) : undefined),
    value
  )
}
