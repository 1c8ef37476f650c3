import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { ExchangeLog } from './exchanges.ts'
import { type Faults, faultStatus } from './faults.ts'
import { headersOf, sendAnswer } from './http-server.ts'
import type { Signing } from './signing.ts'

export const KEYS_PATH = '/install-keys'

/** Gives the public key of an install key's name as PEM, and 404 for every other name. */
export function createKeyServer(
  signing: Signing,
  clock: () => number,
  log: ExchangeLog,
  faults: Faults
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const atMs = clock()
    const started = performance.now()
    const url = request.url ?? '/'
    const fault = faults.take('keys', url)
    if (fault?.delayMs !== undefined) await pause(fault.delayMs)
    const pem = signing.publicKey(url.slice(KEYS_PATH.length + 1))
    const faulty = fault === null ? null : faultStatus(fault)
    const answer =
      faulty !== null
        ? { status: faulty, headers: { ...fault?.headers }, body: fault?.body ?? '' }
        : pem === null
          ? { status: 404, headers: { 'content-type': 'text/plain' }, body: 'No such key.' }
          : { status: 200, headers: { 'content-type': 'application/x-pem-file' }, body: pem }
    const lost = fault?.lost === true
    log.add({
      atMs,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      direction: 'to-host',
      kind: 'key',
      site: '',
      method: request.method ?? 'GET',
      url: `http://${request.headers.host ?? '127.0.0.1'}${url}`,
      status: lost ? 0 : answer.status,
      tokenKind: null,
      token: null,
      canonicalRequest: null,
      queryStringHash: null,
      verdict: lost ? 'the connection was cut (a fault that was asked for)' : `public key: answered ${answer.status}`,
      requestHeaders: headersOf(request),
      requestBody: null,
      responseHeaders: answer.headers,
      responseBody: answer.body
    })
    if (lost) request.socket.destroy()
    else sendAnswer(response, answer)
  }
}
