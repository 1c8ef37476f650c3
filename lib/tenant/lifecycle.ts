import type { LifecyclePayload } from './lifecycle-payload.ts'
import { type Installation, type InstallTokenMark, isAlive, type Tenant } from './tenant.ts'

/** A verified life-cycle call. `installed` and `uninstalled` carry the mark of their install token. */
export type LifecycleEvent =
  | {
      readonly type: 'installed' | 'uninstalled'
      readonly payload: LifecyclePayload
      readonly mark: InstallTokenMark
      readonly iatSeconds: number
    }
  | { readonly type: 'enabled' | 'disabled' }

/** What an accepted event did to the tenant; `none` changed only the memory of tokens. */
export type LifecycleChange =
  | 'first-install'
  | 'update'
  | 'rotation'
  | 'reinstall'
  | 'uninstalled'
  | 'enabled'
  | 'disabled'
  | 'none'

/** What has to be done about an event: save a record, nothing, or refuse it with 401. */
export type LifecycleOutcome =
  | { readonly outcome: 'save'; readonly tenant: Tenant; readonly change: LifecycleChange }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'refused'; readonly reason: string }

const MAX_MARKS = 200

/**
 * Event and current tenant to next tenant, with no side effect. The rules: an older install token is refused, the same
 * one changes nothing, a newer one wins; an uninstall marks and keeps; `enabled` and `disabled` never revive.
 */
export function applyLifecycleEvent(
  current: Tenant | null,
  event: LifecycleEvent,
  world: { readonly nowMs: number; readonly newTenantId: string }
): LifecycleOutcome {
  if (!('mark' in event)) return applyEnabled(current, event.type, world.nowMs)
  if (current === null) {
    return event.type === 'installed'
      ? { outcome: 'save', tenant: firstInstall(event, world), change: 'first-install' }
      : { outcome: 'unchanged' }
  }
  const seen = current.installTokens.find((mark) => mark.token === event.mark.token)
  if (seen !== undefined) {
    return seen.body === event.mark.body
      ? { outcome: 'unchanged' }
      : { outcome: 'refused', reason: 'install-token-reused' }
  }
  if (event.iatSeconds < current.lastInstallIatSeconds) return { outcome: 'refused', reason: 'install-token-older' }
  const remembered = rememberToken(current, event, world.nowMs)
  return event.type === 'installed'
    ? installAgain(current, remembered, event, world.nowMs)
    : uninstall(current, remembered, world.nowMs)
}

type TokenEvent = Extract<LifecycleEvent, { type: 'installed' | 'uninstalled' }>

function firstInstall(event: TokenEvent, world: { nowMs: number; newTenantId: string }): Tenant {
  const { payload } = event
  return {
    tenantId: world.newTenantId,
    appKey: payload.key,
    clientKey: payload.clientKey,
    cloudId: null,
    ...namesOf(payload),
    sharedSecret: secretOf(payload),
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    secretVersion: 1,
    installations: [newInstallation(payload, world.newTenantId, world.nowMs)],
    lastInstallIatSeconds: notAhead(event.iatSeconds, world.nowMs),
    installTokens: [event.mark],
    possiblySupersededBy: null,
    adoptedBy: null,
    createdAtMs: world.nowMs,
    updatedAtMs: world.nowMs,
    version: 1
  }
}

function installAgain(current: Tenant, remembered: Tenant, event: TokenEvent, nowMs: number): LifecycleOutcome {
  const { payload } = event
  const sharedSecret = secretOf(payload)
  const alive = isAlive(current)
  const sameSecret = sharedSecret.equals(current.sharedSecret)
  const rotated = alive && !sameSecret
  // After an uninstall the old secret is worth nothing, not even for a moment (connect.md 2.6).
  const previous = rotated
    ? { previousSecret: current.sharedSecret, previousSecretRetiredAtMs: nowMs }
    : alive
      ? {}
      : { previousSecret: null, previousSecretRetiredAtMs: null }
  const tenant: Tenant = {
    ...remembered,
    ...namesOf(payload),
    ...previous,
    sharedSecret: sameSecret ? current.sharedSecret : sharedSecret,
    secretVersion: alive && sameSecret ? current.secretVersion : current.secretVersion + 1,
    installations: reinstalled(current, payload, nowMs),
    possiblySupersededBy: null,
    adoptedBy: null
  }
  return { outcome: 'save', tenant, change: alive ? (rotated ? 'rotation' : 'update') : 'reinstall' }
}

