import type { ColumnCipher } from '../encryption/column-cipher.ts'
import type { DatabaseHandle } from './database.ts'
import { type TokenPlace, tokenColumn } from './token-record.ts'

/**
 * Writes every access token that is sealed with an older key with the newest one; what has expired is removed unread.
 * A row that changes meanwhile is left to the one who changed it. `complete` = every row was met.
 */
export async function reencryptTokens(
  database: DatabaseHandle,
  cipher: ColumnCipher,
  walk: { readonly nowMs: number; readonly batchSize: number; readonly signal: AbortSignal | undefined }
): Promise<{ rewritten: number; complete: boolean }> {
  const { tables } = database
  await tables
    .deleteFrom('atl_tokens')
    .where('expires_at_ms', '<=', walk.nowMs)
    .where('lease_until_ms', '<=', walk.nowMs)
    .execute()
  let rewritten = 0
  let after: TokenPlace = { tenantId: '', kind: 'system', name: '' }
  while (walk.signal?.aborted !== true) {
    const rows = await readBatch(database, after, walk.batchSize)
    for (const { value, ...place } of rows) {
      after = place
      if (value === null || !cipher.isOutdated(value)) continue
      const sealed = cipher.seal(cipher.open(value, tokenColumn(place)), tokenColumn(place))
      const { numUpdatedRows } = await tables
        .updateTable('atl_tokens')
        .set({ value: sealed })
        .where('tenant_id', '=', place.tenantId)
        .where('kind', '=', place.kind)
        .where('name', '=', place.name)
        .where('value', '=', value)
        .executeTakeFirstOrThrow()
      rewritten += Number(numUpdatedRows)
    }
    if (rows.length === 0) return { rewritten, complete: true }
  }
  return { rewritten, complete: false }
}

/** In the order of the primary key. */
function readBatch({ tables }: DatabaseHandle, after: TokenPlace, limit: number) {
  return tables
    .selectFrom('atl_tokens')
    .select(['tenant_id as tenantId', 'kind', 'name', 'value'])
    .where(({ eb, or, and }) =>
      or([
        eb('tenant_id', '>', after.tenantId),
        and([eb('tenant_id', '=', after.tenantId), eb('kind', '>', after.kind)]),
        and([eb('tenant_id', '=', after.tenantId), eb('kind', '=', after.kind), eb('name', '>', after.name)])
      ])
    )
    .orderBy('tenant_id')
    .orderBy('kind')
    .orderBy('name')
    .limit(limit)
    .execute()
}
