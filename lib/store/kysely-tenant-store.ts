import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import type { EncryptionOptions } from '../encryption/encryption-options.ts'
import { type Log, silentLog } from '../ports.ts'
import { changeNamesOf, type Tenant } from '../tenant/tenant.ts'
import { inOrderOfNames } from '../tenant/tenant-names.ts'
import type {
  DeliveryInbox,
  NewDelivery,
  TenantChangeListener,
  TenantListQuery,
  TenantLookup,
  TenantStore
} from '../tenant/tenant-store.ts'
import type { ChangeListener } from './change-listener.ts'
import { chooseTenant } from './choose-tenant.ts'
import { type DatabaseHandle, openDatabase } from './database.ts'
import { createKyselyAccounts } from './kysely-accounts.ts'
import { createKyselyDeliveryInbox, insertDelivery } from './kysely-delivery-inbox.ts'
import { createKyselyRemover } from './kysely-remover.ts'
import { createKyselySettings } from './kysely-settings.ts'
import { createKyselyTokens } from './kysely-tokens.ts'
import { migrateToLatest, requireLatestSchema } from './migrate.ts'
import { CHANGE_CHANNEL, type ChangeNote, createPostgresListener, noteText } from './postgres-listener.ts'
import { findByBaseUrl, findTenants, listTenants } from './read-tenants.ts'
import {
  canBeBaseUrl,
  canBeFound,
  canBeName,
  checkAppKey,
  checkLimit,
  deliveryRecord,
  storeConflict,
  tenantRecord
} from './record.ts'
import type { Tables } from './schema.ts'
import { openStoreCipher, type StoreCipher } from './store-cipher.ts'
import { nameFromRow } from './tenant-rows.ts'
import { isConcurrencyFailure, writeTenant } from './write-tenant.ts'

/** How a store in a database is made. */
export interface KyselyTenantStoreOptions {
  /** The `key` of the descriptor. Apps that share a database never see each other's tenants. */
  readonly appKey: string
  /** An address for `openDatabase`, opened and closed with the store; or an open database, which stays open. */
  readonly database: string | DatabaseHandle
  /** Whether `open()` migrates. Default: SQLite does, a database on a server refuses to open on an old schema. */
  readonly migrate?: boolean
  /**
   * Keys for the secrets in the database. Without them only SQLite opens, with a development key that is made beside
   * the file.
   */
  readonly encryption?: EncryptionOptions
  /**
   * How changes of other processes are heard of. `listen` (PostgreSQL's default) uses LISTEN and NOTIFY and falls back
   * to `poll`, where a tenant is re-read after `tenantFreshMs`.
   */
  readonly coherence?: 'listen' | 'poll'
  /** The server itself, where `database` names a pooler in transaction mode, through which LISTEN does not work. */
  readonly listenUrl?: string
  readonly log?: Log
  /** Whether `close()` closes a database that was handed in. Default: no. */
  readonly ownsDatabase?: boolean
}

/** A store in a database. */
export interface KyselyTenantStore extends TenantStore {
  /** Where the development key lies that protects this store; `null` before `open()` and with keys of its own. */
  readonly developmentKeyFile: string | null
}

/**
 * Tenants in SQLite, PostgreSQL, MySQL or MariaDB. Connects in `open()`, never before.
 * `open()` throws `ATL_MIGRATION_NEEDED` when the schema is older and `migrate` does not allow to change it, or newer.
 */
