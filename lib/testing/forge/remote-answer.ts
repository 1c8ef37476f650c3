import type { AnsweredExchange } from '../types.ts'
import type { ForgeAnswer } from './types.ts'

/** What the promise of `invokeRemote` makes of an answer (forge.md 1.4). */
export function judgeAnswer(exchange: AnsweredExchange): ForgeAnswer {
  const rejection = rejectionOf(exchange)
  return { ...exchange, outcome: rejection === null ? 'resolved' : 'rejected', rejection }
}

function rejectionOf({ status, body, responseHeaders, verdict }: AnsweredExchange): string | null {
  if (status === 0) return verdict
  if (status === 401) return 'could not verify the Forge Invocation Token'
  if (status >= 300 && status < 400) return 'redirects are not followed'
  const isGood = status >= 200 && status < 300
  if (isGood && body === '') return null
  const type = responseHeaders['content-type']
  if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) return `the content type ${type} is not allowed`
  return isJson(body) ? null : 'cannot parse body as JSON'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
