import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

/** What is known of an answer before its body. */
export interface ResponseHead {
  readonly url: string
  readonly status: number
  readonly headers: [name: string, value: string][]
  readonly encoding: string | null
}

const BODILESS = new Set([101, 204, 205, 304])

/** A large body that nobody reads holds its connection until the `Response` is gone. */
const unread = new FinalizationRegistry<Readable>((body) => void body.destroy())

/** The web's `Response` over a stream of Node: read as it is pulled, decompressed, ended when it is cancelled. */
export function streamResponse(body: Readable, { url, status, headers, encoding }: ResponseHead): Response {
  const bodiless = BODILESS.has(status)
  // Whoever reads is told; a connection that breaks under a body that nobody reads must not end the process.
  body.on('error', () => {})
  if (bodiless) body.resume()
  const response = new Response(bodiless ? null : webStream(decoded(body, encoding)), { status, headers })
  Object.defineProperty(response, 'url', { value: url })
  if (!bodiless) unread.register(response, body)
  return response
}

function decoded(body: Readable, encoding: string | null): Readable {
  const decoder = decoderOf(encoding?.trim().toLowerCase())
  if (decoder === null) return body
  decoder.on('error', () => {})
  body.on('error', (error) => decoder.destroy(error))
  decoder.on('close', () => body.destroy())
  return body.pipe(decoder)
}

function decoderOf(encoding: string | undefined) {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip()
  if (encoding === 'deflate') return createInflate()
  return encoding === 'br' ? createBrotliDecompress() : null
}

function webStream(source: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]()
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { done, value } = await chunks.next().catch((error: unknown) => {
        // As the platform's fetch says it; an abort keeps the reason of the caller.
        if (error instanceof Error && error.name === 'AbortError') throw error
        throw new TypeError('terminated', { cause: error })
      })
      if (!done) return controller.enqueue(new Uint8Array(value))
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel() {
      source.destroy()
    }
  })
}
