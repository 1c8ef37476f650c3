import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { ExchangeLog } from '../exchanges.ts'
import { type Faults, faultStatus } from '../faults.ts'
import { headersOf, readBody, sendAnswer } from '../http-server.ts'
import type { ExchangeKind, Fault, RestAnswer } from '../types.ts'

const BODY_LIMIT = 1024 * 1024

/** A call of the app to the host, read. */
export interface HostCall {
  readonly method: string
  /** Path and query as they were sent. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Empty without one. */
  readonly body: string
}

/** What the host says to it. */
export interface HostAnswer {
  readonly answer: RestAnswer
  readonly site: string
  readonly tokenKind: string | null
  /** One sentence for people. */
  readonly verdict: string
}

export interface HostEndpoint {
  readonly kind: ExchangeKind
  readonly target: Fault['target']
  answer(call: HostCall): HostAnswer | Promise<HostAnswer>
}

export interface HostLedger {
  readonly clock: () => number
  readonly log: ExchangeLog
  readonly faults: Faults
}

/** Answers one call, with the fault that was asked for, and logs it. With a fault in its place nothing is changed. */
export async function answerLogged(
  { clock, log, faults }: HostLedger,
  endpoint: HostEndpoint,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const atMs = clock()
  const started = performance.now()
  const url = request.url ?? '/'
  const headers = headersOf(request)
  const body = (await readBody(request, BODY_LIMIT)) ?? ''
  const call = { method: request.method ?? 'GET', url, headers, body }
  const fault = faults.take(endpoint.target, url)
  if (fault?.delayMs !== undefined) await pause(fault.delayMs)
  const status = fault === null ? null : faultStatus(fault)
  const { answer, site, tokenKind, verdict } =
    fault === null || status === null ? await endpoint.answer(call) : faultyAnswer(fault, status)
  const lost = fault?.lost === true
  log.add({
    atMs,
    durationMs: Math.round((performance.now() - started) * 10) / 10,
    direction: 'to-host',
    kind: endpoint.kind,
    site,
    method: call.method,
    url: `http://${headers.host ?? '127.0.0.1'}${url}`,
    status: lost ? 0 : answer.status,
    tokenKind,
    token: null,
    canonicalRequest: null,
    queryStringHash: null,
    verdict: lost ? 'the connection was cut (a fault that was asked for)' : verdict,
    requestHeaders: headers,
    requestBody: body === '' ? null : body,
    responseHeaders: answer.headers,
    responseBody: answer.body
  })
  if (lost) request.socket.destroy()
  else sendAnswer(response, answer)
}

function faultyAnswer(fault: Fault, status: number): HostAnswer {
  const headers = { ...(fault.body === undefined ? {} : { 'content-type': 'application/json' }), ...fault.headers }
  return {
    answer: { status, headers, body: fault.body ?? '' },
    site: '',
    tokenKind: null,
    verdict: `answered ${status} (a fault that was asked for)`
  }
}

export function jsonAnswer(status: number, value: unknown): RestAnswer {
  return { status, headers: { 'content-type': 'application/json;charset=UTF-8' }, body: JSON.stringify(value) }
}

/** The one bearer token; null for none, or anything else. */
export function bearerOf({ headers }: HostCall): string | null {
  return /^Bearer ([\x21-\x7e]+)$/.exec(headers.authorization ?? '')?.[1] ?? null
}
