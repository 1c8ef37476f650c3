/** What a recording leaves out beside secrets, tokens and addresses of e-mail, which never stay. */
export interface RedactOptions {
  /** Names of people: where a member says so, and those names wherever else they stand. */
  readonly names: boolean
}

const REDACTED = '[redacted]'
const SOMEBODY = 'Somebody'
const SECRET_MEMBER =
  /secret|token|passw|^pwd$|authorization|cookie|api-?key|private-?key|credential|signature|^jwt$|^acpt$/i
const NAME_MEMBERS = ['displayName', 'publicName', 'userName', 'username', 'nickname', 'fullName', 'name', 'key']
const PERSON_MEMBERS = ['accountId', 'accountType', 'emailAddress', 'email', 'publicName', 'displayName']
const MAX_DEPTH = 64
const MAX_NAMES = 200

/**
 * A copy of a JSON value without what must not lie in a file. What a free text tells about people is not known to
 * anybody but its writer: it stays, except for the names that the same value holds as names.
 */
export function redact(value: unknown, options: RedactOptions): unknown {
  const names = options.names ? namesIn(value) : []
  return copy(value, { ...options, known: names }, 0)
}

/** A text without tokens, credentials of addresses and addresses of e-mail. */
export function redactText(text: string): string {
  return (
    text
      .replace(/[\w.-]{16,}/g, withoutToken)
      .replace(/\b(Bearer|JWT|Basic|Token)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`)
      .replace(/\bAT(?:ATT|CTT|BB|STT|OAUTH)[\w=.-]{16,}/g, REDACTED)
      .replace(
        /([?&;](?:[\w-]*(?:token|secret|password|signature)|jwt|acpt|api_?key|sig)=)[^&\s"'<>#]+/gi,
        `$1${REDACTED}`
      )
      .replace(/(:\/\/)[^\s/@"'<>]+@/g, `$1${REDACTED}@`)
      .replace(/(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+/g, (found) =>
        found.startsWith(REDACTED) ? found : 'somebody@example.invalid'
      )
      // The picture's address is made from the address of e-mail.
      .replace(/(gravatar\.com\/avatar\/)[0-9a-f]{32,64}/gi, `$1${'0'.repeat(32)}`)
  )
}

/** Tokens begin with a JSON object and have three parts. Each run of their letters is read once, however long. */
function withoutToken(run: string): string {
  const at = run.indexOf('eyJ')
  return at !== -1 && run.slice(at).split('.', 3).length === 3 ? `${run.slice(0, at)}${REDACTED}` : run
}

interface Known extends RedactOptions {
  readonly known: readonly string[]
}

function copy(value: unknown, options: Known, depth: number): unknown {
  if (typeof value === 'string') return withoutNames(redactText(value), options)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return REDACTED
  if (Array.isArray(value)) return value.map((member) => copy(member, options, depth + 1))
  const isSomebody = options.names && isPerson(value)
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const key = withoutNames(redactText(name), options)
      if (SECRET_MEMBER.test(name) && member !== null && typeof member !== 'boolean') return [key, REDACTED]
      if (isSomebody && NAME_MEMBERS.includes(name) && typeof member === 'string') return [key, SOMEBODY]
      return [key, copy(member, options, depth + 1)]
    })
  )
}

function isPerson(value: object): boolean {
  return PERSON_MEMBERS.some((name) => Object.hasOwn(value, name))
}

/** Longest first, so that no part of a name is left. Short ones would hit words. */
function namesIn(value: unknown): string[] {
  const found = new Set<string>()
  const look = (member: unknown, depth: number): void => {
    if (typeof member !== 'object' || member === null || depth >= MAX_DEPTH) return
    const isSomebody = !Array.isArray(member) && isPerson(member)
    for (const [name, inner] of Object.entries(member)) {
      if (isSomebody && typeof inner === 'string' && NAME_MEMBERS.includes(name) && inner.trim().length >= 4) {
        if (found.size < MAX_NAMES) found.add(inner)
      } else look(inner, depth + 1)
    }
  }
  look(value, 0)
  return [...found].sort((a, b) => b.length - a.length)
}

function withoutNames(text: string, { known }: Known): string {
  return known.reduce((rest, name) => rest.replaceAll(name, SOMEBODY), text)
}
