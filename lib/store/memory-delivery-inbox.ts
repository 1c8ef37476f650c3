import type { Delivery, DeliveryInbox, NewDelivery } from '../tenant/tenant-store.ts'
import { deliveryRecord } from './record.ts'

interface Entry {
  delivery: Delivery
  state: 'pending' | 'done' | 'failed'
  leaseUntilMs: number
}

export interface MemoryDeliveryInbox extends DeliveryInbox {
  /** The part of `add` that cannot wait: `save` of the tenant store writes tenant and deliveries in one step. */
  put(delivery: NewDelivery): boolean
  /** Removes everything of this tenant. */
  forget(tenantId: string): void
}

/** The inbox of the memory store. Every method does its work in one synchronous step, so none can interleave. */
export function createMemoryDeliveryInbox(knowsTenant: (tenantId: string) => boolean): MemoryDeliveryInbox {
  const entries = new Map<string, Entry>()

  function isDuplicate(delivery: NewDelivery): boolean {
    if (delivery.identifier === null) return false
    return [...entries.values()].some(
      ({ delivery: known, state }) =>
        state !== 'failed' &&
        known.tenantId === delivery.tenantId &&
        known.kind === delivery.kind &&
        known.identifier === delivery.identifier
    )
  }

  function put(given: NewDelivery): boolean {
    const delivery = deliveryRecord(given)
    if (!knowsTenant(delivery.tenantId)) throw new Error('The tenant of this delivery does not exist')
    if (entries.has(delivery.deliveryId) || isDuplicate(delivery)) return false
    entries.set(delivery.deliveryId, { delivery: { ...delivery, attempts: 0 }, state: 'pending', leaseUntilMs: 0 })
    return true
  }

  function settle(deliveryId: string, state: 'done' | 'failed'): void {
    const entry = entries.get(deliveryId)
    if (entry?.state === 'pending') entry.state = state
  }

  return {
    put,

    forget(tenantId) {
      for (const [deliveryId, { delivery }] of entries) if (delivery.tenantId === tenantId) entries.delete(deliveryId)
    },

    async add(delivery) {
      return put(delivery)
    },

    async claim({ nowMs, leaseMs, limit, deliveryId }) {
      const due = [...entries.values()]
        .filter(
          ({ delivery, state, leaseUntilMs }) =>
            state === 'pending' &&
            delivery.dueAtMs <= nowMs &&
            leaseUntilMs <= nowMs &&
            (deliveryId === undefined || delivery.deliveryId === deliveryId)
        )
        .sort((a, b) => a.delivery.receivedAtMs - b.delivery.receivedAtMs)
        .slice(0, limit)
      for (const entry of due) {
        entry.leaseUntilMs = nowMs + leaseMs
        entry.delivery = Object.freeze({ ...entry.delivery, attempts: entry.delivery.attempts + 1 })
      }
      return due.map(({ delivery }) => delivery)
    },

    async complete(deliveryId) {
      settle(deliveryId, 'done')
    },

    async release(deliveryId, dueAtMs) {
      const entry = entries.get(deliveryId)
      if (entry?.state !== 'pending') return
      entry.leaseUntilMs = 0
      entry.delivery = Object.freeze({ ...entry.delivery, dueAtMs })
    },

    async fail(deliveryId) {
      settle(deliveryId, 'failed')
    },

    async sweep(beforeMs) {
      const old = [...entries.values()].filter(
        ({ delivery, state }) => state !== 'pending' && delivery.receivedAtMs < beforeMs
      )
      for (const { delivery } of old) entries.delete(delivery.deliveryId)
      return old.length
    },

    async move(fromTenantId, toTenantId) {
      if (fromTenantId === toTenantId) return 0
      if (!knowsTenant(toTenantId)) throw new Error('The tenant that shall receive the deliveries does not exist')
      let moved = 0
      for (const entry of entries.values()) {
        if (entry.state !== 'pending' || entry.delivery.tenantId !== fromTenantId) continue
        const delivery = Object.freeze({ ...entry.delivery, tenantId: toTenantId })
        if (isDuplicate(delivery)) entries.delete(delivery.deliveryId)
        else {
          entry.delivery = delivery
          moved += 1
        }
      }
      return moved
    }
  }
}
