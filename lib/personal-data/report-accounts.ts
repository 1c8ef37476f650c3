import { AtlassianError } from '../errors.ts'
import { retryAfterSeconds } from '../host/rate-limit.ts'
import type { Clock, FetchLike } from '../ports.ts'
import type { AccountAnswer, KeptAccount } from '../tenant/account-store.ts'
import { within } from '../within.ts'

/** Most accounts of one question (connect.md 7.7). */
export const MAX_ACCOUNTS = 90

/** The path below the server of personal data. */
export const REPORT_PATH = '/app/report-accounts/'

/** Who is asked, and how. */
export interface ReportOptions {
  /** Without a trailing slash. */
  readonly server: string
  readonly userAgent: string
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly timeoutMs: number
}

/** What Atlassian says about the accounts of one question. */
export type ReportAnswer =
  /** Accounts that are not named need nothing. */
  | {
      readonly kind: 'answered'
      readonly statuses: ReadonlyMap<string, AccountAnswer>
      /** How long until the same accounts are reported again. */
      readonly cycleMs: number
    }
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  /** The credentials are not accepted. */
  | { readonly kind: 'refused'; readonly status: number }

const MAX_BODY_BYTES = 262_144
const DAY_MS = 86_400_000
/** The cycle of an answer that names none. */
export const DEFAULT_CYCLE_MS = 7 * DAY_MS
const DEFAULT_RETRY_MS = 60_000
const MAX_RETRY_MS = DAY_MS

/** Reports accounts. Follows no redirect. Throws `ATL_ACCOUNTS_UNREPORTED` for every answer that settles nothing. */
export async function reportAccounts(
  accounts: readonly KeptAccount[],
  authorization: string,
  options: ReportOptions
): Promise<ReportAnswer> {
  const abort = new AbortController()
  const question = {
    accounts: accounts.map(({ accountId, updatedAtMs }) => ({
      accountId,
      updatedAt: new Date(updatedAtMs).toISOString()
    }))
  }
  try {
    const { response, text } = await within(
      ask(JSON.stringify(question), authorization, options, abort.signal),
      options.timeoutMs,
      () => unreported('timeout')
    )
    return readAnswer(response, text, options.clock())
  } catch (error) {
    // Whatever else a network throws may hold the request.
    throw error instanceof AtlassianError ? error : unreported('network')
  } finally {
    abort.abort()
  }
}

async function ask(body: string, authorization: string, options: ReportOptions, signal: AbortSignal) {
  const response = await options.fetch(`${options.server}${REPORT_PATH}`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': options.userAgent,
      authorization
    },
    body,
    signal
  })
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_BODY_BYTES) throw unreported('too-long', response.status)
    chunks.push(chunk)
  }
  return { response, text: Buffer.concat(chunks).toString('utf8') }
}

function readAnswer({ status, headers }: Response, text: string, nowMs: number): ReportAnswer {
  if (status === 401 || status === 403) return { kind: 'refused', status }
  if (status === 429) {
    const seconds = retryAfterSeconds(headers.get('retry-after'), nowMs)
    const retryAfterMs = seconds === null ? DEFAULT_RETRY_MS : Math.min(seconds * 1000, MAX_RETRY_MS)
    return { kind: 'limited', retryAfterMs }
  }
  const cycleMs = cycleOf(headers.get('cycle-period'))
  if (status === 204) return { kind: 'answered', statuses: new Map(), cycleMs }
  if (status !== 200) throw unreported('status', status)
  return { kind: 'answered', statuses: statusesOf(text, status), cycleMs }
}

/** A word that nobody knows is no reason to do nothing: the whole answer is refused, and asked for again. */
function statusesOf(text: string, httpStatus: number): Map<string, AccountAnswer> {
  const accounts = memberOf(parsed(text), 'accounts')
  if (!Array.isArray(accounts)) throw unreported('answer', httpStatus)
  const statuses = new Map<string, AccountAnswer>()
  for (const account of accounts) {
    const accountId = memberOf(account, 'accountId')
    const status = memberOf(account, 'status')
    if (typeof accountId !== 'string' || (status !== 'closed' && status !== 'updated')) {
      throw unreported('answer', httpStatus)
    }
    // What was closed stays so, whatever else is said about it.
    if (statuses.get(accountId) !== 'closed') statuses.set(accountId, status)
  }
  return statuses
}

/** An ISO 8601 duration of weeks, days, hours, minutes and seconds, between an hour and 30 days. */
function cycleOf(header: string | null): number {
  const parts = /^P(?=.)(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/.exec(
    header?.trim() ?? ''
  )
  if (parts === null) return DEFAULT_CYCLE_MS
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  const cycleMs = (weeks * 7 + days) * DAY_MS + hours * 3_600_000 + minutes * 60_000 + seconds * 1000
  return Math.min(Math.max(cycleMs, 3_600_000), 30 * DAY_MS)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

export function unreported(reason: string, status?: number): AtlassianError {
  return new AtlassianError('ATL_ACCOUNTS_UNREPORTED', reason, { status })
}
