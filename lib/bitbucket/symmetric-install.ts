import { hash } from 'node:crypto'
import { AuthenticationError } from '../errors.ts'
import { extractToken, type TokenSource } from '../jwt/extract-token.ts'
import type { HashInput } from '../jwt/qsh.ts'
import { parseRequestUrl } from '../jwt/request-url.ts'
import {
  type ConnectRules,
  readConnectToken,
  type SharedSecrets,
  type UnverifiedToken,
  type VerifiedConnect,
  verifyHostToken
} from '../jwt/verify-connect.ts'
import { hashBody, type VerifiedInstall } from '../jwt/verify-install.ts'
import type { SignedRequest } from '../ports.ts'
import type { LifecyclePayload } from '../tenant/lifecycle-payload.ts'

/** What symmetric life-cycle calls are measured by. */
export interface SymmetricRules extends ConnectRules {
  readonly basePaths: readonly string[]
  readonly needsBasePath: boolean
}

/** A call signed with a shared secret, or not signed at all, before its body came. Not to be believed. */
export interface UnverifiedSymmetricInstall {
  /** `null`: the call carries no token. */
  readonly signed: { readonly unverified: UnverifiedToken; readonly token: string } | null
  readonly input: HashInput
}

/**
 * Everything about the token that can be refused without the body and without a secret: HS256, a computed hash, in the
 * header. Throws AuthenticationError.
 */
export function readSymmetricInstall(
  request: SignedRequest,
  rules: SymmetricRules,
  source: TokenSource = extractToken
): UnverifiedSymmetricInstall {
  const url = parseRequestUrl(request.url)
  const { basePaths, needsBasePath } = rules
  const input = { method: request.method, url, basePaths, needsBasePath }
  const found = source(request, url)
  if (found === null) return { signed: null, input }
  return { signed: { unverified: readConnectToken(found, ['webhook'], rules), token: found.token }, input }
}

/**
 * The rule for hosts that sign nothing but with shared secrets (connect.md 2.7). A tenant that is known has to sign with
 * its secret as the body's `clientKey`; one that is not can sign nothing, and only its first `installed` may come
 * without a token: then the answer is `null`, and somebody else has to prove it. Throws AuthenticationError.
 */
export function verifySymmetricInstall(
  { signed, input }: UnverifiedSymmetricInstall,
  payload: LifecyclePayload,
  body: unknown,
  secrets: Pick<SharedSecrets, 'sharedSecret'> | null,
  rules: SymmetricRules
): VerifiedInstall | null {
  const { clientKey } = payload
  if (signed === null) {
    if (secrets === null && payload.eventType === 'installed') return null
    throw new AuthenticationError('token-missing', { clientKey })
  }
  const { unverified, token } = signed
  if (unverified.clientKey !== clientKey) throw new AuthenticationError('issuer')
  if (secrets === null) throw new AuthenticationError('tenant-unknown', { clientKey })
  // The secret before the current one may have leaked: it must not bring a new one.
  const current = { sharedSecret: secrets.sharedSecret, previousSecret: null, previousSecretRetiredAtMs: null }
  const connect = verifyHostToken(unverified, current, input, rules)
  const expSeconds = Math.ceil(connect.expiresAtSeconds + rules.leewaySeconds)
  return installOf({ ...connect, tokenKind: 'lifecycle' }, payload, {
    token: hash('sha256', token, 'hex'),
    body: hashBody(body),
    expSeconds
  })
}

/** An install without a token that something else has proved by now. */
export function provedInstall(
  payload: LifecyclePayload,
  body: unknown,
  { appKey, clock, leewaySeconds }: Pick<ConnectRules, 'appKey' | 'clock' | 'leewaySeconds'>
): VerifiedInstall {
  const nowSeconds = Math.floor(clock() / 1000)
  const bodyHash = hashBody(body)
  const connect = {
    tokenKind: 'lifecycle' as const,
    appKey,
    clientKey: payload.clientKey,
    accountId: null,
    context: Object.freeze({}),
    issuedAtSeconds: nowSeconds,
    expiresAtSeconds: nowSeconds,
    authTimeSeconds: nowSeconds
  }
  // No token left this mark; the same body at the same time may be told twice.
  const token = hash('sha256', `unsigned ${bodyHash}`, 'hex')
  return installOf(connect, payload, { token, body: bodyHash, expSeconds: nowSeconds + leewaySeconds })
}

function installOf(connect: VerifiedConnect, payload: LifecyclePayload, mark: VerifiedInstall['mark']) {
  return Object.freeze({
    connect: Object.freeze(connect),
    payload,
    mark: Object.freeze(mark),
    // Bitbucket names no address of the app.
    audience: '',
    iatSeconds: Math.floor(connect.issuedAtSeconds)
  })
}
