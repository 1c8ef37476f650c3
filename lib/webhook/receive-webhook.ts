import { randomUUID } from 'node:crypto'
import { AtlassianError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { ConnectTenantWithSettings } from '../tenant/tenant-settings.ts'
import type { Delivery, DeliveryInbox } from '../tenant/tenant-store.ts'
import type { StoredWebhook, WebhookEvent } from './webhook-event.ts'

export interface WebhookReceiverOptions {
  readonly mode: 'inbox' | 'await' | 'memory'
  readonly inbox: DeliveryInbox
  readonly clock: Clock
  readonly log: Log
  readonly handlerTimeoutMs: number
  readonly handle: (event: WebhookEvent) => Promise<void>
  /** Handles a delivery that is in the inbox, after the answer. */
  readonly dispatch: (deliveryId: string) => Promise<void>
}

export interface ReceivedWebhook {
  readonly tenant: ConnectTenantWithSettings
  readonly event: string
  readonly identifier: string | null
  readonly content: StoredWebhook
}

/**
 * Takes a verified webhook in. Resolves when it may be answered with 204: written (`inbox`), handled (`await`) or
 * simply taken (`memory`). Throws `ATL_STORE_UNAVAILABLE`, and `ATL_WEBHOOK_FAILED` in mode `await`, so that the
 * host delivers it again.
 */
export function createWebhookReceiver(options: WebhookReceiverOptions): (webhook: ReceivedWebhook) => Promise<void> {
  const { inbox, clock, log } = options
  const leaseMs = options.handlerTimeoutMs + 10_000

  async function receiveInInbox(webhook: ReceivedWebhook): Promise<void> {
    const delivery = toDelivery(webhook, clock(), 0)
    if (await orUnavailable(inbox.add(delivery))) void options.dispatch(delivery.deliveryId)
  }

  // A host that gives up waiting delivers again while the first try still runs: both get the answer of that one try.
  const running = new Map<string, Promise<void>>()

  function receiveAndWait(webhook: ReceivedWebhook): Promise<void> {
    if (webhook.identifier === null) return receiveOnce(webhook)
    const key = JSON.stringify([webhook.tenant.tenantId, webhook.identifier])
    const flight = running.get(key) ?? receiveOnce(webhook).finally(() => running.delete(key))
    running.set(key, flight)
    return flight
  }

  async function receiveOnce(webhook: ReceivedWebhook): Promise<void> {
    // Due only after the longest handler, so that nobody takes it from us unless this process dies.
    const delivery = toDelivery(webhook, clock(), leaseMs)
    const { deliveryId, dueAtMs } = delivery
    if (!(await orUnavailable(inbox.add(delivery)))) return
    await orUnavailable(inbox.claim({ nowMs: dueAtMs, leaseMs, limit: 1, deliveryId }))
    try {
      await options.handle(toEvent(webhook, deliveryId))
    } catch (cause) {
      // Forgotten, so that the host's next try counts as the first.
      await orUnavailable(inbox.fail(deliveryId, clock()))
      throw new AtlassianError('ATL_WEBHOOK_FAILED', 'handler', { event: webhook.event }, { cause })
    }
    await orUnavailable(inbox.complete(deliveryId, clock()))
  }

  function receiveInMemory(webhook: ReceivedWebhook): Promise<void> {
    options.handle(toEvent(webhook, randomUUID())).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : 'unknown'
      log.error({ event: webhook.event, reason }, 'webhook handler failed, and the delivery is lost')
    })
    return Promise.resolve()
  }

  return { inbox: receiveInInbox, await: receiveAndWait, memory: receiveInMemory }[options.mode]
}

/** The event of a delivery that waited in the inbox. */
export function webhookFromDelivery(delivery: Delivery, tenant: ConnectTenantWithSettings): WebhookEvent {
  const content = JSON.parse(delivery.payload) as StoredWebhook
  return toEvent({ tenant, event: delivery.event, identifier: delivery.identifier, content }, delivery.deliveryId)
}

function toEvent(webhook: ReceivedWebhook, deliveryId: string): WebhookEvent {
  const { tenant, event, identifier, content } = webhook
  const { retry, flow, accountId, params, query, body } = content
  return { retry, flow, accountId, params, query, body, tenant, event, identifier, deliveryId }
}

function toDelivery(webhook: ReceivedWebhook, nowMs: number, waitMs: number) {
  return {
    deliveryId: randomUUID(),
    tenantId: webhook.tenant.tenantId,
    kind: 'webhook' as const,
    event: webhook.event,
    identifier: webhook.identifier,
    // The registration that sent it: a tenant may have one in each product.
    payload: JSON.stringify({ ...webhook.content, clientKey: webhook.tenant.clientKey }),
    receivedAtMs: nowMs,
    dueAtMs: nowMs + waitMs
  }
}

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'inbox', {}, { cause })
  }
}
