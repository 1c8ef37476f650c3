import { createAskHost } from '../../../lib/authorize/ask-host.ts'
import type { Clock, Log } from '../../../lib/ports.ts'
import type { ConnectTenant } from '../../../lib/tenant/tenant.ts'
import { makeCalls } from '../host/make-calls.ts'
import { makeTenant } from '../tenant/make-tenant.ts'

export const jiraTenant: ConnectTenant = makeTenant({ product: 'jira', baseUrl: 'https://one.example.com' })
export const wikiTenant: ConnectTenant = makeTenant({ product: 'confluence', baseUrl: 'https://one.example.com/wiki' })

export interface SeenCall {
  readonly actor: 'app' | 'anonymous'
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body: unknown
}

/** Answers each call as the script says, through the real reading of answers; remembers what was asked. */
export function scriptedHost(answer: (call: SeenCall) => Response | Promise<Response>) {
  const calls: SeenCall[] = []
  const made = makeCalls(
    async ({ url, method, headers, init }) => {
      const call: SeenCall = {
        actor: headers.has('authorization') ? 'app' : 'anonymous',
        method,
        url: new URL(url),
        headers,
        body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined
      }
      calls.push(call)
      return await answer(call)
    },
    { limits: { maxAttempts: 1 } }
  )
  const askHost = createAskHost({ client: (tenant) => made.calls.client(() => tenant), timeoutMs: 5000 })
  return { askHost, calls }
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}

export interface Line {
  readonly details: object
  readonly message: string
}

export function watchedLog() {
  const lines: Line[] = []
  const write = (details: object, message: string) => void lines.push({ details, message })
  const log: Log = { debug: write, info: write, warn: write, error: write }
  return { log, lines }
}

/** A clock that stands still until it is moved. */
export function stillClock(): Clock & { advanceMs(ms: number): void } {
  let nowMs = 1_800_000_000_000
  return Object.assign(() => nowMs, {
    advanceMs(ms: number) {
      nowMs += ms
    }
  })
}
