import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { OwnRecords } from '../tenant/own-records.ts'
import type { License } from './license.ts'
import { isNews, type LicenseRecord, noteLicense } from './license-records.ts'

/** The option `license`. */
export interface LicenseOptions {
  /** How long the app works on after its license was first seen inactive, in days. Default 7, 0 = not at all. */
  readonly graceDays?: number
  /** How long an answer of the host is used again, in minutes, 1 to 60. Default 5. */
  readonly freshMinutes?: number
}

/** What one guard demands beside an active license. */
export interface LicenseRules {
  /** Default: the option `license.graceDays`. */
  readonly graceDays?: number
  /** Whether a license that is only tried out is enough. Default true. */
  readonly evaluation?: boolean
}

/** Whose license a guard asks about. */
export interface LicenseQuestion {
  readonly tenantId: string
  /** A tenant may have a license for each of these: by product, and apart from those of the developer's installations. */
  readonly scope: string
  /** What the request itself says; `null` where its token says nothing. */
  readonly seen: License | null
  /** Whether the app or this installation is one of the developer's, where the absence of a license is normal. */
  readonly development: boolean
  /** Asks the host; `null` where it cannot be asked. */
  readonly ask: (() => Promise<License>) | null
}

export interface LicenseGuard {
  /**
   * The license, if the app may work. Throws `ATL_LICENSE` otherwise and where nobody can tell, and
   * `ATL_STORE_UNAVAILABLE`.
   */
  decide(question: LicenseQuestion, rules: LicenseRules): Promise<License>
}

export interface LicenseGuardOptions {
  readonly records: (scope: string) => OwnRecords<LicenseRecord>
  readonly clock: Clock
  readonly log: Log
  readonly graceDays: number
  readonly freshMs: number
}

const DAY_MS = 86_400_000
const MAX_REMEMBERED = 10_000
/** A host that could not be asked is left alone for so long. */
const FAILURE_MS = 10_000

/** Judges licenses by what verified sources said last, and counts the grace from the first time that one said no. */
export function createLicenseGuard({ records, clock, log, graceDays, freshMs }: LicenseGuardOptions): LicenseGuard {
  /** What stood in the store a moment ago. */
  const remembered = new BoundedMap<string, LicenseRecord>(MAX_REMEMBERED)
  /** One question to a host serves everyone who waits for it. */
  const questions = new Map<string, Promise<LicenseRecord | null>>()
  /** When a host last could not be asked. */
  const failures = new BoundedMap<string, number>(MAX_REMEMBERED)

  const nameOf = ({ tenantId, scope }: LicenseQuestion) => `${scope} ${tenantId}`

  async function note(question: LicenseQuestion, license: License): Promise<LicenseRecord> {
    const held = remembered.peek(nameOf(question))
    if (held !== undefined && !isNews(held.license, license) && license.seenAtMs - held.license.seenAtMs < freshMs)
      return held
    const record = await stored(() => noteLicense(records(question.scope), question.tenantId, license, clock))
    remembered.set(nameOf(question), record)
    return record
  }

  /** `null`: nobody ever saw anything. */
  async function look(question: LicenseQuestion, mustTellEvaluation: boolean): Promise<LicenseRecord | null> {
    const { tenantId, scope, ask } = question
    const held = remembered.peek(nameOf(question))
    const isFresh = (record: LicenseRecord | null | undefined): record is LicenseRecord =>
      record != null &&
      clock() - record.license.seenAtMs < freshMs &&
      // A host has said all that it knows, and of a license that is not active nothing more matters.
      !(mustTellEvaluation && record.license.active && record.license.evaluation === null && !isOfHost(record.license))
    if (isFresh(held)) return held
    const record = await stored(() => records(scope).read(tenantId))
    if (record !== null) remembered.set(nameOf(question), record)
    if (isFresh(record) || ask === null || clock() - (failures.peek(nameOf(question)) ?? -FAILURE_MS) < FAILURE_MS)
      return record
    const asked = questions.get(nameOf(question)) ?? askOnce(question, ask)
    return (await asked) ?? record
  }

  /** `null` where the host cannot be asked. */
  function askOnce(question: LicenseQuestion, ask: () => Promise<License>): Promise<LicenseRecord | null> {
    const name = nameOf(question)
    const asked = (async () => {
      try {
        return await note(question, await ask())
      } catch (error) {
        if (error instanceof AtlassianError && error.code === 'ATL_STORE_UNAVAILABLE') throw error
        failures.set(name, clock())
        const reason = error instanceof AtlassianError ? error.reason : 'unknown'
        log.warn({ tenantId: question.tenantId, reason }, 'the host could not be asked about the license')
        return null
      } finally {
        questions.delete(name)
      }
    })()
    questions.set(name, asked)
    return asked
  }

  async function stored<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (cause) {
      if (cause instanceof AtlassianError) throw cause
      throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'license', {}, { cause })
    }
  }

  return {
    async decide(question, rules) {
      const { seen, development, tenantId } = question
      if (development && seen !== null && !seen.known) return accepted(seen, null)
      const evaluationMatters = rules.evaluation === false
      // A page says the same of an ended license and of none.
      const isVague = development && seen?.source === 'page' && !seen.active
      const isEnough = seen !== null && !isVague && !(evaluationMatters && seen.active && seen.evaluation === null)
      const noted = seen === null || isVague ? null : await note(question, seen)
      const record = isEnough ? noted : await look(question, evaluationMatters)
      if (record === null) throw refused('unknown', tenantId)
      const { license, sinceMs } = record
      if (development && !license.known) return accepted(license, null)
      const graceMs = (rules.graceDays ?? graceDays) * DAY_MS
      if (license.active) {
        if (evaluationMatters && license.evaluation !== false) throw refused('evaluation', tenantId)
        // A host that says nothing for so long may have ended the license as well.
        if (clock() - license.seenAtMs > Math.max(graceMs, freshMs * 2)) throw refused('outdated', tenantId)
        return accepted(license, null)
      }
      const graceUntilMs = sinceMs + graceMs
      if (clock() >= graceUntilMs) throw refused('inactive', tenantId)
      return accepted(license, graceUntilMs)
    }
  }
}

function isOfHost({ source }: License): boolean {
  return source === 'host'
}

function accepted(license: License, graceUntilMs: number | null): License {
  return Object.freeze({ ...license, graceUntilMs })
}

function refused(reason: string, tenantId: string): AtlassianError {
  return new AtlassianError('ATL_LICENSE', reason, { tenantId })
}
