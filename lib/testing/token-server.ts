import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { ExchangeLog } from './exchanges.ts'
import { type Faults, faultStatus } from './faults.ts'
import { headersOf, readBody, sendAnswer, sendTruncated } from './http-server.ts'
import { peekToken } from './signing.ts'
import { TOKEN_SECONDS, type UserGrants } from './user-grants.ts'

export const TOKEN_PATH = '/oauth2/token'

const BODY_LIMIT = 64 * 1024

/** Atlassian's authorization server: changes an app's assertion for an access token of a user. */
export function createTokenServer(
  grants: UserGrants,
  clock: () => number,
  log: ExchangeLog,
  faults: Faults
): (origin: string, request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (origin, request, response) => {
    const atMs = clock()
    const started = performance.now()
    const headers = headersOf(request)
    const body = (await readBody(request, BODY_LIMIT)) ?? ''
    const isForm = /^application\/x-www-form-urlencoded\b/.test(headers['content-type'] ?? '')
    const form = new URLSearchParams(isForm ? body : '')
    const fault = faults.take('token', TOKEN_PATH)
    if (fault?.delayMs !== undefined) await pause(fault.delayMs)
    const faulty = fault === null ? null : faultStatus(fault)
    const result = faulty === null ? grants.issue(form, origin, atMs) : null
    if (result !== null && 'token' in result) log.hide(result.token)
    const { status, json, verdict } = describe(result)
    const answer =
      faulty === null
        ? {
            status,
            headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
            body: JSON.stringify(json)
          }
        : { status: faulty, headers: { ...fault?.headers }, body: fault?.body ?? '' }
    const lost = fault?.lost === true
    const token = peekToken(form.get('assertion') ?? '')
    log.add({
      atMs,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      direction: 'to-host',
      kind: 'token',
      site: (result !== null && 'grant' in result ? result.grant.site.name : result?.site?.name) ?? '',
      method: request.method ?? 'POST',
      url: origin + TOKEN_PATH,
      status: lost ? 0 : answer.status,
      tokenKind: token === null ? null : 'assertion',
      token,
      canonicalRequest: null,
      queryStringHash: null,
      verdict: lost ? 'the connection was cut (a fault that was asked for)' : verdict,
      requestHeaders: headers,
      requestBody: body === '' ? null : body,
      responseHeaders: answer.headers,
      responseBody: answer.body
    })
    if (lost) request.socket.destroy()
    else if (fault?.truncated === true) sendTruncated(response, answer)
    else sendAnswer(response, answer)
  }
}

function describe(result: ReturnType<UserGrants['issue']> | null): { status: number; json: object; verdict: string } {
  if (result === null) return { status: 0, json: {}, verdict: 'not looked at (a fault that was asked for)' }
  if ('token' in result) {
    const { user, scopes } = result.grant
    const json = {
      access_token: result.token,
      expires_in: TOKEN_SECONDS,
      token_type: 'Bearer',
      scope: scopes.join(' ')
    }
    return { status: 200, json, verdict: `assertion right: the app may act as ${user.name} (200)` }
  }
  const { error, reason } = result
  const status = error === 'invalid_client' ? 401 : 400
  return { status, json: { error, error_description: reason }, verdict: `refused by the host: ${reason}` }
}
