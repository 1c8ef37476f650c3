import { randomUUID } from 'node:crypto'
import type { Clock, Log } from '../ports.ts'
import { type ForgeArrival, mayReturn, merged, withArrival } from './association.ts'
import { joinDelivery } from './join-delivery.ts'
import { ended } from './lifecycle.ts'
import { retryOnConflict } from './retry-on-conflict.ts'
import { hasRegistration, noRegistration, type Tenant } from './tenant.ts'
import type { TenantDirectory } from './tenant-directory.ts'
import type { TenantStore } from './tenant-store.ts'

/** A Forge installation by its verified name. */
export interface ForgeInstallationName {
  readonly installationId: string
  readonly environmentId: string
}

/** What became of a link. */
export interface LinkResult {
  /**
   * `known`: it is so already. `linked`: two records became one tenant. `no-registration`: the app was never installed
   * under this clientKey here. `conflict`: the installation belongs to another clientKey; nothing was changed.
   */
  readonly outcome: 'known' | 'linked' | 'no-registration' | 'conflict'
  readonly tenant: Tenant
  /** The delivery that moves the data, to be dispatched at once; the inbox keeps it otherwise. */
  readonly deliveryId: string | null
}

/** Which tenant a Forge installation belongs to. Every method takes verified names only. */
export interface ForgeAssociation {
  /**
   * The tenant of this installation. One that was never seen belongs to the tenant whose Connect hook named it, else
   * to that of its site in this environment, else to a new one. Writes only what is new.
   */
  arrive(arrival: ForgeArrival): Promise<Tenant>
  /** The host says that this installation, which has arrived before, is that Connect registration. */
  link(name: ForgeInstallationName, clientKey: string): Promise<LinkResult>
  /** The installation ended; the tenant lives on while another one does. `null` for one that never arrived. */
  end(name: ForgeInstallationName): Promise<Tenant | null>
}

export interface ForgeAssociationOptions {
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly clock: Clock
  readonly log: Log
  readonly appKey: string
  /** Told of the delivery of a join, to be handled at once; the inbox keeps it otherwise. */
  readonly joined: (deliveryId: string) => void
}

export function createForgeAssociation(options: ForgeAssociationOptions): ForgeAssociation {
  const { store, directory, clock, log, appKey, joined } = options

  async function save(next: Tenant, expectedVersion: number | null): Promise<Tenant> {
    const saved = await store.save(next, expectedVersion)
    directory.put(saved)
    return saved
  }

  async function findOwner({ installationId, environmentId, cloudId }: ForgeArrival): Promise<Tenant | null> {
    const [known, named] = await Promise.all([
      store.find({ installationId, environmentId }),
      store.find({ installationId, environmentId: '' })
    ])
    if (known !== null && named !== null) return oneOf(known, named)
    const owner = known ?? named ?? (cloudId === null ? null : await findOfSite(cloudId, environmentId))
    return owner === null ? null : heirOf(owner)
  }

  async function findOfSite(cloudId: string, environmentId: string): Promise<Tenant | null> {
    const owner = await store.find({ cloudId, environmentId })
    return owner !== null && mayReturn(owner) ? owner : null
  }

  /** The first call and the first hook of an installation may each have made a tenant, at the same moment. */
  async function oneOf(known: Tenant, named: Tenant): Promise<Tenant> {
    const [from, to] = await Promise.all([heirOf(known), heirOf(named)])
    if (from.tenantId === to.tenantId || hasRegistration(from) || !hasRegistration(to)) return from
    return (await join(from, to)).tenant
  }

  async function join(from: Tenant, to: Tenant): Promise<{ tenant: Tenant; deliveryId: string }> {
    const nowMs = clock()
    const delivery = joinDelivery(from, to.tenantId, nowMs)
    const both = merged(from, to, nowMs)
    const saved = await store.handOver(both.from, both.to, [delivery])
    directory.put(saved.to)
    joined(delivery.deliveryId)
    return { tenant: saved.to, deliveryId: delivery.deliveryId }
  }

  /** The tenant that has the data now. */
  async function heirOf(tenant: Tenant): Promise<Tenant> {
    const passed = new Set<string>()
    let heir = tenant
    while (heir.adoptedBy !== null && !passed.has(heir.tenantId)) {
      passed.add(heir.tenantId)
      heir = (await store.find({ tenantId: heir.adoptedBy })) ?? heir
    }
    return heir
  }

  function newTenant(arrival: ForgeArrival, nowMs: number): Tenant {
    const tenant: Tenant = {
      ...noRegistration,
      tenantId: randomUUID(),
      appKey,
      cloudId: null,
      installations: [],
      adoptedBy: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      version: 0
    }
    return withArrival(tenant, arrival, nowMs)
  }

  return {
    arrive: (arrival) =>
      retryOnConflict(async () => {
        const owner = await findOwner(arrival)
        if (owner === null) return save(newTenant(arrival, clock()), null)
        const next = withArrival(owner, arrival, clock())
        return next === owner ? owner : save(next, owner.version)
      }),

    link: (name, clientKey) =>
      retryOnConflict(async () => {
        const [owner, found] = await Promise.all([store.find(name), store.find({ clientKey })])
        if (owner === null) throw new TypeError('only an installation that has arrived can be linked')
        const told = { tenant: owner, deliveryId: null }
        const registered = found === null ? null : await heirOf(found)
        if (registered === null || registered.adoptedBy !== null) return { ...told, outcome: 'no-registration' }
        if (registered.tenantId === owner.tenantId) return { ...told, outcome: 'known' }
        if (hasRegistration(owner)) {
          log.error(
            { ...name, clientKey, ownerTenantId: owner.tenantId, tenantId: registered.tenantId },
            'an installation that belongs to one clientKey was said to be another, and stays where it is'
          )
          return { ...told, outcome: 'conflict' }
        }
        return { outcome: 'linked', ...(await join(owner, registered)) }
      }),

    end: (name) =>
      retryOnConflict(async () => {
        const owner = await store.find(name)
        if (owner === null) return null
        const nowMs = clock()
        const installations = owner.installations.map((one) =>
          one.installationId === name.installationId && one.environmentId === name.environmentId
            ? ended(one, nowMs)
            : one
        )
        const changed = installations.some((one, n) => one !== owner.installations[n])
        return changed ? save({ ...owner, installations, updatedAtMs: nowMs }, owner.version) : owner
      })
  }
}
