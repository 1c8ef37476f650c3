import { randomInt } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { AtlassianError } from '../errors.ts'
import {
  canBeSettingKey,
  type SettingsListQuery,
  type SettingsOwner,
  type SettingsStore,
  type StoredSetting
} from '../tenant/settings-store.ts'
import type { DatabaseHandle } from './database.ts'
import { insertUnlessThere } from './insert-unless-there.ts'
import { canBeName } from './record.ts'
import type { SettingTable } from './schema.ts'
import { FIRST_VERSION_LIMIT, firstKeyAfterPrefix, settingConflict, settingRecord } from './setting-record.ts'

/** Every loser of a race has seen a winner, so this many tries in a row fail only in a storm. */
const MAX_TRIES = 100

/**
 * Settings in a database. Every write is one statement against the version that was read before, so that two writers
 * never both win, on any database and without a transaction.
 */
export function createKyselySettings(appKey: string, database: () => DatabaseHandle): SettingsStore {
  /** The row, expired or not; `undefined` for a tenant that this app does not have. */
  async function read(owner: SettingsOwner, name: string) {
    return (
      database()
        .tables.selectFrom('atl_tenants as tenant')
        .leftJoin('atl_settings as setting', (join) =>
          join
            .onRef('setting.tenant_id', '=', 'tenant.tenant_id')
            .on('setting.installation', '=', owner.installation)
            .on('setting.name', '=', name)
        )
        .select(['setting.version', 'setting.expires_at_ms'])
        .where('tenant.tenant_id', '=', owner.tenantId)
        .where('tenant.app_key', '=', appKey)
        // What is written after its settings went to another tenant would be found nowhere.
        .where('tenant.adopted_by', 'is', null)
        .executeTakeFirst()
    )
  }

  function select({ tenantId, installation }: SettingsOwner, nowMs: number) {
    return database()
      .tables.selectFrom('atl_settings')
      .selectAll()
      .where('app_key', '=', appKey)
      .where('tenant_id', '=', tenantId)
      .where('installation', '=', installation)
      .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]))
  }

  return {
    async get(owner, key, nowMs) {
      if (!canBeName(owner.tenantId) || !canBeSettingKey(key)) return null
      const row = await select(owner, nowMs).where('name', '=', key).executeTakeFirst()
      return row === undefined ? null : settingFromRow(row)
    },

    async set(owner, given, ifVersion) {
      const { key, value, expiresAtMs, updatedAtMs } = settingRecord(owner, given)
      const columns = { value, expires_at_ms: expiresAtMs, updated_at_ms: updatedAtMs }
      const place = { tenant_id: owner.tenantId, installation: owner.installation, name: key }
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        const row = await read(owner, key)
        if (row === undefined) throw new AtlassianError('ATL_NO_TENANT', 'settings', { tenantId: owner.tenantId })
        const stored = row.version === null ? null : Number(row.version)
        const expired = row.expires_at_ms !== null && Number(row.expires_at_ms) <= updatedAtMs
        if (ifVersion !== undefined && ifVersion !== (expired ? null : stored)) throw settingConflict(owner)
        const version = stored === null ? randomInt(FIRST_VERSION_LIMIT) : stored + 1
        const written =
          stored === null
            ? await insertUnlessThere(
                database()
                  .tables.insertInto('atl_settings')
                  .values({ app_key: appKey, ...place, ...columns, version }),
                database().dialect
              )
            : await update(place, { ...columns, version }, stored)
        if (written) return version
      }
      throw settingConflict(owner)
    },

    async delete(owner, key, ifVersion, nowMs) {
      if (!canBeName(owner.tenantId) || !canBeSettingKey(key)) return false
      const { numDeletedRows } = await database()
        .tables.deleteFrom('atl_settings')
        .where('app_key', '=', appKey)
        .where('tenant_id', '=', owner.tenantId)
        .where('installation', '=', owner.installation)
        .where('name', '=', key)
        .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]))
        .$if(ifVersion !== undefined, (query) => query.where('version', '=', ifVersion ?? 0))
        .executeTakeFirstOrThrow()
      if (Number(numDeletedRows) === 1) return true
      const other = await select(owner, nowMs).where('name', '=', key).executeTakeFirst()
      if (other !== undefined && ifVersion !== undefined) throw settingConflict(owner)
      return false
    },

    async list(owner, { prefix, after, limit, nowMs }: SettingsListQuery) {
      if (!canBeName(owner.tenantId)) return []
      const end = firstKeyAfterPrefix(prefix)
      const rows = await select(owner, nowMs)
        .where('name', '>=', prefix)
        .where('name', '>', after)
        .$if(end !== null, (query) => query.where('name', '<', end ?? ''))
        .orderBy('name')
        .limit(limit)
        .execute()
      return rows.map(settingFromRow)
    },

    async sweep(nowMs) {
      const { numDeletedRows } = await database()
        .tables.deleteFrom('atl_settings')
        .where('app_key', '=', appKey)
        .where('expires_at_ms', '<=', nowMs)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },

    async move(fromTenantId, toTenantId, installations = []) {
      if (fromTenantId === toTenantId) return 0
      const { tables, dialect } = database()
      let moved = 0
      const rows = await tables
        .selectFrom('atl_settings')
        .selectAll()
        .where('app_key', '=', appKey)
        .where('tenant_id', '=', fromTenantId)
        .where('installation', 'in', ['', ...installations])
        .execute()
      for (const row of rows) {
        await tables.transaction().execute(async (transaction) => {
          const { version, expires_at_ms, updated_at_ms, ...columns } = row
          const copy = {
            ...columns,
            tenant_id: toTenantId,
            version: Number(version),
            expires_at_ms: expires_at_ms === null ? null : Number(expires_at_ms),
            updated_at_ms: Number(updated_at_ms)
          }
          const { numDeletedRows } = await transaction
            .deleteFrom('atl_settings')
            .where('tenant_id', '=', fromTenantId)
            .where('installation', '=', row.installation)
            .where('name', '=', row.name)
            .where('version', '=', copy.version)
            // MySQL cannot read the table it deletes from in a plain subquery; a derived table it can.
            .where(({ not, exists, selectFrom }) =>
              not(
                exists(
                  selectFrom((eb) =>
                    eb
                      .selectFrom('atl_settings')
                      .select('name')
                      .where('tenant_id', '=', toTenantId)
                      .where('installation', '=', row.installation)
                      .where('name', '=', row.name)
                      .as('known')
                  ).select(sql.lit(1).as('one'))
                )
              )
            )
            .executeTakeFirstOrThrow()
          if (Number(numDeletedRows) === 0) return
          // A key that came to the other tenant in this moment undoes the whole step.
          if (!(await insertUnlessThere(transaction.insertInto('atl_settings').values(copy), dialect))) {
            throw settingConflict({ tenantId: toTenantId, installation: row.installation })
          }
          moved += 1
        })
      }
      return moved
    }
  }

  async function update(
    place: { tenant_id: string; installation: string; name: string },
    columns: { value: string; expires_at_ms: number | null; updated_at_ms: number; version: number },
    version: number
  ): Promise<boolean> {
    const { numUpdatedRows } = await database()
      .tables.updateTable('atl_settings')
      .set(columns)
      .where('tenant_id', '=', place.tenant_id)
      .where('installation', '=', place.installation)
      .where('name', '=', place.name)
      .where('version', '=', version)
      .executeTakeFirstOrThrow()
    return Number(numUpdatedRows) === 1
  }
}

function settingFromRow(row: Selectable<SettingTable>): StoredSetting {
  return {
    key: row.name,
    value: row.value,
    version: Number(row.version),
    expiresAtMs: row.expires_at_ms === null ? null : Number(row.expires_at_ms),
    updatedAtMs: Number(row.updated_at_ms)
  }
}
