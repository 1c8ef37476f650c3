import { ClientError } from './client-error.ts'
import type { CheckedRequest, ClientMethod } from './request.ts'
import { until } from './until.ts'

/** The part of the package `@forge/bridge` that is used: hand in the package itself. */
export interface ForgeBridge {
  invokeRemote?(input: {
    path: string
    method: ClientMethod
    headers?: Record<string, string>
    body?: unknown
  }): Promise<unknown>
  requestRemote?(
    remoteKey: string,
    options: { path: string; method: ClientMethod; headers?: Record<string, string>; body?: string | FormData }
  ): Promise<unknown>
}

/** The bridge, or a function that imports it when it is needed. */
export type ForgeBridgeLoader = ForgeBridge | (() => Promise<ForgeBridge>)

export interface ForgeTransportOptions {
  readonly bridge: ForgeBridgeLoader
  readonly remoteKey: string | undefined
}

/** Statuses whose answers have no body by definition. */
const withoutBody: readonly number[] = [204, 205, 304]

/** Calls the backend through Forge: proxied (`invokeRemote`), or directly where a remote is named (`requestRemote`). */
export function forgeTransport({
  bridge,
  remoteKey
}: ForgeTransportOptions): (request: CheckedRequest) => Promise<Response> {
  let loaded: Promise<ForgeBridge> | undefined
  const load = () => {
    if (typeof bridge !== 'function') return Promise.resolve(bridge)
    // A file that did not arrive may arrive the next time.
    loaded ??= bridge().catch((error: unknown) => {
      loaded = undefined
      throw error
    })
    return loaded
  }
  return async (request) => {
    const { signal } = request
    const call = load().then((found) =>
      remoteKey === undefined ? invoke(found, request) : requestDirectly(found, remoteKey, request)
    )
    try {
      // Forge cannot end a call; the caller at least need not wait for it.
      return await until(call, signal)
    } catch (error) {
      if (error instanceof ClientError || signal?.aborted) throw error
      throw new ClientError('network', 'Forge gave no answer of the backend', error)
    }
  }
}

async function invoke(bridge: ForgeBridge, { path, method, headers, json, form }: CheckedRequest): Promise<Response> {
  if (bridge.invokeRemote === undefined) throw new ClientError('no-platform', 'The bridge has no invokeRemote')
  if (form !== undefined) throw new ClientError('request', 'On Forge a form needs "remoteKey"')
  const answer = await bridge.invokeRemote({
    path,
    method,
    headers: { ...headers },
    ...(json === undefined ? {} : { body: json })
  })
  return toResponse(answer)
}

async function requestDirectly(
  bridge: ForgeBridge,
  remoteKey: string,
  { path, method, headers, json, form }: CheckedRequest
): Promise<Response> {
  if (bridge.requestRemote === undefined) throw new ClientError('no-platform', 'The bridge has no requestRemote')
  const body = form ?? (json === undefined ? undefined : JSON.stringify(json))
  const answer = await bridge.requestRemote(remoteKey, {
    path,
    method,
    headers: { ...headers },
    ...(body === undefined ? {} : { body })
  })
  if (answer instanceof Response) return answer
  throw new ClientError('network', 'Forge gave an answer that cannot be read')
}

/** Forge gives status, headers as lists and the parsed body; callers get what `fetch` would have given them. */
function toResponse(answer: unknown): Response {
  if (typeof answer !== 'object' || answer === null || !('status' in answer) || typeof answer.status !== 'number') {
    throw new ClientError('network', 'Forge gave an answer that cannot be read')
  }
  const { status } = answer
  const headers = new Headers()
  const given: unknown = 'headers' in answer ? answer.headers : null
  for (const [name, values] of Object.entries(typeof given === 'object' && given !== null ? given : {})) {
    // The body is written anew, so what was said about its bytes no longer holds.
    if (/^content-(?:length|encoding)$|^transfer-encoding$/i.test(name)) continue
    for (const value of [values].flat()) headers.append(name, String(value))
  }
  const body: unknown = 'body' in answer ? answer.body : undefined
  if (body === undefined || withoutBody.includes(status)) return new Response(null, { status, headers })
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return new Response(JSON.stringify(body), { status, headers })
}
