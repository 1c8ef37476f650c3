import { INVOCATION_ISSUER } from '../forge/invocation-token.ts'
import { CONTEXT_QSH } from '../jwt/qsh.ts'
import { SESSION_TYPE } from '../jwt/session-token.ts'

type Members = Readonly<Record<string, unknown>>

/** A token taken apart as leniently as possible. Nothing in it is checked. */
export interface SeenToken {
  /** The token itself. It is never shown. */
  readonly text: string
  readonly header: Members
  readonly claims: Members
}

/** What a token can be, in this world. `request`: of a page, a webhook, `enabled` or `disabled`. */
export type SeenKind =
  | 'request'
  | 'context'
  | 'session'
  | 'install'
  | 'rest'
  | 'ace-session'
  | 'user-assertion'
  | 'invocation'
  | 'api-token'
  | 'unknown'

/** Each kind in a sentence. */
export const kindWords: Readonly<Record<SeenKind, string>> = {
  request: 'A token of the host for one request: it opens a page, or comes with a webhook, "enabled" or "disabled".',
  context: 'A context token of the host, as AP.context.getToken gives it to a page for its own backend.',
  session: 'A session token that this package made for the front end of an app.',
  install: 'A token of Atlassian for "installed" or "uninstalled", signed with its private key.',
  rest: 'A token of the app itself, for one call to the host. It opens nothing in an app.',
  'ace-session': 'A session token that atlassian-connect-express made. Nothing here reads it.',
  'user-assertion': 'A user assertion of the app, for the authorization server. It opens nothing in an app.',
  invocation: 'An invocation token of Forge, for one call to a remote.',
  'api-token': 'An access token for the APIs of Atlassian, or a token of somebody else. It opens nothing in an app.',
  unknown: 'A token of a kind that Atlassian does not use.'
}

/** Header and claims; `null` for a text that is no JSON Web Token. */
export function readSeenToken(text: string): SeenToken | null {
  const parts = text.split('.')
  if (parts.length !== 3) return null
  const [header, claims] = parts.map(readPart)
  return header && claims ? { text, header, claims } : null
}

function readPart(part: string): Members | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

/** What the token says that it is. `appKey` tells the app's own tokens from the host's, where it is known. */
export function kindOf({ header, claims }: SeenToken, appKey: string | undefined): SeenKind {
  const { iss, qsh, aud } = claims
  if (iss === INVOCATION_ISSUER) return 'invocation'
  if (typeof iss === 'string' && iss.startsWith('urn:atlassian:connect:clientid:')) return 'user-assertion'
  if (header.typ === SESSION_TYPE) return 'session'
  const hasHash = typeof qsh === 'string'
  if (header.alg === 'HS256') {
    if (qsh === CONTEXT_QSH) return 'context'
    // Only tokens of the app name an audience; the host's leave it out.
    const own = appKey === undefined ? Array.isArray(aud) || typeof aud === 'string' : iss === appKey
    if (hasHash) return own ? 'rest' : 'request'
    return own ? 'ace-session' : 'unknown'
  }
  if (header.alg === 'RS256') return hasHash ? 'install' : 'api-token'
  return 'unknown'
}
