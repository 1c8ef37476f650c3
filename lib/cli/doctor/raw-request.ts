import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

const ANSWER_LIMIT = 256 * 1024

export interface RawAnswer {
  readonly status: number
  readonly body: string
}

/**
 * Sends a request target exactly as it is written, which `fetch` does not: it tidies addresses up. Rejects when nothing
 * comes back in time.
 */
export function rawRequest(
  origin: string,
  target: string,
  options: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly timeoutMs: number }
): Promise<RawAnswer> {
  const { protocol, hostname, port } = new URL(origin)
  const send = protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send({
      hostname: hostname.replace(/^\[|\]$/g, ''),
      ...(port === '' ? {} : { port: Number(port) }),
      path: target,
      method: options.method,
      headers: options.headers,
      agent: false,
      signal: AbortSignal.timeout(options.timeoutMs)
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length <= ANSWER_LIMIT) chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') })
      )
    })
    request.end()
  })
}
