import { AtlassianError } from '../errors.ts'
import type { Actor } from './credentials.ts'
import { asFetchError, type FetchInput, readFetchInput } from './fetch-input.ts'
import { encodeBody, type HostBody, isStream } from './host-body.ts'
import { HostError, type HostErrorFacts } from './host-error.ts'
import { type HostHeaders, hostHeaders } from './host-headers.ts'
import { type HostTarget, isForgeTarget } from './host-target.ts'
import type { CallBounds, HostTransport } from './host-transport.ts'
import { type Query, resolveHostUrl, withoutContextPath } from './host-url.ts'
import type { Answer } from './network.ts'
import { type ItemOptions, type PageOptions, readItems, readPages } from './pages.ts'
import { MAX_TIMER_MS } from './pause.ts'
import { readBody, statusError } from './read-answer.ts'

/** What one call to the host may say beside path and body. */
export interface HostRequestOptions {
  readonly query?: Query
  readonly headers?: HostHeaders
  /**
   * For one try; counts until the body was read, for `request` until the headers are there. Default 10 seconds. A time
   * that is not more than 0 is `ATL_HOST_REQUEST`, here and in `maxTotalMs`.
   */
  readonly timeoutMs?: number
  /** For all tries and pauses together, at least `timeoutMs`. Default: the option `hostClient.maxTotalMs`. */
  readonly maxTotalMs?: number
  readonly signal?: AbortSignal
  /**
   * Whether the call may be sent again after a limit (429, 503) or a broken connection. Default: GET and HEAD may.
   * A body that is a stream is never sent twice.
   */
  readonly retry?: boolean
}

/** What `asUser` may say. */
export interface AsUserOptions {
  /** On a request: yes, as somebody else than the user who sent it. */
  readonly impersonate?: boolean
  /** Less than what the app may do, in the host's words: `['READ']`. Default: all scopes of the app. */
  readonly scopes?: readonly string[]
}

/**
 * Calls one site. Paths are relative to the tenant's base URL; other addresses are refused, redirects are not
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
  /** Any method. Resolves to the answer with its body unread; throws HostError for anything but a 2xx. */
  request(method: string, path: string, options?: HostRequestOptions & { readonly body?: HostBody }): Promise<Response>
  /** As the web's `fetch`: resolves for every status and rejects as `fetch` does. Redirects are answers. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** The pages of a list, one after the other, however the host counts them. Throws `ATL_HOST_PAGES` at the bound. */
  pages<Page = unknown>(path: string, options?: PageOptions): AsyncGenerator<Page, void, undefined>
  /** What stands in the pages of a list, one after the other. */
  items<Item = unknown>(path: string, options?: ItemOptions): AsyncGenerator<Item, void, undefined>
  /** Acts as the app, with its scopes. */
  asApp(): HostClient
  /**
   * Acts as a user: on a request as the one who sent it, in a job as the one that is named. Never as the app instead.
   * Throws `ATL_NO_USER` where there is none, and `ATL_IMPERSONATION` on a request for anybody else without
   * `impersonate`.
   */
  asUser(accountId?: string, options?: AsUserOptions): HostClient
  /** Sends no credentials, as somebody who is not signed in. */
  anonymous(): HostClient
}

/** Who sent the request that a client belongs to. */
export interface VerifiedUser {
  /** `null`: nobody who is signed in. */
  readonly accountId: string | null
  /** Sent with each call that does not name them itself: the trace that the request belongs to. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface HostClientOptions {
  readonly transport: HostTransport
  readonly userAgent: string
  /** The site that is called. Asked for each call, so that a client may live longer than a secret. */
  readonly tenant: () => HostTarget | Promise<HostTarget>
  /** Given on requests; a job has none. */
  readonly verified?: VerifiedUser
  /** For one try of a call that says nothing else. */
  readonly timeoutMs: number
}

const APP: Actor = Object.freeze({ type: 'app' })
const ANONYMOUS: Actor = Object.freeze({ type: 'anonymous' })

