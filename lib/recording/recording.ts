/** What is recorded: a webhook of Connect, or an event of Forge. */
export type RecordingKind = 'webhook' | 'forge-event'

/** One delivery as it was recorded, without anything that proves who sent it. A file holds one a line. */
export interface Recording {
  readonly version: 1
  readonly kind: RecordingKind
  /** The name under which the app heard it; `unknown` if it could not be told. */
  readonly event: string
  /** Of the app, without its base path; with the query, without the token. */
  readonly path: string
  /** An ISO date. */
  readonly recordedAt: string
  /** Harmless ones only, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The JSON body; `null` if there was none. */
  readonly body: unknown
}

/** A text that is no recording. The message names the line and the member. */
export class RecordingError extends Error {
  /** Counted from 1. */
  readonly line: number
  /** `null` if the line is no JSON object. */
  readonly member: string | null

  constructor(line: number, member: string | null, needed: string) {
    super(`Line ${line} is no recording: ${member === null ? '' : `"${member}" `}${needed}`)
    this.name = 'RecordingError'
    this.line = line
    this.member = member
  }
}

/**
 * The recordings of a file: one JSON object a line, empty lines aside, or one object over many lines. Members that are
 * not known are left out. Throws RecordingError for anything else, and for a text without a recording.
 */
export function parseRecordings(text: string): Recording[] {
  const whole = parseJson(text)
  if (isObject(whole)) return [toRecording(whole, 1)]
  const recordings = text.split(/\r?\n/).flatMap((line, index) => {
    return line.trim() === '' ? [] : [toRecording(parseJson(line), index + 1)]
  })
  if (recordings.length === 0) throw new RecordingError(1, null, 'the text is empty')
  return recordings
}

/** One line of a recording file, with its end. */
export function recordingLine(recording: Recording): string {
  return `${JSON.stringify(recording)}\n`
}

function toRecording(value: unknown, line: number): Recording {
  if (!isObject(value)) throw new RecordingError(line, null, 'it must be a JSON object')
  const { version, kind, event, path, recordedAt, headers, body } = value
  const need = (right: boolean, member: string, needed: string) => {
    if (!right) throw new RecordingError(line, member, needed)
  }
  need(version === 1, 'version', 'must be 1')
  if (kind !== 'webhook' && kind !== 'forge-event') {
    throw new RecordingError(line, 'kind', 'must be "webhook" or "forge-event"')
  }
  if (typeof event !== 'string' || event === '') throw new RecordingError(line, 'event', 'must be a name')
  if (typeof path !== 'string' || !isPath(path)) {
    throw new RecordingError(line, 'path', 'must begin with one "/" and have no spaces, fragment or token')
  }
  if (typeof recordedAt !== 'string' || Number.isNaN(Date.parse(recordedAt))) {
    throw new RecordingError(line, 'recordedAt', 'must be an ISO date')
  }
  if (!isHeaders(headers)) throw new RecordingError(line, 'headers', 'must be texts by names in lower case')
  need(body !== undefined, 'body', 'is missing')
  return { version: 1, kind, event, path, recordedAt, headers, body }
}

/** Two slashes would name another server. */
function isPath(path: string): boolean {
  return /^\/(?![/\\])[^\s#\\]*$/.test(path) && !/[?&]jwt=/i.test(path)
}

function isHeaders(value: unknown): value is Record<string, string> {
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([name, text]) => /^[a-z0-9-]+$/.test(name) && typeof text === 'string' && !/[\r\n]/.test(text)
    )
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
