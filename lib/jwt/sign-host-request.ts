import type { ConnectTenant } from '../tenant/tenant.ts'
import { encodeSegment, signHmac } from './compact-token.ts'
import { queryStringHash } from './qsh.ts'

const HEADER = encodeSegment({ typ: 'JWT', alg: 'HS256' })

/**
 * The token for one call to the host as the app: bound to method, path and query, three minutes long (connect.md 5.1).
 * `url` is absolute and lies under the tenant's base URL, whose path is left out of the hash.
 */
export function signHostRequest(tenant: ConnectTenant, method: string, url: URL, nowSeconds: number): string {
  const basePath = new URL(tenant.baseUrl).pathname
  const claims = {
    iss: tenant.appKey,
    iat: nowSeconds,
    exp: nowSeconds + 180,
    aud: [tenant.clientKey],
    qsh: queryStringHash(method, `${url.pathname}${url.search}`, basePath === '/' ? '' : basePath)
  }
  return signHmac(HEADER, claims, tenant.sharedSecret.hmacKey())
}
