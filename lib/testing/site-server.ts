import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { ExchangeLog } from './exchanges.ts'
import { withoutToken } from './exchanges.ts'
import { type Faults, faultStatus } from './faults.ts'
import { headersOf, readBody, sendAnswer, sendTruncated } from './http-server.ts'
import { callRest } from './rest-api.ts'
import { type Admission, admit } from './rest-gate.ts'
import { refusal } from './rest-routes.ts'
import type { Signing } from './signing.ts'
import { contextPath, type Site } from './site.ts'
import type { SiteEvent } from './site-event.ts'
import type { Fault, RestAnswer } from './types.ts'
import type { UserGrants } from './user-grants.ts'

const BODY_LIMIT = 1024 * 1024

/** Path and query below the site's base URL, when that is a REST resource; null for a page of the product. */
export function restPath(site: Site, rawUrl: string): string | null {
  const prefix = contextPath(site)
  if (!rawUrl.startsWith(`${prefix}/`)) return null
  const below = rawUrl.slice(prefix.length)
  return /^\/(rest|api)\//.test(below) ? below : null
}

/** Answers the app's REST calls: checks the signature first, logs every one of them with the host's verdict. */
export function createRestServer(
  signing: Signing,
  grants: UserGrants,
  clock: () => number,
  log: ExchangeLog,
  faults: Faults,
  emit: (site: Site, events: readonly SiteEvent[]) => void
): (site: Site, path: string, request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (site, path, request, response) => {
    const atMs = clock()
    const started = performance.now()
    const method = request.method ?? 'GET'
    const headers = headersOf(request)
    const body = await readBody(request, BODY_LIMIT)
    const gate = {
      method,
      signed: path,
      authorization: headers.authorization,
      jwtParameters: new URL(path, site.origin).searchParams.getAll('jwt')
    }
    const admission = admit(signing, grants, site, atMs, gate)
    const fault = faults.take('rest', withoutToken(path))
    if (fault?.delayMs !== undefined) await pause(fault.delayMs)
    const faulty = fault === null ? null : faultStatus(fault)
    const answer =
      faulty !== null
        ? { status: faulty, headers: faultHeaders(fault), body: fault?.body ?? '' }
        : answerRest(site, admission, { method, path, headers, body }, atMs)
    const lost = fault?.lost === true
    log.add({
      atMs,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      direction: 'to-host',
      kind: 'rest',
      site: site.name,
      method,
      url: site.origin + (request.url ?? '/'),
      status: lost ? 0 : answer.status,
      tokenKind: admission.tokenKind,
      token: admission.token,
      canonicalRequest: admission.token === null ? null : signing.canonicalRequest(method, path),
      queryStringHash: typeof admission.token?.claims.qsh === 'string' ? admission.token.claims.qsh : null,
      verdict: verdictOf(admission, lost ? 0 : answer.status, fault !== null),
      requestHeaders: headers,
      requestBody: body === '' ? null : body,
      responseHeaders: answer.headers,
      responseBody: answer.body
    })
    if (lost) request.socket.destroy()
    else if (fault?.truncated === true) sendTruncated(response, answer)
    else sendAnswer(response, answer)
  }

  function answerRest(
    site: Site,
    admission: Admission,
    request: { method: string; path: string; headers: Readonly<Record<string, string>>; body: string | null },
    nowMs: number
  ): RestAnswer {
    if (!admission.admitted) return asAnswer(admission.status ?? 401, 'The host could not authenticate this call.')
    if (request.body === null) return asAnswer(413, 'The body is too large.')
    const { method, path, headers, body } = request
    const call = { method, path, headers, body }
    const { answer, events } = callRest(site, call, admission.caller, nowMs)
    emit(site, events)
    return answer
  }
}

function faultHeaders(fault: Fault | null): Readonly<Record<string, string>> {
  return { ...(fault?.body === undefined ? {} : { 'content-type': 'application/json' }), ...fault?.headers }
}

function asAnswer(status: number, message: string): RestAnswer {
  const { body } = refusal(status, message)
  return { status, headers: { 'content-type': 'application/json;charset=UTF-8' }, body: JSON.stringify(body) }
}

function verdictOf(admission: Admission, status: number, disturbed: boolean): string {
  if (!admission.admitted) return `refused by the host: ${admission.reason}`
  const outcome = status === 0 ? 'the connection was cut' : `answered ${status}`
  return `${admission.reason}; ${outcome}${disturbed ? ' (a fault that was asked for)' : ''}`
}
