import { MalformedUrlError } from '../jwt/signed-url.ts'
import type { Clock, FetchLike } from '../ports.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import { HostError, type HostErrorFacts, hostMessages, retryAfterSeconds } from './host-error.ts'
import { type Query, resolveHostUrl } from './host-url.ts'

/** What one call to the host may say beside path and body. */
export interface HostRequestOptions {
  readonly query?: Query
  readonly headers?: Readonly<Record<string, string>>
  /** Default 10 seconds. Counts until the body was read. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What can be sent: a plain value becomes JSON, the rest goes out as it is. */
export type HostBody =
  | FormData
  | URLSearchParams
  | Blob
  | ReadableStream
  | Uint8Array
  | string
  | object
  | null
  | undefined

/**
 * Calls one site as the app. Paths are relative to the tenant's base URL; other origins are refused, redirects are not
 * followed. `get` and its siblings resolve to the parsed body and throw HostError for anything but a 2xx.
 */
export interface HostClient {
  get<T = unknown>(path: string, options?: HostRequestOptions): Promise<T>
  post<T = unknown>(path: string, body?: HostBody, options?: HostRequestOptions): Promise<T>
  put<T = unknown>(path: string, body?: HostBody, options?: HostRequestOptions): Promise<T>
  patch<T = unknown>(path: string, body?: HostBody, options?: HostRequestOptions): Promise<T>
  delete<T = unknown>(path: string, options?: HostRequestOptions): Promise<T>
  /** The headers of the answer: a HEAD has no body. */
  head(path: string, options?: HostRequestOptions): Promise<Headers>
  /** As the web's `fetch`, signed: resolves for every status. Ten seconds long, unless `init.signal` says otherwise. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** The same client: the app is who it acts as. */
  asApp(): HostClient
}

/** What a host client needs to know of the world. */
export interface HostClientOptions {
  /** The site that is called. Asked for each call, so that a client may live longer than a secret. */
  readonly tenant: () => ConnectTenant | Promise<ConnectTenant>
  readonly userAgent: string
  readonly fetch: FetchLike
  readonly clock: Clock
  /** The `Authorization` header for exactly this call. */
  readonly authorize: (tenant: ConnectTenant, method: string, url: URL) => string
}

const DEFAULT_TIMEOUT_MS = 10_000
const MAX_ERROR_BODY = 65_536

/** A client for the site that `tenant` names. Connects to nothing until it is used. */
export function createHostClient(options: HostClientOptions): HostClient {
  async function send(tenant: ConnectTenant, method: string, url: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('authorization', options.authorize(tenant, method, url))
    headers.set('user-agent', options.userAgent)
    headers.delete('cookie')
    if (init.body instanceof FormData || init.body instanceof URLSearchParams)
      headers.set('x-atlassian-token', 'no-check')
    return options.fetch(url.href, { ...init, method, headers, redirect: 'manual' })
  }

  async function call(method: string, path: string, body: HostBody, given: HostRequestOptions = {}): Promise<Response> {
    const tenant = await options.tenant()
    const url = resolveHostUrl(tenant.baseUrl, path, given.query)
    const facts = { method, path: url.pathname, status: 0, retryAfterSeconds: null, messages: [] }
    const timeout = AbortSignal.timeout(given.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    const signal = given.signal === undefined ? timeout : AbortSignal.any([timeout, given.signal])
    try {
      const headers = new Headers({ accept: 'application/json', ...given.headers })
      const response = await send(tenant, method, url, { signal, headers, ...encodeBody(body, headers) })
      // Read here, so that the time limit covers a slow body too.
      const text = method === 'HEAD' ? '' : await response.text()
      if (!response.ok) throw statusError(facts, response, text, options.clock())
      const empty = text === '' || response.status === 204 || response.status === 205
      return new Response(empty ? null : text, { status: response.status, headers: response.headers })
    } catch (error) {
      if (error instanceof HostError) throw error
      if (timeout.aborted) throw new HostError('ATL_HOST_TIMEOUT', facts, error)
      if (given.signal?.aborted) throw new HostError('ATL_HOST_ABORTED', facts, error)
      if (neverSent(error)) throw new HostError('ATL_HOST_REQUEST', facts, withoutQuotes(error))
      throw new HostError('ATL_HOST_NETWORK', facts, error)
    }
  }

  async function callFor<T>(method: string, path: string, body: HostBody, given?: HostRequestOptions): Promise<T> {
    const response = await call(method, path, body, given)
    const text = await response.text()
    if (text === '') return undefined as T
    if (!isJson(response.headers)) return text as T
    try {
      return JSON.parse(text) as T
    } catch (error) {
      const facts = {
        method,
        path: path.replace(/[?#].*$/s, ''),
        status: response.status,
        retryAfterSeconds: null,
        messages: []
      }
      throw new HostError('ATL_HOST_BODY', facts, error)
    }
  }

  const client: HostClient = {
    get: (path, given) => callFor('GET', path, undefined, given),
    post: (path, body, given) => callFor('POST', path, body, given),
    put: (path, body, given) => callFor('PUT', path, body, given),
    patch: (path, body, given) => callFor('PATCH', path, body, given),
    delete: (path, given) => callFor('DELETE', path, undefined, given),
    head: async (path, given) => (await call('HEAD', path, undefined, given)).headers,
    async fetch(input, init = {}) {
      const request = input instanceof Request ? input : null
      const target = request?.url ?? String(input)
      const method = (init.method ?? request?.method ?? 'GET').toUpperCase()
      const tenant = await options.tenant()
      const url = resolveHostUrl(tenant.baseUrl, target)
      const hasBody = method !== 'GET' && method !== 'HEAD'
      const body = hasBody ? (init.body ?? request?.body ?? null) : null
      // Every Request has a signal of its own, so only one that was given here replaces the limit.
      const limit = init.signal ?? AbortSignal.timeout(DEFAULT_TIMEOUT_MS)
      const signal = request === null ? limit : AbortSignal.any([limit, request.signal])
      const headers = new Headers(init.headers ?? request?.headers)
      return send(tenant, method, url, {
        ...init,
        headers,
        signal,
        body,
        ...(isStream(body) ? { duplex: 'half' } : {})
      })
    },
    asApp: () => client
  }
  return Object.freeze(client)
}

function encodeBody(body: HostBody, headers: Headers): RequestInit {
  if (body === undefined || body === null) return {}
  if (isStream(body)) return { body, duplex: 'half' } as RequestInit
  const raw = typeof body === 'string' || body instanceof FormData || body instanceof URLSearchParams
  if (raw || body instanceof Blob || body instanceof Uint8Array) return { body: body as RequestInit['body'] }
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return { body: JSON.stringify(body) }
}

function isStream(body: unknown): body is ReadableStream {
  return body instanceof ReadableStream
}

function isJson(headers: Headers): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')
}

/** Such messages quote the header or the value that is wrong, which may be a secret. */
function withoutQuotes(error: Error): Error {
  return new Error(error.message.replace(/"[^"]*"/gs, '"…"'))
}

/** What cannot be written as JSON or as a header is a TypeError by itself; the network's failures carry a cause. */
function neverSent(error: unknown): error is Error {
  return error instanceof MalformedUrlError || (error instanceof TypeError && error.cause === undefined)
}

function statusError(facts: HostErrorFacts, response: Response, text: string, nowMs: number): HostError {
  let messages: readonly string[] = []
  if (isJson(response.headers) && text.length <= MAX_ERROR_BODY) {
    try {
      messages = hostMessages(JSON.parse(text))
    } catch {
      // A body that is no JSON has no sentences for us.
    }
  }
  return new HostError('ATL_HOST_STATUS', {
    ...facts,
    status: response.status,
    retryAfterSeconds: retryAfterSeconds(response.headers.get('retry-after'), nowMs),
    messages
  })
}
