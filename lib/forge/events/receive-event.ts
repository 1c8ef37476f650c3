import { AtlassianError } from '../../errors.ts'
import type { Clock, Log } from '../../ports.ts'
import type { DeliveryInbox, NewDelivery } from '../../tenant/tenant-store.ts'
import { within } from '../../within.ts'
import { identifyEvent, relatedId } from './event-identity.ts'
import type { ForgeEventMode, ResolvedForgeEvents } from './event-options.ts'
import type { ForgeEventMessage } from './forge-event.ts'
import type { ReadForgeEvent } from './read-event.ts'

/** The delivery that ends an installation when the time of its `preUninstall` is over. */
export const END = 'forge:end'
/** One that only holds a further name of another. */
export const MARK = 'forge:mark'

export interface EventReceiverOptions {
  readonly inbox: DeliveryInbox
  readonly clock: Clock
  readonly log: Log
  readonly handlerTimeoutMs: number
  readonly events: Pick<ResolvedForgeEvents, 'enqueue' | 'preUninstallMs'>
  readonly handle: (message: ForgeEventMessage) => Promise<void>
  /** Handles a delivery that is in the inbox, after the answer. */
  readonly dispatch: (deliveryId: string) => Promise<void>
}

/** An event for an inbox. */
export interface ReceivedForgeEvent {
  readonly tenantId: string
  readonly tokenId: string
  readonly event: ReadForgeEvent
  readonly mode: ForgeEventMode
}

/** The host waits five seconds for the answer (forge.md 1.1). */
const STORE_MS = 3500
const HANDLER_MS = 4500

/**
 * Takes a verified event in. Resolves when it may be answered with 204: written, given to the app's queue, handled
 * (`await`), or known already. Throws `ATL_STORE_UNAVAILABLE`, and `ATL_WEBHOOK_FAILED` if the app's queue or (in mode
 * `await`) a handler fails, so that the host delivers it again.
 */
export function createEventReceiver(options: EventReceiverOptions): (received: ReceivedForgeEvent) => Promise<void> {
  const { inbox, clock, log } = options
  const leaseMs = options.handlerTimeoutMs + 10_000

  async function receive({ tenantId, tokenId, event, mode }: ReceivedForgeEvent): Promise<void> {
    const nowMs = clock()
    const identity = identifyEvent({ ...event, tokenId }, nowMs)
    const message: ForgeEventMessage = { ...event, deliveryId: identity.deliveryId, tenantId, receivedAtMs: nowMs }
    if (event.kind === 'preUninstall') await inTime(inbox.add(endOf(message)))
    if (mode === 'inbox' && options.events.enqueue !== undefined) return giveAway(message, options.events.enqueue)
    return mode === 'inbox' ? write(message, identity) : handleNow(message, identity)
  }

  async function giveAway(
    message: ForgeEventMessage,
    enqueue: NonNullable<ResolvedForgeEvents['enqueue']>
  ): Promise<void> {
    try {
      await within(Promise.resolve(enqueue(message)), leftOf(message))
    } catch (cause) {
      throw failed(message, cause)
    }
  }

  async function write(message: ForgeEventMessage, identity: Identity): Promise<void> {
    const { deliveryId } = message
    const marks = await inTime(put(message, identity, identity.identifiers.length > 1))
    if (marks === null) return
    if (identity.identifiers.length > 1) {
      await inTime(inbox.release(deliveryId, clock()))
      await inTime(settle(marks, true))
    }
    void options.dispatch(deliveryId)
  }

  async function handleNow(message: ForgeEventMessage, identity: Identity): Promise<void> {
    const { deliveryId } = message
    const marks = await inTime(put(message, identity, true))
    if (marks === null) return
    await inTime(inbox.claim({ nowMs: clock() + leaseMs, leaseMs, limit: 1, deliveryId }))
    try {
      await within(options.handle(message), Math.min(options.handlerTimeoutMs, leftOf(message)))
    } catch (cause) {
      // Forgotten, so that the host's next try counts as the first.
      await inTime(settle([deliveryId, ...marks], false))
      throw failed(message, cause)
    }
    await inTime(settle([deliveryId, ...marks], true))
  }

  /**
   * Writes it under all its names; `null` if one of them is known. With `later` nobody takes it from us unless this
   * process dies. Returns the deliveries that hold further names.
   */
  async function put(message: ForgeEventMessage, identity: Identity, later: boolean): Promise<string[] | null> {
    const { deliveryId } = message
    const [name, ...others] = identity.identifiers
    const delivery = deliveryOf(message, name, later ? leaseMs : 0)
    if (!(await inbox.add(delivery))) {
      const isOther = identity.otherwise !== null && (await inbox.add({ ...delivery, identifier: identity.otherwise }))
      if (!isOther) return duplicate(message)
    }
    const marks: string[] = []
    for (const identifier of others) {
      const mark = {
        ...delivery,
        deliveryId: relatedId(deliveryId, identifier),
        event: MARK,
        payload: '{}',
        identifier
      }
      if (!(await inbox.add(mark))) {
        await settle([deliveryId, ...marks], true)
        return duplicate(message)
      }
      marks.push(mark.deliveryId)
    }
    return marks
  }

  /** What writing has left of the time; a clock that was set back gives nobody more. */
  function leftOf({ receivedAtMs }: ForgeEventMessage): number {
    return Math.max(0, HANDLER_MS - Math.max(0, clock() - receivedAtMs))
  }

  function duplicate({ event, retry, deliveryId }: ForgeEventMessage): null {
    log.info({ event, retry, deliveryId }, 'an event that is known already was not taken again')
    return null
  }

  async function settle(deliveryIds: readonly string[], isDone: boolean): Promise<void> {
    for (const id of deliveryIds) await (isDone ? inbox.complete(id, clock()) : inbox.fail(id, clock()))
  }

  function endOf(message: ForgeEventMessage): NewDelivery {
    const deliveryId = relatedId(message.deliveryId, END)
    const end = deliveryOf({ ...message, body: null }, null, options.events.preUninstallMs)
    return { ...end, deliveryId, event: END }
  }

  return receive
}

type Identity = ReturnType<typeof identifyEvent>

function deliveryOf(message: ForgeEventMessage, identifier: string | null, waitMs: number): NewDelivery {
  return {
    deliveryId: message.deliveryId,
    tenantId: message.tenantId,
    kind: 'forge',
    event: message.event,
    identifier,
    payload: JSON.stringify(message),
    receivedAtMs: message.receivedAtMs,
    dueAtMs: message.receivedAtMs + waitMs
  }
}

function failed({ event }: ForgeEventMessage, cause: unknown): AtlassianError {
  return new AtlassianError('ATL_WEBHOOK_FAILED', 'handler', { event }, { cause })
}

/** In the time that the host waits: what comes later it would not hear. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  try {
    return await within(work, STORE_MS)
  } catch (cause) {
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'inbox', {}, { cause })
  }
}
