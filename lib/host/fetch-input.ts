import { HostError } from './host-error.ts'

export type FetchInput = string | URL | Request

/** The parts of a `fetch` call that are sent on; everything else (cookies, redirects, caches) is ours. */
export interface FetchParts {
  readonly target: string
  readonly method: string
  readonly headers: RequestInit['headers']
  readonly body: RequestInit['body'] | null
  readonly signal: AbortSignal | undefined
}

/** Reads what `fetch` was given. GET and HEAD lose their body. */
export function readFetchInput(input: FetchInput, init: RequestInit): FetchParts {
  const request = input instanceof Request ? input : null
  const method = (init.method ?? request?.method ?? 'GET').toUpperCase()
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return {
    target: request?.url ?? String(input),
    method,
    headers: init.headers ?? request?.headers,
    body: hasBody ? (init.body ?? request?.body ?? null) : null,
    signal: init.signal ?? request?.signal
  }
}

/** The error that `fetch` itself would give, so that typed clients know it; the HostError is its cause. */
export function asFetchError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof HostError)) return error
  if (error.code === 'ATL_HOST_ABORTED') return signal?.reason ?? error
  if (error.code === 'ATL_HOST_TIMEOUT') return new DOMException(error.message, 'TimeoutError')
  return error.code === 'ATL_HOST_NETWORK' ? new TypeError('fetch failed', { cause: error }) : error
}
