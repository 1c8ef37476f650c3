import { encodeSegment, signHmac } from '../jwt/compact-token.ts'
import { queryStringHash } from '../jwt/qsh.ts'
import type { Secret } from '../secret.ts'

const HEADER = encodeSegment({ typ: 'JWT', alg: 'HS256' })

/** Who signs for whom. */
export interface BitbucketSigner {
  readonly appKey: string
  readonly clientKey: string
  readonly sharedSecret: Secret
}

/**
 * The token for one call to Bitbucket as the app, three minutes long. It names the tenant as `sub` and has no `aud`;
 * the hash is over the whole path, `/2.0` included (connect.md 10).
 */
export function signBitbucketRequest(signer: BitbucketSigner, method: string, url: URL, nowSeconds: number): string {
  const claims = {
    iss: signer.appKey,
    sub: signer.clientKey,
    iat: nowSeconds,
    exp: nowSeconds + 180,
    qsh: queryStringHash(method, `${url.pathname}${url.search}`)
  }
  return signHmac(HEADER, claims, signer.sharedSecret.hmacKey())
}
