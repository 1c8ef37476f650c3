import type { AnsweredExchange } from '../types.ts'

interface PreflightQuestion {
  readonly origin: string
  readonly method: string
  /** In lower case. */
  readonly headers: readonly string[]
}

/** Methods that a browser sends to other origins unasked. */
const SIMPLE_METHODS = new Set(['GET', 'HEAD', 'POST'])

/** Why a browser would not send the request that the preflight asked for; null when it would. */
export function preflightRefusal(answer: AnsweredExchange, asked: PreflightQuestion): string | null {
  if (answer.status < 200 || answer.status > 299) return `the preflight was answered ${answer.status}`
  const unreadable = readRefusal(answer, asked.origin)
  if (unreadable !== null) return unreadable
  const methods = listOf(answer.responseHeaders['access-control-allow-methods'])
  const allowed =
    SIMPLE_METHODS.has(asked.method) || methods.includes('*') || methods.includes(asked.method.toLowerCase())
  if (!allowed) return `the preflight does not allow ${asked.method}`
  const headers = listOf(answer.responseHeaders['access-control-allow-headers'])
  // The wildcard never covers this one header.
  const missing = asked.headers.find(
    (name) => !headers.includes(name) && (name === 'authorization' || !headers.includes('*'))
  )
  return missing === undefined ? null : `the preflight does not allow the header ${missing}`
}

/** Why a browser would keep an answer from the page that asked; null when the page may read it. */
export function readRefusal(answer: AnsweredExchange, origin: string): string | null {
  if (answer.status === 0) return null
  const allowed = answer.responseHeaders['access-control-allow-origin']
  if (allowed === origin || allowed === '*') return null
  return allowed === undefined ? 'no access-control-allow-origin' : `another origin is allowed: ${allowed}`
}

function listOf(header: string | undefined): string[] {
  return (header ?? '').split(',').map((each) => each.trim().toLowerCase())
}
