import type { AskHost } from '../../../lib/authorize/ask-host.ts'
import { createAskHost } from '../../../lib/authorize/ask-host.ts'
import type { Clock, Log } from '../../../lib/ports.ts'
import type { Tenant } from '../../../lib/tenant/tenant.ts'
import { makeTenant } from '../tenant/make-tenant.ts'

export const jiraTenant: Tenant = makeTenant({ product: 'jira', baseUrl: 'https://one.example.com' })
export const wikiTenant: Tenant = makeTenant({ product: 'confluence', baseUrl: 'https://one.example.com/wiki' })

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
  const answering = (actor: SeenCall['actor']) => async (input: string | URL | Request, init?: RequestInit) => {
    const call: SeenCall = {
      actor,
      method: init?.method ?? 'GET',
      url: new URL(String(input)),
      headers: new Headers(init?.headers),
      body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined
    }
    calls.push(call)
    return await answer(call)
  }
  const askHost: AskHost = createAskHost({
    asApp: () => ({ fetch: answering('app') }),
    fetch: answering('anonymous'),
    userAgent: 'test'
  })
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
