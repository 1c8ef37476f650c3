import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'

export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  readonly status: number
  readonly body: string
  readonly text: string
}

/** Listens on a free loopback port. The app closes with its test. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the app has no port')
  return address.port
}

/**
 * Sends these bytes as they are and reads until the server closes: `inject` would resolve dot segments and merge
 * headers before the app sees them.
 */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(bytes))
    let text = ''
    socket.setEncoding('latin1')
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer within five seconds')))
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
      resolve({ status, body: text.slice(text.indexOf('\r\n\r\n') + 4), text })
    })
  })
}

/** A request line and headers, each as given; `Connection: close` is added. */
export function rawRequest(method: string, target: string, headers: readonly string[], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  return [`${method} ${target} HTTP/1.1`, ...headers, ...length, 'Connection: close', '', body].join('\r\n')
}
