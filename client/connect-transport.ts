import { ClientError } from './client-error.ts'
import type { CheckedRequest } from './request.ts'
import { createTokenSource, type TokenSource, within } from './token-source.ts'
import { until } from './until.ts'

/** The part of the host's script (`AP`) that is used. */
export interface HostScript {
  readonly context: { getToken(callback: (token: string) => void): unknown }
}

/** Where session tokens come from. */
export interface SessionSource {
  /** The token that came with the page, if it did. */
  readonly token?: string
  /** Where a context token is changed for a session token. Default `/atlassian/session`. */
  readonly path?: string
}

export interface ConnectTransportOptions {
  readonly host: HostScript
  readonly baseUrl: string
  readonly session: SessionSource | undefined
  readonly fetch: typeof fetch
  readonly timeoutMs: number
}

type Send = (request: CheckedRequest) => Promise<Response>

/** Calls the backend with a token of the host; a refused token is renewed and the call repeated, once. */
export function connectTransport(options: ConnectTransportOptions): Send {
  const { session } = options
  const contextTokens = createTokenSource(() => hostToken(options))
  if (session === undefined) return (request) => sendWithToken(options, contextTokens, request)
  const { path = '/atlassian/session', token } = session
  const sessionTokens = createTokenSource(() => changeToken(options, contextTokens, path), token)
  return (request) => sendWithToken(options, sessionTokens, request)
}

async function sendWithToken(
  options: ConnectTransportOptions,
  tokens: TokenSource,
  request: CheckedRequest
): Promise<Response> {
  const token = await until(tokens.get(), request.signal)
  const answer = await send(options, request, token)
  if (answer.status !== 401) return answer
  // The answer was not read, and the connection should not wait for that.
  await answer.body?.cancel()
  tokens.drop(token)
  return send(options, request, await until(tokens.get(), request.signal))
}

async function send(options: ConnectTransportOptions, request: CheckedRequest, token: string): Promise<Response> {
  const { path, method, headers, json, form, signal } = request
  try {
    return await options.fetch(`${options.baseUrl}${path}`, {
      method,
      headers: { ...headers, authorization: `JWT ${token}` },
      // The token is all that speaks for the user, and it goes nowhere else.
      credentials: 'omit',
      redirect: 'error',
      cache: 'no-store',
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(form === undefined ? {} : { body: form }),
      ...(signal === undefined ? {} : { signal })
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ClientError('network', 'The backend of the app was not reached', error)
  }
}

/** The script answers through the callback, and newer ones by a promise as well. */
function hostToken({ host, timeoutMs }: ConnectTransportOptions): Promise<string> {
  const asked = new Promise<string>((resolve, reject) => {
    const answer = host.context.getToken(resolve)
    if (answer instanceof Promise) answer.then(resolve, reject)
  }).then(
    (token) => {
      if (typeof token !== 'string' || token === '') throw new ClientError('token', 'The host gave no token')
      return token
    },
    (error: unknown) => {
      throw new ClientError('token', 'The host gave no token', error)
    }
  )
  return within(asked, timeoutMs, 'The host did not answer when it was asked for a token')
}

async function changeToken(options: ConnectTransportOptions, tokens: TokenSource, path: string): Promise<string> {
  const request: CheckedRequest = {
    path,
    method: 'POST',
    headers: { accept: 'application/json' },
    json: undefined,
    form: undefined,
    signal: undefined
  }
  const answer = await sendWithToken(options, tokens, request)
  const body: unknown = answer.ok ? await answer.json().catch(() => null) : null
  if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string') return body.token
  throw new ClientError('token', `The backend gave no session token (${answer.status})`)
}
