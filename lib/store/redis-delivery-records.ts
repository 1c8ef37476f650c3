import type { Delivery, NewDelivery } from '../tenant/tenant-store.ts'

/** What never changes of a delivery; the rest stands in its state, where scripts reach it. */
type StoredDelivery = Pick<NewDelivery, 'deliveryId' | 'event' | 'payload'>

interface StoredState {
  readonly tenant: string
  readonly kind: NewDelivery['kind']
  readonly identifier?: string
  readonly is: 'pending' | 'done' | 'failed'
  readonly attempts: string
  readonly received: string
  readonly due: string
  readonly lease: string
}

/** Id, record and state of a delivery that was not there before. */
export function deliveryArguments(delivery: NewDelivery): readonly [id: string, record: string, state: string] {
  const { deliveryId, event, payload, tenantId, kind, identifier } = delivery
  const record: StoredDelivery = { deliveryId, event, payload }
  const state: StoredState = {
    tenant: tenantId,
    kind,
    ...(identifier === null ? {} : { identifier }),
    is: 'pending',
    attempts: '0',
    received: String(delivery.receivedAtMs),
    due: String(delivery.dueAtMs),
    lease: '0'
  }
  return [deliveryId, JSON.stringify(record), JSON.stringify(state)]
}

export function deliveryFromTexts(record: string, state: string): Delivery {
  const { deliveryId, event, payload }: StoredDelivery = JSON.parse(record)
  const { tenant, kind, identifier, attempts, received, due }: StoredState = JSON.parse(state)
  return {
    deliveryId,
    tenantId: tenant,
    kind,
    event,
    identifier: identifier ?? null,
    payload,
    receivedAtMs: Number(received),
    dueAtMs: Number(due),
    attempts: Number(attempts)
  }
}
