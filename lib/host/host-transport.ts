import type { Clock, Timer } from '../ports.ts'
import { type CallLimit, startCallLimit } from './call-limit.ts'
import type { Actor, Credentials, CredentialsFor } from './credentials.ts'
import { endpointOf, writtenIssue } from './endpoint.ts'
import { HostError, type HostErrorFacts } from './host-error.ts'
import { hostFailure, type Stage } from './host-failure.ts'
import { type HostTarget, isForgeTarget } from './host-target.ts'
import type { LimitWatch } from './limit-watch.ts'
import type { Answer, Network, Outgoing } from './network.ts'
import { MAX_TIMER_MS, pause } from './pause.ts'
import { type RateLimitFacts, readRateLimit, tellsRemaining } from './rate-limit.ts'
import { faultPauseMs, limitPauseMs, type RetryRules } from './retry.ts'
import { createSlowLanes } from './slow-lanes.ts'
import { GateClosedError, type TenantGate } from './tenant-gate.ts'
import { untilAborted } from './until-aborted.ts'

/** How long a caller waits. */
export interface CallBounds {
  /** For one try. */
  readonly timeoutMs: number
  /** For all tries and pauses together; `null` = as for every call. */
  readonly maxTotalMs: number | null
  readonly signal: AbortSignal | undefined
}

/** One call to the host with everything that is tried for it. */
export interface HostCall extends CallBounds {
  readonly tenant: HostTarget
  readonly actor: Actor
  readonly method: string
  readonly url: URL
  /** Everything but the credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestInit['body'] | null
  /** The body is gone once it was sent. */
  readonly stream: boolean
  /** Whether it may be sent again after a limit or a broken connection. */
  readonly repeatable: boolean
  /** What the search for the tenant took of the time of the whole call. */
  readonly spentMs: number
}

/** What to do with an answer, within the time of its try. `limits` is given for what is not 2xx. */
export type Consume<T> = (answer: Answer, limits: RateLimitFacts | null) => T | Promise<T>

/** Counters since the start, and what is going on now. */
export interface TransportCounts {
  readonly calls: number
  readonly attempts: number
  readonly retries: number
  readonly failures: number
  readonly limited: number
  readonly quota: number
  readonly underWay: number
  readonly waiting: number
  readonly slowedEndpoints: number
}

export interface HostTransport {
  /** Waits for what a call needs first, for one try's time and until the abort. Throws HostError, and what `find` does. */
  prepare<T>(
    find: () => T | Promise<T>,
    bounds: CallBounds,
    facts: HostErrorFacts
  ): Promise<{ readonly found: T; readonly spentMs: number }>
  /**
   * Sends a call, again where that is allowed, and gives its answer to `consume`. `whole` = `consume` reads the body,
   * so that its time and its faults count. Throws AtlassianError.
   */
  send<T>(call: HostCall, facts: HostErrorFacts, whole: boolean, consume: Consume<T>): Promise<T>
  counts(): TransportCounts
}

export interface HostTransportOptions {
  readonly network: Network
  readonly clock: Clock
  readonly timer: Timer
  /** From 0 to 1, for the spread of pauses. */
  readonly random: () => number
  readonly credentials: CredentialsFor
  readonly gate: TenantGate
  readonly watch: LimitWatch
  readonly retry: RetryRules
}

/** Statuses with which a host asks to come back later. */
const LATER = new Set([429, 503])

