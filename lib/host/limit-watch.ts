import { BoundedMap } from '../bounded-map.ts'
import type { HostTarget } from './host-target.ts'
import type { RateLimitFacts } from './rate-limit.ts'

/** What the host said about the limits of one tenant. */
export interface HostLimitEvent {
  /** Few calls are left, a call was refused for now, or the hourly points are used up. */
  readonly type: 'near-limit' | 'limited' | 'quota'
  readonly tenantId: string
  /** `null` for a call with a token of Forge. */
  readonly clientKey: string | null
  /** Method and path, with a star for every id. */
  readonly endpoint: string
  /** The host's word for the limit, if it said one. */
  readonly reason: string | null
  readonly limit: number | null
  readonly remaining: number | null
  /** Milliseconds since 1970. */
  readonly resetAtMs: number | null
  readonly retryAfterSeconds: number | null
}

/** What is left of the points of one tenant, as the host said last. */
export interface TenantPoints {
  readonly tenantId: string
  readonly limit: number | null
  readonly remaining: number | null
  readonly resetAtMs: number | null
  readonly nearLimit: boolean
  /** When the host said so, in milliseconds since 1970. */
  readonly atMs: number
}

export interface LimitWatch {
  /** Keeps what a good answer says and tells when little is left. */
  note(tenant: HostTarget, endpoint: string, facts: RateLimitFacts, nowMs: number): void
  /** Keeps and tells that a call was refused. */
  refused(tenant: HostTarget, endpoint: string, facts: RateLimitFacts, nowMs: number): void
  points(): readonly TenantPoints[]
}

const MAX_TENANTS = 1000
/** Every answer near the limit says so; listeners hear it once in a while. */
const TELL_EVERY_MS = 60_000

/** `tell` must not throw and is not waited for. */
export function createLimitWatch(tell: (event: HostLimitEvent) => void): LimitWatch {
  const points = new BoundedMap<string, TenantPoints>(MAX_TENANTS)
  const toldAtMs = new BoundedMap<string, number>(MAX_TENANTS)

  function keep(tenant: HostTarget, { limit, remaining, resetAtMs, nearLimit }: RateLimitFacts, nowMs: number): void {
    if (remaining === null && !nearLimit) return
    points.set(tenant.tenantId, { tenantId: tenant.tenantId, limit, remaining, resetAtMs, nearLimit, atMs: nowMs })
  }

  function send(type: HostLimitEvent['type'], tenant: HostTarget, endpoint: string, facts: RateLimitFacts): void {
    const { reason, limit, remaining, resetAtMs, retryAfterSeconds } = facts
    const { tenantId, clientKey } = tenant
    tell({ type, tenantId, clientKey, endpoint, reason, limit, remaining, resetAtMs, retryAfterSeconds })
  }

  return {
    note(tenant, endpoint, facts, nowMs) {
      keep(tenant, facts, nowMs)
      if (!facts.nearLimit) return
      const toldAt = toldAtMs.peek(tenant.tenantId)
      if (toldAt !== undefined && Math.abs(nowMs - toldAt) < TELL_EVERY_MS) return
      toldAtMs.set(tenant.tenantId, nowMs)
      send('near-limit', tenant, endpoint, facts)
    },
    refused(tenant, endpoint, facts, nowMs) {
      keep(tenant, facts, nowMs)
      send(facts.kind === 'quota' ? 'quota' : 'limited', tenant, endpoint, facts)
    },
    points: () => [...points.values()]
  }
}
