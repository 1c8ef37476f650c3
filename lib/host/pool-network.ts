import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { Dispatcher } from 'undici'
import type { Answer, Network } from './network.ts'
import { streamResponse } from './stream-response.ts'

const decoders = { br: promisify(brotliDecompress), gzip: promisify(gunzip), deflate: promisify(inflate) }

/**
 * Sends plain requests straight through undici's connections, which costs half of its `fetch`; forms and streams go
 * through `other`.
 */
export function poolNetwork(dispatcher: Dispatcher, other: Network): Network {
  return async (url, outgoing) => {
    const { method, headers, body, signal } = outgoing
    if (!(body === null || typeof body === 'string')) return await other(url, outgoing)
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: method as Dispatcher.HttpMethod,
      headers: { 'accept-encoding': 'br, gzip, deflate', ...headers },
      body,
      signal
    })
    return answerOf(url, answer)
  }
}

function answerOf(url: URL, { statusCode, headers, body }: Dispatcher.ResponseData): Answer {
  const get = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }
  const answer: Answer = {
    status: statusCode,
    ok: statusCode >= 200 && statusCode < 300,
    headers: { get, has: (name) => headers[name] !== undefined },
    async text() {
      const encoding = get('content-encoding')
      if (encoding === null || encoding === 'identity') return await body.text()
      return await decode(encoding, Buffer.from(await body.arrayBuffer()))
    },
    response() {
      const names: [string, string][] = []
      for (const [name, value = []] of Object.entries(headers)) {
        if (typeof value === 'string') names.push([name, value])
        else for (const one of value) names.push([name, one])
      }
      const head = {
        url: url.href,
        status: statusCode,
        headers: names,
        encoding: get('content-encoding'),
        length: get('content-length')
      }
      return streamResponse(body, head)
    },
    discard() {
      body.on('error', () => {}).destroy()
    }
  }
  return answer
}

async function decode(encoding: string, bytes: Buffer): Promise<string> {
  if (bytes.length === 0) return ''
  const name = encoding.trim().toLowerCase().replace(/^x-/, '')
  if (name !== 'br' && name !== 'gzip' && name !== 'deflate') throw new Error('an encoding that nobody asked for')
  return new TextDecoder().decode(await decoders[name](bytes))
}
