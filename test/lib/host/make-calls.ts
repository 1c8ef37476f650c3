import { inspect } from 'node:util'
import {
  createHostCalls,
  type HostCalls,
  type HostCallsOptions,
  type HostLimits
} from '../../../lib/host/host-calls.ts'
import type { HostClient, VerifiedUser } from '../../../lib/host/host-client.ts'
import { HostError } from '../../../lib/host/host-error.ts'
import type { HostLimitEvent } from '../../../lib/host/limit-watch.ts'
import type { UserTokens } from '../../../lib/host/user-tokens.ts'
import type { ConnectTenant } from '../../../lib/tenant/tenant.ts'
import { makeTenant } from '../tenant/make-tenant.ts'
import { createFakeTime, type FakeTime } from './fake-time.ts'

/** One request as the network got it. */
export interface Sent {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly init: RequestInit
  readonly atMs: number
}

export type Answer = (sent: Sent, number: number) => Response | Promise<Response>

export interface MadeCalls {
  readonly calls: HostCalls
  readonly client: HostClient
  readonly sent: Sent[]
  readonly events: HostLimitEvent[]
  readonly time: FakeTime
}

export interface CallChanges extends Partial<Omit<HostCallsOptions, 'limits' | 'fetch'>> {
  readonly limits?: Partial<HostLimits>
  readonly tenant?: () => ConnectTenant | Promise<ConnectTenant>
  readonly verified?: VerifiedUser
}

const limits = { timeoutMs: 10_000, maxAttempts: 5, maxTotalMs: 30_000, concurrency: 20, maxWaiting: 1000 }

/** A client on a network of functions and a time that only the test moves; pauses are spread by exactly 1. */
export function makeCalls(answer: Answer = () => Response.json({ ok: true }), changes: CallChanges = {}): MadeCalls {
  const time = createFakeTime()
  const sent: Sent[] = []
  const events: HostLimitEvent[] = []
  const { tenant = () => makeTenant(), verified, ...options } = changes
  const calls = createHostCalls({
    userAgent: 'fastify-atlassian/0 com.example.tea',
    clock: time.clock,
    timer: time.timer,
    random: () => 0.5,
    sign: (_tenant, method, url) => `JWT for ${method} ${url.pathname}${url.search}`,
    userTokens: noUserTokens,
    onLimit: (event) => void events.push(event),
    ...options,
    limits: { ...limits, ...options.limits },
    async fetch(url, init = {}) {
      const one = { url, method: init.method ?? 'GET', headers: new Headers(init.headers), init, atMs: time.clock() }
      sent.push(one)
      return await answer(one, sent.length)
    }
  })
  return { calls, client: calls.client(tenant, verified), sent, events, time }
}

/** The HostError with which the work fails. */
export async function failureOf(work: Promise<unknown>): Promise<HostError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason
  )
  if (error instanceof HostError) return error
  throw new Error(`not a HostError but ${inspect(error)}`)
}

/** For tests in which nobody acts as a user. */
export const noUserTokens: UserTokens = {
  get: () => Promise.reject(new Error('no user was expected here')),
  drop: () => Promise.resolve(),
  forget: () => Promise.resolve()
}
