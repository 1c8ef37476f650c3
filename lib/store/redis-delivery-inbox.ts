import type { DeliveryInbox } from '../tenant/tenant-store.ts'
import { canBeName, deliveryRecord } from './record.ts'
import { deliveryArguments, deliveryFromTexts } from './redis-delivery-records.ts'
import {
  addScript,
  BATCH,
  claimScript,
  moveScript,
  releaseScript,
  settleScript,
  sweepScript
} from './redis-inbox-scripts.ts'
import { numberReply, type RunScript, textsReply } from './redis-script.ts'

/** The inbox in Redis. Each method is one script, and Redis runs one at a time: no delivery is given to two. */
export function createRedisDeliveryInbox(run: RunScript): DeliveryInbox {
  async function settle(deliveryId: string, is: 'done' | 'failed'): Promise<void> {
    if (canBeName(deliveryId)) await run(settleScript, deliveryId, is)
  }

  return {
    async add(delivery) {
      const added = numberReply(await run(addScript, ...deliveryArguments(deliveryRecord(delivery))))
      if (added < 0) throw new Error('The tenant of this delivery does not exist')
      return added === 1
    },

    async claim({ nowMs, leaseMs, limit, deliveryId }) {
      if (deliveryId !== undefined && !canBeName(deliveryId)) return []
      const only = deliveryId === undefined ? [] : [deliveryId]
      const texts = textsReply(await run(claimScript, String(nowMs), String(nowMs + leaseMs), String(limit), ...only))
      return Array.from({ length: texts.length / 2 }, (_, n) =>
        deliveryFromTexts(texts[2 * n] ?? '', texts[2 * n + 1] ?? '')
      )
    },

    complete: (deliveryId) => settle(deliveryId, 'done'),

    fail: (deliveryId) => settle(deliveryId, 'failed'),

    async release(deliveryId, dueAtMs) {
      if (canBeName(deliveryId)) await run(releaseScript, deliveryId, String(dueAtMs))
    },

    async sweep(beforeMs) {
      let swept = 0
      for (let batch = BATCH; batch === BATCH; swept += batch) {
        batch = numberReply(await run(sweepScript, String(beforeMs)))
      }
      return swept
    },

    async move(fromTenantId, toTenantId) {
      if (fromTenantId === toTenantId) return 0
      let moved = 0
      for (let looked = BATCH; looked === BATCH; ) {
        const counts = await run(moveScript, fromTenantId, toTenantId)
        if (!Array.isArray(counts) || counts.length === 0) {
          throw new Error('The tenant that shall receive the deliveries does not exist')
        }
        looked = numberReply(counts[0])
        moved += numberReply(counts[1])
      }
      return moved
    }
  }
}
