import { createHash } from 'node:crypto'
import type { ForgeEventKind } from './forge-event.ts'

/** What tells one event from another. */
export interface EventFacts {
  readonly kind: ForgeEventKind
  readonly event: string
  readonly installationId: string
  readonly environmentId: string
  readonly endpoint: string
  readonly retry: number
  /** The `jti` of the call. */
  readonly tokenId: string
  readonly body: unknown
}

/** The names by which an event that comes again is known. */
export interface EventIdentity {
  /** A UUID, the same for the same token with the same event. */
  readonly deliveryId: string
  /** Names of which each is enough to know it again. The first is the delivery's own. */
  readonly identifiers: readonly [string, ...string[]]
  /** Under which it is another event all the same if its first name is taken; `null` if it then is the same. */
  readonly otherwise: string | null
}

const SLOT_MS = 60_000
const RETRY_MS = 60_000
/** The host waits up to five seconds for each try, and its pauses and our clocks are not exact. */
const LATE_MS = 15_000
const LATE_PER_TRY_MS = 15_000

/**
 * Which event this is. Forge gives events no id, and each try to deliver one has a new token (forge.md 1.3), so the
 * event is known by its content, without what belongs to the try. Content with a time of its own, or about one
 * installation of one version, is the same event whenever it comes. Other content (a schedule, somebody looked at a
 * page) may be sent again and mean something new: there the time counts, which a retry tells by its number.
 */
export function identifyEvent(facts: EventFacts, nowMs: number): EventIdentity {
  const { kind, retry, tokenId } = facts
  const content = digest([
    facts.installationId,
    facts.environmentId,
    facts.endpoint,
    facts.event,
    contentOf(facts.body)
  ]).toString('base64url')
  const deliveryId = uuid(digest([content, tokenId, String(retry)]))
  if (isOnce(kind, facts.body)) return { deliveryId, identifiers: [content], otherwise: null }
  const [first, ...more] = slots(kind, retry, nowMs).map((slot) => `${content}:${slot}`)
  const isFirstOfProduct = kind === 'product' && retry === 0
  return {
    deliveryId,
    identifiers: [first ?? content, ...more],
    otherwise: isFirstOfProduct ? `${content}:${digest([tokenId]).toString('base64url')}` : null
  }
}

/** A UUID made from another, for what belongs to the same delivery. */
export function relatedId(deliveryId: string, what: string): string {
  return uuid(digest([deliveryId, what]))
}

/** Whether the content alone is one event: it says when it happened, or what can happen only once. */
function isOnce(kind: ForgeEventKind, body: unknown): boolean {
  if (kind === 'installed' || kind === 'upgraded') return true
  if (kind !== 'product') return false
  const isCloudEvent = isText(member(body, 'specversion')) && isText(member(body, 'time'))
  return isCloudEvent || isText(member(body, 'timestamp')) || isText(member(body, 'eventCreatedDate'))
}

/** The minutes in which the event may have come for the first time, oldest first. */
function slots(kind: ForgeEventKind, retry: number, nowMs: number): number[] {
  const spread = kind === 'product' ? 0 : SLOT_MS
  const [fromMs, toMs] =
    retry === 0
      ? [nowMs - spread, nowMs]
      : [nowMs - retry * (RETRY_MS + LATE_PER_TRY_MS) - LATE_MS, nowMs - retry * RETRY_MS + LATE_MS]
  const [from, to] = [Math.floor(fromMs / SLOT_MS), Math.floor(toMs / SLOT_MS)]
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** The event without what each try has of its own. */
function contentOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return JSON.stringify(body ?? null)
  const { retryContext: _retry, contextToken: _token, ...rest } = body as Readonly<Record<string, unknown>>
  return JSON.stringify(rest)
}

function member(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
}

function isText(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

/** The first bytes of a hash in the shape of a UUID (version 8: made by a rule of one's own). */
function uuid(hash: Buffer): string {
  const bytes = Buffer.from(hash.subarray(0, 16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
