import { randomUUID } from 'node:crypto'
import { contextClaim, findContext } from './page-context.ts'
import type { Signing } from './signing.ts'
import type { Site } from './site.ts'
import { needApp } from './site-app.ts'
import type { SignOptions, SignTools } from './types.ts'
import { chooseUser } from './users.ts'

/** Lifetimes as seen in life, in seconds. */
const PAGE_LIFETIME = 180
const LONG_LIFETIME = 900

type TokenKind = 'install' | 'page' | 'webhook' | 'context'

/** `signed` is path and query below the app's base URL; a context token has none. */
export function signToken(
  signing: Signing,
  nowMs: number,
  site: Site,
  kind: TokenKind,
  request: { readonly method: string; readonly signed: string },
  options: SignOptions = {}
): string {
  const header = kind === 'install' ? { typ: 'JWT', alg: 'RS256', kid: signing.kid } : { typ: 'JWT', alg: 'HS256' }
  const claims = claimsOf(signing, nowMs, site, kind, request, options)
  if (options.header === undefined && options.key === undefined) {
    return kind === 'install' ? signing.signInstall(claims) : signing.signShared(claims, site.sharedSecret)
  }
  const changed = changedBy(header, options.header)
  const ownKey = /^RS/.test(String(changed.alg)) ? undefined : site.sharedSecret
  return signing.custom(changed, claims, options.key ?? ownKey)
}

function claimsOf(
  signing: Signing,
  nowMs: number,
  site: Site,
  kind: TokenKind,
  request: { readonly method: string; readonly signed: string },
  options: SignOptions
): Record<string, unknown> {
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  const user = chooseUser(options.user)
  const claims = {
    iss: site.clientKey,
    ...(user === null ? {} : { sub: user.accountId }),
    ...(kind === 'install' ? { aud: [needApp(site).descriptor.baseUrl] } : {}),
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + (kind === 'page' ? PAGE_LIFETIME : LONG_LIFETIME),
    qsh: kind === 'context' ? 'context-qsh' : signing.hash(request.method, request.signed),
    // Two installs in one second would otherwise be one token, which an app has to take for a replay.
    ...(kind === 'install' ? { jti: randomUUID() } : { context: contextClaim(site, findContext(site, options)) })
  }
  return changedBy(claims, options.claims)
}

/** An override of `undefined` removes the member. */
function changedBy(
  value: Record<string, unknown>,
  changes: Readonly<Record<string, unknown>> | undefined
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...value, ...changes }).filter(([, member]) => member !== undefined))
}

export function createSignTools(
  signing: Signing,
  clock: () => number,
  findSite: (name: string | undefined) => Site
): SignTools {
  const sign = async (kind: TokenKind, defaultMethod: string, options: SignOptions = {}) => {
    const site = findSite(options.site)
    const url = options.url ?? (kind === 'install' ? needApp(site).descriptor.lifecycle.installed : undefined) ?? ''
    const signed = url === '' || url.startsWith('/') ? url : `/${url}`
    return signToken(signing, clock(), site, kind, { method: options.method ?? defaultMethod, signed }, options)
  }
  return {
    installToken: (options) => sign('install', 'POST', options),
    pageToken: (options) => sign('page', 'GET', options),
    webhookToken: (options) => sign('webhook', 'POST', options),
    contextToken: (options) => sign('context', 'GET', options),
    custom: (header, claims, key) => signing.custom(header, claims, key)
  }
}
