/** One way in which a part of the signed request may differ; without words it does not. */
export interface Step {
  readonly words: string
  readonly text: string
}

export interface QueryStep extends Step {
  /** Joined by itself, because the usual way would sort it. */
  readonly canonical?: boolean
}

/** The steps that lead to something new, the first ones first. */
export function unique<Each extends QueryStep>(steps: readonly Each[]): Each[] {
  const seen = new Set<string>()
  return steps.filter(({ text, canonical = false }) => {
    const key = `${canonical}${text}`
    return seen.has(key) ? false : seen.add(key)
  })
}

/** As it is if it cannot be decoded. */
export function tryDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
