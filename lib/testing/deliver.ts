import type { App } from './types.ts'

export interface AppRequest {
  readonly method: string
  /** Absolute; only path and query reach an injected app. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export interface AppAnswer {
  /** 0: lost. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Why nothing came back. */
  readonly lost: string | null
}

/** The way from the host to the app: through `inject`, or over the network. */
export interface AppConnection {
  /** The address that the caller gave, without a trailing slash; null for an injected app. */
  readonly address: string | null
  send(request: AppRequest): Promise<AppAnswer>
}

/** Throws when `app` is neither an http address nor an object with `inject`. */
export function connectTo(app: App, timeoutMs: number): AppConnection {
  if (typeof app === 'string') {
    if (!URL.canParse(app) || !/^https?:/.test(app)) {
      throw new Error(`The app's address has to be an absolute http or https URL, not "${app}".`)
    }
    return { address: app.replace(/\/+$/, ''), send: (request) => sendByFetch(request, timeoutMs) }
  }
  return {
    address: null,
    async send(request) {
      const { pathname, search, host } = new URL(request.url)
      const answer = app.inject({
        method: request.method,
        url: pathname + search,
        headers: { host, ...request.headers },
        ...(request.body === null ? {} : { payload: request.body })
      })
      return await withinTime(
        Promise.resolve(answer).then(({ statusCode, headers, body }) => ({
          status: statusCode,
          headers: plainHeaders(Object.entries(headers)),
          body,
          lost: null
        })),
        timeoutMs
      )
    }
  }
}

async function sendByFetch(request: AppRequest, timeoutMs: number): Promise<AppAnswer> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs)
    })
    return {
      status: response.status,
      headers: plainHeaders(response.headers.entries()),
      body: await response.text(),
      lost: null
    }
  } catch (error) {
    return lostAnswer(reasonOf(error, timeoutMs))
  }
}

export function lostAnswer(reason: string): AppAnswer {
  return { status: 0, headers: {}, body: '', lost: reason }
}

async function withinTime(answer: Promise<AppAnswer>, timeoutMs: number): Promise<AppAnswer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<AppAnswer>((resolve) => {
    timer = setTimeout(() => resolve(lostAnswer(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'the connection failed'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  const cause = error.cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
  return `the connection failed (${code})`
}

function plainHeaders(entries: Iterable<[string, unknown]>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of entries) {
    if (value !== undefined) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return headers
}
