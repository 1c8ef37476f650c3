import { HostError, type HostErrorFacts, hostMessages, requestIdOf } from './host-error.ts'
import type { Answer } from './network.ts'
import type { RateLimitFacts } from './rate-limit.ts'

const MAX_ERROR_BODY = 65_536

/** The parsed body of a good answer: `undefined` if it is empty, text if it is not JSON. Throws `ATL_HOST_BODY`. */
export async function readBody(answer: Answer, facts: HostErrorFacts): Promise<unknown> {
  const text = await answer.text()
  if (text === '' || answer.status === 204 || answer.status === 205) return undefined
  if (!isJson(answer.headers)) return text
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the body.
    const requestId = requestIdOf(answer.headers)
    throw new HostError('ATL_HOST_BODY', { ...facts, status: answer.status, requestId }, new Error('not JSON'))
  }
}

/** The error for an answer that is not 2xx. */
export async function statusError(answer: Answer, facts: HostErrorFacts, limits: RateLimitFacts): Promise<HostError> {
  // The status is known, so a body that breaks off takes nothing away but the sentences.
  const text = await answer.text().catch(() => '')
  const code = answer.status === 429 && limits.kind === 'quota' ? 'ATL_HOST_QUOTA' : 'ATL_HOST_STATUS'
  return new HostError(code, {
    ...facts,
    status: answer.status,
    messages: isJson(answer.headers) && text.length <= MAX_ERROR_BODY ? messagesOf(text) : [],
    requestId: requestIdOf(answer.headers),
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

function isJson(headers: Answer['headers']): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')
}
