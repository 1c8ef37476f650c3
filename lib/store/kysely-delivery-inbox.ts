import type { Kysely } from 'kysely'
import type { DeliveryInbox, NewDelivery } from '../tenant/tenant-store.ts'
import { claimDeliveries } from './claim-deliveries.ts'
import type { DatabaseDialect, DatabaseHandle } from './database.ts'
import { insertUnlessThere } from './insert-unless-there.ts'
import { canBeName, deliveryRecord } from './record.ts'
import { retryDeadlock } from './retry-deadlock.ts'
import type { Tables } from './schema.ts'

/** The inbox in a database. Processes meet in the rows: no two of them are ever given the same one. */
export function createKyselyDeliveryInbox(appKey: string, database: () => DatabaseHandle): DeliveryInbox {
  async function changePending(
    deliveryId: string,
    values:
      | { state: 'done' | 'failed'; settled_at_ms: number; dedupe_key?: null; payload?: '' }
      | { due_at_ms: number; lease_until_ms: 0 }
  ): Promise<void> {
    if (!canBeName(deliveryId)) return
    const { tables } = database()
    await retryDeadlock(() =>
      tables
        .updateTable('atl_deliveries')
        .set(values)
        .where('delivery_id', '=', deliveryId)
        .where('app_key', '=', appKey)
        .where('state', '=', 'pending')
        .execute()
    )
  }

  return {
    async add(delivery) {
      const { tables, dialect } = database()
      return retryDeadlock(() => insertDelivery(tables, dialect, appKey, delivery))
    },

    async claim(request) {
      if (request.deliveryId !== undefined && !canBeName(request.deliveryId)) return []
      const handle = database()
      return retryDeadlock(() => claimDeliveries(handle, { ...request, appKey }))
    },

    // What was handled is known for deduplication only, and its body may hold personal data.
    complete: (deliveryId, nowMs) => changePending(deliveryId, { state: 'done', settled_at_ms: nowMs, payload: '' }),

    fail: (deliveryId, nowMs) => changePending(deliveryId, { state: 'failed', settled_at_ms: nowMs, dedupe_key: null }),

    release: (deliveryId, dueAtMs) => changePending(deliveryId, { due_at_ms: dueAtMs, lease_until_ms: 0 }),

    async sweep(beforeMs) {
      const { tables } = database()
      const { numDeletedRows } = await retryDeadlock(() =>
        tables
          .deleteFrom('atl_deliveries')
          .where('app_key', '=', appKey)
          .where('state', 'in', ['done', 'failed'])
          .where('received_at_ms', '<', beforeMs)
          .executeTakeFirstOrThrow()
      )
      return Number(numDeletedRows)
    },

    async move(fromTenantId, toTenantId) {
      if (fromTenantId === toTenantId) return 0
      const { tables, dialect } = database()
      return retryDeadlock(() =>
        tables.transaction().execute(async (transaction) => {
          const moving = { appKey, from: fromTenantId, to: toTenantId }
          if (dialect === 'mysql') await dropKnownByJoin(transaction, moving)
          else await dropKnown(transaction, moving)
          return moveDeliveries(transaction, moving)
        })
      )
    }
  }
}

/** Writes one delivery; `false` = it was there already, under its own id or under the host's identifier. */
export async function insertDelivery(
  db: Kysely<Tables>,
  dialect: DatabaseDialect,
  appKey: string,
  given: NewDelivery
): Promise<boolean> {
  const delivery = deliveryRecord(given)
  const insert = db.insertInto('atl_deliveries').values({
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
  return insertUnlessThere(insert, dialect)
}

interface Moving {
  readonly appKey: string
  readonly from: string
  readonly to: string
}

/** What the receiving tenant has already been told is a duplicate there, and is dropped. */
async function dropKnown(db: Kysely<Tables>, { appKey, from, to }: Moving): Promise<void> {
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
}

/** The same on MySQL, which deletes from no table that it asks at the same time. */
async function dropKnownByJoin(db: Kysely<Tables>, { appKey, from, to }: Moving): Promise<void> {
  await db
    .deleteFrom('atl_deliveries')
    .using('atl_deliveries')
    .innerJoin('atl_deliveries as known', (join) =>
      join
        .onRef('known.kind', '=', 'atl_deliveries.kind')
        .onRef('known.dedupe_key', '=', 'atl_deliveries.dedupe_key')
        .on('known.tenant_id', '=', to)
    )
    .where('atl_deliveries.app_key', '=', appKey)
    .where('atl_deliveries.tenant_id', '=', from)
    .where('atl_deliveries.state', '=', 'pending')
    .execute()
}

async function moveDeliveries(db: Kysely<Tables>, { appKey, from, to }: Moving): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('atl_deliveries')
    .set({ tenant_id: to })
    .where('app_key', '=', appKey)
    .where('tenant_id', '=', from)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}
