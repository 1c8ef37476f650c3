/** Which limit an answer speaks of: the hourly points, calls per second, writes to one issue, or it does not say. */
export type LimitKind = 'quota' | 'burst' | 'issue' | 'unknown'

/** What the headers of an answer say about limits (connect.md 5.3), whichever spelling they have. */
export interface RateLimitFacts {
  readonly kind: LimitKind
  /** The host's own word for the limit, such as `jira-burst-based`. */
  readonly reason: string | null
  readonly retryAfterSeconds: number | null
  readonly limit: number | null
  readonly remaining: number | null
  /** When the window ends, in milliseconds since 1970. */
  readonly resetAtMs: number | null
  /** Less than a fifth is left. */
  readonly nearLimit: boolean
}

const QUOTA_WINDOW_MS = 60_000

/** Whether a good answer says anything about what is left, asked for every answer and so without reading it all. */
export function tellsRemaining(headers: Pick<Headers, 'has'>): boolean {
  return (
    headers.has('x-ratelimit-remaining') ||
    headers.has('beta-ratelimit') ||
    headers.has('ratelimit') ||
    headers.has('x-ratelimit-nearlimit')
  )
}

/** Reads both families of headers, with and without the prefix `Beta-`. Never throws: what cannot be read is `null`. */
export function readRateLimit(headers: Pick<Headers, 'get'>, nowMs: number): RateLimitFacts {
  const get = (name: string) => headers.get(name) ?? headers.get(`beta-${name}`)
  const reason = wordOf(get('ratelimit-reason') ?? get('x-ratelimit-reason'))
  const afterSeconds = retryAfterSeconds(get('retry-after'), nowMs)
  const listed = tightest(readList(get('ratelimit')), readList(get('ratelimit-policy')))
  const limit = numberOf(get('x-ratelimit-limit')) ?? listed?.limit ?? null
  const remaining = numberOf(get('x-ratelimit-remaining')) ?? listed?.remaining ?? null
  const listedReset = listed?.resetSeconds == null ? null : nowMs + listed.resetSeconds * 1000
  const resetAtMs = timeOf(get('x-ratelimit-reset'), nowMs) ?? listedReset
  const spent = remaining === 0 && resetAtMs !== null && resetAtMs - nowMs > QUOTA_WINDOW_MS
  const few = limit !== null && remaining !== null && remaining < limit / 5
  return {
    kind: kindOf(reason, spent),
    reason,
    retryAfterSeconds: afterSeconds,
    limit,
    remaining,
    resetAtMs,
    nearLimit: get('x-ratelimit-nearlimit')?.trim().toLowerCase() === 'true' || few
  }
}

const MAX_RETRY_AFTER_SECONDS = 999_999_999

/** RFC 9110, 5.6.7: the form in which dates are sent. Date.parse alone takes `-5` for a year. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT(?=\s*(?:,|$))/

/** Seconds from a `Retry-After` header, which holds whole seconds or a date; of several the first. */
export function retryAfterSeconds(header: string | null, nowMs: number): number | null {
  if (header === null) return null
  const text = header.trim()
  const digits = /^\d+(?=\s*(?:,|$))/.exec(text)
  if (digits !== null) return Math.min(Number(digits[0]), MAX_RETRY_AFTER_SECONDS)
  const date = Date.parse(HTTP_DATE.exec(text)?.[0] ?? '')
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - nowMs) / 1000))
}

/** Confluence's words are not known, so a reason that names no product is read by what it says. */
function kindOf(reason: string | null, spent: boolean): LimitKind {
  if (reason === null) return spent ? 'quota' : 'unknown'
  if (reason.includes('quota')) return 'quota'
  if (reason.includes('per-issue')) return 'issue'
  if (reason.includes('burst')) return 'burst'
  return spent ? 'quota' : 'unknown'
}

function wordOf(text: string | null): string | null {
  const word = text?.trim().toLowerCase() ?? ''
  return /^[\w.-]{1,80}$/.test(word) ? word : null
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : null
}

const ISO_DATE = /^[12]\d{3}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})$/

/** ISO 8601, seconds since 1970, or seconds from now. */
function timeOf(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  const number = numberOf(text)
  if (number !== null) return number > 1_000_000_000 ? number * 1000 : nowMs + number * 1000
  // Date.parse alone takes `!50` for a year.
  const time = Date.parse(ISO_DATE.test(text.trim()) ? text : '')
  return Number.isNaN(time) || time < 0 ? null : time
}

interface Policy {
  readonly limit: number | null
  readonly remaining: number | null
  readonly resetSeconds: number | null
}

/** Members of `"name";r=11000;t=600, …` by name, with their parameters as numbers. */
function readList(text: string | null): Map<string, Record<string, number>> {
  const members = new Map<string, Record<string, number>>()
  for (const member of (text ?? '').slice(0, 2000).split(',')) {
    const [name = '', ...parameters] = member.split(';').map((part) => part.trim())
    if (name === '') continue
    const values: Record<string, number> = {}
    for (const parameter of parameters) {
      const found = /^([a-z])=(\d{1,12})$/.exec(parameter)
      if (found?.[1] !== undefined) values[found[1]] = Number(found[2])
    }
    members.set(name, values)
  }
  return members
}

/** Of several limits the one that ends first: it is the one that a caller meets. */
function tightest(left: Map<string, Record<string, number>>, policies: typeof left): Policy | null {
  let found: Policy | null = null
  for (const [name, { r, t }] of left) {
    const policy = { limit: policies.get(name)?.q ?? null, remaining: r ?? null, resetSeconds: t ?? null }
    if (found === null || shareOf(policy) < shareOf(found)) found = policy
  }
  return found
}

function shareOf({ limit, remaining }: Policy): number {
  if (remaining === null) return Number.POSITIVE_INFINITY
  return limit === null || limit === 0 ? remaining : remaining / limit
}
