import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Reporter } from './report.ts'
import { tokenKindOf, withoutJwt } from './token-kind.ts'

/** Stands between a tunnel and the app: it shows what passes, and holds a request while the app starts again. */
export interface TrafficProxy {
  /** Requests wait from now on. */
  hold(): void
  /** The app listens: requests that waited go on. */
  release(appKey: string | null): void
  close(): Promise<void>
}

const HOLD_MS = 10_000

/** Passes on bytes as they come: path, query and header lines are covered by signatures. */
export async function startTrafficProxy(port: number, appPort: number, reporter: Reporter): Promise<TrafficProxy> {
  let key: string | null = null
  let gate = Promise.withResolvers<void>()

  const server = createServer(async (request, response) => {
    const started = performance.now()
    response.on('close', () => tell(request, response, performance.now() - started))
    await waitFor(gate.promise, HOLD_MS)
    pass(request, response)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, rawHeaders } = request
    const onward = httpRequest({ host: '127.0.0.1', port: appPort, method, path: url, headers: rawHeaders })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      pipeline(answer, response).catch(() => response.destroy())
    })
    onward.on('error', () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '2' }).end('The app does not run.\n')
    })
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }

  function tell(request: IncomingMessage, response: ServerResponse, ms: number): void {
    const { method = 'GET', url = '/', headers } = request
    const token = tokenKindOf(headers.authorization, url, key, method === 'POST')
    const status = response.headersSent ? response.statusCode : 0
    if (token === null && status < 400 && status !== 0) return
    const accepted = status >= 200 && status < 400
    const verdict = status === 0 ? 'no answer of the app' : `${accepted ? 'accepted' : 'refused'} by the app`
    reporter.traffic({ direction: 'to-app', site: null, method, path: withoutJwt(url), token, status, ms, verdict })
  }

  return {
    hold() {
      gate = Promise.withResolvers<void>()
    },
    release(appKey) {
      key = appKey
      gate.resolve()
    },
    async close() {
      gate.resolve()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}

async function waitFor(gate: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([gate, limit])
  clearTimeout(timer)
}
