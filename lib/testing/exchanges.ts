import { addListener } from './listeners.ts'
import type { Exchange } from './types.ts'

const KEPT = 500
const BODY_LIMIT = 20 * 1024
const HIDDEN = '•••'

/** Three base64url segments of which the first is a JSON object; the last may be empty. */
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g
const SECRET_HEADERS = new Set([
  'authorization',
  'cookie',
  'set-cookie',
  'x-acpt',
  'x-forge-oauth-system',
  'x-forge-oauth-user'
])

export interface ExchangeLog {
  readonly list: readonly Exchange[]
  /** From now on this text is hidden wherever it appears. */
  hide(secret: string): void
  add(exchange: Omit<Exchange, 'id'>): Exchange
  listen(listener: (exchange: Exchange) => void): () => void
}

export function createExchangeLog(): ExchangeLog {
  const list: Exchange[] = []
  const secrets = new Set<string>()
  const listeners = new Set<(exchange: Exchange) => void>()
  let lastId = 0

  function redact(text: string): string {
    let result = text.replace(TOKEN, HIDDEN)
    for (const secret of secrets) result = result.replaceAll(secret, HIDDEN)
    return result
  }

  function redactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        SECRET_HEADERS.has(name) ? hideCredential(value) : redact(value)
      ])
    )
  }

  return {
    list,
    hide(secret) {
      if (secret !== '') secrets.add(secret)
    },
    add(exchange) {
      lastId += 1
      const body = (text: string | null) => (text === null ? null : cut(redact(text)))
      const entry: Exchange = {
        ...exchange,
        id: lastId,
        url: redact(withoutToken(exchange.url)),
        verdict: redact(exchange.verdict),
        canonicalRequest: exchange.canonicalRequest === null ? null : redact(exchange.canonicalRequest),
        requestHeaders: redactHeaders(exchange.requestHeaders),
        requestBody: body(exchange.requestBody),
        responseHeaders: redactHeaders(exchange.responseHeaders),
        responseBody: body(exchange.responseBody)
      }
      list.push(entry)
      if (list.length > KEPT) list.shift()
      for (const listener of listeners) listener(entry)
      return entry
    },
    listen: (listener) => addListener(listeners, listener)
  }
}

/** Keeps the scheme, which is worth seeing. */
function hideCredential(value: string): string {
  const scheme = /^([A-Za-z]+) /.exec(value)?.[1]
  return scheme === undefined ? HIDDEN : `${scheme} ${HIDDEN}`
}

/** Removes the parameter `jwt` and leaves the rest of the URL as it was written. */
export function withoutToken(url: string): string {
  const start = url.indexOf('?')
  if (start < 0) return url
  const kept = url
    .slice(start + 1)
    .split('&')
    .filter((pair) => pair !== 'jwt' && !pair.startsWith('jwt='))
  return kept.length === 0 ? url.slice(0, start) : `${url.slice(0, start)}?${kept.join('&')}`
}

function cut(text: string): string {
  return text.length <= BODY_LIMIT
    ? text
    : `${text.slice(0, BODY_LIMIT)} ... (${text.length - BODY_LIMIT} more characters)`
}
