import { setTimeout as pause } from 'node:timers/promises'
import type { AppUrl } from './app-url.ts'
import { type AppAnswer, type AppConnection, lostAnswer } from './deliver.ts'
import type { ExchangeLog } from './exchanges.ts'
import { type Faults, faultStatus } from './faults.ts'
import { peekToken, type Signing } from './signing.ts'
import type { Site } from './site.ts'
import { needApp } from './site-app.ts'
import type { AnsweredExchange, ExchangeKind, Fault } from './types.ts'

export interface AppCall {
  readonly kind: ExchangeKind
  readonly method: string
  readonly url: AppUrl
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | null
  /** Already in the URL or in the headers; here for the log. */
  readonly token?: string | null
  readonly tokenKind?: string | null
  /** Where to send it, while the site does not know the app yet. */
  readonly connection?: AppConnection
}

export type AppCaller = (site: Site, call: AppCall) => Promise<AnsweredExchange>

/** Sends one request from a site to its app, with the faults that were asked for, and logs it. */
export function createAppCaller(signing: Signing, clock: () => number, log: ExchangeLog, faults: Faults): AppCaller {
  return async (site, call) => {
    const atMs = clock()
    const started = performance.now()
    const { pathname, search } = new URL(call.url.absolute)
    const fault = faults.take('app', pathname + search)
    const headers = { 'user-agent': 'Atlassian HTTP Client (simulated)', ...call.headers }
    const connection = call.connection ?? needApp(site).connection
    const request = { method: call.method, url: call.url.absolute, headers, body: call.body ?? null }
    const answer = await sendWithFault(() => connection.send(request), fault)
    const token = call.token ? peekToken(call.token) : null
    const hash = token === null ? null : typeof token.claims.qsh === 'string' ? token.claims.qsh : null
    const computed = token !== null && hash !== null && hash !== 'context-qsh'
    const exchange = log.add({
      atMs,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      direction: 'to-app',
      kind: call.kind,
      site: site.name,
      method: call.method,
      url: call.url.absolute,
      status: answer.status,
      tokenKind: call.tokenKind ?? null,
      token,
      canonicalRequest: computed ? signing.canonicalRequest(call.method, call.url.signed) : null,
      queryStringHash: hash,
      verdict: verdictOf(call, token, answer),
      requestHeaders: headers,
      requestBody: request.body,
      responseHeaders: answer.headers,
      responseBody: answer.status === 0 ? null : answer.body
    })
    return { ...exchange, body: answer.body }
  }
}

async function sendWithFault(send: () => Promise<AppAnswer>, fault: Fault | null): Promise<AppAnswer> {
  if (fault === null) return await send()
  if (fault.delayMs !== undefined) await pause(fault.delayMs)
  const status = faultStatus(fault)
  if (status !== null) return { status, headers: { ...fault.headers }, body: '', lost: null }
  const answer = await send()
  return fault.lost === true ? lostAnswer('the connection was cut before the answer came') : answer
}

function verdictOf(call: AppCall, token: ReturnType<typeof peekToken>, answer: AppAnswer): string {
  const signed = token === null ? (call.token ? 'unreadable token' : 'not signed') : signatureWords(token.header)
  if (answer.lost !== null) return `${call.kind}: ${signed}; ${answer.lost}`
  const accepted = answer.status >= 200 && answer.status < 400
  return `${call.kind}: ${signed}, ${accepted ? 'accepted' : 'refused'} by the app (${answer.status})`
}

function signatureWords(header: Record<string, unknown>): string {
  const algorithm = typeof header.alg === 'string' ? header.alg : 'nothing known'
  return typeof header.kid === 'string' ? `signed ${algorithm} with key ${header.kid}` : `signed ${algorithm}`
}