/** A client for the site that `tenant` names, acting as the app. Connects to nothing until it is used. */
export function createHostClient(options: HostClientOptions, actor: Actor = APP): HostClient {
  type Given = HostRequestOptions & { readonly body?: HostBody }
  type Prepared = { readonly found: HostTarget; readonly spentMs: number }

  async function send<T>(
    method: string,
    path: string,
    given: Given,
    whole: boolean,
    consume: (answer: Answer, facts: HostErrorFacts) => T | Promise<T>
  ): Promise<T> {
    const { signal } = given
    const early = factsOf(method, pathWithoutQuery(path))
    const timeoutMs = timeOf(given.timeoutMs, early) ?? options.timeoutMs
    const bounds = { timeoutMs, maxTotalMs: timeOf(given.maxTotalMs, early), signal }
    const first = await prepare(method, path, bounds)
    try {
      return await sendTo(first, method, path, given, bounds, whole, consume)
    } catch (error) {
      const next = await movedTo(first.found, error, () => prepare(method, path, bounds))
      if (next === null || isStream(given.body)) throw error
      return await sendTo(next, method, path, given, bounds, whole, consume)
    }
  }

  async function sendTo<T>(
    { found: tenant, spentMs }: Prepared,
    method: string,
    path: string,
    given: Given,
    bounds: CallBounds,
    whole: boolean,
    consume: (answer: Answer, facts: HostErrorFacts) => T | Promise<T>
  ): Promise<T> {
    const url = resolveHostUrl(tenant.baseUrl, pathOf(tenant, path), given.query)
    const facts = factsOf(method, url.pathname)
    const { body, headers, stream } = build(method, given, facts)
    const repeatable = given.retry ?? isSafe(method)
    const call = { tenant, actor, method, url, headers, body, stream, repeatable, spentMs, ...bounds }
    return await options.transport.send(call, facts, whole, async (answer, limits) => {
      if (limits !== null) throw await statusError(answer, facts, limits)
      return await consume(answer, facts)
    })
  }

  /**
   * The installation of Forge that a job's site is called by once it refused what Connect signed: it did nothing, so
   * the call may be sent again. `null` for every other failure.
   */
  async function movedTo(tenant: HostTarget, error: unknown, again: () => Promise<Prepared>): Promise<Prepared | null> {
    const isRefusal = error instanceof HostError && error.status === 401
    if (!isRefusal || actor !== APP || isForgeTarget(tenant)) return null
    const next = await again().catch(() => null)
    return next !== null && isForgeTarget(next.found) ? next : null
  }

  function prepare(method: string, path: string, bounds: CallBounds) {
    return options.transport.prepare(options.tenant, bounds, factsOf(method, pathWithoutQuery(path)))
  }

  function build(method: string, given: Given, facts: HostErrorFacts) {
    const { userAgent, verified } = options
    const { body, stream, contentType, form } = orRefuse(() => encodeBody(isSafe(method) ? null : given.body), facts)
    const headers = orRefuse(
      () => hostHeaders(given.headers, { userAgent, accept: JSON_TYPE, contentType, form, always: verified?.headers }),
      facts
    )
    return { body, stream, headers }
  }

  async function parsed<T>(method: string, path: string, body: HostBody, given: HostRequestOptions = {}): Promise<T> {
    return (await send(method, path, { ...given, body }, true, readBody)) as T
  }

  async function fetchAnswer(input: FetchInput, init: RequestInit = {}): Promise<Response> {
    const { method, target, body, headers, signal } = readFetchInput(input, init)
    const bounds = { timeoutMs: options.timeoutMs, maxTotalMs: null, signal }
    const { found: tenant, spentMs } = await prepare(method, target, bounds).catch((error: unknown) => {
      throw asFetchError(error, signal)
    })
    const url = resolveHostUrl(tenant.baseUrl, pathOf(tenant, target))
    const facts = factsOf(method, url.pathname)
    const stream = body instanceof ReadableStream || Symbol.asyncIterator in Object(body)
    const form = body instanceof FormData || body instanceof URLSearchParams
    const always = options.verified?.headers
    const known = { userAgent: options.userAgent, accept: null, contentType: null, form, always }
    const kept = orRefuse(() => hostHeaders(headers, known), facts)
    const rest = { repeatable: isSafe(method), spentMs, ...bounds }
    const call = { tenant, actor, method, url, headers: kept, body, stream, ...rest }
    const consume = (answer: Answer) => answer.response()
    return await options.transport.send(call, facts, false, consume).catch((error: unknown) => {
      throw asFetchError(error, signal)
    })
  }

  const client: HostClient = {
    get: (path, given) => parsed('GET', path, undefined, given),
    post: (path, body, given) => parsed('POST', path, body, given),
    put: (path, body, given) => parsed('PUT', path, body, given),
    patch: (path, body, given) => parsed('PATCH', path, body, given),
    delete: (path, given) => parsed('DELETE', path, undefined, given),
    head: (path, given = {}) => send('HEAD', path, given, true, (answer) => answer.response().headers),
    request: (method, path, given = {}) =>
      send(method.toUpperCase(), path, given, false, (answer) => answer.response()),
    fetch: fetchAnswer,
    pages: <Page>(path: string, given?: PageOptions) =>
      readPages(client.get, path, given) as AsyncGenerator<Page, void, undefined>,
    items: <Item>(path: string, given?: ItemOptions) =>
      readItems(client.get, path, given) as AsyncGenerator<Item, void, undefined>,
    asApp: () => (actor === APP ? client : createHostClient(options, APP)),
    asUser: (accountId, given) => createHostClient(options, userActor(options.verified, accountId, given)),
    anonymous: () => createHostClient(options, ANONYMOUS)
  }
  return Object.freeze(client)
}

