import { OptionError } from '../errors.ts'
import type { Tenant } from '../tenant/tenant.ts'
import type { DeliveryInbox, NewDelivery, TenantListQuery, TenantLookup, TenantStore } from '../tenant/tenant-store.ts'
import { type DatabaseHandle, openDatabase } from './database.ts'
import { createKyselyDeliveryInbox, insertDelivery } from './kysely-delivery-inbox.ts'
import { migrateToLatest, requireLatestSchema } from './migrate.ts'
import { findTenants, listTenants } from './read-tenants.ts'
import { canBeFound, canBeName, checkLimit, deliveryRecord, storeConflict, tenantRecord } from './record.ts'
import { isConcurrencyFailure, writeTenant } from './write-tenant.ts'

/** How a store in a database is made. */
export interface KyselyTenantStoreOptions {
  /** The `key` of the descriptor. Apps that share a database never see each other's tenants. */
  readonly appKey: string
  /** An address for `openDatabase`, opened and closed with the store; or an open database, which stays open. */
  readonly database: string | DatabaseHandle
  /** Whether `open()` migrates. Default: SQLite does, PostgreSQL refuses to open on an old schema. */
  readonly migrate?: boolean
  /** Whether `close()` closes a database that was handed in. Default: no. */
  readonly ownsDatabase?: boolean
}

/**
 * Tenants in SQLite or PostgreSQL. Connects in `open()`, never before.
 * `open()` throws `ATL_MIGRATION_NEEDED` when the schema is older and `migrate` does not allow to change it, or newer.
 */
export function createKyselyTenantStore(options: KyselyTenantStoreOptions): TenantStore {
  const { appKey, ownsDatabase = typeof options.database === 'string' } = options
  if (typeof appKey !== 'string' || appKey === '')
    throw new OptionError('appKey', appKey, 'the key of the app is needed')
  let opened: DatabaseHandle | undefined

  function database(): DatabaseHandle {
    if (opened === undefined) throw new Error('The tenant store is not open: call open() first')
    return opened
  }

  async function close(): Promise<void> {
    const closing = opened
    opened = undefined
    if (ownsDatabase) await closing?.close()
  }

  const inbox: DeliveryInbox = createKyselyDeliveryInbox(appKey, database)

  return {
    inbox,
    close,

    async open() {
      opened ??= typeof options.database === 'string' ? await openDatabase(options.database) : options.database
      try {
        if (options.migrate ?? opened.dialect === 'sqlite') await migrateToLatest(opened)
        else await requireLatestSchema(opened)
      } catch (error) {
        await close()
        throw error
      }
    },

    async find(lookup: TenantLookup) {
      if (!canBeFound(lookup)) return null
      const found = await findTenants(database().tables, appKey, lookup)
      // Two tenants under one name would be a guess, and a guess gives one customer's data to another.
      return found.length === 1 ? (found[0] ?? null) : null
    },

    async findByBaseUrl(baseUrl: string) {
      return canBeName(baseUrl) ? findTenants(database().tables, appKey, { baseUrl }) : []
    },

    async list(query: TenantListQuery) {
      checkLimit(query)
      return listTenants(database().tables, appKey, query)
    },

    async save(given: Tenant, expectedVersion: number | null, deliveries: readonly NewDelivery[] = []) {
      const tenant = tenantRecord(given, appKey, (expectedVersion ?? 0) + 1)
      const records = deliveries.map(deliveryRecord)
      try {
        await database()
          .tables.transaction()
          .execute(async (transaction) => {
            await writeTenant(transaction, tenant, expectedVersion)
            for (const delivery of records) await insertDelivery(transaction, appKey, delivery)
          })
      } catch (error) {
        throw isConcurrencyFailure(error) ? storeConflict(tenant, error) : error
      }
      return tenant
    }
  }
}
