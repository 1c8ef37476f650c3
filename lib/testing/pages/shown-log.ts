import { createCanonicalRequest, fromMethodAndUrl } from 'atlassian-jwt'
import { withoutToken } from '../exchanges.ts'
import { addListener } from '../listeners.ts'
import { guessKind, peekToken } from '../signing.ts'
import type { Exchange, ExchangeKind, HostSimulator, RestAnswer, RestRequest, SimulatedSite } from '../types.ts'

const KEPT = 500
const BODY_LIMIT = 20 * 1024

/** `frame`: a signed address given to a browser. `context`: a context token given to a page. `as-user`: AP.request. */
type ShownKind = ExchangeKind | 'frame' | 'context' | 'as-user'

/**
 * An entry of the live log: an exchange of the host, or something between the host and the app's page in the browser,
 * which the host's own log does not know. `status` is null where only the browser sees the answer.
 */
export interface ShownExchange extends Omit<Exchange, 'kind' | 'status'> {
  readonly kind: ShownKind
  readonly status: number | null
  /** How the row names it: method and path, or the AP call. */
  readonly line: string
  /** Somebody has looked into it: what the tour waits for. */
  readonly opened: boolean
}

export interface ShownLog {
  readonly list: readonly ShownExchange[]
  listen(listener: (entry: ShownExchange) => void): () => void
  /** The entry with this number, from now on marked as opened; undefined when it is too old. */
  open(id: number): ShownExchange | undefined
  frame(site: SimulatedSite, url: string): void
  contextToken(site: SimulatedSite, moduleKey: string, token: string): void
  asUser(site: SimulatedSite, who: string, request: RestRequest, answer: RestAnswer): void
}

/** Joins the host's exchanges and what happens in the browser into one numbered list. */
export function createShownLog(host: HostSimulator): ShownLog {
  const list: ShownExchange[] = []
  const listeners = new Set<(entry: ShownExchange) => void>()
  let lastId = 0

  function add(entry: Omit<ShownExchange, 'id'>): void {
    lastId += 1
    const numbered = { ...entry, id: lastId }
    list.push(numbered)
    if (list.length > KEPT) list.shift()
    for (const listener of listeners) listener(numbered)
  }

  function addExchange(exchange: Exchange): void {
    const { pathname, search } = new URL(exchange.url)
    add({ ...exchange, opened: false, line: `${exchange.method} ${pathname}${search}` })
  }

  for (const exchange of host.exchanges) addExchange(exchange)
  host.onExchange(addExchange)

  return {
    list,
    listen: (listener) => addListener(listeners, listener),

    open(id) {
      const index = list.findIndex((entry) => entry.id === id)
      const entry = list[index]
      if (entry !== undefined) list[index] = { ...entry, opened: true }
      return entry
    },

    frame(site, address) {
      const token = new URL(address).searchParams.get('jwt')
      const url = withoutToken(address)
      const { pathname, search } = new URL(url)
      add({
        ...blank(host.clock(), site, 'frame', url),
        line: `GET ${pathname}${search}`,
        status: null,
        tokenKind: token === null ? null : 'page',
        token: token === null ? null : peekToken(token),
        ...(token === null ? {} : hashOf(host, site, url, token)),
        verdict:
          token === null
            ? 'page: a cacheable module, so the browser loads the plain address of the descriptor without a token'
            : 'page: signed HS256, and given to the browser, which loads it in a frame'
      })
    },

    contextToken(site, moduleKey, token) {
      add({
        ...blank(host.clock(), site, 'context', site.origin),
        line: 'AP.context.getToken()',
        status: null,
        tokenKind: guessKind(token),
        token: peekToken(token),
        queryStringHash: 'context-qsh',
        verdict: `context: signed HS256 for the page of "${moduleKey}", which sends it to its own backend`
      })
    },

    asUser(site, who, request, answer) {
      add({
        ...blank(host.clock(), site, 'as-user', site.origin + request.path),
        direction: 'to-host',
        method: request.method,
        line: `AP.request ${request.method} ${request.path}`,
        status: answer.status,
        verdict: `AP.request: asked by the app's page, done by the host as ${who}; answered ${answer.status}`,
        requestHeaders: request.headers ?? {},
        requestBody: request.body?.slice(0, BODY_LIMIT) ?? null,
        responseHeaders: answer.headers,
        responseBody: answer.body.slice(0, BODY_LIMIT)
      })
    }
  }
}

function blank(atMs: number, site: SimulatedSite, kind: ShownKind, url: string): Omit<ShownExchange, 'id' | 'line'> {
  return {
    atMs,
    durationMs: 0,
    direction: 'to-app',
    kind,
    site: site.name,
    method: 'GET',
    url,
    status: null,
    opened: false,
    tokenKind: null,
    token: null,
    canonicalRequest: null,
    queryStringHash: null,
    verdict: '',
    requestHeaders: {},
    requestBody: null,
    responseHeaders: {},
    responseBody: null
  }
}

/** The canonical request of a page's address, below the app's base URL, by Atlassian's own library. */
function hashOf(host: HostSimulator, site: SimulatedSite, url: string, token: string) {
  const { baseUrl } = host.descriptor({ site: site.name })
  const basePath =
    typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl).pathname.replace(/\/+$/, '') : ''
  const { pathname, search } = new URL(url)
  const claimed = peekToken(token)?.claims.qsh
  return {
    canonicalRequest: createCanonicalRequest(
      fromMethodAndUrl('GET', pathname.slice(basePath.length) + search),
      false,
      ''
    ),
    queryStringHash: typeof claimed === 'string' ? claimed : null
  }
}
