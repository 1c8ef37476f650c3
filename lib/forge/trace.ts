/** The trace that a call of Forge belongs to, as headers that continue it. Empty where the call has none. */
export type TraceHeaders = Readonly<Record<string, string>>

const NAMES = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled'] as const
// Ids are opaque (forge.md 1.2); what goes into a log and into other calls is short and plain.
const VALUE = /^[\w.-]{1,64}$/

const NONE: TraceHeaders = Object.freeze({})

/** The trace headers of a call; none unless it names its trace. */
export function readTrace(headers: Readonly<Record<string, string | string[] | undefined>>): TraceHeaders {
  if (!isPlain(headers['x-b3-traceid'])) return NONE
  const known = NAMES.flatMap((name): [string, string][] => {
    const value = headers[name]
    return isPlain(value) ? [[name, value]] : []
  })
  return Object.freeze(Object.fromEntries(known))
}

/** What a line of the log says about the trace; `null` where there is none. */
export function traceFields(trace: TraceHeaders): Readonly<Record<string, string>> | null {
  const traceId = trace['x-b3-traceid']
  const spanId = trace['x-b3-spanid']
  if (traceId === undefined) return null
  return spanId === undefined ? { traceId } : { traceId, spanId }
}

function isPlain(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value)
}