/** Sends calls within the limits of the host and of this process. */
export function createHostTransport(options: HostTransportOptions): HostTransport {
  const { clock, timer, random, gate, watch, retry } = options
  const lanes = createSlowLanes()
  const counts = { calls: 0, attempts: 0, retries: 0, failures: 0, limited: 0, quota: 0 }

  async function send<T>(call: HostCall, facts: HostErrorFacts, whole: boolean, consume: Consume<T>): Promise<T> {
    counts.calls += 1
    const totalMs = Math.min(Math.max(call.maxTotalMs ?? retry.maxTotalMs, call.timeoutMs), MAX_TIMER_MS)
    const startedAtMs = clock() - call.spentMs
    const leftMs = () => Math.max(0, totalMs - (clock() - startedAtMs))
    const lanesOfCall = lanesOf(call)
    let tokenRefused = false

    for (let attempt = 1; ; attempt++) {
      const mayRepeat = () => call.repeatable && !call.stream && attempt < retry.maxAttempts
      let stage: Stage = 'built'
      let pauseMs: number
      let limit: CallLimit | undefined
      let entered = false
      try {
        let tryMs = Math.min(call.timeoutMs, leftMs())
        let token: Credentials | undefined
        if (waitsForToken(call)) {
          // First of all: a slow authorization server must not take places of the tenant's other calls.
          const askedAtMs = clock()
          limit = startCallLimit(timer, tryMs, call.signal, false)
          token = await untilAborted(Promise.resolve(credentialsOf(call)), limit.signal)
          limit.end()
          tryMs -= clock() - askedAtMs
        }
        if (lanes.size > 0) await enterLanes(lanesOfCall(), leftMs(), call, facts)
        await gate.enter(call.tenant.tenantId, leftMs(), call.signal)
        entered = true
        if (leftMs() === 0) throw new GateClosedError('no time is left')
        const given = token ?? credentialsOf(call)
        const credentials = given instanceof Promise ? await given : given
        limit = startCallLimit(timer, Math.min(tryMs, leftMs()), call.signal, !whole)
        stage = 'sent'
        counts.attempts += 1
        const answer = await options.network(call.url, outgoing(call, credentials, limit.signal))
        stage = 'answered'
        const limits = noteLimits(call, lanesOfCall, answer)
        if (answer.status === 401 && credentials.refused !== undefined && !tokenRefused) {
          tokenRefused = true
          const hasAnother = await untilAborted(credentials.refused(), limit.signal)
          if (hasAnother && !call.stream) {
            answer.discard()
            // Not a try of its own: the host did nothing.
            attempt -= 1
            continue
          }
        }
        const later = LATER.has(answer.status) && limits !== null && limits.kind !== 'quota' && mayRepeat()
        pauseMs = later ? limitPauseMs(attempt, limits.retryAfterSeconds, random()) : -1
        if (!later || pauseMs >= leftMs()) return await consume(answer, limits)
        answer.discard()
      } catch (error) {
        const failure = hostFailure(error, stage, facts, limit, call.signal)
        const broken = failure.code === 'ATL_HOST_NETWORK' || failure.code === 'ATL_HOST_TRUNCATED'
        pauseMs = faultPauseMs(attempt, random())
        if (!broken || !mayRepeat() || pauseMs >= leftMs()) {
          counts.failures += 1
          throw failure
        }
      } finally {
        limit?.end()
        if (entered) gate.leave(call.tenant.tenantId)
      }
      counts.retries += 1
      await pause(timer, pauseMs, call.signal).catch((error: unknown) => {
        throw new HostError('ATL_HOST_ABORTED', facts, error)
      })
    }
  }

  const credentialsOf = ({ actor, tenant, method, url }: HostCall) => options.credentials(actor, tenant, method, url)

  async function prepare<T>(find: () => T | Promise<T>, bounds: CallBounds, facts: HostErrorFacts) {
    const finding = find()
    if (!(finding instanceof Promise)) return { found: finding, spentMs: 0 }
    const { timeoutMs, signal } = bounds
    const startedAtMs = clock()
    const limit = startCallLimit(timer, timeoutMs, signal, false)
    try {
      const found: T = await untilAborted(finding, limit.signal)
      return { found, spentMs: clock() - startedAtMs }
    } catch (error) {
      // The failure of the search itself is the caller's to see as it is.
      throw limit.signal.aborted ? hostFailure(error, 'built', facts, limit, signal) : error
    } finally {
      limit.end()
    }
  }

  /** Places in all lanes of the call, then the wait for the last of them. */
  async function enterLanes({ keys }: Lanes, leftMs: number, call: HostCall, facts: HostErrorFacts): Promise<void> {
    const nowMs = clock()
    const waitMs = Math.max(...keys.map((key) => lanes.enter(key, nowMs, leftMs)))
    if (waitMs === 0) return
    if (waitMs > leftMs) {
      const closed = new GateClosedError('the endpoint is slowed down')
      throw new HostError('ATL_HOST_BUSY', { ...facts, retryAfterSeconds: Math.ceil(waitMs / 1000) }, closed)
    }
    await pause(timer, waitMs, call.signal)
  }

  function noteLimits(call: HostCall, lanesOfCall: () => Lanes, answer: Answer): RateLimitFacts | null {
    const { tenant } = call
    const nowMs = clock()
    if (answer.ok) {
      if (lanes.size > 0) for (const key of lanesOfCall().keys) lanes.ease(key, nowMs)
      if (tellsRemaining(answer.headers)) {
        watch.note(tenant, lanesOfCall().endpoint, readRateLimit(answer.headers, nowMs), nowMs)
      }
      return null
    }
    const limits = readRateLimit(answer.headers, nowMs)
    if (answer.status !== 429) return limits
    counts[limits.kind === 'quota' ? 'quota' : 'limited'] += 1
    const { endpoint, keys } = lanesOfCall()
    watch.refused(tenant, endpoint, limits, nowMs)
    const key = limits.kind === 'issue' ? keys.at(-1) : keys[0]
    if (limits.kind !== 'quota' && key !== undefined) lanes.slow(key, nowMs, (limits.retryAfterSeconds ?? 1) * 1000)
    return limits
  }

  return {
    prepare,
    send,
    counts: () => ({
      ...counts,
      underWay: gate.underWay,
      waiting: gate.waiting,
      slowedEndpoints: lanes.size
    })
  }
}

/** Whether somebody else has to be asked for the token; what the app signs itself is signed when the call is sent. */
function waitsForToken({ actor, tenant }: HostCall): boolean {
  return actor.type === 'user' || (actor.type === 'app' && isForgeTarget(tenant))
}

/** What is slowed together: the endpoint at this tenant, and writes to one issue of it. */
interface Lanes {
  readonly endpoint: string
  readonly keys: readonly string[]
}

/** Made only when it is needed, since most calls meet no limit. */
function lanesOf({ tenant, method, url }: HostCall): () => Lanes {
  let made: Lanes | undefined
  return () => {
    if (made !== undefined) return made
    const endpoint = endpointOf(method, url.pathname)
    const issue = writtenIssue(method, url.pathname)
    const keys = [`${tenant.tenantId} ${endpoint}`]
    if (issue !== null) keys.push(`${tenant.tenantId} issue ${issue}`)
    made = { endpoint, keys }
    return made
  }
}

function outgoing(call: HostCall, credentials: Credentials, signal: AbortSignal): Outgoing {
  const { method, body, stream } = call
  const { authorization } = credentials
  const headers = authorization === null ? call.headers : { ...call.headers, authorization }
  return { method, headers, body, stream, signal }
}
