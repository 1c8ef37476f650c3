import { hash } from 'node:crypto'
import { canonicalRequest } from '../jwt/qsh.ts'
import { parseSignedUrl } from '../jwt/signed-url.ts'
import { pathSteps } from './path-steps.ts'
import { querySteps } from './query-steps.ts'
import type { QueryStep, Step } from './step.ts'

/** A request that differs a little from the one that arrived. */
export interface Variation {
  /** What is different about the signed request, in sentences; empty for the request itself. */
  readonly steps: readonly string[]
  readonly canonical: string
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']

/**
 * Every variation of the request that faults of proxies and of signing code are known to make, the simplest first:
 * another method, another path, another query, and what of these can come together.
 */
export function* hashVariations(method: string, url: string, basePath: string): Generator<Variation> {
  const { path, query } = parseSignedUrl(url)
  const methods: Step[] = [
    { words: '', text: method.toUpperCase() },
    ...METHODS.filter((one) => one !== method.toUpperCase()).map((one) => ({
      words: `it was signed for the method ${one}`,
      text: one
    }))
  ]
  const paths = pathSteps(path, basePath)
  const queries = querySteps(query)
  const all = methods.flatMap((one) =>
    paths.flatMap((way) =>
      queries.map((asked) => ({ one, way, asked, count: weight(one) + weight(way) + weight(asked) }))
    )
  )
  for (const { one, way, asked } of all.sort((a, b) => a.count - b.count)) {
    const canonical = canonicalOf(one.text, way, asked)
    if (canonical === null) continue
    yield { steps: [one.words, way.words, asked.words].filter((words) => words !== ''), canonical }
  }
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

function weight({ words }: Step): number {
  return words === '' ? 0 : 1
}

function canonicalOf(method: string, path: Step, query: QueryStep): string | null {
  try {
    if (query.canonical !== true) return canonicalRequest(method, `${path.text}?${query.text}`)
    return `${canonicalRequest(method, path.text)}${query.text}`
  } catch {
    return null
  }
}
