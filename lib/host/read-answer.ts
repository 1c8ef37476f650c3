import { HostError, type HostErrorFacts, hostMessages, requestIdOf } from './host-error.ts'
import type { RateLimitFacts } from './rate-limit.ts'

const MAX_ERROR_BODY = 65_536

/** The parsed body of a good answer: `undefined` if it is empty, text if it is not JSON. Throws `ATL_HOST_BODY`. */
export async function readBody(response: Response, facts: HostErrorFacts): Promise<unknown> {
  const text = await response.text()
  if (text === '' || response.status === 204 || response.status === 205) return undefined
  if (!isJson(response.headers)) return text
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the body.
    const requestId = requestIdOf(response.headers)
    throw new HostError('ATL_HOST_BODY', { ...facts, status: response.status, requestId }, new Error('not JSON'))
  }
}

/** The error for an answer that is not 2xx. */
export async function statusError(
  response: Response,
  facts: HostErrorFacts,
  limits: RateLimitFacts
): Promise<HostError> {
  // The status is known, so a body that breaks off takes nothing away but the sentences.
  const text = await response.text().catch(() => '')
  const code = response.status === 429 && limits.kind === 'quota' ? 'ATL_HOST_QUOTA' : 'ATL_HOST_STATUS'
  return new HostError(code, {
    ...facts,
    status: response.status,
    messages: isJson(response.headers) && text.length <= MAX_ERROR_BODY ? messagesOf(text) : [],
    requestId: requestIdOf(response.headers),
    retryAfterSeconds: limits.retryAfterSeconds,
    resetAtMs: limits.resetAtMs,
    limitReason: limits.reason
  })
}

function messagesOf(text: string): readonly string[] {
  try {
    return hostMessages(JSON.parse(text))
  } catch {
    // A body that is no JSON has no sentences for us.
    return []
  }
}

function isJson(headers: Headers): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')
}
