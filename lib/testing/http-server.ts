import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

export interface RunningServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string
  close(): Promise<void>
}

/** Listens on the loopback address only. A handler that throws answers 500 and the server lives on. */
export async function startServer(
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : 'The simulated host failed.'
      if (response.headersSent) response.destroy()
      else sendAnswer(response, { status: 500, headers: { 'content-type': 'text/plain' }, body: message })
    })
  })
  await listen(server, port)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The simulated host did not get a port.')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    }
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

export function sendAnswer(
  response: ServerResponse,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
): void {
  response.writeHead(answer.status, { ...answer.headers })
  response.end(answer.body)
}

/** Promises the whole body and cuts the connection in the middle of it. */
export function sendTruncated(response: ServerResponse, answer: Parameters<typeof sendAnswer>[1]): void {
  const body = Buffer.from(answer.body)
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Math.max(2, body.length) })
  response.write(body.subarray(0, Math.max(1, body.length / 2)), () => response.socket?.destroy())
}

/** The body as text; null when it is longer than the limit. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    size += part.length
    if (size <= limitBytes) chunks.push(part)
  }
  return size > limitBytes ? null : Buffer.concat(chunks).toString('utf8')
}

export function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? '')
    ])
  )
}
