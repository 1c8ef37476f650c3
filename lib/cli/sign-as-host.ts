import { encodeSegment, signHmac } from '../jwt/compact-token.ts'
import { CONTEXT_QSH, queryStringHash } from '../jwt/qsh.ts'
import { signHostRequest } from '../jwt/sign-host-request.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'

/** What can be signed with the secret of a tenant. `rest`: a call of the app to the site; the others come from the site. */
export const tenantKinds = ['page', 'webhook', 'context', 'rest'] as const
export type TenantKind = (typeof tenantKinds)[number]

export interface WantedRequest {
  readonly kind: TenantKind
  readonly method: string
  /** Below `baseUrl`, with the query. */
  readonly path: string
  /** Of the app, or for `rest` of the site. */
  readonly baseUrl: string
  /** Account id, or `null` for nobody. */
  readonly user: string | null
}

/** A request that is ready to be sent. */
export interface ReadyRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

const HEADER = encodeSegment({ typ: 'JWT', alg: 'HS256' })
/** In seconds, as hosts let theirs live. */
const LIFETIMES = { page: 180, webhook: 900, context: 900 } as const

/** Signs a request with the secret of the tenant: as its site would, or as the app would call it. */
export function signWithTenant(tenant: ConnectTenant, wanted: WantedRequest, nowSeconds: number): ReadyRequest {
  const { kind, method, user } = wanted
  const base = wanted.baseUrl.replace(/\/+$/, '')
  const url = new URL(base + wanted.path)
  const ready = (token: string) => ({ method, url: url.href, headers: { authorization: `JWT ${token}` } })
  if (kind === 'rest') return ready(signHostRequest(tenant, method, url, nowSeconds))
  const basePath = new URL(base).pathname.replace(/\/$/, '')
  const claims = {
    iss: tenant.clientKey,
    ...(user === null ? {} : { sub: user }),
    iat: nowSeconds,
    exp: nowSeconds + LIFETIMES[kind],
    qsh: kind === 'context' ? CONTEXT_QSH : queryStringHash(method, url.pathname + url.search, basePath),
    context: {}
  }
  const token = signHmac(HEADER, claims, tenant.sharedSecret.hmacKey())
  if (kind !== 'page') return ready(token)
  return { method, url: `${url.href}${url.search === '' ? '?' : '&'}jwt=${token}`, headers: {} }
}
