import { AuthenticationError } from '../errors.ts'
import type { Clock, FetchLike, Log } from '../ports.ts'
import { createForgeAssociation, type ForgeAssociation } from '../tenant/forge-association.ts'
import type { TenantDirectory } from '../tenant/tenant-directory.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import { createForgeAuthenticator, type ForgeAuthenticator } from './forge-authenticator.ts'
import { LABEL_PLACE, type ResolvedForgeOptions } from './forge-options.ts'
import { createForgeTenants } from './forge-tenants.ts'
import { createKeySet, type KeySet } from './key-set.ts'

/** The Forge side of one app at run time. */
export interface ForgeApp {
  readonly options: ResolvedForgeOptions
  readonly authenticator: ForgeAuthenticator
  readonly association: ForgeAssociation
  /** The directory that was given, and with it what is held by Forge installation: both hear of every change. */
  readonly directory: TenantDirectory
  /** Fetches the keys before the first call. Never rejects. */
  prefetchKeys(): Promise<void>
}

export interface ForgeAppOptions {
  readonly options: ResolvedForgeOptions
  readonly appKey: string
  readonly store: TenantStore
  readonly directory: TenantDirectory
  readonly clock: Clock
  readonly fetch: FetchLike
  readonly log: Log
  readonly freshMs: number
  readonly maxTenants: number
  /** Told of the delivery of two records that became one tenant, to be handled at once. */
  readonly joined: (deliveryId: string) => void
}

/** Puts the Forge side of one app together. Reads and fetches nothing yet. */
export function createForgeApp(given: ForgeAppOptions): ForgeApp {
  const { options, appKey, store, clock, fetch, log, freshMs, maxTenants, joined } = given
  const tenants = createForgeTenants({
    arrive: (arrival) => association.arrive(arrival),
    clock,
    log,
    freshMs,
    maxTenants
  })
  const directory: TenantDirectory = {
    ...given.directory,
    put(tenant) {
      given.directory.put(tenant)
      tenants.put(tenant)
    },
    changes: {
      changed(name) {
        given.directory.changes.changed(name)
        tenants.changes.changed(name)
      },
      missed() {
        given.directory.changes.missed()
        tenants.changes.missed()
      }
    }
  }
  const association = createForgeAssociation({ store, directory, clock, log, appKey, joined })

  // Each cloud has keys of its own, so that one that signs for another is not believed.
  const commercial = createKeySet({ url: options.jwksUrl, fetch, clock, log })
  const isolated = new Map<string, KeySet>()
  for (const label of options.isolatedClouds?.labels ?? []) {
    const url = options.isolatedClouds?.jwksUrl.replace(LABEL_PLACE, label) ?? ''
    isolated.set(label, createKeySet({ url, fetch, clock, log }))
  }

  function keysOf(icLabel: string | null): KeySet {
    const keys = icLabel === null ? commercial : isolated.get(icLabel)
    if (keys === undefined) throw new AuthenticationError('isolated-cloud')
    return keys
  }

  return {
    options,
    association,
    directory,
    authenticator: createForgeAuthenticator({ options, clock, keysOf }, tenants),
    async prefetchKeys() {
      await Promise.all([commercial, ...isolated.values()].map((keys) => keys.prefetch()))
    }
  }
}
