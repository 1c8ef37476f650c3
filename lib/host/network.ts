import type { FetchLike } from '../ports.ts'

/** What has come back from the host, its body still unread. */
export interface Answer {
  readonly status: number
  readonly ok: boolean
  readonly headers: Pick<Headers, 'get' | 'has'>
  /** The whole body as text. Rejects if it breaks off. */
  text(): Promise<string>
  /** The same as the web's `Response`, instead of `text`. */
  response(): Response
  /** Leaves the body unread. */
  discard(): void
}

/** A request as it goes out. */
export interface Outgoing {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestInit['body'] | null
  /** The body is a stream. */
  readonly stream: boolean
  readonly signal: AbortSignal
}

/** Carries one request to the host. Never follows a redirect. */
export type Network = (url: URL, request: Outgoing) => Promise<Answer>

/** A network made of `fetch`. */
export function fetchNetwork(fetch: FetchLike): Network {
  return async (url, { method, headers, signal, body, stream }) => {
    // Redirects come back as answers, so that credentials never follow one.
    const init: RequestInit = { method, headers, signal, redirect: 'manual' }
    if (body !== null) init.body = body
    return answerOf(await fetch(url.href, stream ? { ...init, duplex: 'half' } : init))
  }
}

function answerOf(response: Response): Answer {
  return {
    status: response.status,
    ok: response.ok,
    headers: response.headers,
    text: () => response.text(),
    response: () => response,
    discard() {
      // A body that nobody reads would keep its connection.
      response.body?.cancel().catch(() => {})
    }
  }
}
