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
  /** The host's id for this call, to name to Atlassian's support. */
  readonly requestId?: string | null
  /** When the limit that was met ends, in milliseconds since 1970, if the host said so. */
  readonly resetAtMs?: number | null
  /** The host's word for the limit that was met, such as `jira-quota-tenant-based`. */
  readonly limitReason?: string | null
}

/** A call to the host that failed. Holds no header, no token and no body. */
export class HostError extends AtlassianError {
  readonly status: number
  readonly retryAfterSeconds: number | null
  readonly requestId: string | null
  readonly resetAtMs: number | null
  readonly limitReason: string | null
  declare readonly method: string
  declare readonly path: string
  declare readonly messages: readonly string[]

  constructor(code: Extract<ErrorCode, `ATL_HOST_${string}`>, facts: HostErrorFacts, cause?: unknown) {
    const { method, path, status, requestId = null, limitReason = null } = facts
    super(
      code,
      code,
      { method, path, status, requestId, limitReason },
      { cause: code === 'ATL_HOST_REQUEST' ? kindOf(cause) : withoutSecrets(cause) }
    )
    this.name = 'HostError'
    this.status = status
    this.retryAfterSeconds = facts.retryAfterSeconds
    this.requestId = requestId
    this.resetAtMs = facts.resetAtMs ?? null
    this.limitReason = limitReason
    Object.defineProperty(this, 'method', { value: method, enumerable: false })
    Object.defineProperty(this, 'path', { value: path, enumerable: false })
    Object.defineProperty(this, 'messages', { value: facts.messages, enumerable: false })
  }
}

/** The sentences in a JSON error body of Jira or Confluence, without anything that looks like a token. */
export function hostMessages(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null) return []
  const { errorMessages, errors, message } = body as Readonly<Record<string, unknown>>
  const found: unknown[] = [message]
  if (Array.isArray(errorMessages)) found.push(...errorMessages)
  // Confluence's second API tells a list of objects.
  if (Array.isArray(errors)) found.push(...errors.flatMap((error) => Object.values(Object(error)).slice(0, 5)))
  else if (typeof errors === 'object' && errors !== null) found.push(...Object.values(errors))
  return found
    .filter((item): item is string => typeof item === 'string' && item !== '')
    .slice(0, 10)
    .map((item) => withoutTokens(item).slice(0, 300))
}

const ID_HEADERS = ['atl-request-id', 'atl-traceid', 'x-arequestid', 'x-request-id', 'x-trace-id'] as const

/** The id under which the host knows this call; `null` if it told none that can be printed. */
export function requestIdOf(headers: Pick<Headers, 'get'>): string | null {
  for (const name of ID_HEADERS) {
    const value = headers.get(name)
    if (value !== null && /^[\w.:-]{1,100}$/.test(value) && withoutTokens(value) === value) return value
  }
  return null
}

const TOKENS = /\beyJ[\w-]*(?:\.[\w-]*)*|\b(?:Bearer|JWT|Basic)\s+\S+/gi

function withoutTokens(text: string): string {
  return text.replace(TOKENS, '[token]')
}

/** Causes of causes that are told; some lead back to where they came from. */
const MAX_CAUSES = 5

/** Of what could not be sent: the platform's message would quote a header's value, whatever stands in it. */
function kindOf(cause: unknown): Error | undefined {
  if (cause === undefined) return undefined
  return cause instanceof Error ? withCode(new Error(cause.name), cause) : new Error(typeof cause)
}

/**
 * What failed underneath, as text: messages of the platform quote headers and values, and errors of a replaced network
 * carry whole requests.
 */
function withoutSecrets(cause: unknown, depth = 1): Error | undefined {
  if (cause === undefined) return undefined
  if (!(cause instanceof Error)) return new Error(typeof cause)
  const message = withoutTokens(cause.message.replace(/"[^"]*"/gs, '"…"')).slice(0, 500)
  const clean = withCode(new Error(`${cause.name}: ${message}`), cause)
  if (cause.cause !== undefined && depth < MAX_CAUSES) clean.cause = withoutSecrets(cause.cause, depth + 1)
  return clean
}

function withCode(clean: Error, cause: Error): Error {
  const code: unknown = Reflect.get(cause, 'code')
  return typeof code === 'string' ? Object.assign(clean, { code }) : clean
}
