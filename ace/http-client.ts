import { type AsUserOptions, AtlassianError, type HostClient, OptionError } from '../plugins/index.ts'
import { type AceCallOptions, readCall } from './call-options.ts'

/** What a callback gets as its second argument. */
export interface AceHttpResponse {
  readonly statusCode: number
  readonly statusMessage: string
  readonly headers: Readonly<Record<string, string>>
  /** Parsed where `json` was given, a Buffer with `encoding: null`, else text. */
  readonly body: unknown
}

/** An error only where no answer came: every status is an answer, as in ACE. */
export type AceCallback<Body = unknown> = (
  ...told: [error: Error, response: undefined, body: undefined] | [error: null, response: AceHttpResponse, body: Body]
) => unknown

/** With a callback it is told every answer; without one the promise gives the body of a 2xx and rejects with HostError else. */
type Method = <Body = unknown>(options: string | URL | AceCallOptions, callback?: AceCallback<Body>) => Promise<Body>

/** ACE's client of one site. */
export interface AceHttpClient {
  readonly get: Method
  readonly post: Method
  readonly put: Method
  readonly patch: Method
  readonly del: Method
  readonly head: Method
  /**
   * Acts as this user. On a request, anybody but the user who sent it needs `{ impersonate: true }`, or it throws
   * `ATL_IMPERSONATION`.
   */
  asUserByAccountId(accountId: string | number, options?: AsUserOptions): AceHttpClient
  /** Always throws: user keys are gone, see the message. */
  asUser(userKey: string): never
}

/** Where a callback that throws is told. */
export type Failed = (error: unknown) => void

/** Wraps a client of the package in the methods of ACE's. */
export function createAceHttpClient(client: HostClient, failed: Failed): AceHttpClient {
  function method(name: string): Method {
    return <Body>(options: string | URL | AceCallOptions, callback?: AceCallback<Body>): Promise<Body> => {
      if (callback === undefined) return askForBody(client, name, options) as Promise<Body>
      const told = tell(client, name, options, callback as AceCallback) as Promise<Body>
      // Nobody waits for it where callbacks are used; a throwing callback is told to the log.
      told.catch(failed)
      return told
    }
  }
  return Object.freeze({
    get: method('GET'),
    post: method('POST'),
    put: method('PUT'),
    patch: method('PATCH'),
    del: method('DELETE'),
    head: method('HEAD'),
    asUserByAccountId: (accountId: string | number, options?: AsUserOptions) =>
      createAceHttpClient(client.asUser(accountIdOf(accountId), options), failed),
    asUser(): never {
      throw new OptionError('httpClient(…).asUser()', undefined, 'user keys are gone: use asUserByAccountId(accountId)')
    }
  })
}

/** Whoever names nobody must not become the user of the request. */
function accountIdOf(accountId: string | number): string {
  if (accountId === undefined || accountId === null || accountId === '')
    throw new AtlassianError('ATL_NO_USER', 'no-user')
  return String(accountId)
}

async function askForBody(client: HostClient, method: string, given: string | URL | AceCallOptions): Promise<unknown> {
  const { path, headers, body, isBinary, anonymous, timeoutMs } = readCall(given)
  const caller = anonymous ? client.anonymous() : client
  const options = { headers, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
  if (method === 'HEAD') return Object.fromEntries(await caller.head(path, options))
  const response = await caller.request(method, path, { ...options, body })
  const bytes = Buffer.from(await response.arrayBuffer())
  if (isBinary) return bytes
  const isJson = /\bjson\b/i.test(response.headers.get('content-type') ?? '')
  return isJson || bytes.length === 0 ? parsed(bytes.toString()) : bytes.toString()
}

async function tell(
  client: HostClient,
  method: string,
  given: string | URL | AceCallOptions,
  callback: AceCallback
): Promise<unknown> {
  const response = await ask(client, method, given).catch((error: unknown) =>
    error instanceof Error ? error : new Error('unknown failure')
  )
  if (response instanceof Error) {
    await callback(response, undefined, undefined)
    return undefined
  }
  await callback(null, response, response.body)
  return response.body
}

async function ask(client: HostClient, method: string, given: string | URL | AceCallOptions): Promise<AceHttpResponse> {
  const { path, headers, body, isJson, isBinary, anonymous, timeoutMs } = readCall(given)
  const response = await (anonymous ? client.anonymous() : client).fetch(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: body as RequestInit['body'] }),
    ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) })
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    statusCode: response.status,
    statusMessage: response.statusText,
    headers: Object.fromEntries(response.headers),
    body: isBinary ? bytes : isJson ? parsed(bytes.toString()) : bytes.toString()
  }
}

/** What is not JSON stays the text that it is, as in ACE. */
function parsed(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
