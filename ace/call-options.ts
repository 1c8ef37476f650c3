import { basename } from 'node:path'
import { type MultipartBody, multipart, OptionError } from '../plugins/index.ts'

/** One value of a form: a text, bytes, a stream, or a list of the value and what ACE's form library takes beside it. */
export type AceFormPart = FormValue | readonly [FormValue, ({ filename?: string; contentType?: string } | string)?]
type FormValue = string | number | boolean | Uint8Array | Blob | AsyncIterable<Uint8Array | string>

/** The options of ACE's client that mean something here. Others are refused by name. */
export interface AceCallOptions {
  /** Path below the tenant's base URL, or a whole address there. */
  readonly url?: string | URL
  readonly uri?: string | URL
  readonly qs?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** A value: sent as JSON. `true`: the body is JSON already. With either the answer is parsed. */
  readonly json?: unknown
  readonly body?: string | Uint8Array | object
  readonly multipartFormData?: Readonly<Record<string, AceFormPart>>
  /** Deprecated in ACE: the same as `multipartFormData`. */
  readonly form?: Readonly<Record<string, AceFormPart>>
  readonly urlEncodedFormData?: Readonly<Record<string, unknown>>
  /** Sends no credentials. */
  readonly anonymous?: boolean
  /** Milliseconds. */
  readonly timeout?: number
  /** `null`: the body of the answer is a Buffer. */
  readonly encoding?: null | string
  /** Nothing to do: answers are unpacked anyway. */
  readonly gzip?: boolean
}

/** One call, as `fetch` takes it. */
export interface AceCall {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | URLSearchParams | MultipartBody | undefined
  readonly isJson: boolean
  readonly isBinary: boolean
  readonly anonymous: boolean
  readonly timeoutMs: number | undefined
}

const KNOWN: readonly string[] = [
  'url',
  'uri',
  'qs',
  'headers',
  'json',
  'body',
  'multipartFormData',
  'form',
  'urlEncodedFormData',
  'anonymous',
  'timeout',
  'encoding',
  'gzip'
]

/** Reads what a method of the client was given. Throws OptionError for an option that would have no effect. */
export function readCall(given: string | URL | AceCallOptions): AceCall {
  if (typeof given === 'string' || given instanceof URL) return readCall({ url: given })
  for (const [name, value] of Object.entries(given)) {
    if (!KNOWN.includes(name)) {
      throw new OptionError(`httpClient(…).${name}`, value, `known are ${KNOWN.join(', ')}`)
    }
  }
  const { json, timeout, encoding } = given
  const isJson = json !== undefined && json !== false && json !== null
  const { body, contentType } = bodyOf(given, isJson)
  const headers = new Headers(given.headers)
  if (isJson && !headers.has('accept')) headers.set('accept', 'application/json')
  if (contentType !== null && !headers.has('content-type')) headers.set('content-type', contentType)
  return {
    path: withQuery(String(given.url ?? given.uri ?? ''), given.qs),
    headers: Object.fromEntries(headers),
    body,
    isJson,
    isBinary: encoding === null,
    anonymous: given.anonymous === true,
    timeoutMs: timeout
  }
}

function bodyOf(given: AceCallOptions, isJson: boolean): { body: AceCall['body']; contentType: string | null } {
  const form = given.multipartFormData ?? given.form
  if (form !== undefined) {
    const body = multipart(Object.fromEntries(Object.entries(form).map(([name, part]) => [name, partOf(part)])))
    return { body, contentType: body.contentType }
  }
  if (given.urlEncodedFormData !== undefined) return { body: parametersOf(given.urlEncodedFormData), contentType: null }
  const body = isJson && given.json !== true ? given.json : given.body
  if (body === undefined || body === null) return { body: undefined, contentType: null }
  if (isJson) return { body: JSON.stringify(body), contentType: 'application/json' }
  if (typeof body === 'string' || body instanceof Uint8Array) return { body, contentType: null }
  throw new OptionError('httpClient(…).body', body, 'an object needs "json: true" beside it')
}

function partOf(part: AceFormPart): Parameters<typeof multipart>[0][string] {
  const [value, about] = isPair(part) ? part : [part]
  const { filename, contentType } = typeof about === 'string' ? { filename: about } : (about ?? {})
  const type = contentType === undefined ? {} : { type: contentType }
  if (value instanceof Blob)
    return filename === undefined ? value : new File([value], filename, { type: contentType ?? value.type })
  if (value instanceof Uint8Array) {
    return new File([new Uint8Array(value)], filename ?? 'file', type)
  }
  if (typeof value === 'object') return { stream: value, filename: filename ?? nameOfStream(value), ...type }
  return filename === undefined ? String(value) : new File([String(value)], filename, type)
}

/** A stream of a file knows where it lies. */
function nameOfStream(stream: object): string {
  const path: unknown = Reflect.get(stream, 'path')
  return typeof path === 'string' ? basename(path) : 'file'
}

function isPair(part: AceFormPart): part is Extract<AceFormPart, readonly unknown[]> {
  return Array.isArray(part)
}

function withQuery(path: string, query: AceCallOptions['qs']): string {
  if (query === undefined) return path
  // As in ACE, they take the place of a query that is there.
  const text = parametersOf(query).toString()
  return `${path.replace(/[?#].*$/s, '')}${text === '' ? '' : `?${text}`}`
}

function parametersOf(values: Readonly<Record<string, unknown>>): URLSearchParams {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value])
      parameters.append(name, one === undefined || one === null ? '' : String(one))
  }
  return parameters
}
