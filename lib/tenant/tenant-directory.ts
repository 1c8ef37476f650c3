import { BoundedMap } from '../bounded-map.ts'
import type { Clock, Log } from '../ports.ts'
import { createLookupBudget } from './lookup-budget.ts'
import { type ConnectTenant, clientKeysOf, hasRegistration, type Tenant } from './tenant.ts'
import type { TenantChangeListener, TenantStore } from './tenant-store.ts'

export interface TenantDirectoryOptions {
  readonly store: TenantStore
  readonly clock: Clock
  readonly log: Log
  /** A tenant read longer ago than this is read again in the background; after twice this time it is not used unread. */
  readonly freshMs: number
  readonly maxTenants: number
  /** How many look-ups a second may find nothing, for tokens that nobody has verified. Default 20. */
  readonly unknownPerSecond?: number
}

/** Tenants by clientKey, held in memory so that a warm request reads no database. */
export interface TenantDirectory {
  /** The tenant if it was read lately, `null` if lately there was none, `undefined` if the store has to be asked. */
  peek(clientKey: string): ConnectTenant | null | undefined
  /** Asks the store, once for all who ask at the same time. Failures of the store are thrown as they are. */
  load(clientKey: string): Promise<ConnectTenant | null>
  /**
   * The same for the issuer of a token that is not verified yet: rejects without asking when too many issuers that
   * nobody knows were asked for. One that was ever found or saved, here or as `changes` told, is never refused.
   */
  ask(clientKey: string): Promise<ConnectTenant | null>
  /** Asks the store again, as `ask` does, because what we hold did not fit; at most once a second per clientKey. */
  reread(clientKey: string): Promise<ConnectTenant | null>
  /** Forgets what other processes changed. */
  readonly changes: TenantChangeListener
  /** Takes a tenant that was just saved, and forgets how its other registrations saw it. */
  put(tenant: Tenant): void
}

interface Entry {
  readonly tenant: ConnectTenant | null
  readonly readAtMs: number
}

const UNKNOWN_FOR_MS = 1000
const REREAD_PAUSE_MS = 1000
const UNKNOWN_PER_SECOND = 20
/** Few at a time: their secrets are opened on the way. */
const PAGE = 200

export function createTenantDirectory(options: TenantDirectoryOptions): TenantDirectory {
  const { store, clock, log, freshMs, unknownPerSecond = UNKNOWN_PER_SECOND } = options
  const budget = createLookupBudget({ clock, log, perSecond: unknownPerSecond, names: () => clientKeys(store) })
  const entries = new BoundedMap<string, Entry>(options.maxTenants)
  // Made-up issuers have a place of their own, so that a flood of them pushes no living tenant out.
  const unknown = new BoundedMap<string, Entry>(10_000)
  const flights = new Map<string, Promise<ConnectTenant | null>>()
  const rereadAtMs = new BoundedMap<string, number>(10_000)

  function remember(clientKey: string, entry: Entry): void {
    const known = entries.peek(clientKey)
    // An answer that was on its way while a newer version was saved here must not bring the old one, or none, back.
    if (known?.tenant) {
      const same = entry.tenant?.tenantId === known.tenant.tenantId
      const older =
        entry.tenant && same ? entry.tenant.version < known.tenant.version : entry.readAtMs <= known.readAtMs
      if (older) return
    }
    if (entry.tenant === null) {
      entries.delete(clientKey)
      unknown.set(clientKey, entry)
    } else {
      unknown.delete(clientKey)
      entries.set(clientKey, entry)
      budget.expect(clientKey)
    }
  }

  /** What is held of somebody who is a tenant, and may be old. */
  function forget(clientKey: string): void {
    budget.expect(clientKey)
    entries.delete(clientKey)
    unknown.delete(clientKey)
    flights.delete(clientKey)
  }

  async function find(clientKey: string): Promise<ConnectTenant | null> {
    const found = await store.find({ clientKey })
    return found !== null && hasRegistration(found) ? found : null
  }

  function load(clientKey: string, read = find): Promise<ConnectTenant | null> {
    const running = flights.get(clientKey)
    if (running !== undefined) return running
    const readAtMs = clock()
    const flight = read(clientKey)
      .then((tenant) => {
        // A flight that was taken off the list may bring an answer from before the change that took it off.
        if (flights.get(clientKey) === flight) remember(clientKey, { tenant, readAtMs })
        return tenant
      })
      .finally(() => {
        if (flights.get(clientKey) === flight) flights.delete(clientKey)
      })
    flights.set(clientKey, flight)
    return flight
  }

  function ask(clientKey: string): Promise<ConnectTenant | null> {
    return load(clientKey, () => budget.spend(clientKey, () => find(clientKey)))
  }

  return {
    load: (clientKey) => load(clientKey),
    ask,
    peek(clientKey) {
      const entry = entries.peek(clientKey)
      const now = clock()
      if (entry === undefined) {
        const absent = unknown.peek(clientKey)
        return absent !== undefined && now - absent.readAtMs < UNKNOWN_FOR_MS ? null : undefined
      }
      const ageMs = now - entry.readAtMs
      if (ageMs < freshMs) return entry.tenant
      if (ageMs >= 2 * freshMs) return undefined
      load(clientKey).catch((error: unknown) => {
        log.warn(
          { clientKey, reason: error instanceof Error ? error.message : 'unknown' },
          'tenant could not be re-read'
        )
      })
      return entry.tenant
    },
    async reread(clientKey) {
      const now = clock()
      const last = rereadAtMs.peek(clientKey)
      if (last !== undefined && now - last < REREAD_PAUSE_MS) {
        // Whoever comes while the store is being asked waits for the same answer.
        return flights.get(clientKey) ?? (entries.peek(clientKey) ?? unknown.peek(clientKey))?.tenant ?? null
      }
      rereadAtMs.set(clientKey, now)
      const reading = ask(clientKey)
      // What we hold is no answer for those who come next, if the store gave none.
      reading.catch(() => rereadAtMs.delete(clientKey))
      return reading
    },
    changes: {
      changed: forget,
      missed() {
        entries.clear()
        unknown.clear()
        flights.clear()
      }
    },
    put(tenant) {
      for (const clientKey of clientKeysOf(tenant)) {
        if (clientKey !== tenant.clientKey) forget(clientKey)
      }
      if (hasRegistration(tenant)) remember(tenant.clientKey, { tenant, readAtMs: clock() })
    }
  }
}

/** Those of all tenants that live, page by page. */
async function* clientKeys(store: TenantStore): AsyncIterable<string> {
  let after: string | undefined
  do {
    const page = await store.list({ status: 'installed', limit: PAGE, ...(after === undefined ? {} : { after }) })
    for (const tenant of page) yield* clientKeysOf(tenant)
    after = page.length < PAGE ? undefined : page.at(-1)?.tenantId
  } while (after !== undefined)
}
