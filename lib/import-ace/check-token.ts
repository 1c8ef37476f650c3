import { AuthenticationError } from '../errors.ts'
import { encodeSegment, signHmac } from '../jwt/compact-token.ts'
import { queryStringHash } from '../jwt/qsh.ts'
import { parseSignedUrl } from '../jwt/signed-url.ts'
import { readConnectToken, verifyConnectToken } from '../jwt/verify-connect.ts'
import type { Clock } from '../ports.ts'
import type { Secret } from '../secret.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'

const HEADER = encodeSegment({ typ: 'JWT', alg: 'HS256' })
const URL_OF_PAGE = '/import-check'

/** Whether a page that the host signs with this secret is accepted from this tenant, by the code that serves pages. */
export function acceptsToken(tenant: ConnectTenant, secret: Secret, clock: Clock): boolean {
  const nowSeconds = Math.floor(clock() / 1000)
  const claims = {
    iss: tenant.clientKey,
    iat: nowSeconds,
    exp: nowSeconds + 180,
    qsh: queryStringHash('GET', URL_OF_PAGE)
  }
  const rules = {
    appKey: tenant.appKey,
    clock,
    leewaySeconds: 30,
    maxLifetimeSeconds: 3600,
    // Only the secret that will sign counts, not one that still verifies for a while.
    previousSecretSeconds: 0,
    sessionMaxHours: 1
  }
  try {
    const token = signHmac(HEADER, claims, secret.hmacKey())
    const unverified = readConnectToken({ token, place: 'query' }, ['page'], rules)
    verifyConnectToken(unverified, tenant, { method: 'GET', url: parseSignedUrl(URL_OF_PAGE), basePaths: [] }, rules)
    return true
  } catch (error) {
    if (error instanceof AuthenticationError) return false
    throw error
  }
}
