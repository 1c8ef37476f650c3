import { randomUUID } from 'node:crypto'
import { AtlassianError, AuthenticationError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import { within } from '../within.ts'
import { type Meeting, meet, merged, taken } from './association.ts'
import { joinDelivery } from './join-delivery.ts'
import { applyLifecycleEvent, type LifecycleChange, type LifecycleEvent } from './lifecycle.ts'
import { retryOnConflict } from './retry-on-conflict.ts'
import { installationMark } from './settings-store.ts'
import { type ConnectTenant, hasRegistration, isAlive, type Tenant } from './tenant.ts'
import type { TenantDirectory } from './tenant-directory.ts'
import type { NewDelivery, TenantStore } from './tenant-store.ts'

/** What an accepted life-cycle call did. `tenant` is `null` for an uninstall of a tenant that we never knew. */
export interface LifecycleResult {
  readonly change: LifecycleChange
  readonly tenant: ConnectTenant | null
  /** The hook run that was written together with the tenant; `null` if nothing has to be told. */
  readonly deliveryId: string | null
  /** The move of another record's data that was written together with the tenant, because both turned out to be one. */
  readonly joinDeliveryId: string | null
}

export interface LifecycleServiceOptions {
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly clock: Clock
  readonly log: Log
  /** Told of a join's delivery, to be handled at once; the inbox keeps it otherwise. */
  readonly joined: (deliveryId: string) => void
  /** Asked before a first install is written. Refuses by throwing. */
  readonly beforeInstall: ((tenant: ConnectTenant) => unknown) | undefined
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
    const found = await store.find({ clientKey })
    const current = found !== null && hasRegistration(found) ? found : null
    const meeting = await meetOwner(current, given)
    const isForeign = meeting.how === 'conflict' || meeting.how === 'take'
    const event = isForeign ? withoutInstallationId(given) : given
    if (meeting.how === 'conflict') warnOfConflict(given, clientKey, meeting.owner)
    const nowMs = clock()
    const decision = applyLifecycleEvent(current, event, {
      nowMs,
      newTenantId: randomUUID(),
      newConnectId: randomUUID(),
      joins: meeting.how === 'join' ? meeting.owner : null
    })
    if (decision.outcome === 'refused') throw new AuthenticationError(decision.reason, { clientKey })
    if (decision.outcome === 'unchanged') {
      return { change: 'none', tenant: current, deliveryId: null, joinDeliveryId: null }
    }
    const { change } = decision
    if ((change === 'first-install' || change === 'joined') && !asked.done) {
      await askBeforeInstall(decision.tenant)
      asked.done = true
    }
    const hook = toDelivery(decision.tenant, change)
    const join = meeting.how === 'merge' ? joinDelivery(meeting.owner, decision.tenant.tenantId, nowMs) : null
    const deliveries = [join, hook].filter((delivery) => delivery !== null)
    const expectedVersion = current?.version ?? (meeting.how === 'join' ? meeting.owner.version : null)
    const saved =
      meeting.how === 'merge'
        ? await saveMerged(meeting.owner, decision.tenant, nowMs, deliveries)
        : await store.save(decision.tenant, expectedVersion, deliveries)
    directory.put(saved)
    // All tenants of Bitbucket are on one address.
    if (change === 'first-install' && saved.product !== 'bitbucket') await markSuperseded(saved)
    if (join !== null) options.joined(join.deliveryId)
    if (meeting.how === 'take') await takeInstallation(meeting.owner.tenantId, clientKey, given)
    return { change, tenant: saved, deliveryId: hook?.deliveryId ?? null, joinDeliveryId: join?.deliveryId ?? null }
  }

  async function meetOwner(current: ConnectTenant | null, event: LifecycleEvent): Promise<Meeting> {
    if (event.type !== 'installed' || event.payload.installationId === null) return { how: 'alone' }
    const { installationId } = event.payload
    // First as a hook named it: a Forge call at the same moment may have made a tenant of that name too.
    const owner = (await store.find({ installationId, environmentId: '' })) ?? (await store.find({ installationId }))
    return meet(current, owner, event.payload)
  }

  function withoutInstallationId(event: LifecycleEvent): LifecycleEvent {
    return 'payload' in event ? { ...event, payload: { ...event.payload, installationId: null } } : event
  }

  /** An installation has one tenant. A second one that claims it is installed all the same, without that name. */
  function warnOfConflict(event: LifecycleEvent, clientKey: string, owner: Tenant): void {
    const installationId = 'payload' in event ? event.payload.installationId : null
    options.log.warn(
      { clientKey, installationId, ownerTenantId: owner.tenantId },
      'an installation id belongs to another tenant and is not taken from it'
    )
  }

  /** A step of its own, behind the install: cut off here, the next call of this registration makes up for it. */
  async function takeInstallation(ownerId: string, clientKey: string, event: LifecycleEvent): Promise<void> {
    const installationId = 'payload' in event ? event.payload.installationId : null
    await retryOnConflict(async () => {
      const [owner, next] = await Promise.all([store.find({ tenantId: ownerId }), store.find({ clientKey })])
      if (owner === null || next === null || !hasRegistration(owner) || !hasRegistration(next)) return
      const both = taken(owner, next, installationId ?? '', clock())
      const saved = await store.handOver(both.from, both.to)
      directory.put(saved.from)
      directory.put(saved.to)
      options.log.warn(
        { clientKey, installationId, fromTenantId: ownerId, tenantId: saved.to.tenantId },
        'an installation that was found on the same site belongs to another clientKey and went to it'
      )
    })
  }

  async function saveMerged(owner: Tenant, next: ConnectTenant, nowMs: number, deliveries: readonly NewDelivery[]) {
    const both = merged(owner, next, nowMs)
    return (await store.handOver(both.from, both.to, deliveries)).to
  }

  async function askBeforeInstall(tenant: ConnectTenant): Promise<void> {
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

  function toDelivery(tenant: ConnectTenant, change: LifecycleChange): NewDelivery | null {
    if (change === 'none') return null
    const nowMs = clock()
    return {
      deliveryId: randomUUID(),
      tenantId: tenant.tenantId,
      kind: 'lifecycle',
      event: eventName(change),
      identifier: null,
      payload: JSON.stringify({ change, tenantId: tenant.tenantId, clientKey: tenant.clientKey }),
      receivedAtMs: nowMs,
      dueAtMs: nowMs
    }
  }

  /** A hint for a person. It fails softly: the install itself is written by now. */
  async function markSuperseded(newcomer: ConnectTenant): Promise<void> {
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
      return inTurn(clientKey, () => {
        const asked = { done: false }
        return retryOnConflict(() => applyOnce(clientKey, event, asked))
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
 * Gives the data of one tenant to another, because a person or the app said so: `from` ends until its own site installs the app again, its Forge
 * installations become names of `to`, what waits in its inbox goes there, and its settings and accounts too, except for keys that
 * `to` has already; its access tokens of users are dropped. What is left to do, should this process end or a handler fail, stands
 * in the inbox under `deliveryId` and is due after `waitMs`. Throws `ATL_NO_TENANT`, `ATL_ADOPT_REFUSED` and
 * `ATL_STORE_CONFLICT`.
 */
export async function adoptTenant(
  store: TenantStore,
  fromId: string,
  toId: string,
  nowMs: number,
  waitMs = 0
): Promise<{ from: Tenant; to: Tenant; deliveryId: string }> {
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
  // The site of the first is another one: whoever installs there later is not this tenant.
  const both = merged(from, to, nowMs, null)
  const ended = hasRegistration(both.from) ? withoutCredit(both.from) : both.from
  // In one step, so that two adoptions in opposite directions meet in a conflict and not in two ended tenants.
  const delivery = joinDelivery(from, toId, nowMs, waitMs)
  const saved = from.adoptedBy === toId ? { from, to } : await store.handOver(ended, both.to, [delivery])
  // Of both, so that a repetition finds those that went over before.
  const marks = [...from.installations, ...to.installations]
    .filter(({ platform }) => platform === 'forge')
    .map(installationMark)
  await store.inbox.move(fromId, toId)
  await store.settings?.move(fromId, toId, marks)
  await store.accounts?.move(fromId, toId)
  // Those of users only: a token of an installation goes where the installation went.
  await store.tokens?.deleteAll(fromId, 'user')
  return { ...saved, deliveryId: delivery.deliveryId }
}

/** No token that was signed before verifies again, not even after a reinstall. */
function withoutCredit(tenant: ConnectTenant): ConnectTenant {
  return {
    ...tenant,
    secretVersion: tenant.secretVersion + 1,
    previousSecret: null,
    previousSecretRetiredAtMs: null
  }
}
