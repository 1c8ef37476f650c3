import { hostMessages } from '../host/host-error.ts'
import type { LeasedTokens } from '../host/leased-tokens.ts'
import {
  askTokenEndpoint,
  oddAnswer,
  parseTokenAnswer,
  type TokenAnswer,
  type TokenEndpointOptions,
  toStoredToken
} from '../host/token-endpoint.ts'
import { UserTokenError } from '../host/user-token-error.ts'
import type { Secret } from '../secret.ts'
import type { StoredToken, TokenKey } from '../tenant/token-store.ts'
import type { ApiPlace } from './api-base-url.ts'
import { isMembers } from './forge-claims.ts'
import type { ForgeInstallationOf, SystemTokens } from './system-tokens.ts'

/** As whom, and where. */
export interface OfflineTokenRequest {
  readonly of: ForgeInstallationOf
  /** The product that is called. */
  readonly place: ApiPlace
  /** Atlassian account id. */
  readonly accountId: string
}

/** Tokens with which the app acts as a user who is not there (forge.md 3.3). Throws UserTokenError. */
export interface OfflineTokens {
  get(request: OfflineTokenRequest): Promise<Secret>
  /** The product refused this token. */
  drop(request: OfflineTokenRequest, token: Secret): Promise<void>
}

export interface OfflineTokensOptions extends TokenEndpointOptions {
  readonly leased: LeasedTokens
  readonly systemTokens: SystemTokens
}

/** What Atlassian allows one app; this process keeps to it for itself. */
const PER_MINUTE = 1000
const MINUTE_MS = 60_000
/** The longest that the server is left alone on its own word. */
const MAX_QUIET_MS = 60_000

const MUTATION =
  'mutation forge_remote_offlineUserAuthToken($input: OfflineUserAuthTokenInput!) { offlineUserAuthToken(input: $input) ' +
  '{ success errors { message } authToken { token ttl } } }'

export function createOfflineTokens(options: OfflineTokensOptions): OfflineTokens {
  const { leased, systemTokens, clock } = options
  const askedAtMs: number[] = []
  let quietUntilMs = Number.NEGATIVE_INFINITY

  /** Takes one of the questions of this minute. */
  function takeTurn(nowMs: number): void {
    if (nowMs < quietUntilMs) throw rateError('asked-to-wait', quietUntilMs - nowMs)
    while (askedAtMs.length > 0 && Math.abs(nowMs - (askedAtMs[0] ?? 0)) >= MINUTE_MS) askedAtMs.shift()
    if (askedAtMs.length >= PER_MINUTE) {
      throw rateError('rate', (askedAtMs[0] ?? nowMs) + MINUTE_MS - nowMs)
    }
    askedAtMs.push(nowMs)
  }

  async function askOnce({ place, accountId }: OfflineTokenRequest, system: Secret): Promise<TokenAnswer> {
    takeTurn(clock())
    const input = { contextIds: [`ari:cloud:${place.product}::site/${place.cloudId}`], userId: accountId }
    try {
      return await askTokenEndpoint(
        {
          // The gateway of the same cloud, whose host was checked.
          url: `${new URL(place.url).origin}/graphql`,
          headers: { 'content-type': 'application/json', authorization: `Bearer ${system.reveal()}` },
          body: JSON.stringify({
            operationName: 'forge_remote_offlineUserAuthToken',
            query: MUTATION,
            variables: { input }
          })
        },
        options
      )
    } catch (error) {
      if (error instanceof UserTokenError) noteQuiet(error)
      throw error
    }
  }

  function noteQuiet(error: UserTokenError): void {
    if (error.retryAfterSeconds === null) return
    quietUntilMs = clock() + Math.min(error.retryAfterSeconds * 1000, MAX_QUIET_MS)
  }

  async function ask(request: OfflineTokenRequest): Promise<StoredToken> {
    const startedAtMs = clock()
    const { token } = await systemTokens.get(request.of)
    let answer = await askOnce(request, token)
    if (answer.status === 401 && (await systemTokens.refused(request.of, token))) {
      answer = await askOnce(request, (await systemTokens.get(request.of)).token)
    }
    return readAnswer(answer, startedAtMs)
  }

  return {
    get: async (request) => await leased.get(keyOf(request), () => ask(request)),
    drop: async (request, token) => await leased.drop(keyOf(request), token)
  }
}

/** The limits are those of the app and not of one site; each caller gets an error of its own. */
function rateError(reason: string, waitMs: number): UserTokenError {
  return new UserTokenError('ATL_USER_TOKEN_UNAVAILABLE', reason, { retryAfterSeconds: Math.ceil(waitMs / 1000) })
}

/** Failures come with any status, 200 among them, at the top or in the answer of the mutation. */
function readAnswer({ status, text }: TokenAnswer, askedAtMs: number): StoredToken {
  const body = parseTokenAnswer(text)
  if (status !== 200) throw refused(status, body?.errors)
  if (body === null) throw oddAnswer('not-json', status)
  if (isFilled(body.errors)) throw refused(status, body.errors)
  const result: unknown = isMembers(body.data) ? body.data.offlineUserAuthToken : undefined
  if (!isMembers(result)) throw oddAnswer('no-result', status)
  if (result.success !== true || isFilled(result.errors)) throw refused(status, result.errors)
  const { authToken } = result
  if (!isMembers(authToken)) throw oddAnswer('access-token', status)
  return toStoredToken(authToken.token, authToken.ttl, askedAtMs, status)
}

function isFilled(errors: unknown): errors is readonly unknown[] {
  return Array.isArray(errors) && errors.length > 0
}

function refused(status: number, errors: unknown): UserTokenError {
  const listed = Array.isArray(errors) ? errors.filter(isMembers) : []
  const inner = listed.map(({ extensions }) => (isMembers(extensions) ? extensions.statusCode : undefined))
  if (inner.some((code) => code === 429 || (typeof code === 'number' && code >= 500))) {
    return new UserTokenError('ATL_USER_TOKEN_UNAVAILABLE', 'graphql', { status })
  }
  const [why = null] = hostMessages({ errors: listed.map(({ message }) => ({ message })) })
  return new UserTokenError('ATL_USER_TOKEN_REFUSED', 'refused', { status, details: { why } })
}

/** Whatever the token is asked with is part of its name, so that none outlives a reinstall. */
function keyOf({ of, place, accountId }: OfflineTokenRequest): TokenKey {
  const { tenantId, installationId, environmentId } = of
  if (place.cloudId === null) {
    throw new UserTokenError('ATL_USER_TOKEN_SETUP', 'product', {
      message: 'The app can act as a user who is not there in Jira and Confluence only'
    })
  }
  if (typeof accountId !== 'string' || !/^[\w:.-]{1,128}$/.test(accountId)) {
    throw new UserTokenError('ATL_USER_TOKEN_SETUP', 'account-id', {
      message: 'To act as a user, the app has to name an Atlassian account id'
    })
  }
  const name = JSON.stringify(['forge', installationId, environmentId, place.url, accountId])
  return { tenantId, kind: 'user', name }
}
