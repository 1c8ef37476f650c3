import type { Caller } from './rest-routes.ts'
import { guessKind, peekToken, type Signing } from './signing.ts'
import type { Site } from './site.ts'
import type { UserGrants } from './user-grants.ts'

const LEEWAY_SECONDS = 30

/** What the host found out about a REST call's token. */
export interface Admission {
  /** False: answered with `status`. */
  readonly admitted: boolean
  /** 401, or 403 for a token whose scopes do not reach. */
  readonly status?: 401 | 403
  /** Who calls, when it is admitted. */
  readonly caller: Caller
  readonly reason: string
  readonly token: ReturnType<typeof peekToken>
  readonly tokenKind: string | null
}

export interface GateRequest {
  readonly method: string
  /** Path and query below the base URL: what the app has to hash. */
  readonly signed: string
  readonly authorization: string | undefined
  readonly jwtParameters: readonly string[]
}

/**
 * Checks the app's signature, or its token of a user, as Jira and Confluence do. A call without any token is an
 * anonymous one.
 */
export function admit(
  signing: Signing,
  grants: UserGrants,
  site: Site,
  nowMs: number,
  request: GateRequest
): Admission {
  const bearer = bearerOf(request)
  if (bearer !== null) return admitUser(grants, site, nowMs, request.method, bearer)
  const token = tokenOf(request)
  if (token === null)
    return { admitted: true, caller: null, reason: 'not signed, anonymous', token: null, tokenKind: null }
  const peeked = token === '' ? null : peekToken(token)
  const reason = refusalReason(signing, site, nowMs, request, token)
  return {
    admitted: reason === null,
    caller: reason === null ? 'app' : null,
    reason: reason ?? `signed HS256 by ${site.app?.descriptor.key}, hash right`,
    token: peeked,
    tokenKind: peeked === null ? null : peeked.claims.iss === site.app?.descriptor.key ? 'app' : guessKind(token)
  }
}

function bearerOf({ authorization, jwtParameters }: GateRequest): string | null {
  if (jwtParameters.length > 0) return null
  return /^Bearer ([\x21-\x7e]+)$/.exec(authorization ?? '')?.[1] ?? null
}

/** Scopes of the host that let a token write; each of them lets it read, too. */
const WRITING_SCOPES = ['WRITE', 'DELETE', 'PROJECT_ADMIN', 'SPACE_ADMIN', 'ADMIN']

function admitUser(grants: UserGrants, site: Site, nowMs: number, method: string, token: string): Admission {
  const grant = grants.find(site, token, nowMs)
  const needed = method === 'GET' || method === 'HEAD' ? ['READ', ...WRITING_SCOPES] : WRITING_SCOPES
  const reason =
    grant === null
      ? 'not a living token of a user of this site'
      : grant.scopes.some((scope) => needed.includes(scope))
        ? null
        : 'the token of the user lacks the scope'
  return {
    admitted: reason === null,
    status: grant === null ? 401 : 403,
    caller: reason === null ? (grant?.user ?? null) : null,
    reason: reason ?? `sent as ${grant?.user.name} by the app`,
    token: null,
    tokenKind: 'user'
  }
}

/** Null: no token at all. Empty: not exactly one readable token. */
function tokenOf({ authorization, jwtParameters }: GateRequest): string | null {
  if (authorization === undefined) {
    if (jwtParameters.length === 0) return null
    return jwtParameters.length === 1 ? (jwtParameters[0] ?? '') : ''
  }
  if (jwtParameters.length > 0) return ''
  return /^JWT ([^\s,]+)$/.exec(authorization)?.[1] ?? ''
}

function refusalReason(
  signing: Signing,
  site: Site,
  nowMs: number,
  request: GateRequest,
  token: string
): string | null {
  if (token === '') return 'not exactly one token in the form "JWT <token>"'
  const appKey = site.app?.descriptor.key
  if (appKey === undefined || !(site.installed || site.pendingSecrets.size > 0)) return 'the app is not installed here'
  let claims: Record<string, unknown>
  try {
    claims = verifyWithCurrentSecret(signing, site, token)
  } catch (error) {
    return error instanceof Error ? error.message : 'not a readable token'
  }
  const { iss, aud, exp, iat, qsh } = claims
  const nowSeconds = nowMs / 1000
  if (iss !== appKey) return 'the issuer is not the app key'
  if (!(Array.isArray(aud) && aud.includes(site.clientKey))) return 'the audience is not the clientKey of this site'
  if (typeof exp !== 'number' || typeof iat !== 'number') return 'exp or iat is missing'
  if (nowSeconds > exp + LEEWAY_SECONDS) return 'the token has expired'
  if (iat > nowSeconds + LEEWAY_SECONDS) return 'the token is issued in the future'
  if (qsh !== signing.hash(request.method, request.signed)) {
    return `wrong hash: the host hashed ${JSON.stringify(signing.canonicalRequest(request.method, request.signed))}`
  }
  return null
}

/** While an `installed` is on its way, the app may already use the secret that it has just received. */
function verifyWithCurrentSecret(signing: Signing, site: Site, token: string): Record<string, unknown> {
  for (const secret of site.pendingSecrets) {
    try {
      return signing.verifyShared(token, secret)
    } catch {
      // Then it has to be another one.
    }
  }
  return signing.verifyShared(token, site.sharedSecret)
}
