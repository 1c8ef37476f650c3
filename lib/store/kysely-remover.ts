import { Kysely, type Transaction } from 'kysely'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import type { Tenant } from '../tenant/tenant.ts'
import type { TenantRemover } from '../tenant/tenant-purge.ts'
import type { DatabaseHandle } from './database.ts'
import { readEnded } from './read-tenants.ts'
import type { Tables } from './schema.ts'
import { tableNamesPlugin } from './table-names.ts'
import { isConcurrencyFailure } from './write-tenant.ts'

export interface KyselyRemoverOptions {
  readonly appKey: string
  readonly database: () => DatabaseHandle
  readonly cipher: () => ColumnCipher
  /** Tells other processes, as part of the transaction. */
  readonly notify: (transaction: Kysely<Tables>, tenant: Tenant) => Promise<void>
}

/** Removes dead tenants from a database, together with what the app deletes in the same transaction. */
export function createKyselyRemover({ appKey, database, cipher, notify }: KyselyRemoverOptions): TenantRemover {
  return {
    async listDead({ diedBeforeMs, after, limit }) {
      const { tables } = database()
      const rows = await tables
        .selectFrom('atl_tenants')
        .select(['tenant_id', 'dead_at_ms'])
        .where('app_key', '=', appKey)
        .where('dead_at_ms', '<', diedBeforeMs)
        .$if(after !== undefined, (query) =>
          query.where(({ eb, or, and }) =>
            or([
              eb('dead_at_ms', '>', after?.diedAtMs ?? 0),
              and([eb('dead_at_ms', '=', after?.diedAtMs ?? 0), eb('tenant_id', '>', after?.tenantId ?? '')])
            ])
          )
        )
        .orderBy('dead_at_ms')
        .orderBy('tenant_id')
        .limit(limit)
        .execute()
      if (rows.length === 0) return []
      const ids = rows.map(({ tenant_id }) => tenant_id)
      const dead = tables.selectFrom('atl_tenants').selectAll().where('tenant_id', 'in', ids)
      const tenants = new Map((await readEnded(tables, cipher(), dead)).map((tenant) => [tenant.tenantId, tenant]))
      return rows.flatMap(({ tenant_id, dead_at_ms }) => {
        const tenant = tenants.get(tenant_id)
        return tenant === undefined ? [] : [{ tenant, diedAtMs: Number(dead_at_ms) }]
      })
    },

    async remove(tenant, diedBeforeMs, beforeCommit) {
      const { tenantId } = tenant
      let handed = false
      try {
        return await appView(database())
          .transaction()
          .execute(async (transaction) => {
            const db = ourView(transaction, database())
            if (!(await lockDead(db, tenant, diedBeforeMs))) return false
            handed = true
            await beforeCommit(transaction)
            handed = false
            await db.deleteFrom('atl_account_uses').where('tenant_id', '=', tenantId).execute()
            await db.deleteFrom('atl_tokens').where('tenant_id', '=', tenantId).execute()
            await db.deleteFrom('atl_settings').where('tenant_id', '=', tenantId).execute()
            await db.deleteFrom('atl_deliveries').where('tenant_id', '=', tenantId).execute()
            await db.deleteFrom('atl_names').where('tenant_id', '=', tenantId).execute()
            await db.deleteFrom('atl_connects').where('tenant_id', '=', tenantId).execute()
            await db.deleteFrom('atl_installations').where('tenant_id', '=', tenantId).execute()
            await db.deleteFrom('atl_tenants').where('tenant_id', '=', tenantId).execute()
            await notify(db, tenant)
            return true
          })
      } catch (error) {
        // A failure of the app's own statements is the app's to know.
        if (!handed && isConcurrencyFailure(error)) return false
        throw error
      }
    }
  }

  /**
   * The row of the tenant comes first, as in every save: who has it keeps all others out until the end, also those
   * who would add a row that refers to it. On SQLite the transaction itself does so, for it begins as a writer.
   */
  async function lockDead(db: Kysely<Tables>, tenant: Tenant, diedBeforeMs: number): Promise<boolean> {
    const row = await db
      .selectFrom('atl_tenants')
      .select('tenant_id')
      .where('tenant_id', '=', tenant.tenantId)
      .where('app_key', '=', appKey)
      .where('version', '=', tenant.version)
      .where('status', '=', 'uninstalled')
      .where('dead_at_ms', '<', diedBeforeMs)
      .$if(database().dialect !== 'sqlite', (query) => query.forUpdate())
      .executeTakeFirst()
    return row !== undefined
  }
}

/** The app's view of the database where there is one: its handlers find their own tables as they know them. */
function appView(handle: DatabaseHandle): Kysely<Tables> {
  const view = 'kysely' in handle ? handle.kysely : null
  return view instanceof Kysely ? view : handle.tables
}

/** The same transaction with our names only, whatever the app's plugins make of names and rows. */
function ourView(transaction: Transaction<Tables>, { names }: DatabaseHandle): Kysely<Tables> {
  const plugin = names === undefined ? null : tableNamesPlugin(names)
  const bare = transaction.withoutPlugins()
  return plugin === null ? bare : bare.withPlugin(plugin)
}
