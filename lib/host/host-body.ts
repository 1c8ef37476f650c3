import { MultipartBody } from './multipart.ts'

/** What can be sent: a plain value becomes JSON, the rest goes out as it is. */
export type HostBody =
  | FormData
  | MultipartBody
  | URLSearchParams
  | Blob
  | ReadableStream
  | AsyncIterable<Uint8Array>
  | ArrayBuffer
  | Uint8Array
  | string
  | object
  | null
  | undefined

/** A body as `fetch` takes it. */
export interface EncodedBody {
  readonly body: RequestInit['body'] | null
  /** The type that has to be named, because `fetch` cannot know it. */
  readonly contentType: string | null
  /** A stream is gone once it was sent, so the call cannot be tried again. */
  readonly stream: boolean
  /** Sent like a form of a browser, which Atlassian refuses without `X-Atlassian-Token`. */
  readonly form: boolean
}

const NOTHING: EncodedBody = Object.freeze({ body: null, contentType: null, stream: false, form: false })

/** Throws TypeError for what has no JSON. */
export function encodeBody(body: HostBody): EncodedBody {
  if (body === undefined || body === null) return NOTHING
  if (typeof body === 'string') return { ...NOTHING, body, contentType: 'text/plain;charset=UTF-8' }
  if (body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return { ...NOTHING, body: body as RequestInit['body'] }
  }
  if (body instanceof URLSearchParams) return { ...NOTHING, body, form: true }
  if (isForm(body)) return { ...NOTHING, body: body instanceof FormData ? body : platformForm(body), form: true }
  if (body instanceof MultipartBody) return { body, contentType: body.contentType, stream: true, form: true }
  if (body instanceof ReadableStream || isIterable(body)) return { ...NOTHING, body, stream: true }
  return { ...NOTHING, body: JSON.stringify(body), contentType: 'application/json' }
}

/** Whether it is gone once it was sent. */
export function isStream(body: HostBody): boolean {
  if (typeof body !== 'object' || body === null) return false
  return body instanceof MultipartBody || body instanceof ReadableStream || isIterable(body)
}

/** Packages bring forms of their own, which `fetch` would not know. */
function isForm(body: object): body is FormData {
  return Object.prototype.toString.call(body) === '[object FormData]'
}

function platformForm(form: FormData): FormData {
  const copy = new FormData()
  for (const [name, value] of form) copy.append(name, value)
  return copy
}

function isIterable(body: object): body is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in body
}
