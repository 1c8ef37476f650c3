import type { PolicySetting } from '../explain/policy-verdicts.ts'
import { UsageError } from './world.ts'

/** A token as it was handed over. */
export interface GivenToken {
  readonly token: string
  readonly place: PolicySetting['place']
  /** Path and query of the address that it stood in. */
  readonly url: string | null
}

/** The one token in a text: bare, as a header, or in an address. Throws UsageError, which never holds the text. */
export function readToken(given: string): GivenToken {
  const text = given.trim().replace(/^["']|["']$/g, '')
  const header = /^(?:authorization:\s*)?(jwt|bearer)\s+(\S+)$/i.exec(text)
  if (header !== null) {
    const place = header[1]?.toLowerCase() === 'bearer' ? 'bearer' : 'header'
    return { token: header[2] ?? '', place, url: null }
  }
  const inQuery = /[?&]jwt=([^&#\s]+)/.exec(text)
  if (inQuery !== null) {
    const url = targetOf(text)
    return { token: decode(inQuery[1] ?? ''), place: 'query', url }
  }
  if (/^https?:/i.test(text)) throw new UsageError('The address has no parameter "jwt"')
  if (/\s/.test(text) || text === '') throw new UsageError('A token or an address with one is needed, and nothing else')
  return { token: text, place: 'header', url: null }
}

/** Path and query as they stand, without scheme, server and fragment. */
export function targetOf(url: string): string {
  const target = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/#.*$/s, '')
  return target.startsWith('/') ? target : `/${target}`
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
