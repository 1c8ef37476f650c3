import { AtlassianError, type ErrorCode } from '../errors.ts'

export interface HostErrorFacts {
  readonly method: string
  /** Path without query: a query may hold what a log must not. */
  readonly path: string
  /** HTTP status of the host's answer; 0 if there was none. */
  readonly status: number
  /** From the `Retry-After` header, in seconds. */
  readonly retryAfterSeconds: number | null
  /** The host's own sentences (`errorMessages`, `errors`, `message`), cut to a bearable length. */
  readonly messages: readonly string[]
}

/** A call to the host that failed. Holds no header, no token and no body. */
export class HostError extends AtlassianError {
  readonly status: number
  readonly retryAfterSeconds: number | null
  declare readonly method: string
  declare readonly path: string
  declare readonly messages: readonly string[]

  constructor(code: Extract<ErrorCode, `ATL_HOST_${string}`>, facts: HostErrorFacts, cause?: unknown) {
    super(code, code, { method: facts.method, path: facts.path, status: facts.status }, { cause })
    this.name = 'HostError'
    this.status = facts.status
    this.retryAfterSeconds = facts.retryAfterSeconds
    Object.defineProperty(this, 'method', { value: facts.method, enumerable: false })
    Object.defineProperty(this, 'path', { value: facts.path, enumerable: false })
    Object.defineProperty(this, 'messages', { value: facts.messages, enumerable: false })
  }
}

/** Seconds from a `Retry-After` header, which holds seconds or a date. */
export function retryAfterSeconds(header: string | null, nowMs: number): number | null {
  if (header === null) return null
  if (/^\d{1,9}$/.test(header.trim())) return Number(header)
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - nowMs) / 1000))
}

/** The sentences in a JSON error body of Jira or Confluence. */
export function hostMessages(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null) return []
  const { errorMessages, errors, message } = body as Readonly<Record<string, unknown>>
  const found: unknown[] = [message]
  if (Array.isArray(errorMessages)) found.push(...errorMessages)
  if (typeof errors === 'object' && errors !== null) found.push(...Object.values(errors))
  return found
    .filter((item): item is string => typeof item === 'string' && item !== '')
    .slice(0, 10)
    .map((item) => item.slice(0, 300))
}
