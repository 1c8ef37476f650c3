import { createServer } from 'node:http'

/** What a request looked like when it came in. */
export interface Echo {
  readonly target: string
  readonly method: string
  /** How many Authorization headers came, and whether the one that was sent is among them. */
  readonly authorization: 'none' | 'same' | 'other' | 'several'
}

export interface EchoServer {
  readonly port: number
  close(): Promise<void>
}

/** Where `--listen` says: `3000`, `127.0.0.1:3000`, `0.0.0.0:3000`, `[::]:3000`. `null` for anything else. */
export function parseListen(text: string): { readonly host: string; readonly port: number } | null {
  const match = /^(?:(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port > 65_535) return null
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

/** Tells what arrives, to whoever knows the mark; to everybody else there is nothing. */
export async function startEcho(
  { host, port }: { readonly host: string; readonly port: number },
  mark: string,
  credentials: string
): Promise<EchoServer> {
  const server = createServer((request, response) => {
    const target = request.url ?? ''
    if (!target.includes(`/${mark}/`)) {
      response.writeHead(404).end()
      return
    }
    const sent = request.headersDistinct.authorization ?? []
    const [first] = sent
    const authorization =
      first === undefined ? 'none' : sent.length > 1 ? 'several' : first === credentials ? 'same' : 'other'
    const echo: Echo = { target, method: request.method ?? '', authorization }
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify(echo))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    }
  }
}

/** The answer of an echo server; `null` if something else answered. */
export function parseEcho(body: string): Echo | null {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null) return null
    const { target, method, authorization }: { target?: unknown; method?: unknown; authorization?: unknown } = value
    const known =
      authorization === 'none' || authorization === 'same' || authorization === 'other' || authorization === 'several'
    return typeof target === 'string' && typeof method === 'string' && known ? { target, method, authorization } : null
  } catch {
    return null
  }
}
