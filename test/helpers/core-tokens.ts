import { generateKeyPairSync, randomUUID } from 'node:crypto'
import {
  AsymmetricAlgorithm,
  createQueryStringHash,
  encodeAsymmetric,
  encodeSymmetric,
  fromMethodAndUrl,
  SymmetricAlgorithm
} from 'atlassian-jwt'
import { createProvidedKeySource, type InstallKeySource, type SignedRequest } from 'fastify-atlassian/core'

/** Tokens of a host, signed by Atlassian's own library, for tests of the core without a simulator. */

export const APP_KEY = 'com.example.tea'
export const BASE_URL = 'https://tea.example.com'
export const CLIENT_KEY = 'acme-client'
export const SECRET = 'the-shared-secret-of-acme-and-tea'
export const NOW = 1_790_000_000
export const clock = () => NOW * 1000
export const KID = 'a-key-of-atlassian'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
export const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

export interface TokenChoice {
  readonly method?: string
  /** Path and query below the base URL. */
  readonly url?: string
  readonly claims?: object
  readonly secret?: string
  readonly algorithm?: SymmetricAlgorithm
}

export function sharedToken(choice: TokenChoice = {}): string {
  const { method = 'GET', url = '/panel?issue=TEA-1', claims = {}, secret = SECRET } = choice
  const qsh = createQueryStringHash(fromMethodAndUrl(method.toLowerCase(), url))
  const all = { iss: CLIENT_KEY, sub: 'ada', iat: NOW, exp: NOW + 180, qsh, context: { jira: {} }, ...claims }
  return encodeSymmetric(defined(all), secret, choice.algorithm ?? SymmetricAlgorithm.HS256)
}

export const contextToken = (claims: object = {}) => sharedToken({ claims: { qsh: 'context-qsh', ...claims } })

/** Each has a `jti`, as two installs of a host are never one token. */
export function installToken(choice: TokenChoice & { readonly kid?: string; readonly pem?: string } = {}): string {
  const { url = '/installed', claims = {}, kid = KID, pem = privatePem } = choice
  const qsh = createQueryStringHash(fromMethodAndUrl('post', url))
  const all = { iss: CLIENT_KEY, aud: [BASE_URL], iat: NOW, exp: NOW + 900, jti: randomUUID(), qsh, ...claims }
  return encodeAsymmetric(defined(all), pem, AsymmetricAlgorithm.RS256, { kid })
}

/** A life-cycle body; a member that is `undefined` is left out. */
export function installBody(changes: object = {}): Record<string, unknown> {
  return defined({
    key: APP_KEY,
    clientKey: CLIENT_KEY,
    sharedSecret: SECRET,
    baseUrl: 'https://acme.atlassian.net',
    productType: 'jira',
    eventType: 'installed',
    ...changes
  }) as Record<string, unknown>
}

export function signedRequest(token: string | null, changes: Partial<SignedRequest> = {}): SignedRequest {
  return {
    method: 'GET',
    url: '/panel?issue=TEA-1',
    authorization: token === null ? [] : [`JWT ${token}`],
    contentType: undefined,
    ...changes
  }
}

export function installRequest(token: string | null, changes: Partial<SignedRequest> = {}): SignedRequest {
  return signedRequest(token, { method: 'POST', url: '/installed', contentType: 'application/json', ...changes })
}

/** Knows the one key, and counts how often it is asked. */
export function keySource(asked: string[] = []): InstallKeySource {
  return createProvidedKeySource({
    clock,
    provider: {
      get(kid) {
        asked.push(kid)
        return kid === KID ? publicPem : null
      }
    }
  })
}

export interface Row {
  readonly id: number
}

/** Knows the one tenant. */
export const credentialsLoader = async (clientKey: string) =>
  clientKey === CLIENT_KEY ? { sharedSecret: SECRET, storedEntity: { id: 7 } satisfies Row } : undefined

export const nobody = async () => undefined

function defined(value: object): never {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never
}