function uninstall(current: Tenant, remembered: Tenant, nowMs: number): LifecycleOutcome {
  const installations = current.installations.map((installation) =>
    installation.platform === 'connect' && installation.state === 'installed'
      ? { ...installation, state: 'uninstalled' as const, enabled: false, endedAtMs: nowMs }
      : installation
  )
  const ended = { ...remembered, installations }
  if (!isAlive(current)) return { outcome: 'save', tenant: remembered, change: 'none' }
  if (isAlive(ended)) return { outcome: 'save', tenant: ended, change: 'uninstalled' }
  const tenant = {
    ...ended,
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    secretVersion: current.secretVersion + 1
  }
  return { outcome: 'save', tenant, change: 'uninstalled' }
}

function applyEnabled(current: Tenant | null, type: 'enabled' | 'disabled', nowMs: number): LifecycleOutcome {
  // Both are sent in no order with `uninstalled`, which stays the last word (connect.md 2.1).
  if (current === null || !isAlive(current)) return { outcome: 'unchanged' }
  const enabled = type === 'enabled'
  // Saved even if the record says so already (an install does), because the app's hook is written together with it.
  const installations = current.installations.map((one) =>
    one.platform === 'connect' && one.state === 'installed' ? { ...one, enabled } : one
  )
  return { outcome: 'save', tenant: { ...current, installations, updatedAtMs: nowMs }, change: type }
}

/** The Connect installation lives (again), under the id that the host tells; a different id ends the one before. */
function reinstalled(current: Tenant, payload: LifecyclePayload, nowMs: number): readonly Installation[] {
  const next = newInstallation(payload, current.tenantId, nowMs)
  const standIn = `connect:${current.tenantId}`
  const same = (one: Installation): boolean =>
    one.platform === 'connect' &&
    (one.installationId === next.installationId || one.installationId === standIn || payload.installationId === null) &&
    one.environmentId === next.environmentId
  const existing =
    current.installations.find((one) => one.platform === 'connect' && one.installationId === next.installationId) ??
    current.installations.find((one) => same(one) && one.state === 'installed') ??
    current.installations.find(same)
  const others = current.installations
    .filter((one) => one !== existing)
    .map((one) =>
      one.platform === 'connect' && one.state === 'installed'
        ? { ...one, state: 'uninstalled' as const, enabled: false, endedAtMs: nowMs }
        : one
    )
  if (existing === undefined) return [...others, next]
  const alive = existing.state === 'installed'
  const revived: Installation = {
    ...existing,
    installationId: payload.installationId ?? existing.installationId,
    state: 'installed',
    enabled: alive ? existing.enabled : true,
    installedAtMs: alive ? existing.installedAtMs : nowMs,
    endedAtMs: null
  }
  return [...others, revived]
}

function newInstallation(payload: LifecyclePayload, tenantId: string, nowMs: number): Installation {
  return {
    platform: 'connect',
    installationId: payload.installationId ?? `connect:${tenantId}`,
    environmentId: '',
    state: 'installed',
    enabled: true,
    installedAtMs: nowMs,
    endedAtMs: null
  }
}

function rememberToken(current: Tenant, event: TokenEvent, nowMs: number): Tenant {
  const live = current.installTokens.filter((mark) => mark.expSeconds * 1000 > nowMs)
  return {
    ...current,
    lastInstallIatSeconds: notAhead(event.iatSeconds, nowMs),
    installTokens: [...live, event.mark].slice(-MAX_MARKS),
    updatedAtMs: nowMs
  }
}

function namesOf(payload: LifecyclePayload) {
  return {
    product: payload.product,
    baseUrl: payload.baseUrl,
    displayUrl: payload.displayUrl,
    displayUrlServicedeskHelpCenter: payload.displayUrlServicedeskHelpCenter,
    oauthClientId: payload.oauthClientId,
    entitlementId: payload.entitlementId,
    entitlementNumber: payload.entitlementNumber
  }
}

function secretOf(payload: LifecyclePayload) {
  if (payload.sharedSecret === null) throw new TypeError('an installed payload without a secret cannot be parsed')
  return payload.sharedSecret
}

/** A host whose clock is ahead, within the leeway, must not make its own next call look older. */
function notAhead(iatSeconds: number, nowMs: number): number {
  return Math.min(iatSeconds, Math.floor(nowMs / 1000))
}
