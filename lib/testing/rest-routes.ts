import type { Actor } from './jira-changes.ts'
import type { SiteEvent } from './site-event.ts'
import type { SimulatedUser } from './types.ts'

/** Who calls the REST API: the app itself, a user through a page, or nobody who is logged in. */
export type Caller = SimulatedUser | 'app' | null

export interface RestCall {
  readonly method: string
  /** Below the site's base URL, still encoded. */
  readonly path: string
  readonly query: URLSearchParams
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON; undefined without a body and for a form. */
  readonly body: unknown
  /** A multipart form as it came; `null` for other bodies. */
  readonly form: string | null
  readonly caller: Caller
  readonly actor: Actor
}

export interface RestResult {
  readonly status: number
  /** Written as JSON; undefined: no body. */
  readonly body?: unknown
  readonly events?: readonly SiteEvent[]
}

/** Decoded values of a route's `:name` parts, in their order. */
type Handler<Place> = (place: Place, call: RestCall, ...values: string[]) => RestResult

export interface RestRoute<Place> {
  readonly method: string
  readonly parts: readonly string[]
  readonly handle: Handler<Place>
}

/** `pattern` is for example `GET /issue/:key`. */
export function route<Place>(pattern: string, handle: Handler<Place>): RestRoute<Place> {
  const [method = '', path = ''] = pattern.split(' ')
  return { method, parts: path.split('/').slice(1), handle }
}

/** The answer of the first route that fits; 404 when no path does, 405 when only the method does not. */
export function answerRest<Place>(routes: readonly RestRoute<Place>[], place: Place, call: RestCall): RestResult {
  const method = call.method === 'HEAD' ? 'GET' : call.method
  let status = 404
  for (const each of routes) {
    const values = matchPath(each.parts, call.path.split('/').slice(1))
    if (values === null) continue
    if (each.method === method) return each.handle(place, call, ...values)
    status = 405
  }
  return refusal(status, 'The simulated host has no such resource.')
}

function matchPath(parts: readonly string[], segments: readonly string[]): string[] | null {
  if (parts.length !== segments.length) return null
  const values: string[] = []
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? ''
    if (!part.startsWith(':')) {
      if (part !== segment) return null
      continue
    }
    try {
      values.push(decodeURIComponent(segment))
    } catch {
      return null
    }
  }
  return values
}

/** Jira's and Confluence's ways of saying no, in one object. */
export function refusal(status: number, message: string): RestResult {
  return { status, body: { statusCode: status, message, errorMessages: [message], errors: {} } }
}

/** A member of a JSON body, when it is a string. */
export function stringMember(body: unknown, ...path: string[]): string | undefined {
  const value = member(body, ...path)
  return typeof value === 'string' ? value : undefined
}

export function member(body: unknown, ...path: string[]): unknown {
  let value = body
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Object.entries(value).find(([key]) => key === name)?.[1]
  }
  return value
}