/** Of a call that has no answer yet. */
function factsOf(method: string, path: string): HostErrorFacts {
  return { method, path, status: 0, retryAfterSeconds: null, messages: [] }
}

/** A time that one call says, no longer than a timer can be; `null` if it says none. */
function timeOf(ms: number | undefined, facts: HostErrorFacts): number | null {
  if (ms === undefined || ms === null) return null
  if (typeof ms === 'number' && ms > 0) return Math.min(ms, MAX_TIMER_MS)
  throw new HostError('ATL_HOST_REQUEST', facts, new RangeError('not a time'))
}

/** Of an address that was not looked at yet: nothing but a path is told. */
function pathWithoutQuery(path: string): string {
  const text = String(path)
  return text.startsWith('/') ? text.replace(/[?#].*$/s, '') : '/'
}

const JSON_TYPE = 'application/json'

/** GET and HEAD: they change nothing, so they may be repeated, and they have no body (connect.md 5.1). */
function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** Paths are written for both platforms alike; the address of a Forge product has more in front of its `/wiki`. */
function pathOf(target: HostTarget, path: string): string {
  return isForgeTarget(target) ? withoutContextPath(path, target.contextPath) : path
}

/** What cannot be sent is a mistake of the caller; the platform's message quotes it, and HostError does not. */
function orRefuse<T>(build: () => T, facts: HostErrorFacts): T {
  try {
    return build()
  } catch (error) {
    throw new HostError('ATL_HOST_REQUEST', facts, error)
  }
}

/** Whom a client may act as. An account id that is not a text is nobody, and never the app. */
function userActor(
  verified: VerifiedUser | undefined,
  accountId: string | undefined,
  given: AsUserOptions = {}
): Actor {
  // Who means somebody else has to say whom: a value that is missing must not become the user of the request.
  const user = accountId ?? (given.impersonate === true ? null : verified?.accountId)
  if (typeof user !== 'string' || user === '') throw new AtlassianError('ATL_NO_USER', 'no-user')
  if (verified !== undefined && user !== verified.accountId && given.impersonate !== true) {
    throw new AtlassianError('ATL_IMPERSONATION', 'not-the-verified-user')
  }
  const scopes = given.scopes === undefined ? undefined : Object.freeze([...given.scopes])
  return Object.freeze({
    type: 'user',
    accountId: user,
    ...(scopes === undefined ? {} : { scopes }),
    ...(given.impersonate === true ? { impersonate: true } : {})
  })
}
