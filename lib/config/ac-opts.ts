import { ConfigurationError } from './configuration-error.ts'

/** What ACE's variable `AC_OPTS` asks for. */
export interface AcOpts {
  /** As `dev --register`. */
  readonly register: 'always' | 'auto' | 'never'
  /** As `dev --deregister`. */
  readonly deregister: 'always' | 'auto'
  /** One sentence for each word that no start may obey. */
  readonly refused: readonly string[]
  /** Words that mean nothing, here or there. */
  readonly unknown: readonly string[]
}

const simulated =
  '"npx fastify-atlassian dev" starts the app beside a simulated host, which signs its requests as the user whom you choose'

const refusals: Readonly<Record<string, string>> = {
  'no-auth': `authentication is never turned off, so take "no-auth" out: ${simulated}`,
  'no-token-verfication': `tokens are always verified, so take "no-token-verfication" out: ${simulated}`,
  'no-token-verification': `tokens are always verified, so take "no-token-verification" out: ${simulated}`
}

const registrations = ['force-reg', 'force-dereg', 'no-reg']

/** Throws ConfigurationError if `AC_OPTS` asks for a start without authentication. */
export function refuseAcOpts(text: string | undefined): void {
  const { refused } = parseAcOpts(text)
  if (refused.length > 0) throw new ConfigurationError(refused.map((expected) => ({ name: 'AC_OPTS', expected })))
}

/** Reads the words of `AC_OPTS`, which commas or blanks divide. Only whole words count. */
export function parseAcOpts(text = ''): AcOpts {
  const words = [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))]
  const has = (word: string) => words.includes(word)
  return {
    register: has('no-reg') ? 'never' : has('force-reg') ? 'always' : 'auto',
    deregister: has('force-dereg') ? 'always' : 'auto',
    refused: words.flatMap((word) => (Object.hasOwn(refusals, word) ? [refusals[word] ?? ''] : [])),
    unknown: words.filter((word) => !registrations.includes(word) && !Object.hasOwn(refusals, word))
  }
}
