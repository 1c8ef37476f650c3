import { randomUUID } from 'node:crypto'

/** A file that is read while it is sent. */
export interface FilePart {
  readonly stream: AsyncIterable<Uint8Array | string>
  readonly filename: string
  /** Media type. Default `application/octet-stream`. */
  readonly type?: string
}

export type PartValue = string | Blob | FilePart

/** A multipart form that may hold streams, made by `multipart`. Sent once: a stream cannot be read twice. */
export class MultipartBody implements AsyncIterable<Uint8Array> {
  readonly contentType: string
  readonly #boundary: string
  readonly #parts: readonly (readonly [name: string, value: PartValue])[]

  constructor(parts: readonly (readonly [name: string, value: PartValue])[], boundary: string) {
    this.#parts = parts
    this.#boundary = boundary
    this.contentType = `multipart/form-data; boundary=${boundary}`
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const encoder = new TextEncoder()
    for (const [name, value] of this.#parts) {
      yield encoder.encode(`--${this.#boundary}\r\n${headOf(name, value)}\r\n\r\n`)
      if (typeof value === 'string') yield encoder.encode(value)
      else {
        const chunks: AsyncIterable<Uint8Array | string> = value instanceof Blob ? value.stream() : value.stream
        for await (const chunk of chunks) yield typeof chunk === 'string' ? encoder.encode(chunk) : chunk
      }
      yield encoder.encode('\r\n')
    }
    yield encoder.encode(`--${this.#boundary}--\r\n`)
  }
}

/**
 * A form for uploads whose files are streams of any length, which `FormData` cannot hold. Values are texts, blobs, or
 * `{ stream, filename, type }`; a list is the same field several times.
 */
export function multipart(fields: Readonly<Record<string, PartValue | readonly PartValue[]>>): MultipartBody {
  const parts = Object.entries(fields).flatMap(([name, value]) =>
    (isList(value) ? value : [value]).map((one) => [name, one] as const)
  )
  return new MultipartBody(parts, `form-${randomUUID()}`)
}

function isList(value: PartValue | readonly PartValue[]): value is readonly PartValue[] {
  return Array.isArray(value)
}

function headOf(name: string, value: PartValue): string {
  const head = `Content-Disposition: form-data; name="${quotable(name)}"`
  if (typeof value === 'string') return head
  const file =
    value instanceof Blob ? { filename: value instanceof File ? value.name : 'blob', type: value.type } : value
  return `${head}; filename="${quotable(file.filename)}"\r\nContent-Type: ${typeOf(file.type)}`
}

/** As browsers write names, so that none of them can end the header. */
function quotable(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}

function typeOf(type: string | undefined): string {
  if (type === undefined || type === '') return 'application/octet-stream'
  if (/[^\x20-\x7e]/.test(type)) throw new TypeError('the type of a file must be a media type')
  return type
}
