import type { HostClient } from '../host/host-client.ts'
import { type Query, resolveHostUrl } from '../host/host-url.ts'
import type { FetchLike } from '../ports.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import { OddAnswer } from './question.ts'

/** One call of a lookup. */
export interface LookupCall {
  readonly method: 'GET' | 'POST'
  /** Below the tenant's base URL. */
  readonly path: string
  readonly query?: Query
  readonly body?: object
}

/** The host's answer: 200 with an object, or 404. Everything else is thrown. */
export type LookupAnswer = { readonly status: 200; readonly body: object } | { readonly status: 404 }

/** Calls the site of a tenant, as the app or with no credentials at all. */
export type AskHost = (
  tenant: ConnectTenant,
  actor: 'app' | 'anonymous',
  call: LookupCall,
  signal: AbortSignal
) => Promise<LookupAnswer>

/** The same, as the app, for one tenant and one lookup. */
export type AskAsApp = (call: LookupCall) => Promise<LookupAnswer>

const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/** What the outside world is here: the signing client, and a network that signs nothing. */
export interface AskHostOptions {
  readonly asApp: (tenant: ConnectTenant) => Pick<HostClient, 'fetch'>
  readonly fetch: FetchLike
  readonly userAgent: string
}

/**
 * Only a 200 with a JSON object is an answer, 404 is the host's way to say that there is no such thing; the rest
 * throws OddAnswer or what the network threw, so that nothing passes by mistake.
 */
export function createAskHost({ asApp, fetch, userAgent }: AskHostOptions): AskHost {
  return async (tenant, actor, { method, path, query, body }, signal) => {
    const url = resolveHostUrl(tenant.baseUrl, path, query).href
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent }
    if (body !== undefined)
      Object.assign(headers, { 'content-type': 'application/json', 'x-atlassian-token': 'no-check' })
    const init = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response =
      actor === 'app' ? await asApp(tenant).fetch(url, init) : await fetch(url, { ...init, redirect: 'manual' })
    if (response.status !== 200) {
      await response.body?.cancel()
      if (response.status === 404) return { status: 404 }
      throw new OddAnswer(`the host answered ${response.status}`)
    }
    return { status: 200, body: parseObject(await readText(response)) }
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  // Leaving the loop early ends the connection.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_ANSWER_BYTES) throw new OddAnswer('the answer is too large')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parseObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new OddAnswer(text === '' ? 'the answer is empty' : 'the answer is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OddAnswer('the answer is no object')
  return value
}

/** An own member of a JSON object, else `undefined`. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

/** An own member that has to be a list. Throws OddAnswer. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  const member = memberOf(value, name)
  if (!Array.isArray(member)) throw new OddAnswer(`the answer has no list "${name}"`)
  return member
}
