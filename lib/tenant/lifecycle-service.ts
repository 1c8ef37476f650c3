import { randomUUID } from 'node:crypto'
import { AtlassianError, AuthenticationError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import { within } from '../within.ts'
import { applyLifecycleEvent, type LifecycleChange, type LifecycleEvent } from './lifecycle.ts'
import { isAlive, type Tenant } from './tenant.ts'
import type { TenantDirectory } from './tenant-directory.ts'
import type { NewDelivery, TenantStore } from './tenant-store.ts'

/** What an accepted life-cycle call did. `tenant` is `null` for an uninstall of a tenant that we never knew. */
export interface LifecycleResult {
  readonly change: LifecycleChange
  readonly tenant: Tenant | null
  /** The hook run that was written together with the tenant; `null` if nothing has to be told. */
  readonly deliveryId: string | null
}

export interface LifecycleServiceOptions {
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly clock: Clock
  readonly log: Log
  /** Asked before a first install is written. Refuses by throwing. */
  readonly beforeInstall: ((tenant: Tenant) => unknown) | undefined
  /** How long the hook may take, after which it counts as a refusal. Default 8 seconds. */
  readonly beforeInstallMs?: number
}

export interface LifecycleService {
  /**
   * Applies a verified event: reads, decides, saves by compare-and-set and tries again if another writer was faster.
   * Throws AuthenticationError for an older or reused token, `ATL_INSTALL_REFUSED`, `ATL_STORE_CONFLICT`.
   */
  apply(clientKey: string, event: LifecycleEvent): Promise<LifecycleResult>
}

const MAX_TRIES = 25
/** Hosts give up on an install after about ten seconds. */
const BEFORE_INSTALL_MS = 8000

export function createLifecycleService(options: LifecycleServiceOptions): LifecycleService {
  const { store, directory, clock, beforeInstallMs = BEFORE_INSTALL_MS } = options
  // One writer per tenant in this process; compare-and-set settles the rest between processes.
  const queues = new Map<string, Promise<unknown>>()

  async function inTurn<T>(clientKey: string, work: () => Promise<T>): Promise<T> {
    const before = queues.get(clientKey) ?? Promise.resolve()
    const mine = before.then(work, work)
    queues.set(clientKey, mine)
    try {
      return await mine
    } finally {
      if (queues.get(clientKey) === mine) queues.delete(clientKey)
    }
  }

  async function applyOnce(
    clientKey: string,
    given: LifecycleEvent,
    asked: { done: boolean }
  ): Promise<LifecycleResult> {
    const event = await withoutForeignName(clientKey, given)
    const current = await store.find({ clientKey })
    const decision = applyLifecycleEvent(current, event, { nowMs: clock(), newTenantId: randomUUID() })
    if (decision.outcome === 'refused') throw new AuthenticationError(decision.reason, { clientKey })
    if (decision.outcome === 'unchanged') return { change: 'none', tenant: current, deliveryId: null }
    if (decision.change === 'first-install' && !asked.done) {
      await askBeforeInstall(decision.tenant)
      asked.done = true
    }
    const delivery = toDelivery(decision.tenant, decision.change)
    const saved = await store.save(decision.tenant, current?.version ?? null, delivery === null ? [] : [delivery])
    directory.put(saved)
    if (decision.change === 'first-install') await markSuperseded(saved)
    return { change: decision.change, tenant: saved, deliveryId: delivery?.deliveryId ?? null }
  }

  /** An installation has one tenant. A second one that claims it is installed all the same, without that name. */
  async function withoutForeignName(clientKey: string, event: LifecycleEvent): Promise<LifecycleEvent> {
    const installationId = 'payload' in event ? event.payload.installationId : null
    if (!('payload' in event) || installationId === null) return event
    const owner = await store.find({ installationId })
    if (owner === null || owner.clientKey === clientKey) return event
    options.log.warn(
      { clientKey, installationId, ownerTenantId: owner.tenantId },
      'an installation id belongs to another tenant and is not taken from it'
    )
    return { ...event, payload: { ...event.payload, installationId: null } }
  }

  async function askBeforeInstall(tenant: Tenant): Promise<void> {
    try {
      await within(Promise.resolve(options.beforeInstall?.(tenant)), beforeInstallMs)
    } catch (error) {
      throw new AtlassianError(
        'ATL_INSTALL_REFUSED',
        'before-install',
        { clientKey: tenant.clientKey },
        { cause: error }
      )
    }
  }

  function toDelivery(tenant: Tenant, change: LifecycleChange): NewDelivery | null {
    if (change === 'none') return null
    const nowMs = clock()
    return {
      deliveryId: randomUUID(),
      tenantId: tenant.tenantId,
      kind: 'lifecycle',
      event: eventName(change),
      identifier: null,
      payload: JSON.stringify({ change, tenantId: tenant.tenantId }),
      receivedAtMs: nowMs,
      dueAtMs: nowMs
    }
  }

  /** A hint for a person. It fails softly: the install itself is written by now. */
  async function markSuperseded(newcomer: Tenant): Promise<void> {
    try {
      for (const other of await store.findByBaseUrl(newcomer.baseUrl)) {
        if (other.tenantId === newcomer.tenantId || other.possiblySupersededBy !== null || other.adoptedBy !== null)
          continue
        const marked = { ...other, possiblySupersededBy: newcomer.tenantId, updatedAtMs: clock() }
        directory.put(await store.save(marked, other.version))
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      options.log.warn({ tenantId: newcomer.tenantId, reason }, 'an earlier tenant of this site could not be marked')
    }
  }

  return {
    apply(clientKey, event) {
      return inTurn(clientKey, async () => {
        const asked = { done: false }
        for (let tries = 1; ; tries++) {
          try {
            return await applyOnce(clientKey, event, asked)
          } catch (error) {
            const conflict = error instanceof AtlassianError && error.code === 'ATL_STORE_CONFLICT'
            if (!conflict || tries >= MAX_TRIES) throw error
          }
        }
      })
    }
  }
}

/** The hook that hears of a change: every way of being installed is `installed`. */
export function eventName(change: LifecycleChange): 'installed' | 'uninstalled' | 'enabled' | 'disabled' {
  if (change === 'uninstalled' || change === 'enabled' || change === 'disabled') return change
  return 'installed'
}

/**
 * Gives the data of one tenant to another, because a person or the app said so: `from` ends for good, what waits in
 * its inbox goes to `to`, and its settings too, except for keys that `to` has already; its access tokens are dropped.
 * Throws `ATL_NO_TENANT`, `ATL_ADOPT_REFUSED` and `ATL_STORE_CONFLICT`.
 */
export async function adoptTenant(
  store: TenantStore,
  fromId: string,
  toId: string,
  nowMs: number
): Promise<{ from: Tenant; to: Tenant }> {
  const [from, to] = await Promise.all([store.find({ tenantId: fromId }), store.find({ tenantId: toId })])
  if (from === null || to === null) throw new AtlassianError('ATL_NO_TENANT', 'adopt', { fromId, toId })
  if (
    fromId === toId ||
    to.adoptedBy !== null ||
    !isAlive(to) ||
    (from.adoptedBy !== null && from.adoptedBy !== toId)
  ) {
    throw new AtlassianError('ATL_ADOPT_REFUSED', 'adopt', { fromId, toId })
  }
  const ended: Tenant = {
    ...from,
    adoptedBy: toId,
    secretVersion: from.secretVersion + 1,
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    installations: from.installations.map((one) =>
      one.state === 'installed' ? { ...one, state: 'uninstalled', enabled: false, endedAtMs: nowMs } : one
    ),
    updatedAtMs: nowMs
  }
  // Saved first, so that two adoptions in opposite directions meet in a conflict and not in two ended tenants.
  await store.save({ ...to, updatedAtMs: nowMs }, to.version)
  const saved = from.adoptedBy === toId ? from : await store.save(ended, from.version)
  await store.inbox.move(fromId, toId)
  await store.settings?.move(fromId, toId)
  await store.tokens?.deleteAll(fromId)
  return { from: saved, to }
}
