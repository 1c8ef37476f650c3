import { compileAllowedHosts, productionHosts } from '../allowed-hosts.ts'
import { AtlassianError, OptionError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { AceOddRow, AceSource } from '../store/ace/ace-source.ts'
import type { PayloadRules } from '../tenant/lifecycle-payload.ts'
import { hasRegistration } from '../tenant/tenant.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import { type AceOwnSetting, ownSettings, type SettingRefusal, takeSetting } from './app-settings.ts'
import { acceptsToken } from './check-token.ts'
import { type AceRefusal, shown } from './client-info.ts'
import { type AceNote, type AcePlan, type AcePlanner, planTenant } from './plan-tenant.ts'

/** What to import, and where to. */
export interface AceImportOptions {
  readonly source: AceSource
  /** Open. Only a dry run may go without: then every tenant counts as new. */
  readonly store: TenantStore | null
  /** The `key` of the descriptor. Rows of other apps are refused. */
  readonly appKey: string
  /** Sites that may be imported, as in the option of the plugin. Default `*.atlassian.net` and `*.jira.com`. */
  readonly allowedHosts?: readonly string[]
  /** Reads, checks and counts, and writes nothing. */
  readonly dryRun?: boolean
  /**
   * Takes the rows that the app itself kept with `addon.settings`. Without it they become settings of the tenant or
   * of its installation, where there is none of that key yet and the store keeps settings.
   */
  readonly onSetting?: (setting: AceOwnSetting) => unknown
  /** Told after every hundred tenants. */
  readonly onProgress?: (progress: AceImportCounts) => void
  /** Stops between two tenants; the next run goes on where it is needed. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** What happened so far. */
export interface AceImportCounts {
  /** ClientKeys with a `clientInfo` row. */
  readonly tenants: number
  /** New here; in a dry run: would be. */
  readonly created: number
  /** Imported before and changed by ACE since. */
  readonly updated: number
  /** Imported before and the same since. */
  readonly unchanged: number
  /** Left as they are, because an install that was verified here is newer, or because they ended here. */
  readonly kept: number
  readonly refused: number
  /** Tenants whose stored record accepted a token that was signed with ACE's secret. */
  readonly verified: number
  /** `clientInfo` rows beyond the first of their tenant. */
  readonly duplicateRows: number
  /** Cached user tokens, which are left behind. */
  readonly userTokens: number
  /** Rows that the app itself kept for tenants and Forge installations. */
  readonly settings: number
  /** How many of them were written, or handed to `onSetting`. */
  readonly settingsTaken: number
}

/** One row or tenant that could not be taken, and why. Never holds a secret. */
export interface AceProblem {
  readonly clientKey: string | null
  readonly reason: AceRefusal | SettingRefusal | AceOddRow['reason']
  readonly detail: string
}

/** What happened, and what has to be looked at. */
export interface AceImportResult extends AceImportCounts {
  readonly dryRun: boolean
  /** Whether every tenant was looked at. */
  readonly complete: boolean
  readonly problems: readonly AceProblem[]
  /** Taken, and worth a look. */
  readonly notes: readonly (AceNote & { readonly clientKey: string })[]
}

const MAX_TRIES = 5

/**
 * Copies every tenant of an ACE database into the store, which encrypts what it writes. Safe to repeat at any time,
 * and while ACE serves: a tenant that was installed here since is never touched, any other follows ACE's row. After
 * each write the record is read back and has to accept a token that is signed with ACE's secret.
 * Throws OptionError, and failures of either database as they are; what was written until then stays and is found
 * again by the next run. Hooks of the app are not called.
 */
export async function importAce(options: AceImportOptions): Promise<AceImportResult> {
  const { source, store, dryRun = false, clock = Date.now, signal, onProgress } = options
  if (store === null && !dryRun) throw new OptionError('store', store, 'only a dry run can go without one')
  const planner: AcePlanner = { source, store, rules: importRules(options), clock }
  const counts = {
    tenants: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    kept: 0,
    refused: 0,
    verified: 0,
    duplicateRows: 0,
    userTokens: 0,
    settings: 0,
    settingsTaken: 0
  }
  const problems: AceProblem[] = []
  const notes: (AceNote & { clientKey: string })[] = []

  function refuse(clientKey: string, reason: AceRefusal, detail: string): void {
    counts.refused++
    problems.push({ clientKey, reason, detail })
  }

  async function takeTenant(clientKey: string): Promise<void> {
    const taken = await takeOne(planner, clientKey, dryRun)
    if (taken.action === 'absent') return
    counts.duplicateRows += taken.rows - 1
    if (taken.action === 'refuse') return refuse(clientKey, taken.refusal.reason, taken.refusal.detail)
    notes.push(...taken.notes.map((note) => ({ clientKey, ...note })))
    if (taken.action === 'keep') return void counts.kept++
    const secret = taken.tenant.sharedSecret
    const stored = dryRun ? taken.tenant : await store?.find({ clientKey })
    if (!stored || !hasRegistration(stored) || !acceptsToken(stored, secret, clock))
      return refuse(clientKey, 'not-verified', '')
    counts.verified++
    counts[OUTCOME[taken.action]]++
  }

  let complete = true
  for await (const clientKey of source.clientKeys()) {
    if (signal?.aborted) {
      complete = false
      break
    }
    counts.tenants++
    await takeTenant(clientKey)
    if (counts.tenants % 100 === 0) onProgress?.({ ...counts })
  }
  if (complete) {
    for await (const setting of ownSettings(source)) {
      counts.settings++
      const taken = dryRun ? 'left' : await takeSetting(setting, { store, clock, onSetting: options.onSetting })
      if (taken === 'taken') counts.settingsTaken++
      else if (taken !== 'left')
        problems.push({ clientKey: setting.clientKey, reason: taken, detail: shown(setting.key) })
    }
    const { userTokens, oddRows } = await source.leftovers()
    counts.userTokens = userTokens
    problems.push(...oddRows.map(({ where, reason }) => ({ clientKey: null, reason, detail: where })))
  }
  return { dryRun, complete, ...counts, problems, notes }
}

const OUTCOME = { create: 'created', update: 'updated', same: 'unchanged' } as const

/** What a row has to fulfil: it belongs to this app, and its site may install it. Throws OptionError. */
export function importRules({ appKey, allowedHosts }: Pick<AceImportOptions, 'appKey' | 'allowedHosts'>): PayloadRules {
  if (typeof appKey !== 'string' || appKey === '')
    throw new OptionError('appKey', appKey, 'the key of the app is needed')
  const { siteUrl } = compileAllowedHosts(allowedHosts ?? productionHosts)
  return { appKey, siteUrl }
}

/**
 * Plans and saves one tenant, and plans again where another writer was faster. Throws `ATL_STORE_CONFLICT` if that
 * does not end.
 */
export async function takeOne(planner: AcePlanner, clientKey: string, dryRun = false): Promise<AcePlan> {
  const { store } = planner
  for (let tries = 1; ; tries++) {
    const current = (await store?.find({ clientKey })) ?? null
    const plan = await planTenant(planner, clientKey, current)
    if (dryRun || store === null || (plan.action !== 'create' && plan.action !== 'update')) return plan
    try {
      return { ...plan, tenant: await store.save(plan.tenant, plan.expectedVersion) }
    } catch (error) {
      if (error instanceof TypeError) {
        const refusal = { reason: 'cannot-be-stored' as const, detail: error.message.slice(0, 100) }
        return { action: 'refuse', refusal, rows: plan.rows }
      }
      const conflict = error instanceof AtlassianError && error.code === 'ATL_STORE_CONFLICT'
      if (!conflict || tries >= MAX_TRIES) throw error
    }
  }
}
