import type { LifecyclePayload } from './lifecycle-payload.ts'
import { type ConnectTenant, type Installation, type InstallTokenMark, isConnected, type Tenant } from './tenant.ts'

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
  /** The first install of a registration whose tenant was known by another name. */
  | 'joined'
  | 'update'
  | 'rotation'
  | 'reinstall'
  | 'uninstalled'
  | 'enabled'
  | 'disabled'
  | 'none'

/** What has to be done about an event: save a record, nothing, or refuse it with 401. */
export type LifecycleOutcome =
  | { readonly outcome: 'save'; readonly tenant: ConnectTenant; readonly change: LifecycleChange }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'refused'; readonly reason: string }

const MAX_MARKS = 200

/** What the pure rules cannot know. */
export interface LifecycleWorld {
  readonly nowMs: number
  readonly newTenantId: string
  readonly newConnectId: string
  /** The tenant that a first install belongs to, because both have a verified name in common. */
  readonly joins: Tenant | null
}

/**
 * Event and current record of this registration to the next one, with no side effect. The rules: an older install
 * token is refused, the same one changes nothing, a newer one wins; an uninstall marks and keeps; `enabled` and
 * `disabled` never revive.
 */
export function applyLifecycleEvent(
  current: ConnectTenant | null,
  event: LifecycleEvent,
  world: LifecycleWorld
): LifecycleOutcome {
  if (!('mark' in event)) return applyEnabled(current, event.type, world.nowMs)
  if (current === null) {
    if (event.type !== 'installed') return { outcome: 'unchanged' }
    const change = world.joins === null ? 'first-install' : 'joined'
    return { outcome: 'save', tenant: firstInstall(event, world), change }
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

function firstInstall(event: TokenEvent, world: LifecycleWorld): ConnectTenant {
  const { payload } = event
  const { joins, nowMs } = world
  const tenantId = joins?.tenantId ?? world.newTenantId
  const connectId = joins === null || joins.clientKey === null ? tenantId : world.newConnectId
  const others = joins?.installations ?? []
  return {
    tenantId,
    connectId,
    appKey: payload.key,
    clientKey: payload.clientKey,
    cloudId: joins?.cloudId ?? null,
    ...namesOf(payload),
    sharedSecret: secretOf(payload),
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    secretVersion: 1,
    installations: [...others, newInstallation(payload, connectId, others, nowMs)],
    lastInstallIatSeconds: notAhead(event.iatSeconds, nowMs),
    installTokens: [event.mark],
    possiblySupersededBy: null,
    adoptedBy: null,
    createdAtMs: joins?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
    version: joins?.version ?? 1
  }
}

function installAgain(
  current: ConnectTenant,
  remembered: ConnectTenant,
  event: TokenEvent,
  nowMs: number
): LifecycleOutcome {
  const { payload } = event
  const sharedSecret = secretOf(payload)
  const alive = isConnected(current)
  const sameSecret = sharedSecret.equals(current.sharedSecret)
  const rotated = alive && !sameSecret
  // After an uninstall the old secret is worth nothing, not even for a moment (connect.md 2.6).
  const previous = rotated
    ? { previousSecret: current.sharedSecret, previousSecretRetiredAtMs: nowMs }
    : alive
      ? {}
      : { previousSecret: null, previousSecretRetiredAtMs: null }
  const tenant: ConnectTenant = {
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

function uninstall(current: ConnectTenant, remembered: ConnectTenant, nowMs: number): LifecycleOutcome {
  if (!isConnected(current)) return { outcome: 'save', tenant: remembered, change: 'none' }
  const tenant = {
    ...remembered,
    installations: current.installations.map((one) => (isOwn(one, current) ? ended(one, nowMs) : one)),
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    secretVersion: current.secretVersion + 1
  }
  return { outcome: 'save', tenant, change: 'uninstalled' }
}

function applyEnabled(current: ConnectTenant | null, type: 'enabled' | 'disabled', nowMs: number): LifecycleOutcome {
  // Both are sent in no order with `uninstalled`, which stays the last word (connect.md 2.1).
  if (current === null || !isConnected(current)) return { outcome: 'unchanged' }
  const enabled = type === 'enabled'
  // Saved even if the record says so already (an install does), because the app's hook is written together with it.
  const installations = current.installations.map((one) =>
    isOwn(one, current) && one.state === 'installed' ? { ...one, enabled } : one
  )
  return { outcome: 'save', tenant: { ...current, installations, updatedAtMs: nowMs }, change: type }
}

/**
 * The installation of this registration lives (again), under the id that the host tells; a different id ends the one
 * before, and what Forge called by it.
 */
function reinstalled(current: ConnectTenant, payload: LifecyclePayload, nowMs: number): readonly Installation[] {
  const { installations, connectId } = current
  const own = installations.filter((one) => isOwn(one, current))
  const strangers = installations.filter((one) => !isOwn(one, current))
  const next = newInstallation(payload, connectId, strangers, nowMs)
  const told = next.installationId === payload.installationId
  const usable = told ? own.filter(({ installationId }) => installationId === standIn(connectId)) : own
  const existing =
    own.find(({ installationId }) => installationId === next.installationId) ??
    usable.find(({ state }) => state === 'installed') ??
    usable[0]
  const former = new Set(own.filter((one) => one !== existing).map(({ installationId }) => installationId))
  const others = installations
    .filter((one) => one !== existing)
    .map((one) => (isOwn(one, current) || (told && former.has(one.installationId)) ? ended(one, nowMs) : one))
  if (existing === undefined) return [...others, next]
  const alive = existing.state === 'installed'
  const revived: Installation = {
    ...existing,
    installationId: told ? next.installationId : existing.installationId,
    products: next.products,
    state: 'installed',
    enabled: alive ? existing.enabled : true,
    installedAtMs: alive ? existing.installedAtMs : nowMs,
    endedAtMs: null
  }
  return [...others, revived]
}

function isOwn(installation: Installation, { clientKey }: ConnectTenant): boolean {
  return installation.clientKey === clientKey
}

/** The installation as it is when it is over; one that is over already stays as it is. */
export function ended(installation: Installation, nowMs: number): Installation {
  if (installation.state === 'uninstalled') return installation
  return { ...installation, state: 'uninstalled', enabled: false, endedAtMs: nowMs }
}

function newInstallation(
  payload: LifecyclePayload,
  connectId: string,
  others: readonly Installation[],
  nowMs: number
): Installation {
  const { installationId } = payload
  const isThere = others.some((one) => one.installationId === installationId && one.environmentId === '')
  return {
    platform: 'connect',
    installationId: installationId === null || isThere ? standIn(connectId) : installationId,
    environmentId: '',
    clientKey: payload.clientKey,
    products: [payload.product],
    state: 'installed',
    enabled: true,
    installedAtMs: nowMs,
    endedAtMs: null
  }
}

/** What a Connect installation is called where the host told no installation id. */
function standIn(connectId: string): string {
  return `connect:${connectId}`
}

function rememberToken(current: ConnectTenant, event: TokenEvent, nowMs: number): ConnectTenant {
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
