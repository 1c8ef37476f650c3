import type { Clock, FetchLike, Timer } from '../ports.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import { createConnections, type HostDispatcher } from './connections.ts'
import { type AppTokens, createCredentials } from './credentials.ts'
import { createHostClient, type HostClient, type VerifiedUser } from './host-client.ts'
import type { HostTarget } from './host-target.ts'
import { createHostTransport, type TransportCounts } from './host-transport.ts'
import { createLimitWatch, type HostLimitEvent, type TenantPoints } from './limit-watch.ts'
import { pause } from './pause.ts'
import { createTenantGate } from './tenant-gate.ts'
import type { UserTokens } from './user-tokens.ts'

/** Bounds of calls to hosts. */
export interface HostLimits {
  /** For one try of a call that says nothing else. */
  readonly timeoutMs: number
  /** Tries of one call, the first included. */
  readonly maxAttempts: number
  /** All tries and pauses of one call together. */
  readonly maxTotalMs: number
  /** Calls of one tenant under way at once. */
  readonly concurrency: number
  /** Calls of one tenant that wait for others. */
  readonly maxWaiting: number
}

/** What calls to hosts need to know of the app and of the world. */
export interface HostCallsOptions {
  readonly userAgent: string
  readonly limits: HostLimits
  /** Carries all calls instead of undici. */
  readonly fetch?: FetchLike | undefined
  /** Replaces undici's pools of connections, and is not closed. */
  readonly dispatcher?: HostDispatcher | undefined
  readonly clock: Clock
  readonly timer: Timer
  /** From 0 to 1, for the spread of pauses. */
  readonly random?: () => number
  /** The `Authorization` header of the app for exactly this call. */
  readonly sign: (tenant: ConnectTenant, method: string, url: URL) => string
  readonly userTokens: UserTokens
  /** Told when a host answered 401 to what the app signed as itself; must not throw. */
  readonly appRefused?: (tenant: ConnectTenant) => void
  /** Given where access tokens take the place of `sign`. */
  readonly appTokens?: AppTokens
  /** Told about limits; must not throw. */
  readonly onLimit: (event: HostLimitEvent) => void
}

/** What happened with calls to hosts since the start, and what is going on now. */
export interface HostMetrics extends TransportCounts {
  /** What is left of the points, for the tenants whose host said so last, at most a thousand. */
  readonly points: readonly TenantPoints[]
}

/** All calls of one app to hosts: they share connections, queues and limits. */
export interface HostCalls {
  /** A client that acts as the app. `verified` is given on requests. */
  client(tenant: () => HostTarget | Promise<HostTarget>, verified?: VerifiedUser): HostClient
  metrics(): HostMetrics
  /** Ends the connections; calls that are under way get a second for it. */
  close(): Promise<void>
}

const CLOSE_TURNS = 50
const CLOSE_TURN_MS = 20

/** Connects to nothing before the first call. */
export function createHostCalls(options: HostCallsOptions): HostCalls {
  const { userAgent, limits, fetch, dispatcher, clock, timer, random = Math.random } = options
  const connections = createConnections({ fetch, dispatcher })
  const watch = createLimitWatch(options.onLimit)
  const gate = createTenantGate({ timer, concurrency: limits.concurrency, maxWaiting: limits.maxWaiting })
  const transport = createHostTransport({
    network: connections.network,
    clock,
    timer,
    random,
    credentials: createCredentials(options),
    gate,
    watch,
    retry: { maxAttempts: limits.maxAttempts, maxTotalMs: limits.maxTotalMs }
  })
  return Object.freeze({
    client: (tenant: () => HostTarget | Promise<HostTarget>, verified?: VerifiedUser) =>
      createHostClient({
        transport,
        userAgent,
        tenant,
        timeoutMs: limits.timeoutMs,
        ...(verified ? { verified } : {})
      }),
    metrics: () => Object.freeze({ ...transport.counts(), points: watch.points() }),
    async close() {
      for (let turn = 0; turn < CLOSE_TURNS && gate.underWay > 0; turn++) await pause(timer, CLOSE_TURN_MS)
      await connections.close()
    }
  })
}
