import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createHostCalls, type HostCallsOptions } from '../../../lib/host/host-calls.ts'
import { signHostRequest } from '../../../lib/jwt/sign-host-request.ts'
import { systemTimer } from '../../../lib/ports.ts'
import { makeTenant } from '../tenant/make-tenant.ts'
import { noUserTokens } from './make-calls.ts'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A host on this machine that answers as the test says, once it has the whole request, and ends with the test. */
export async function startHost(t: Test, answer: (seen: Seen, response: ServerResponse) => void) {
  const seen: Seen[] = []
  const sockets = new Set<object>()
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: Buffer.concat(chunks) }
    seen.push(one)
    sockets.add(request.socket)
    answer(one, response)
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, sockets, server }
}

/** A client for that host in real time, signed as products of Atlassian expect it. */
export function realCalls(t: Test, baseUrl: string, changes: Partial<HostCallsOptions> = {}) {
  const calls = createHostCalls({
    userAgent: 'fastify-atlassian/0 com.example.tea',
    limits: { timeoutMs: 5000, maxAttempts: 1, maxTotalMs: 5000, concurrency: 20, maxWaiting: 100 },
    clock: Date.now,
    timer: systemTimer,
    sign: (tenant, method, url) => `JWT ${signHostRequest(tenant, method, url, Math.floor(Date.now() / 1000))}`,
    userTokens: noUserTokens,
    onLimit() {},
    ...changes
  })
  t.teardown(() => calls.close())
  return { calls, client: calls.client(() => makeTenant({ baseUrl })) }
}

export const sendJson = (response: ServerResponse, body: unknown, status = 200) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
