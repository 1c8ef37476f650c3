import { AuthenticationError } from '../errors.ts'

type Members = Readonly<Record<string, unknown>>

/** One product that an installation spans. */
export interface ForgeInstallationContext {
  /** `jira`, `confluence`, `bitbucket` and so on. */
  readonly name: string
  /** Where it can be called; `null` if the token names no address, or one that may not be called. */
  readonly apiBaseUrl: string | null
  readonly cloudId: string | null
  readonly workspaceId: string | null
}

/** Where the user is, as the host signed it. Ids only; what a page shows needs a look at the product. */
export interface ForgeContext {
  readonly cloudId: string | null
  readonly workspaceId: string | null
  readonly siteUrl: string | null
  readonly moduleKey: string | null
  readonly localId: string | null
  readonly accountType: string | null
  /** What the kind of module says about its place: `issue`, `project`, `content`, `space`, `config` and so on. */
  readonly extension: Members
}

/** The license of the installation. There is none outside of production, and for apps that are not paid. */
export interface ForgeLicense {
  readonly active: boolean
  readonly type: string | null
  readonly isEvaluation: boolean
  readonly billingPeriod: string | null
  readonly capabilitySet: string | null
  readonly ccpEntitlementId: string | null
  readonly ccpEntitlementSlug: string | null
  readonly subscriptionEndDate: string | null
  readonly trialEndDate: string | null
  readonly modes: readonly string[]
}

/** A text that has to be there and is not empty. Throws AuthenticationError. */
export function requiredText(members: Members, name: string): string {
  const value = members[name]
  if (typeof value !== 'string' || value === '') throw new AuthenticationError('claim', { claim: name })
  return value
}

/** A finite number that has to be there. Throws AuthenticationError. */
export function requiredNumber(members: Members, name: string): number {
  const value = members[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new AuthenticationError('claim', { claim: name })
  return value
}

/** An object that has to be there. Throws AuthenticationError. */
export function requiredObject(members: Members, name: string): Members {
  const value = members[name]
  if (!isMembers(value)) throw new AuthenticationError('claim', { claim: name })
  return value
}

/** An object, or `null` if there is none. Throws AuthenticationError for anything else. */
export function optionalObject(members: Members, name: string): Members | null {
  return members[name] === undefined || members[name] === null ? null : requiredObject(members, name)
}

/** A text, or `null` for anything else: what nothing depends on may change its shape. */
export function textOrNull(members: Members, name: string): string | null {
  const value = members[name]
  return typeof value === 'string' && value !== '' ? value : null
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The user's place of a call; `null` where the token has none. */
export function readContext(claims: Members): ForgeContext | null {
  const context = optionalObject(claims, 'context')
  if (context === null) return null
  const { extension } = context
  return Object.freeze({
    cloudId: textOrNull(context, 'cloudId'),
    workspaceId: textOrNull(context, 'workspaceId'),
    siteUrl: textOrNull(context, 'siteUrl'),
    moduleKey: textOrNull(context, 'moduleKey'),
    localId: textOrNull(context, 'localId'),
    accountType: textOrNull(context, 'accountType'),
    extension: isMembers(extension) ? extension : NOTHING
  })
}

const NOTHING: Members = Object.freeze({})

/** The license in the app's claims; `null` where there is none. Only `active: true` is active. */
export function readLicense(app: Members): ForgeLicense | null {
  const license = optionalObject(app, 'license')
  if (license === null) return null
  const { modes } = license
  return Object.freeze({
    active: license.active === true,
    type: textOrNull(license, 'type'),
    isEvaluation: license.isEvaluation === true,
    billingPeriod: textOrNull(license, 'billingPeriod'),
    capabilitySet: textOrNull(license, 'capabilitySet'),
    ccpEntitlementId: textOrNull(license, 'ccpEntitlementId'),
    ccpEntitlementSlug: textOrNull(license, 'ccpEntitlementSlug'),
    subscriptionEndDate: textOrNull(license, 'subscriptionEndDate'),
    trialEndDate: textOrNull(license, 'trialEndDate'),
    modes: Object.freeze(Array.isArray(modes) ? modes.filter((mode) => typeof mode === 'string') : [])
  })
}

/** Makes parsed JSON immutable all the way down. Its depth is bounded by the length of a token. */
export function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const member of Object.values(value)) freezeDeep(member)
}
