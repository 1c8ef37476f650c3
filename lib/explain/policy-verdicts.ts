import { AuthenticationError } from '../errors.ts'
import { readInvocationToken } from '../forge/invocation-token.ts'
import { checkTimes, parseConnectClaims } from '../jwt/claims.ts'
import type { FoundToken } from '../jwt/extract-token.ts'
import { type Policy, policies } from '../jwt/policy.ts'
import { CONTEXT_QSH, matchesQueryStringHash } from '../jwt/qsh.ts'
import { parseSignedUrl } from '../jwt/signed-url.ts'
import { readConnectToken } from '../jwt/verify-connect.ts'
import { readInstallToken } from '../jwt/verify-install.ts'
import { reasonWords } from './reason-words.ts'
import type { SeenKind, SeenToken } from './token-kind.ts'

/** What is known of the request that a token came with. */
export interface SeenRequest {
  readonly method: string
  /** Path and query as they arrived. */
  readonly url: string
}

export interface PolicySetting {
  readonly kind: SeenKind
  /** `bearer`: an Authorization header with that scheme. */
  readonly place: FoundToken['place'] | 'bearer'
  readonly request: SeenRequest | null
  readonly basePaths: readonly string[]
  readonly appKey: string | undefined
  /** Base URLs of the app; without any, the audience is taken as it is. */
  readonly baseUrls: readonly string[]
  /** Of the Forge app; without it the audience is taken as it is. */
  readonly forgeAppId: string | undefined
  readonly nowMs: number
  readonly signature: 'right' | 'wrong' | 'unknown'
}

/** Whether a route with this policy would let the token in. */
export interface PolicyVerdict {
  readonly policy: Policy
  readonly passes: boolean
  /** What stands against it, or what was not looked at. */
  readonly reasons: readonly string[]
}

/** The rules of the defaults of the options. */
const CONNECT_TIMES = { leewaySeconds: 30, maxLifetimeSeconds: 86_400 }
const FORGE_TIMES = { leewaySeconds: 5, maxLifetimeSeconds: 300 }
const SESSION_HOURS = 12

/** What every policy says to the token, by the code that decides in an app. */
export function policyVerdicts(token: SeenToken, setting: PolicySetting): PolicyVerdict[] {
  return policies.map((policy) => {
    if (policy === 'none') return { policy, passes: true, reasons: ['the route is public and looks at no token'] }
    const against = [...reasonsAgainst(policy, token, setting)]
    if (setting.signature === 'wrong') against.push(reasonWords('signature'))
    if (against.length > 0) return { policy, passes: false, reasons: [...new Set(against)] }
    return { policy, passes: true, reasons: notLookedAt(policy, setting) }
  })
}

function reasonsAgainst(policy: Policy, token: SeenToken, setting: PolicySetting): string[] {
  if (policy === 'forge') return collect(() => readForge(token, setting))
  if (policy === 'lifecycle') return collect(() => readLifecycle(token, setting))
  if (policy === 'none') return []
  const kindFaults = collect(() => {
    if (setting.place === 'bearer') throw new AuthenticationError('authorization-scheme')
    const known = setting.appKey ?? (setting.kind === 'session' || setting.kind === 'rest' ? token.claims.iss : null)
    readConnectToken({ token: token.text, place: setting.place }, [policy], {
      appKey: typeof known === 'string' ? known : '',
      clock: () => setting.nowMs,
      ...CONNECT_TIMES,
      previousSecretSeconds: 0,
      sessionMaxHours: SESSION_HOURS
    })
  })
  // A token of another kind is refused whatever else it says.
  if (kindFaults.length > 0) return kindFaults
  return [
    ...collect(() => checkTimes(parseConnectClaims(token.claims), setting.nowMs / 1000, CONNECT_TIMES)),
    ...collect(() => checkSession(policy, token, setting)),
    ...collect(() => checkHash(policy, token, setting))
  ]
}

