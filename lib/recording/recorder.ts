import { appendFile, stat } from 'node:fs/promises'
import type { Clock, Log } from '../ports.ts'
import { type Recording, type RecordingKind, recordingLine } from './recording.ts'
import { redact, redactText } from './redact.ts'

/** What is recorded, and where to. */
export interface RecordingOptions {
  /** A file, to which lines are added. `null`: none. */
  readonly file: string | null
  /** Given each recording, redacted as in the file. Nothing waits for it, and what it throws is logged. */
  readonly onRecording: ((recording: Recording) => unknown) | null
  readonly redactNames: boolean
  /** The file does not grow beyond this. */
  readonly maxBytes: number
}

/** A verified delivery, as it arrived. */
export interface ArrivedDelivery {
  readonly kind: RecordingKind
  /** Asked later. What it throws means that there is nothing to record. */
  readonly event: () => string
  /** As it arrived: with the base path and the whole query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The parsed body; `undefined` if there was none. */
  readonly body: unknown
}

/** Stores deliveries for later: a tool of development. */
export interface Recorder {
  /** Takes note of it and returns at once. It never throws. */
  record(arrived: ArrivedDelivery): void
  /** Resolves when everything that was taken note of is written. It never rejects. */
  close(): Promise<void>
}

export interface RecorderOptions extends RecordingOptions {
  /** What paths leave out, longest first. */
  readonly basePaths: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

/** Deliveries that wait to be written hold their bodies in memory. */
const MAX_WAITING = 100
const HEADERS = [
  'content-type',
  'user-agent',
  'x-atlassian-webhook-identifier',
  'x-atlassian-webhook-retry',
  'x-atlassian-webhook-flow',
  'x-b3-traceid',
  'x-b3-spanid'
]

/** Records one delivery after the other, behind the answers to the host. What goes wrong is logged and no more. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { file, onRecording, maxBytes, clock, log } = options
  let chain = Promise.resolve()
  let waiting = 0
  let dropped = 0
  let bytes: number | null = null
  let isOver = false

  async function write(recording: Recording): Promise<void> {
    if (file === null || isOver) return
    const line = recordingLine(recording)
    try {
      bytes ??= await sizeOf(file)
      if (bytes + Buffer.byteLength(line) > maxBytes) {
        isOver = true
        log.warn({ file, maxBytes }, 'the file of recordings is full, and nothing more is added to it')
        return
      }
      await appendFile(file, line, { mode: 0o600 })
      bytes += Buffer.byteLength(line)
    } catch (error) {
      isOver = true
      log.warn({ file, reason: reasonOf(error) }, 'the file of recordings cannot be written, and nothing more is tried')
    }
  }

  function tell(recording: Recording): void {
    if (onRecording === null) return
    const told = async () => onRecording(recording)
    told().catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'recordDelivery failed'))
  }

  async function handle(arrived: ArrivedDelivery, recordedAt: string): Promise<void> {
    await nextTurn()
    const recording = recordingOf(arrived, recordedAt, options)
    tell(recording)
    await write(recording)
  }

  return {
    record(arrived) {
      if (isOver && onRecording === null) return
      if (waiting >= MAX_WAITING) {
        dropped += 1
        if (dropped === 1) log.warn({}, 'deliveries arrive faster than they are recorded, and some are left out')
        return
      }
      waiting += 1
      const recordedAt = new Date(clock()).toISOString()
      chain = chain
        .then(() => handle(arrived, recordedAt))
        .catch((error: unknown) => log.debug({ reason: reasonOf(error) }, 'a delivery was not recorded'))
        .finally(() => {
          waiting -= 1
        })
    },
    close: () => chain
  }
}

function recordingOf(
  { kind, event, url, headers, body }: ArrivedDelivery,
  recordedAt: string,
  { basePaths, redactNames }: RecorderOptions
): Recording {
  const kept = HEADERS.flatMap((name) => {
    const value = headers[name]
    return typeof value === 'string' ? [[name, redactText(value)] as const] : []
  })
  const recording: Recording = {
    version: 1,
    kind,
    event: event(),
    path: pathOf(url, basePaths),
    recordedAt,
    headers: Object.fromEntries(kept),
    body: body === undefined ? null : redact(body, { names: redactNames })
  }
  return Object.freeze(recording)
}

function pathOf(url: string, basePaths: readonly string[]): string {
  const at = url.indexOf('?')
  const [path, query] = at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
  const base = basePaths.find((one) => path === one || path.startsWith(`${one}/`)) ?? ''
  const parameters = query.split('&').filter((one) => one !== '' && !/^jwt(?:=|$)/i.test(one))
  const rest = path.slice(base.length)
  const below = rest.startsWith('/') ? rest : `/${rest}`
  return redactText(parameters.length === 0 ? below : `${below}?${parameters.join('&')}`)
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
