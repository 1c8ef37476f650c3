import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

/** What is known of an answer before its body. */
export interface ResponseHead {
  readonly url: string
  readonly status: number
  readonly headers: [name: string, value: string][]
  readonly encoding: string | null
  /** As the host says it; `null` if it does not. */
  readonly length: string | null
}

/** A stream of Node that can be read in one go. */
export interface HostBodyStream extends Readable {
  arrayBuffer(): Promise<ArrayBuffer>
}

/**
 * A body that is not larger is read in one go, which costs less than reading it in chunks. It leaves its connection
 * before it is read, too: undici takes in as much by itself.
 */
const ONE_GO_BYTES = 32_768

const BODILESS = new Set([101, 204, 205, 304])

/** A large body that nobody reads holds its connection until the `Response` is gone. */
const unread = new FinalizationRegistry<Readable>((body) => void body.destroy())

/** The web's `Response` over a stream of Node: read as it is pulled, decompressed, ended when it is cancelled. */
export function streamResponse(body: HostBodyStream, head: ResponseHead): Response {
  const { url, status, headers, encoding, length } = head
  const bodiless = BODILESS.has(status)
  // Whoever reads is told; a connection that breaks under a body that nobody reads must not end the process.
  body.on('error', () => {})
  if (bodiless) body.resume()
  const small = encoding === null && length !== null && /^\d{1,5}$/.test(length) && Number(length) <= ONE_GO_BYTES
  const stream = bodiless ? null : small ? smallStream(body) : webStream(decoded(body, encoding))
  const response = new Response(stream, { status, headers })
  Object.defineProperty(response, 'url', { value: url })
  if (!bodiless && !small) unread.register(response, body)
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

function smallStream(body: HostBodyStream): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const bytes = await body.arrayBuffer().catch(rethrow)
      if (bytes.byteLength > 0) controller.enqueue(new Uint8Array(bytes))
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel() {
      body.destroy()
    }
  })
}

/** As the platform's fetch says it; an abort keeps the reason of the caller. */
function rethrow(error: unknown): never {
  if (error instanceof Error && error.name === 'AbortError') throw error
  throw new TypeError('terminated', { cause: error })
}

function webStream(source: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]()
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { done, value } = await chunks.next().catch(rethrow)
      if (!done) return controller.enqueue(new Uint8Array(value))
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel() {
      source.destroy()
    }
  })
}
