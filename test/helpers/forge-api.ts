import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { type Changes, CLOUD_ID } from './forge.ts'

/** One call that arrived at Atlassian's side. */
export interface ApiCall {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

export type ApiAnswer = { readonly status?: number; readonly body?: unknown; readonly headers?: Record<string, string> }

/** A loopback server in the place of `api.atlassian.com`. */
export interface ForgeApi {
  readonly origin: string
  readonly calls: ApiCall[]
  /** Questions for the clientKey, which are none of `calls`. */
  readonly keyCalls: ApiCall[]
  /** Members of the token that make a call come from this server's products, the first one being the one that calls. */
  from(...products: string[]): Changes
  /** What is answered; without an answer 200 and `{}`. */
  answer(given: (call: ApiCall) => ApiAnswer | null | undefined): void
  /** What is answered to questions for the clientKey; without an answer 404. */
  answerKey(given: (call: ApiCall) => ApiAnswer | null | undefined): void
}

export async function createForgeApi(t: Test): Promise<ForgeApi> {
  const calls: ApiCall[] = []
  const keyCalls: ApiCall[] = []
  let answer: (call: ApiCall) => ApiAnswer | null | undefined = () => null
  let answerKey = answer
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const call = {
        method,
        path: url,
        authorization: headers.authorization,
        body: Buffer.concat(chunks).toString('utf8')
      }
      const isKey = /connect_client_key|\/client-key$/.test(url)
      const kind = isKey ? keyCalls : calls
      kind.push(call)
      const {
        status = 200,
        body = {},
        headers: more = {}
      } = (isKey ? (answerKey(call) ?? { status: 404 }) : answer(call)) ?? {}
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    calls,
    keyCalls,
    from(...products) {
      const contexts = products.map((name) => ({
        name,
        apiBaseUrl: `${origin}/ex/${name}/${CLOUD_ID}`,
        cloudId: CLOUD_ID
      }))
      return { app: { apiBaseUrl: contexts[0]?.apiBaseUrl, installation: { contexts } } }
    },
    answer(given) {
      answer = given
    },
    answerKey(given) {
      answerKey = given
    }
  }
}

/** Two sets of changes as one; members of `app` are joined. */
export function both(one: Changes, other: Changes): Changes {
  return { ...one, ...other, app: { ...Object(one.app), ...Object(other.app) } }
}

/** An API token that says when it ends, as Atlassian's do. */
export function apiToken(name: string, expSeconds: number): string {
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${segment({ alg: 'none' })}.${segment({ name, exp: expSeconds })}.${segment({ name })}`
}
