import { AtlassianError } from '../errors.ts'
import { MalformedUrlError } from '../jwt/signed-url.ts'
import type { CallLimit } from './call-limit.ts'
import { HostError, type HostErrorFacts } from './host-error.ts'
import { GateClosedError } from './tenant-gate.ts'

/** How far a try came before it failed. */
export type Stage = 'built' | 'sent' | 'answered'

/** Turns what went wrong into the error that callers get. Errors of ours stay as they are. */
export function hostFailure(
  error: unknown,
  stage: Stage,
  facts: HostErrorFacts,
  limit: CallLimit | undefined,
  callerSignal: AbortSignal | undefined
): AtlassianError {
  if (error instanceof AtlassianError) return error
  if (callerSignal?.aborted) return new HostError('ATL_HOST_ABORTED', facts, error)
  if (limit?.timedOut) return new HostError('ATL_HOST_TIMEOUT', facts, error)
  if (error instanceof GateClosedError) return new HostError('ATL_HOST_BUSY', facts, error)
  if (stage === 'built' || neverSent(error)) return new HostError('ATL_HOST_REQUEST', facts, error)
  if (isStall(error)) return new HostError('ATL_HOST_TIMEOUT', facts, error)
  return new HostError(stage === 'answered' ? 'ATL_HOST_TRUNCATED' : 'ATL_HOST_NETWORK', facts, error)
}

/** What cannot be written as a header is a TypeError by itself or has a code; the network's failures carry a cause. */
function neverSent(error: unknown): boolean {
  if (Object(error).code === 'UND_ERR_INVALID_ARG') return true
  return error instanceof MalformedUrlError || (error instanceof TypeError && error.cause === undefined)
}

const STALLS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT'])

/** The connection pool gave up before our own limit did. */
function isStall(error: unknown): boolean {
  const { code, cause } = Object(error)
  return STALLS.has(String(code)) || STALLS.has(String(Object(cause).code))
}
