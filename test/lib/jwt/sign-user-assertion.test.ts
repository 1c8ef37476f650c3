import { decodeSymmetric, SymmetricAlgorithm } from 'atlassian-jwt'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { signUserAssertion } from '../../../lib/jwt/sign-user-assertion.ts'
import { Secret } from '../../../lib/secret.ts'

const NOW = 1_790_000_000
const SECRET = 'the-shared-secret-of-acme-and-tea'
const token = signUserAssertion(
  {
    oauthClientId: 'client/id+of=acme',
    accountId: '557058:ada-0001',
    baseUrl: 'https://acme.atlassian.net/wiki',
    authorizationServer: 'https://auth.example.com'
  },
  new Secret(SECRET),
  NOW
)
const claims = {
  iss: 'urn:atlassian:connect:clientid:client/id+of=acme',
  sub: 'urn:atlassian:connect:useraccountid:557058:ada-0001',
  tnt: 'https://acme.atlassian.net/wiki',
  aud: 'https://auth.example.com',
  iat: NOW,
  exp: NOW + 60
}

t.test('jose reads exactly the claims that the authorization server asks for', async (t) => {
  const { payload } = await jwtVerify(token, new TextEncoder().encode(SECRET), {
    algorithms: ['HS256'],
    audience: claims.aud,
    issuer: claims.iss,
    currentDate: new Date(NOW * 1000)
  })
  t.strictSame(payload, claims)
  t.strictSame(decodeProtectedHeader(token), { typ: 'JWT', alg: 'HS256' })
})

t.test('atlassian-jwt reads the same', async (t) => {
  // It makes a list of every audience.
  t.strictSame({ ...decodeSymmetric(token, SECRET, SymmetricAlgorithm.HS256) }, { ...claims, aud: [claims.aud] })
})

t.test('another secret does not verify it, and after a minute it has expired', async (t) => {
  const verify = (secret: string, now: number) =>
    jwtVerify(token, new TextEncoder().encode(secret), { currentDate: new Date(now * 1000) })
  await t.rejects(verify('another', NOW), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' })
  await t.rejects(verify(SECRET, NOW + 60), { code: 'ERR_JWT_EXPIRED' })
})
