import { AtlassianError } from '../errors.ts'
import { type LifecyclePayload, type PayloadRules, parseLifecyclePayload } from '../tenant/lifecycle-payload.ts'

/** Why a row cannot become a tenant. */
export type AceRefusal =
  /** The value is not a JSON object. */
  | 'not-an-object'
  /** The value speaks of another clientKey than its row. */
  | 'other-client-key'
  /** The value was left by another event than `installed`. */
  | 'not-installed'
  /** The value belongs to an app with another key. */
  | 'other-app'
  /** A member is missing or has no usable value. */
  | 'member'
  /** The site is not on the list of allowed hosts. */
  | 'host-not-allowed'
  /** The store refuses a value that some database could not keep. */
  | 'cannot-be-stored'
  /** The stored tenant did not accept a token that was signed with ACE's secret. */
  | 'not-verified'

export interface RefusedClientInfo {
  readonly reason: AceRefusal
  /** The member, host or app key that is meant; never a secret. */
  readonly detail: string
}

/**
 * A `clientInfo` value is the body of ACE's last `installed` call: the same rules apply as to such a body today.
 * Nothing of it is believed beyond what ACE believed when it served with it.
 */
export function readClientInfo(
  value: unknown,
  clientKey: string,
  rules: PayloadRules
): LifecyclePayload | RefusedClientInfo {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('not-an-object', '')
  const members = { ...value } as Readonly<Record<string, unknown>>
  if (members.clientKey !== clientKey) return refused('other-client-key', '')
  const eventType = members.eventType ?? 'installed'
  if (eventType !== 'installed') return refused('not-installed', shown(eventType))
  if (members.key !== rules.appKey) return refused('other-app', shown(members.key))
  try {
    return parseLifecyclePayload({ ...members, eventType }, ['installed'], rules)
  } catch (error) {
    if (!(error instanceof AtlassianError)) throw error
    if (error.code === 'ATL_HOST_NOT_ALLOWED') return refused('host-not-allowed', hostOf(members.baseUrl))
    return refused('member', String(error.details.member ?? ''))
  }
}

export function isRefused(read: LifecyclePayload | RefusedClientInfo): read is RefusedClientInfo {
  return 'reason' in read
}

function refused(reason: AceRefusal, detail: string): RefusedClientInfo {
  return { reason, detail }
}

/** A name that ACE's row claims, cut and without what could confuse a terminal. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[^\x20-\x7e]/g, '?').slice(0, 100) : ''
}

function hostOf(baseUrl: unknown): string {
  return typeof baseUrl === 'string' ? shown(URL.parse(baseUrl)?.host ?? '') : ''
}
