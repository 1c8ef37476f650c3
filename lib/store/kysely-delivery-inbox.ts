import { type Kysely, sql } from 'kysely'
import type { DeliveryInbox, NewDelivery } from '../tenant/tenant-store.ts'
import type { DatabaseHandle } from './database.ts'
import { canBeName, deliveryRecord } from './record.ts'
import type { Tables } from './schema.ts'
import { deliveryFromRow } from './tenant-rows.ts'

/** The inbox in a database. Processes meet in the rows: no two of them are ever given the same one. */
export function createKyselyDeliveryInbox(appKey: string, database: () => DatabaseHandle): DeliveryInbox {
  async function settle(
    deliveryId: string,
    values: { state: 'done' | 'failed'; settled_at_ms: number; dedupe_key?: null }
  ) {
    if (!canBeName(deliveryId)) return
    await database()
      .tables.updateTable('atl_deliveries')
      .set(values)
      .where('delivery_id', '=', deliveryId)
      .where('app_key', '=', appKey)
      .where('state', '=', 'pending')
      .execute()
  }

  return {
    add: (delivery) => insertDelivery(database().tables, appKey, delivery),

    // One statement, so that choosing and claiming cannot be torn apart. PostgreSQL skips rows that another process
    // is claiming at this moment; SQLite has one writer.
    async claim({ nowMs, leaseMs, limit, deliveryId }) {
      if (deliveryId !== undefined && !canBeName(deliveryId)) return []
      const { tables, dialect } = database()
      const rows = await tables
        .with('due', (db) =>
          db
            .selectFrom('atl_deliveries')
            .select('delivery_id')
            .where('app_key', '=', appKey)
            .where('state', '=', 'pending')
            .where('due_at_ms', '<=', nowMs)
            .where('lease_until_ms', '<=', nowMs)
            .$if(deliveryId !== undefined, (query) => query.where('delivery_id', '=', deliveryId ?? ''))
            .orderBy('received_at_ms')
            .limit(limit)
            .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked())
        )
        .updateTable('atl_deliveries')
        .set({ lease_until_ms: nowMs + leaseMs, attempts: sql<number>`attempts + 1` })
        .where('delivery_id', 'in', (db) => db.selectFrom('due').select('delivery_id'))
        .returningAll()
        .execute()
      return rows.map(deliveryFromRow).sort((a, b) => a.receivedAtMs - b.receivedAtMs)
    },

    complete: (deliveryId, nowMs) => settle(deliveryId, { state: 'done', settled_at_ms: nowMs }),

    fail: (deliveryId, nowMs) => settle(deliveryId, { state: 'failed', settled_at_ms: nowMs, dedupe_key: null }),

    async release(deliveryId, dueAtMs) {
      if (!canBeName(deliveryId)) return
      await database()
        .tables.updateTable('atl_deliveries')
        .set({ due_at_ms: dueAtMs, lease_until_ms: 0 })
        .where('delivery_id', '=', deliveryId)
        .where('app_key', '=', appKey)
        .where('state', '=', 'pending')
        .execute()
    },

    async sweep(beforeMs) {
      const { numDeletedRows } = await database()
        .tables.deleteFrom('atl_deliveries')
        .where('app_key', '=', appKey)
        .where('state', 'in', ['done', 'failed'])
        .where('received_at_ms', '<', beforeMs)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },

    async move(fromTenantId, toTenantId) {
      if (fromTenantId === toTenantId) return 0
      return database()
        .tables.transaction()
        .execute((transaction) => moveDeliveries(transaction, appKey, fromTenantId, toTenantId))
    }
  }
}

/** Writes one delivery; `false` = it was there already, under its own id or under the host's identifier. */
export async function insertDelivery(db: Kysely<Tables>, appKey: string, given: NewDelivery): Promise<boolean> {
  const delivery = deliveryRecord(given)
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('atl_deliveries')
    .values({
      delivery_id: delivery.deliveryId,
      app_key: appKey,
      tenant_id: delivery.tenantId,
      kind: delivery.kind,
      event: delivery.event,
      identifier: delivery.identifier,
      dedupe_key: delivery.identifier,
      payload: delivery.payload,
      state: 'pending',
      attempts: 0,
      received_at_ms: delivery.receivedAtMs,
      due_at_ms: delivery.dueAtMs,
      lease_until_ms: 0,
      settled_at_ms: null
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return Number(numInsertedOrUpdatedRows ?? 0) === 1
}

/** What the receiving tenant has already been told is a duplicate there, and is dropped. */
async function moveDeliveries(db: Kysely<Tables>, appKey: string, from: string, to: string): Promise<number> {
  await db
    .deleteFrom('atl_deliveries')
    .where('app_key', '=', appKey)
    .where('tenant_id', '=', from)
    .where('state', '=', 'pending')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('atl_deliveries as known')
          .select('known.delivery_id')
          .where('known.tenant_id', '=', to)
          .whereRef('known.kind', '=', 'atl_deliveries.kind')
          .whereRef('known.dedupe_key', '=', 'atl_deliveries.dedupe_key')
      )
    )
    .execute()
  const { numUpdatedRows } = await db
    .updateTable('atl_deliveries')
    .set({ tenant_id: to })
    .where('app_key', '=', appKey)
    .where('tenant_id', '=', from)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}
