import type { HostClient } from './host-client.ts'
import type { Query, QueryValue } from './host-url.ts'

/** What a typed client asks for: `jira.js` and `confluence.js` speak like this. */
export interface TypedRequest<T> {
  readonly url: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly searchParams?: Record<string, unknown>
  /** Checks and shapes the answer. */
  readonly schema?: { safeParse(value: unknown): { success: true; data: T } | { success: false } }
}

/** What typed clients take in place of an address and credentials. */
export interface TypedTransport {
  sendRequest<T>(request: TypedRequest<T>): Promise<T>
}

/**
 * Lets a typed client call through `host`, with its credentials and its limits:
 * `createCloudClient(typedTransport(request.hostClient()))` of `jira.js`, `createV2Client(…)` of `confluence.js`.
 * An answer that does not fit the schema of the client is given as it came. Throws as `host.request` does.
 */
export function typedTransport(host: HostClient): TypedTransport {
  return {
    async sendRequest<T>({ url, method = 'GET', headers, body, searchParams, schema }: TypedRequest<T>): Promise<T> {
      // These clients mean JSON by a bare string.
      const json = typeof body === 'string'
      const response = await host.request(method, url, {
        headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
        query: toQuery(searchParams),
        body: json ? JSON.stringify(body) : (body as object | null | undefined)
      })
      for await (const value of readings(response)) {
        const parsed = schema?.safeParse(value)
        if (parsed?.success) return parsed.data
        if (schema === undefined || isJson(response)) return value as T
      }
      return undefined as T
    }
  }
}

/** What an answer may be taken for: JSON is nothing else, a file is bytes or a blob as the schema wants it. */
async function* readings(response: Response): AsyncGenerator<unknown> {
  if (isJson(response)) {
    const text = await response.text()
    if (text !== '') yield JSON.parse(text)
    return
  }
  const blob = await response.blob()
  if (blob.size === 0) return
  yield new Uint8Array(await blob.arrayBuffer())
  yield blob
}

function isJson(response: Response): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')
}

function toQuery(parameters: Record<string, unknown> = {}): Query {
  const entries = Object.entries(parameters).map(([name, value]): [string, QueryValue | QueryValue[]] => [
    name,
    Array.isArray(value) ? value.map(toValue) : toValue(value)
  ])
  return Object.fromEntries(entries)
}

function toValue(value: unknown): QueryValue {
  if (value === null || value === undefined) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
