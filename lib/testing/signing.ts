import { createHmac, createSign, generateKeyPair, randomUUID } from 'node:crypto'
import { parse } from 'node:querystring'
import { promisify } from 'node:util'
import { MissingPackageError } from '../errors.ts'

/** The host's side of Connect's tokens, on Atlassian's own library: nothing here is shared with what it tests. */
export interface Signing {
  /** Name of the current install key. */
  readonly kid: string
  /** PEM of the install key with this name. */
  publicKey(kid: string): string | null
  /** `pathAndQuery` is below the base URL: it starts with a slash or is empty. */
  canonicalRequest(method: string, pathAndQuery: string): string
  hash(method: string, pathAndQuery: string): string
  signInstall(claims: object): string
  signShared(claims: object, secret: string): string
  /** The claims, when the signature is right. Throws a sentence without the token otherwise. */
  verifyShared(token: string, secret: string): Record<string, unknown>
  custom(header: object | string, claims: object | string, key: string | undefined): string
}

export async function createSigning(): Promise<Signing> {
  const jwt = await loadAtlassianJwt()
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
  })
  const kid = randomUUID()
  const request = (method: string, pathAndQuery: string) => {
    const start = pathAndQuery.indexOf('?')
    return {
      method,
      pathname: start < 0 ? pathAndQuery : pathAndQuery.slice(0, start),
      // Without a bound, so that no parameter escapes the hash.
      query: start < 0 ? {} : parse(pathAndQuery.slice(start + 1), '&', '=', { maxKeys: 0 })
    }
  }
  return {
    kid,
    publicKey: (name) => (name === kid ? publicKey : null),
    canonicalRequest: (method, pathAndQuery) => jwt.createCanonicalRequest(request(method, pathAndQuery), false, ''),
    hash: (method, pathAndQuery) => jwt.createQueryStringHash(request(method, pathAndQuery), false, ''),
    signInstall: (claims) => jwt.encodeAsymmetric(claims, privateKey, jwt.AsymmetricAlgorithm.RS256, { kid }),
    signShared: (claims, secret) => jwt.encodeSymmetric(claims, secret, jwt.SymmetricAlgorithm.HS256),
    verifyShared(token, secret) {
      try {
        return jwt.decodeSymmetric(token, secret, jwt.SymmetricAlgorithm.HS256)
      } catch (error) {
        // The library's message of a wrong signature holds the token.
        const message = error instanceof Error ? error.message : ''
        throw new Error(
          message.startsWith('Signature verification failed') ? 'wrong signature' : 'not a readable HS256 token'
        )
      }
    },
    custom: (header, claims, key) => signAnything(header, claims, key ?? privateKey)
  }
}

async function loadAtlassianJwt(): Promise<typeof import('atlassian-jwt')> {
  try {
    return await import('atlassian-jwt')
  } catch (error) {
    throw new MissingPackageError('atlassian-jwt', 'The simulated host', error)
  }
}

/** What no signing library does: any header, any claims, any key, no signature. */
export function signAnything(header: object | string, claims: object | string, key: string): string {
  const segment = (value: object | string) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const input = `${segment(header)}.${segment(claims)}`
  return `${input}.${signature(algorithmOf(header), input, key)}`
}

function signature(algorithm: string, input: string, key: string): string {
  const [, family, bits] = /^(HS|RS)(256|384|512)$/.exec(algorithm) ?? []
  if (family === 'HS') return createHmac(`sha${bits}`, key).update(input).digest('base64url')
  if (family === 'RS') return createSign(`RSA-SHA${bits}`).update(input).sign(key, 'base64url')
  return ''
}

function algorithmOf(header: object | string): string {
  return typeof header === 'object' && 'alg' in header ? String(header.alg) : 'none'
}

/** Header and claims of a token for the log; null when it cannot be read. */
export function peekToken(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } | null {
  const [header, claims] = token.split('.').map((segment) => {
    try {
      const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString())
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
    } catch {
      return null
    }
  })
  return header && claims ? { header, claims } : null
}

/** What a token seems to be, for the log. */
export function guessKind(token: string): string | null {
  const peeked = peekToken(token)
  if (peeked === null) return null
  if (peeked.header.alg === 'RS256') return 'install'
  if (peeked.claims.qsh === 'context-qsh') return 'context'
  return peeked.claims.qsh === undefined ? 'session' : 'page'
}
