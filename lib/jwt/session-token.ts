import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Secret } from '../secret.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import type { ProductContext } from './claims.ts'
import { encodeSegment, signHmac } from './compact-token.ts'

/** The `typ` of our own tokens: no token of a host carries it. */
export const SESSION_TYPE = 'atl-session+jwt'

const SESSION_HEADER = encodeSegment({ alg: 'HS256', typ: SESSION_TYPE })

/** Who a session token speaks for. */
export interface SessionSubject {
  readonly tenant: ConnectTenant
  readonly accountId: string | null
  readonly context: ProductContext
  /** When the host last proved this user, in seconds. Refreshing keeps it. */
  readonly authTimeSeconds: number
}

const keys = new WeakMap<Secret, Map<string, KeyObject>>()

/**
 * The key of one tenant's session tokens, derived from its secret by HKDF. A rotation changes it, and so does the end
 * of the last installation, because the version of the secret is part of it: sessions end at once.
 */
export function sessionKey(tenant: ConnectTenant): KeyObject {
  let ofSecret = keys.get(tenant.sharedSecret)
  if (ofSecret === undefined) {
    ofSecret = new Map()
    keys.set(tenant.sharedSecret, ofSecret)
  }
  const info = `fastify-atlassian session 1 ${tenant.appKey} ${tenant.tenantId} ${tenant.secretVersion}`
  let key = ofSecret.get(info)
  if (key === undefined) {
    key = createSecretKey(Buffer.from(hkdfSync('sha256', tenant.sharedSecret.reveal(), tenant.tenantId, info, 32)))
    ofSecret.set(info, key)
  }
  return key
}

/** A short-lived token for the front end of a verified page, bound to app, tenant and user. */
export function signSessionToken(subject: SessionSubject, nowSeconds: number, lifetimeSeconds: number): string {
  const { tenant, accountId, context, authTimeSeconds } = subject
  const claims = {
    iss: tenant.appKey,
    aud: [tenant.clientKey],
    ...(accountId === null ? {} : { sub: accountId }),
    iat: nowSeconds,
    exp: nowSeconds + lifetimeSeconds,
    auth_time: authTimeSeconds,
    context
  }
  return signHmac(SESSION_HEADER, claims, sessionKey(tenant))
}
