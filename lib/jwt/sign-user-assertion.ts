import type { Secret } from '../secret.ts'
import { encodeSegment, signHmac } from './compact-token.ts'

const HEADER = encodeSegment({ typ: 'JWT', alg: 'HS256' })

/** Longer ones are said to be refused (connect.md 5.2). */
const LIFETIME_SECONDS = 60

/** What a user assertion says. */
export interface UserAssertion {
  readonly oauthClientId: string
  readonly accountId: string
  /** Of the site, with `/wiki` for Confluence. */
  readonly baseUrl: string
  /** Address of the authorization server, which is its audience. */
  readonly authorizationServer: string
}

/**
 * The token that asks the authorization server for an access token of this user, signed with the secret of the site,
 * one minute long (connect.md 5.2). Opens nothing on the site itself: it has no hash of a request.
 */
export function signUserAssertion(assertion: UserAssertion, sharedSecret: Secret, nowSeconds: number): string {
  const claims = {
    iss: `urn:atlassian:connect:clientid:${assertion.oauthClientId}`,
    sub: `urn:atlassian:connect:useraccountid:${assertion.accountId}`,
    tnt: assertion.baseUrl,
    aud: assertion.authorizationServer,
    iat: nowSeconds,
    exp: nowSeconds + LIFETIME_SECONDS
  }
  return signHmac(HEADER, claims, sharedSecret.hmacKey())
}
