import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { AtlassianError } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { TokenStore } from '../tenant/token-store.ts'
import type { DatabaseHandle } from './database.ts'
import { insertUnlessThere } from './insert-unless-there.ts'
import { canBeName } from './record.ts'
import { retryDeadlock } from './retry-deadlock.ts'
import { checkToken, leaseEnd, type TokenPlace, tokenColumn, tokenPlace } from './token-record.ts'

/** A token that is written again between our look and our delete was sealed anew; more often than this it is not. */
const MAX_TRIES = 5

/**
 * Tokens in a database. Every change is one statement that tells whether it found what it expects, so that two
 * processes never both win, on any database and without a transaction.
 */
export function createKyselyTokens(
  appKey: string,
  database: () => DatabaseHandle,
  cipher: () => ColumnCipher
): TokenStore {
  const updateRow = ({ tenantId, kind, name }: TokenPlace) =>
    database()
      .tables.updateTable('atl_tokens')
      .where('tenant_id', '=', tenantId)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .where('app_key', '=', appKey)

  function selectRow({ tenantId, kind, name }: TokenPlace) {
    return database()
      .tables.selectFrom('atl_tokens')
      .select(['value', 'expires_at_ms'])
      .where('tenant_id', '=', tenantId)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .where('app_key', '=', appKey)
      .executeTakeFirst()
  }

  /** Whether it was written: `false` if the row is there. */
  async function insertRow(place: TokenPlace, columns: TokenColumns): Promise<boolean> {
    const { tables, dialect } = database()
    const { tenantId, kind, name } = place
    const owner = await tables
      .selectFrom('atl_tenants')
      .select('tenant_id')
      .where('tenant_id', '=', tenantId)
      .where('app_key', '=', appKey)
      .executeTakeFirst()
    if (owner === undefined) throw new AtlassianError('ATL_NO_TENANT', 'tokens', { tenantId })
    const row = { tenant_id: tenantId, kind, name, app_key: appKey, ...columns }
    return retryDeadlock(() => insertUnlessThere(tables.insertInto('atl_tokens').values(row), dialect))
  }

  return {
    async get(key) {
      const place = tokenPlace(key)
      const row = await selectRow(place)
      if (row === undefined || row.value === null) return null
      const token = new Secret(cipher().open(row.value, tokenColumn(place)))
      return { token, expiresAtMs: Number(row.expires_at_ms) }
    },

    async put(key, given) {
      const place = tokenPlace(key)
      checkToken(given)
      const columns = {
        value: cipher().seal(given.token.reveal(), tokenColumn(place)),
        expires_at_ms: given.expiresAtMs
      }
      const update = () =>
        changesOne(() =>
          updateRow(place).set(columns).where('expires_at_ms', '<', given.expiresAtMs).executeTakeFirstOrThrow()
        )
      if (await update()) return true
      if (await insertRow(place, { ...columns, lease_owner: null, lease_until_ms: 0 })) return true
      // The row is there: with a token that lasts as long, or it came in this moment with one that does not.
      return update()
    },

    async delete(key, token) {
      const place = tokenPlace(key)
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        const row = await selectRow(place)
        const sealed = row?.value ?? null
        if (sealed === null || !new Secret(cipher().open(sealed, tokenColumn(place))).equals(token)) return false
        // Emptied and not removed: the row may hold the lease of one who is asking for the next token.
        const emptied = await changesOne(() =>
          updateRow(place).set({ value: null, expires_at_ms: 0 }).where('value', '=', sealed).executeTakeFirstOrThrow()
        )
        if (emptied) return true
      }
      return false
    },

    async deleteAll(tenantId, kind) {
      if (!canBeName(tenantId)) return 0
      const all = database()
        .tables.deleteFrom('atl_tokens')
        .where('tenant_id', '=', tenantId)
        .where('app_key', '=', appKey)
      const meant = kind === undefined ? all : all.where('kind', '=', kind)
      const { numDeletedRows } = await retryDeadlock(() => meant.executeTakeFirstOrThrow())
      return Number(numDeletedRows)
    },

    async sweep(beforeMs) {
      const { numDeletedRows } = await retryDeadlock(() =>
        database()
          .tables.deleteFrom('atl_tokens')
          .where('app_key', '=', appKey)
          .where('expires_at_ms', '<=', beforeMs)
          .where('lease_until_ms', '<=', beforeMs)
          .executeTakeFirstOrThrow()
      )
      return Number(numDeletedRows)
    },

    async acquire(key, lease) {
      const place = tokenPlace(key)
      const columns = { lease_owner: lease.owner, lease_until_ms: leaseEnd(lease) }
      const taken = await changesOne(() =>
        updateRow(place)
          .set(columns)
          .where(({ eb, or }) => or([eb('lease_until_ms', '<=', lease.nowMs), eb('lease_owner', '=', lease.owner)]))
          .executeTakeFirstOrThrow()
      )
      if (taken || (await selectRow(place)) !== undefined) return taken
      return insertRow(place, { value: null, expires_at_ms: 0, ...columns })
    },

    async release(key, owner) {
      await retryDeadlock(() =>
        updateRow(tokenPlace(key))
          .set({ lease_owner: null, lease_until_ms: 0 })
          .where('lease_owner', '=', owner)
          .execute()
      )
    }
  }
}

interface TokenColumns {
  readonly value: string | null
  readonly expires_at_ms: number
  readonly lease_owner: string | null
  readonly lease_until_ms: number
}

async function changesOne(update: () => Promise<{ readonly numUpdatedRows: bigint }>): Promise<boolean> {
  const { numUpdatedRows } = await retryDeadlock(update)
  return Number(numUpdatedRows) === 1
}
