import { AtlassianError, OptionError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import {
  type AccountStore,
  type AccountUse,
  type ClaimedAccount,
  canBeAccountId,
  type KeptAccount
} from '../tenant/account-store.ts'
import { within } from '../within.ts'
import {
  DEFAULT_CYCLE_MS,
  MAX_ACCOUNTS,
  type ReportAnswer,
  type ReportOptions,
  reportAccounts,
  unreported
} from './report-accounts.ts'

/** What a hook is told about an account. */
export interface PersonalDataEvent {
  readonly accountId: string
  /** `closed`: the data has to go. `updated`: it has to be fetched anew, or to go. */
  readonly reason: 'closed' | 'updated'
  /** The tenants that keep data about the account, with the time of that data. */
  readonly tenants: readonly AccountUse[]
}

/** The option `personalData`. Hooks may run twice, and are run again later when they fail. */
export interface PersonalDataOptions {
  /** Erases what the app stores about the account, at all these tenants. Needed by `report()`. */
  readonly erase?: (event: PersonalDataEvent) => unknown
  /** Fetches anew what the app stores about the account. Default: `erase` is called. */
  readonly refresh?: (event: PersonalDataEvent) => unknown
  /** Gives the `Authorization` header of a report. Default: that of a site where the app is installed. */
  readonly authorize?: () => string | Promise<string>
  /** How often this process reports by itself, in minutes. Default 0: never, the app calls `report()`. */
  readonly everyMinutes?: number
}

/** What one report did. */
export interface PersonalDataReport {
  /** Accounts that Atlassian was told about. */
  readonly reported: number
  readonly erased: number
  readonly refreshed: number
  /** Hooks that failed; they run again in a later report. */
  readonly failed: number
  /** When Atlassian wants to be asked again, after it said that these were too many; `null` = it did not. */
  readonly retryAtMs: number | null
  /** Whether the report stopped before it found nothing more: at `limit`, by `signal` or for a pause. */
  readonly more: boolean
}

/** `app.atlassian.personalData`: which accounts the app stores data about, and the reports that Atlassian demands. */
export interface PersonalData {
  /**
   * Notes that data about these accounts is stored for the tenant, as of `updatedAtMs` (default: now). To be called
   * whenever the app fetches it. The id `unknown` is passed over. Throws `ATL_NO_TENANT`, TypeError for a text that
   * cannot be an account id.
   */
  keep(tenantId: string, accounts: string | readonly (string | Partial<KeptAccount>)[]): Promise<void>
  /** The tenant's data says nothing about the account any more. Tells whether it did. */
  forget(tenantId: string, accountId: string): Promise<boolean>
  /** Accounts of a tenant in order of `accountId`; go on with `after`. At most `limit`, 1 to 1000, default 100. */
  list(tenantId: string, query?: { readonly after?: string; readonly limit?: number }): Promise<KeptAccount[]>
  /**
   * Reports every account whose cycle is over, at most `limit` (default 9000), and runs the hooks for those that were
   * closed or changed. May run in several processes at once and be cut off at any point: another one goes on. Throws
   * `ATL_ACCOUNTS_UNREPORTED`, `ATL_NO_TENANT` where no site can speak for the app, `ATL_OPTION` without a hook.
   */
  report(options?: PersonalDataReportOptions): Promise<PersonalDataReport>
}

/** How far one report goes. */
export interface PersonalDataReportOptions {
  /** Most accounts that are reported. Default 9000. */
  readonly limit?: number
  /** Ends the report after the question or the hook that is under way. What is left is done by a later one. */
  readonly signal?: AbortSignal
}

/** What the service works with. */
export interface PersonalDataParts extends ReportOptions {
  /** `undefined`: the store keeps none. */
  readonly accounts: AccountStore | undefined
  readonly options: PersonalDataOptions
  /** `Authorization` headers of sites that can speak for the app, best first. */
  readonly authorizations: (tenantIds: readonly string[]) => AsyncIterable<string>
  readonly log: Log
  readonly clock: Clock
  readonly handlerTimeoutMs: number
}

/** A report and its hooks are over by then, or another process goes on. */
const MIN_LEASE_MS = 120_000
const RETRY_MS = 600_000
const MAX_SITES_ASKED = 3

/** The service. Reads and writes nothing yet. */
export function createPersonalData(parts: PersonalDataParts): PersonalData {
  const { options, clock, log, handlerTimeoutMs } = parts
  let cycleMs = DEFAULT_CYCLE_MS
  /** Atlassian asked not to be asked before, about any account. */
  let quietUntilMs = 0
  const leaseMs = Math.max(MIN_LEASE_MS, 2 * handlerTimeoutMs)

  function store(): AccountStore {
    if (parts.accounts === undefined) throw new AtlassianError('ATL_STORE_PART', 'accounts')
    return parts.accounts
  }

  async function ask(claimed: readonly ClaimedAccount[]): Promise<ReportAnswer> {
    // The oldest data decides whether anything has to be fetched anew.
    const accounts = claimed.map(({ accountId, uses }) => ({
      accountId,
      updatedAtMs: Math.min(...uses.map(({ updatedAtMs }) => updatedAtMs))
    }))
    const tenantIds = [...new Set(claimed.flatMap(({ uses }) => uses.map(({ tenantId }) => tenantId)))]
    let answer: ReportAnswer | null = null
    let asked = 0
    for await (const authorization of authorizationsOf(tenantIds)) {
      answer = await reportAccounts(accounts, authorization, parts)
      asked += 1
      // Any site may speak for all; one that is gone without a word may not.
      if (answer.kind !== 'refused' || asked === MAX_SITES_ASKED) break
    }
    if (answer === null) throw new AtlassianError('ATL_NO_TENANT', 'personal-data')
    return answer
  }

  async function* authorizationsOf(tenantIds: readonly string[]): AsyncIterable<string> {
    if (options.authorize === undefined) yield* parts.authorizations(tenantIds)
    else yield await options.authorize()
  }

  /** What is not told now is told later. */
  async function release(claimed: readonly ClaimedAccount[], afterMs: number): Promise<void> {
    const dueAtMs = clock() + afterMs
    for (const one of claimed) await store().settle(one, { answer: one.answer, dueAtMs })
  }

  /** Runs the hook of one account that was due at this time and whose answer was written down; `null` = none is left. */
  async function runHook(dueAtMs: number): Promise<'erased' | 'refreshed' | 'failed' | null> {
    const startedAtMs = clock()
    const lease = startedAtMs - dueAtMs + leaseMs
    const [claimed] = await store().claim({ nowMs: dueAtMs, leaseMs: lease, limit: 1, answered: true })
    if (claimed === undefined || claimed.answer === null) return null
    const { accountId, answer, uses } = claimed
    const refresh = answer === 'updated' ? options.refresh : undefined
    try {
      await within(
        (async () => await (refresh ?? options.erase)?.({ accountId, reason: answer, tenants: uses }))(),
        handlerTimeoutMs
      )
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      log.error({ reason, answer }, 'a hook of personal data failed')
      await release([claimed], RETRY_MS)
      return 'failed'
    }
    if (refresh === undefined) {
      await store().erased(claimed, clock())
      return 'erased'
    }
    await store().refreshed(claimed, startedAtMs, startedAtMs + cycleMs)
    return 'refreshed'
  }

  return Object.freeze({
    async keep(tenantId: string, given: string | readonly (string | Partial<KeptAccount>)[]) {
      const nowMs = clock()
      const accounts = (typeof given === 'string' ? [given] : given).map((account) => readAccount(account, nowMs))
      const known = accounts.filter(({ accountId }) => accountId !== 'unknown')
      for (const account of known) await store().put(tenantId, account, nowMs)
    },
    forget: async (tenantId: string, accountId: string) => store().delete(tenantId, accountId),
    async list(tenantId: string, { after = '', limit = 100 }: { after?: string; limit?: number } = {}) {
      return store().list(tenantId, { after, limit: checkLimit(limit, 1000) })
    },
    async report({ limit = 9000, signal }: PersonalDataReportOptions = {}) {
      checkLimit(limit, 1_000_000)
      if (options.erase === undefined) {
        throw new OptionError('personalData.erase', undefined, 'it must erase what the app stores about an account')
      }
      const done = { reported: 0, erased: 0, refreshed: 0, failed: 0 }
      const runHooks = async () => {
        // Those that fail are due again while others still run: this round leaves them to the next one.
        const dueAtMs = clock()
        while (signal?.aborted !== true) {
          const ran = await runHook(dueAtMs)
          if (ran === null) return
          done[ran] += 1
        }
      }
      await runHooks()
      while (done.reported < limit && signal?.aborted !== true) {
        const nowMs = clock()
        if (nowMs < quietUntilMs) return { ...done, retryAtMs: quietUntilMs, more: true }
        const count = Math.min(MAX_ACCOUNTS, limit - done.reported)
        const claimed = await store().claim({ nowMs, leaseMs, limit: count, answered: false })
        if (claimed.length === 0) return { ...done, retryAtMs: null, more: false }
        let answer: ReportAnswer
        try {
          answer = await ask(claimed)
        } catch (error) {
          await release(claimed, RETRY_MS)
          throw error
        }
        if (answer.kind === 'limited') {
          await release(claimed, answer.retryAfterMs)
          quietUntilMs = clock() + answer.retryAfterMs
          return { ...done, retryAtMs: quietUntilMs, more: true }
        }
        if (answer.kind === 'refused') {
          await release(claimed, RETRY_MS)
          throw unreported('refused', answer.status)
        }
        cycleMs = answer.cycleMs
        for (const one of claimed) {
          const status = answer.statuses.get(one.accountId) ?? null
          await store().settle(one, { answer: status, dueAtMs: status === null ? nowMs + cycleMs : nowMs })
        }
        done.reported += claimed.length
        await runHooks()
      }
      return { ...done, retryAtMs: null, more: true }
    }
  })
}

function readAccount(given: string | Partial<KeptAccount>, nowMs: number): KeptAccount {
  const { accountId, updatedAtMs = nowMs }: Partial<KeptAccount> =
    typeof given === 'string' ? { accountId: given } : given
  if (!canBeAccountId(accountId)) throw new TypeError('This cannot be an account id of Atlassian')
  if (!Number.isSafeInteger(updatedAtMs) || updatedAtMs < 0) {
    throw new TypeError('"updatedAtMs" of an account must be whole milliseconds since 1970')
  }
  // A time to come would hide every change until then.
  return { accountId, updatedAtMs: Math.min(updatedAtMs, nowMs) }
}

function checkLimit(limit: number, max: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit
  throw new RangeError(`"limit" must be a whole number from 1 to ${max}`)
}
