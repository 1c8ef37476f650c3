import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'

export interface UpmRequest {
  readonly method: string
  readonly url: string
  readonly type: string | undefined
  readonly authorization: string | undefined
  readonly body: string
}

/** What the site does differently; each member may be changed while it runs. */
export interface UpmBehaviour {
  /** Answers this status to requests whose method and path match. */
  refuse?: { readonly status: number; readonly path: RegExp; readonly body?: object; readonly headers?: object } | null
  developmentMode?: boolean
  /** How often it says "not yet". */
  rounds?: number
  /** What the poll ends with instead of success. */
  outcome?: object
  enabled?: boolean
  /** Answers nothing to a request of this path. */
  silent?: RegExp | null
  installed?: Set<string>
  /** Ran when the site was asked to install. */
  onInstall?: (descriptorUrl: string) => Promise<void>
  onRemove?: () => Promise<void>
}

export interface FakeUpm {
  readonly host: string
  readonly origin: string
  readonly requests: UpmRequest[]
  readonly behaviour: UpmBehaviour
}

export const upmToken = '-5001/+='

/** A site that speaks the REST interface of UPM, under `/wiki` too; its login is always the same. */
export async function startUpm(t: Test, behaviour: UpmBehaviour = {}): Promise<FakeUpm> {
  const requests: UpmRequest[] = []
  const installed = behaviour.installed ?? new Set<string>()
  let rounds = 0
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request
    const body = await read(request)
    const { authorization, 'content-type': type } = request.headers
    requests.push({ method, url, type, authorization, body })
    const send = (status: number, value: object = {}, headers: object = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
    const { refuse } = behaviour
    if (behaviour.silent?.test(url)) return
    if (refuse?.path.test(`${method} ${url}`)) return send(refuse.status, refuse.body, refuse.headers)
    const [context = '', path = ''] = url.split('/rest/plugins/1.0')
    if (path === '/settings') {
      const value = behaviour.developmentMode !== false
      return send(200, { settings: [{ key: 'other' }, { key: 'connectDeveloperListingsEnabled', value }] })
    }
    if (method === 'GET' && path === '/') {
      return send(200, { plugins: [...installed].map((key) => ({ key })) }, { 'upm-token': upmToken })
    }
    if (method === 'POST') {
      rounds = behaviour.rounds ?? 2
      await behaviour.onInstall?.(JSON.parse(body).pluginUri)
      return send(202, {
        links: { self: `${context}/rest/plugins/1.0/pending/7` },
        pingAfter: 20,
        status: { done: false }
      })
    }
    if (path.startsWith('/pending/')) {
      rounds -= 1
      if (rounds >= 0) return send(200, { pingAfter: 20, status: { done: false } })
      if (behaviour.outcome !== undefined) return send(200, behaviour.outcome)
      // Another name of the site, which must not get the login.
      return send(303, {}, { location: `https://elsewhere.example.com${context}/rest/plugins/1.0/the-app-key` })
    }
    if (method === 'DELETE') {
      await behaviour.onRemove?.()
      return response.writeHead(204).end()
    }
    send(200, { key: 'the-app', enabled: behaviour.enabled ?? true })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}`, requests, behaviour }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
