import { type Kysely, type Selectable, sql } from 'kysely'
import type { Delivery } from '../tenant/tenant-store.ts'
import type { DatabaseHandle } from './database.ts'
import type { DeliveryTable, Tables } from './schema.ts'
import { deliveryFromRow } from './tenant-rows.ts'

export interface ClaimRequest {
  readonly appKey: string
  readonly nowMs: number
  readonly leaseMs: number
  readonly limit: number
  readonly deliveryId?: string | undefined
}

/** Servers skip rows that another process is claiming at this moment; SQLite has one writer. */
export async function claimDeliveries({ tables, dialect }: DatabaseHandle, request: ClaimRequest): Promise<Delivery[]> {
  const rows =
    dialect === 'mysql'
      ? await tables.transaction().execute((transaction) => lockThenClaim(transaction, request))
      : await claimAtOnce(tables, request, dialect === 'postgres')
  return rows.map(deliveryFromRow).sort((a, b) => a.receivedAtMs - b.receivedAtMs)
}

/** One statement, so that choosing and claiming cannot be torn apart. */
function claimAtOnce(db: Kysely<Tables>, request: ClaimRequest, manyWriters: boolean) {
  return db
    .with('due', (db) =>
      due(db, request)
        .select('delivery_id')
        .$if(manyWriters, (query) => query.forUpdate().skipLocked())
    )
    .updateTable('atl_deliveries')
    .set(claimed(request))
    .where('delivery_id', 'in', (db) => db.selectFrom('due').select('delivery_id'))
    .returningAll()
    .execute()
}

/** MySQL's updates return no rows. */
async function lockThenClaim(db: Kysely<Tables>, request: ClaimRequest): Promise<Selectable<DeliveryTable>[]> {
  const rows = await due(db, request).selectAll().forUpdate().skipLocked().execute()
  if (rows.length === 0) return []
  const ids = rows.map(({ delivery_id }) => delivery_id)
  await db.updateTable('atl_deliveries').set(claimed(request)).where('delivery_id', 'in', ids).execute()
  return rows.map((row) => ({ ...row, attempts: Number(row.attempts) + 1 }))
}

function due(db: Pick<Kysely<Tables>, 'selectFrom'>, { appKey, nowMs, limit, deliveryId }: ClaimRequest) {
  return db
    .selectFrom('atl_deliveries')
    .where('app_key', '=', appKey)
    .where('state', '=', 'pending')
    .where('due_at_ms', '<=', nowMs)
    .where('lease_until_ms', '<=', nowMs)
    .$if(deliveryId !== undefined, (query) => query.where('delivery_id', '=', deliveryId ?? ''))
    .orderBy('received_at_ms')
    .limit(limit)
}

function claimed({ nowMs, leaseMs }: ClaimRequest) {
  return { lease_until_ms: nowMs + leaseMs, attempts: sql<number>`attempts + 1` }
}
