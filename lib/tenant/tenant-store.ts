import type { AccountStore } from './account-store.ts'
import type { SettingsStore } from './settings-store.ts'
import type { ConnectTenant, Product, Tenant, TenantStatus } from './tenant.ts'
import type { TenantName } from './tenant-names.ts'
import type { TenantRemover } from './tenant-purge.ts'
import type { TokenStore } from './token-store.ts'

/**
 * The names a tenant can be found by. `appKey` is always part of the question: two apps may share one database.
 * `tenantId`, `clientKey` and an installation have one tenant each; an address or a cloudId may fit several.
 */
export type TenantLookup =
  | { readonly tenantId: string }
  | { readonly clientKey: string }
  | { readonly installationId: string; readonly environmentId?: string }
  /** With `environmentId` only tenants that have, or had, an installation in that environment. */
  | { readonly cloudId: string; readonly environmentId?: string }
  | { readonly baseUrl: string }
  | { readonly displayUrl: string }

export interface TenantListQuery {
  readonly status?: TenantStatus | undefined
  /** Tenants with a Connect registration, living or not, in this product; each as that registration sees it. */
  readonly product?: Product | undefined
  /** The `tenantId` after which the page starts. */
  readonly after?: string | undefined
  /** At most this many, 1 to 1000. */
  readonly limit: number
}

export type DeliveryKind = 'webhook' | 'lifecycle' | 'forge'

/** Something verified that still has to be handled: a webhook, a life-cycle hook of the app, or an event of Forge. */
export interface NewDelivery {
  /** Ours, a UUID. */
  readonly deliveryId: string
  readonly tenantId: string
  readonly kind: DeliveryKind
  readonly event: string
  /** The host's delivery identifier; deliveries without one are never deduplicated. */
  readonly identifier: string | null
  /** JSON text. */
  readonly payload: string
  readonly receivedAtMs: number
  /** Not handled before this time. */
  readonly dueAtMs: number
}

/** A delivery that was claimed. */
export interface Delivery extends NewDelivery {
  /** How often it was claimed, this claim included. */
  readonly attempts: number
}

/**
 * Keeps what was accepted until it is handled, across crashes and processes. A delivery is claimed for a lease, then
 * completed or released; a lease that runs out (a killed process) makes it claimable again.
 */
export interface DeliveryInbox {
  /**
   * Writes it unless its deliveryId or (tenantId, kind, identifier) is there already; `false` = a duplicate, nothing
   * was written. Throws for a tenant that does not exist, and TypeError as `save` does.
   */
  add(delivery: NewDelivery): Promise<boolean>
  /**
   * Gives at most `limit` deliveries that are due, oldest first, each to exactly one caller until its lease ends.
   * With `deliveryId` only that one is considered.
   */
  claim(request: { nowMs: number; leaseMs: number; limit: number; deliveryId?: string }): Promise<Delivery[]>
  /** Handled for good: never claimed again, still known for deduplication until swept. */
  complete(deliveryId: string, nowMs: number): Promise<void>
  /** Not handled: claimable again from `dueAtMs`. */
  release(deliveryId: string, dueAtMs: number): Promise<void>
  /** Given up: kept for inspection until swept, never claimed again, and forgotten for deduplication. */
  fail(deliveryId: string, nowMs: number): Promise<void>
  /** Removes completed and failed deliveries that were received before the time. Returns how many. */
  sweep(beforeMs: number): Promise<number>
  /**
   * Moves what is not handled yet from one tenant to another, and drops what the other has already been told.
   * Returns how many moved. Part of `adopt`.
   */
  move(fromTenantId: string, toTenantId: string): Promise<number>
}

/** Hears of tenants that any process saved. */
export interface TenantChangeListener {
  /** The tenant with this clientKey or tenantId was saved somewhere; what is remembered of it may be old. */
  changed(name: string): void
  /** Changes may have been missed: nothing that is remembered may be trusted. */
  missed(): void
}

/**
 * Where tenants live. One store serves one app (`appKey` is given when it is made).
 * Failures of the storage itself are thrown as they are; callers turn them into 503.
 */
export interface TenantStore {
  readonly inbox: DeliveryInbox
  /** A store may leave it out; then `tenant.settings` answers with `ATL_STORE_PART`. */
  readonly settings?: SettingsStore
  /** A store may leave it out; then each process keeps access tokens in memory and asks for its own. */
  readonly tokens?: TokenStore
  /** A store may leave it out; then `app.atlassian.personalData` answers with `ATL_STORE_PART`. */
  readonly accounts?: AccountStore
  /** A store may leave it out; then `tenants.purge` answers with `ATL_STORE_PART`. */
  readonly remover?: TenantRemover
  /** Connects and, where configured, migrates. Called once before anything else. */
  open(): Promise<void>
  /** Ends every connection this store opened; one that was handed in stays open. */
  close(): Promise<void>
  /**
   * Tells about saves of all processes from now until `close()`. Resolves to `false`, and tells nothing, where that
   * is not possible; a store may leave the method out. Never rejects.
   */
  watch?(listener: TenantChangeListener): Promise<boolean>
  /**
   * The tenant by any of its present names, dead ones included, as the registration with that name sees it; by other
   * names as its first registration that is installed, else its first. `null` if there is none. Of several with the
   * name, the only one that lives; `null` if that is not one.
   */
  find(lookup: TenantLookup): Promise<Tenant | null>
  /** Every registration with exactly this base URL. A hint only: nothing is joined by base URL. */
  findByBaseUrl(baseUrl: string): Promise<ConnectTenant[]>
  /** Every name that the tenant has or had, oldest first, installations aside; of one moment in order of kind and value. */
  names(tenantId: string): Promise<TenantName[]>
  /** Tenants in order of `tenantId`, so that a walk with `after` meets each exactly once. */
  list(query: TenantListQuery): Promise<Tenant[]>
  /**
   * Compare-and-set: writes `tenant` with version `expectedVersion + 1` (`null` = it must not exist yet, version 1)
   * and `deliveries` in one transaction, and returns what was written. The registration that the record shows is
   * written, or added if the tenant does not have it yet; its others stay as they are.
   * Throws `AtlassianError` `ATL_STORE_CONFLICT` and writes nothing if the stored version is another one, or if the
   * (appKey, clientKey) or an (installationId, environmentId) belongs to another tenant. Throws TypeError for a value
   * that some database could not keep: text with NUL or a lone surrogate, a name over 255 characters, an address
   * over 512, a fraction.
   * Deliveries that are there already are passed over.
   */
  save<Saved extends Tenant>(
    tenant: Saved,
    expectedVersion: number | null,
    deliveries?: readonly NewDelivery[]
  ): Promise<Saved>
  /**
   * The same for two stored tenants at once, each against its own `version`: both are written, or none. Names that the
   * first gives up may pass to the second.
   */
  handOver<From extends Tenant, To extends Tenant>(
    from: From,
    to: To,
    deliveries?: readonly NewDelivery[]
  ): Promise<{ readonly from: From; readonly to: To }>
}