function checkSession(policy: Policy, { claims }: SeenToken, { nowMs }: PolicySetting): void {
  if (policy !== 'session') return
  const began = claims.auth_time
  if (typeof began === 'number' && nowMs / 1000 - began > SESSION_HOURS * 3600) {
    throw new AuthenticationError('session-too-old')
  }
}

function checkHash(policy: Policy, { claims }: SeenToken, { request, basePaths }: PolicySetting): void {
  if ((policy !== 'page' && policy !== 'webhook') || request === null || typeof claims.qsh !== 'string') return
  const input = { method: request.method, url: parseSignedUrl(request.url), basePaths }
  if (!matchesQueryStringHash(claims.qsh, input)) throw new AuthenticationError('hash')
}

function readLifecycle(token: SeenToken, { place, request, baseUrls, basePaths, nowMs, appKey }: PolicySetting): void {
  if (place !== 'header') throw new AuthenticationError('token-place', { place })
  const named = [token.claims.aud].flat().filter((one) => typeof one === 'string')
  try {
    readInstallToken(
      {
        method: request?.method ?? 'POST',
        url: request?.url ?? '/',
        authorization: [`JWT ${token.text}`],
        contentType: undefined
      },
      {
        appKey: appKey ?? '',
        clock: () => nowMs,
        audiences: baseUrls.length === 0 ? named.map((one) => one.replace(/\/$/, '')) : baseUrls,
        basePaths,
        needsBasePath: false,
        ...CONNECT_TIMES
      }
    )
  } catch (error) {
    // The hash comes last of all, and without the request nobody can tell.
    if (!(request === null && error instanceof AuthenticationError && error.reason === 'hash')) throw error
  }
}

function readForge(token: SeenToken, { place, forgeAppId, nowMs }: PolicySetting): void {
  const { aud, iat, nbf, exp } = token.claims
  readInvocationToken(token.text, forgeAppId ?? (typeof aud === 'string' ? aud : ''))
  if (place === 'query' || place === 'form') throw new AuthenticationError('token-place', { place })
  if (place === 'header') throw new AuthenticationError('authorization-scheme')
  const now = nowMs / 1000
  if (typeof exp !== 'number' || typeof nbf !== 'number' || typeof iat !== 'number') {
    throw new AuthenticationError('claim', { claim: 'iat, nbf or exp' })
  }
  if (now - FORGE_TIMES.leewaySeconds >= exp) throw new AuthenticationError('expired')
  if (now + FORGE_TIMES.leewaySeconds < Math.max(nbf, iat)) throw new AuthenticationError('not-yet')
  if (exp <= iat || exp - iat > FORGE_TIMES.maxLifetimeSeconds) throw new AuthenticationError('lifetime')
}

function notLookedAt(policy: Policy, setting: PolicySetting): string[] {
  const open: string[] = []
  if (setting.signature === 'unknown') open.push('if the signature is right, which was not checked')
  const needsHash = policy === 'page' || policy === 'webhook' || policy === 'lifecycle'
  if (needsHash && setting.request === null) open.push('if the hash fits the request, which was not told')
  if (policy === 'lifecycle' && setting.baseUrls.length === 0) open.push('if the audience is the base URL of the app')
  if (policy === 'forge' && setting.forgeAppId === undefined) open.push('if the audience is the app')
  if (policy !== 'lifecycle') open.push('if the app is installed there')
  return open
}

function collect(check: () => void): string[] {
  try {
    check()
    return []
  } catch (error) {
    if (error instanceof AuthenticationError) return [reasonWords(error.reason, error.details)]
    // An address with a percent sign that means nothing has no hash.
    return [reasonWords('url')]
  }
}

/** Whether the claim is a hash of a request, and not the fixed text of a context token. */
export function hasRequestHash({ claims }: SeenToken): boolean {
  return typeof claims.qsh === 'string' && claims.qsh !== CONTEXT_QSH
}
