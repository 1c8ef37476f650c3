import type { Clock } from '../ports.ts'
import type { OwnRecords } from '../tenant/own-records.ts'
import type { License } from './license.ts'

/** What is remembered of a tenant's license. */
export interface LicenseRecord {
  readonly license: License
  /** Since when it is as it is now, as far as anybody saw. */
  readonly sinceMs: number
}

/** What says the same again is written this seldom. */
const REWRITE_MS = 30_000

/** Takes over what a verified source said, unless something later was seen before. Returns what stands now. */
export function noteLicense(
  records: OwnRecords<LicenseRecord>,
  tenantId: string,
  given: License,
  clock: Clock
): Promise<LicenseRecord> {
  // No source speaks of what is to come.
  const license = { ...given, seenAtMs: Math.min(given.seenAtMs, clock()) }
  return records.change(tenantId, (before) => nextRecord(before, license))
}

/** The same object if nothing has to be written. */
function nextRecord(record: LicenseRecord | null, license: License): LicenseRecord {
  if (record === null) return { license, sinceMs: license.seenAtMs }
  // A token that was kept back says nothing about what was seen after it.
  const isLater = license.seenAtMs > record.license.seenAtMs
  const isNow = license.seenAtMs === record.license.seenAtMs && license.source === 'host'
  if (!isLater && !isNow) return record
  const { active, type, evaluation, capabilitySet } = record.license
  if (active !== license.active) return { license, sinceMs: license.seenAtMs }
  if (!isNews(record.license, license) && license.seenAtMs - record.license.seenAtMs < REWRITE_MS) return record
  return {
    license: {
      ...license,
      type: license.type ?? type,
      evaluation: license.evaluation ?? evaluation,
      capabilitySet: license.capabilitySet ?? capabilitySet
    },
    sinceMs: record.sinceMs
  }
}

/** Whether the second says anything that the first does not. What a source leaves open is no news. */
export function isNews(known: License, license: License): boolean {
  if (known.active !== license.active) return true
  const { type, evaluation } = license
  return (type !== null && type !== known.type) || (evaluation !== null && evaluation !== known.evaluation)
}
