import { ClientError } from './client-error.ts'

/** What both platforms can send. */
export type ClientMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One call, in words that hold on both platforms. */
export interface ClientRequest {
  /** Default `GET`, or `POST` if there is something to send. */
  readonly method?: ClientMethod
  /** Further headers. `authorization` is the client's own. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON: an object or a list, because Forge sends nothing else. */
  readonly json?: object
  /** Files: on Forge they need `remoteKey`, and names of fields that begin with `file`. */
  readonly form?: FormData
  readonly signal?: AbortSignal
}

/** The same after checks: what is sent, and where below the base address. */
export interface CheckedRequest {
  readonly path: string
  readonly method: ClientMethod
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly json: object | undefined
  readonly form: FormData | undefined
  readonly signal: AbortSignal | undefined
}

const methods: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Throws ClientError `request`: what one platform could not send is refused on both. */
export function checkRequest(path: string, request: ClientRequest): CheckedRequest {
  const { json, form, signal } = request
  const hasBody = json !== undefined || form !== undefined
  const method = request.method ?? (hasBody ? 'POST' : 'GET')
  if (!isOwnPath(path))
    throw new ClientError('request', 'A path begins with one slash and stays below the address of the app')
  if (!methods.includes(method)) throw new ClientError('request', `There is no method ${method}`)
  if (hasBody && method === 'GET') throw new ClientError('request', 'A GET has no body')
  if (json !== undefined && (form !== undefined || typeof json !== 'object' || json === null)) {
    throw new ClientError('request', 'A call sends an object or a list as "json", or a "form"')
  }
  return { path, method, headers: headersOf(request.headers, json !== undefined), json, form, signal }
}

/** A token goes to the app's own address only, so nothing in a path may lead away from it. */
function isOwnPath(path: string): boolean {
  const [pathname = ''] = path.split(/[?#]/)
  return /^\/(?![/\\])/.test(path) && !/[\\\s]/.test(path) && !/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(pathname)
}

function headersOf(given: ClientRequest['headers'], isJson: boolean): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (isJson) headers['content-type'] = 'application/json'
  for (const [name, value] of Object.entries(given ?? {})) headers[name.toLowerCase()] = value
  delete headers.authorization
  return headers
}
