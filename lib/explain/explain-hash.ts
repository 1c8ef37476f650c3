import { canonicalRequest, matchesQueryStringHash } from '../jwt/qsh.ts'
import { parseSignedUrl } from '../jwt/signed-url.ts'
import { hashVariations, sha256, type Variation } from './hash-variations.ts'
import type { SeenRequest } from './policy-verdicts.ts'

/** How the hash of a token stands to a request. */
export interface HashExplanation {
  /** The hash in the token. */
  readonly claimed: string
  readonly method: string
  /** What is hashed for this request; `null` for an address that has no hash. */
  readonly canonical: string | null
  readonly computed: string | null
  /** Whether an app takes the token for this request. */
  readonly fits: boolean
  /** Requests near this one whose hash is the token's, the simplest ones only. */
  readonly variations: readonly Variation[]
}

const SHOWN = 3

/** Compares, and where the hash is another one, looks for the small difference that explains it. */
export function explainHash(claimed: string, request: SeenRequest, basePaths: readonly string[]): HashExplanation {
  const { method, url } = request
  const basePath = basePaths.find((path) => pathOf(url) === path || pathOf(url).startsWith(`${path}/`)) ?? ''
  try {
    const canonical = canonicalRequest(method, url, basePath)
    const fits = matchesQueryStringHash(claimed, { method, url: parseSignedUrl(url), basePaths })
    const told = { claimed, method, canonical, computed: sha256(canonical), fits }
    return { ...told, variations: fits ? [] : near(claimed, method, url, basePath || (basePaths[0] ?? '')) }
  } catch {
    // A percent sign that means nothing.
    return { claimed, method, canonical: null, computed: null, fits: false, variations: [] }
  }
}

function near(claimed: string, method: string, url: string, basePath: string): Variation[] {
  const found: Variation[] = []
  for (const variation of hashVariations(method, url, basePath)) {
    const [first] = found
    if (found.length === SHOWN || (first !== undefined && variation.steps.length > first.steps.length)) break
    const isNew = found.every(({ canonical }) => canonical !== variation.canonical)
    if (isNew && sha256(variation.canonical) === claimed) found.push(variation)
  }
  return found
}

function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '')
}
