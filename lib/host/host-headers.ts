/** Headers that a call may bring along. */
export type HostHeaders = Headers | Readonly<Record<string, string>>

/** Ours, or the connection's: a caller cannot set them. Cookies are never sent. */
const REFUSED = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'cookie2',
  'user-agent',
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect'
])

const FORM_TYPE = /^\s*(?:multipart\/|application\/x-www-form-urlencoded)/i

export interface HeaderFacts {
  readonly userAgent: string
  /** What is asked for unless the caller says otherwise; `null` = nothing. */
  readonly accept: string | null
  readonly contentType: string | null
  readonly form: boolean
  /** Sent unless the caller names them. */
  readonly always?: Readonly<Record<string, string>> | undefined
}

/** The headers of one call without its credentials. Throws TypeError for a header that cannot be sent. */
export function hostHeaders(given: RequestInit['headers'] | HostHeaders, facts: HeaderFacts): Record<string, string> {
  const headers: Record<string, string> = { ...facts.always }
  if (facts.accept !== null) headers.accept = facts.accept
  if (facts.contentType !== null) headers['content-type'] = facts.contentType
  if (given !== undefined) {
    for (const [name, value] of new Headers(given as RequestInit['headers']))
      if (!REFUSED.has(name)) headers[name] = value
  }
  headers['user-agent'] = facts.userAgent
  if (facts.form || FORM_TYPE.test(headers['content-type'] ?? '')) headers['x-atlassian-token'] ??= 'no-check'
  return headers
}
