import type { HostClient } from '../host/host-client.ts'
import { HostError } from '../host/host-error.ts'
import type { Query } from '../host/host-url.ts'
import { type AskedTenant, OddAnswer } from './question.ts'

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
  tenant: AskedTenant,
  actor: 'app' | 'anonymous',
  call: LookupCall,
  signal: AbortSignal
) => Promise<LookupAnswer>

/** The same, as the app, for one tenant and one lookup. */
export type AskAsApp = (call: LookupCall) => Promise<LookupAnswer>

const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/** What a lookup needs of a client that acts as the app. */
export interface AskingClient extends Pick<HostClient, 'request'> {
  anonymous(): Pick<HostClient, 'request'>
}

export interface AskHostOptions {
  readonly client: (tenant: AskedTenant) => AskingClient
  /** How long a lookup may take: what the host wants later than that is not waited for. */
  readonly timeoutMs: number
}

/**
 * Only a 200 with a JSON object is an answer, 404 is the host's way to say that there is no such thing; the rest
 * throws OddAnswer or what the client threw, so that nothing passes by mistake. A lookup changes nothing, so whatever
 * its method is it may be sent again after a broken connection, or a limit that ends in time.
 */
export function createAskHost({ client, timeoutMs }: AskHostOptions): AskHost {
  return async (tenant, actor, { method, path, query = {}, body }, signal) => {
    const asApp = client(tenant)
    // Jira and Confluence take a POST without it for one of a stranger's page.
    const headers: Record<string, string> = body === undefined ? {} : { 'x-atlassian-token': 'no-check' }
    const options = { query, headers, body, signal, retry: true, timeoutMs, maxTotalMs: timeoutMs }
    try {
      const response = await (actor === 'app' ? asApp : asApp.anonymous()).request(method, path, options)
      if (response.status === 200) return { status: 200, body: parseObject(await readText(response)) }
      await response.body?.cancel()
      throw new OddAnswer(`the host answered ${response.status}`)
    } catch (error) {
      if (!(error instanceof HostError) || error.status === 0) throw error
      if (error.status === 404) return { status: 404 }
      throw new OddAnswer(`the host answered ${error.status}`)
    }
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
