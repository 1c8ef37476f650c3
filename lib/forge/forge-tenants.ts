import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import { type ForgeArrival, withArrival } from '../tenant/association.ts'
import { clientKeysOf, type Tenant } from '../tenant/tenant.ts'
import type { TenantChangeListener } from '../tenant/tenant-store.ts'

/** Tenants by Forge installation, held in memory so that a warm call reads no database and writes nothing. */
export interface ForgeTenants {
  /**
   * The tenant of a verified call, at once if it is held and the call tells nothing new. Throws or rejects with
   * `ATL_STORE_UNAVAILABLE` or `ATL_STORE_CONFLICT` if the storage fails.
   */
  of(arrival: ForgeArrival): Tenant | Promise<Tenant>
  /** Takes a tenant that was just saved. */
  put(tenant: Tenant): void
  /** Forgets what other processes changed. */
  readonly changes: TenantChangeListener
}

export interface ForgeTenantsOptions {
  /** Finds the tenant of a call, or makes it; writes only what is new. */
  readonly arrive: (arrival: ForgeArrival) => Promise<Tenant>
  readonly clock: Clock
  readonly log: Log
  /** A tenant read longer ago than this is read again in the background; after twice this time it is not used unread. */
  readonly freshMs: number
  readonly maxTenants: number
}

interface Entry {
  readonly tenant: Tenant
  /** The last call that told nothing new: tokens repeat, and theirs is the same object each time. */
  told: ForgeArrival | null
  /** By which others tell that it changed. */
  readonly names: readonly string[]
  readonly readAtMs: number
  /** How many changes had been heard of when it was asked for. */
  readonly afterChange: number
}

export function createForgeTenants({ arrive, clock, log, freshMs, maxTenants }: ForgeTenantsOptions): ForgeTenants {
  const entries = new BoundedMap<string, Entry>(maxTenants)
  const flights = new Map<string, Promise<Tenant>>()
  const changeOf = new BoundedMap<string, number>(maxTenants)
  let changes = 0

  function remember(key: string, tenant: Tenant, readAtMs: number, afterChange: number): void {
    entries.set(key, { tenant, told: null, names: [...clientKeysOf(tenant), tenant.tenantId], readAtMs, afterChange })
  }

  function ask(key: string, arrival: ForgeArrival): Promise<Tenant> {
    const running = flights.get(key)
    if (running !== undefined) return running
    const readAtMs = clock()
    const afterChange = changes
    const flight = arrive(arrival)
      .then((tenant) => {
        // A flight that was taken off the list may bring an answer from before the change that took it off.
        if (flights.get(key) === flight) remember(key, tenant, readAtMs, afterChange)
        return tenant
      })
      .catch((cause: unknown) => {
        if (cause instanceof AtlassianError) throw cause
        throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'forge-tenant', {}, { cause })
      })
      .finally(() => {
        if (flights.get(key) === flight) flights.delete(key)
      })
    flights.set(key, flight)
    return flight
  }

  async function load(key: string, arrival: ForgeArrival): Promise<Tenant> {
    const joined = flights.has(key)
    const tenant = await ask(key, arrival)
    // The call that asked first may have told less than this one.
    return joined && withArrival(tenant, arrival, clock()) !== tenant ? ask(key, arrival) : tenant
  }

  function isUnchanged({ names, afterChange }: Entry): boolean {
    return names.every((name) => (changeOf.peek(name) ?? 0) <= afterChange)
  }

  return {
    of(arrival) {
      const key = keyOf(arrival)
      const entry = entries.peek(key)
      const now = clock()
      const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : now - entry.readAtMs
      if (entry === undefined || ageMs >= 2 * freshMs || !isUnchanged(entry)) return load(key, arrival)
      if (entry.told !== arrival) {
        if (withArrival(entry.tenant, arrival, now) !== entry.tenant) return load(key, arrival)
        entry.told = arrival
      }
      if (ageMs >= freshMs) {
        ask(key, arrival).catch((error: unknown) => {
          log.warn(
            { tenantId: entry.tenant.tenantId, reason: error instanceof AtlassianError ? error.reason : 'unknown' },
            'tenant could not be re-read'
          )
        })
      }
      return entry.tenant
    },
    put(tenant) {
      for (const installation of tenant.installations) {
        if (installation.platform !== 'forge') continue
        const key = keyOf(installation)
        const isUsed = flights.delete(key) || entries.peek(key) !== undefined
        if (tenant.adoptedBy !== null) entries.delete(key)
        else if (isUsed) remember(key, tenant, clock(), changes)
      }
    },
    changes: {
      changed(name) {
        changeOf.set(name, ++changes)
      },
      missed() {
        entries.clear()
        flights.clear()
      }
    }
  }
}

/** The environment is part of the name: one app has the same installation id in one only, but who says so is a token. */
function keyOf({ installationId, environmentId }: Pick<ForgeArrival, 'installationId' | 'environmentId'>): string {
  return `${installationId}\n${environmentId}`
}