export function createKyselyTenantStore(options: KyselyTenantStoreOptions): KyselyTenantStore {
  const { appKey, ownsDatabase = typeof options.database === 'string' } = options
  checkAppKey(appKey)
  let opened: DatabaseHandle | undefined
  let secrets: StoreCipher | undefined
  let listening: ChangeListener | undefined
  const sender = randomUUID()

  function database(): DatabaseHandle {
    if (opened === undefined) throw new Error('The tenant store is not open: call open() first')
    return opened
  }

  function cipher(): ColumnCipher {
    if (secrets === undefined) throw new Error('The tenant store is not open: call open() first')
    return secrets.cipher
  }

  async function close(): Promise<void> {
    await listening?.stop()
    listening = undefined
    const closing = opened
    opened = undefined
    if (ownsDatabase) await closing?.close()
  }

  const inbox: DeliveryInbox = createKyselyDeliveryInbox(appKey, database)

  /** Sent by PostgreSQL when the transaction commits, and not at all if it does not. */
  async function tellOthers(transaction: Kysely<Tables>, tenant: Tenant): Promise<void> {
    if (database().dialect !== 'postgres') return
    for (const name of changeNamesOf(tenant)) await notify(transaction, { appKey, name, sender })
  }

  interface Save {
    readonly tenant: Tenant
    readonly expectedVersion: number | null
  }

  async function write(saves: readonly Save[], given: readonly NewDelivery[]): Promise<void> {
    const deliveries = given.map(deliveryRecord)
    const [first] = saves
    try {
      await database()
        .tables.transaction()
        .execute(async (transaction) => {
          const { dialect } = database()
          for (const { tenant, expectedVersion } of saves) {
            await writeTenant(transaction, dialect, cipher(), tenant, expectedVersion)
          }
          for (const delivery of deliveries) await insertDelivery(transaction, dialect, appKey, delivery)
          for (const { tenant } of saves) await tellOthers(transaction, tenant)
        })
    } catch (error) {
      throw isConcurrencyFailure(error) && first !== undefined ? storeConflict(first.tenant, error) : error
    }
  }

  return {
    inbox,
    settings: createKyselySettings(appKey, database),
    tokens: createKyselyTokens(appKey, database, cipher),
    accounts: createKyselyAccounts(appKey, database),
    remover: createKyselyRemover({ appKey, database, cipher, notify: tellOthers }),
    close,

    get developmentKeyFile() {
      return secrets?.developmentKeyFile ?? null
    },

    async open() {
      opened ??= typeof options.database === 'string' ? await openDatabase(options.database) : options.database
      try {
        if (options.migrate ?? opened.dialect === 'sqlite') await migrateToLatest(opened)
        else await requireLatestSchema(opened)
        secrets = await openStoreCipher(opened, options.encryption)
      } catch (error) {
        await close()
        throw error
      }
    },

    async watch(listener: TenantChangeListener) {
      const handle = database()
      if (handle.connect === undefined || options.coherence === 'poll') return false
      const { connect } = handle
      listening = createPostgresListener({
        appKey,
        sender,
        log: options.log ?? silentLog,
        connect: () => connect(options.listenUrl),
        notify: (note) => notify(handle.tables, note)
      })
      return listening.start(listener)
    },

    async find(lookup: TenantLookup) {
      return canBeFound(lookup) ? chooseTenant(await findTenants(database().tables, cipher(), appKey, lookup)) : null
    },

    async findByBaseUrl(baseUrl: string) {
      return canBeBaseUrl(baseUrl) ? findByBaseUrl(database().tables, cipher(), appKey, baseUrl) : []
    },

    async names(tenantId: string) {
      if (!canBeName(tenantId)) return []
      const rows = await database()
        .tables.selectFrom('atl_names')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .where('app_key', '=', appKey)
        .execute()
      return inOrderOfNames(rows.map(nameFromRow))
    },

    async list(query: TenantListQuery) {
      checkLimit(query)
      return listTenants(database().tables, cipher(), appKey, query)
    },

    async save(given, expectedVersion, deliveries = []) {
      const tenant = tenantRecord(given, appKey, (expectedVersion ?? 0) + 1)
      await write([{ tenant, expectedVersion }], deliveries)
      return tenant
    },

    async handOver(givenFrom, givenTo, deliveries = []) {
      const from = tenantRecord(givenFrom, appKey, givenFrom.version + 1)
      const to = tenantRecord(givenTo, appKey, givenTo.version + 1)
      // In this order, so that a name is free before the other tenant takes it.
      await write(
        [
          { tenant: from, expectedVersion: givenFrom.version },
          { tenant: to, expectedVersion: givenTo.version }
        ],
        deliveries
      )
      return { from, to }
    }
  }
}

async function notify(db: Kysely<Tables>, note: ChangeNote): Promise<void> {
  await sql`select pg_notify(${CHANGE_CHANNEL}, ${noteText(note)})`.execute(db)
}
