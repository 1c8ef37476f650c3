import { AtlassianError, AuthenticationError } from '../errors.ts'
import { askTokenEndpoint, parseTokenAnswer, type TokenAnswer } from '../host/token-endpoint.ts'
import { createFetchLimit } from '../jwt/key-cache.ts'
import type { Clock, FetchLike } from '../ports.ts'
import { version } from '../version.ts'
import { type BitbucketOptions, resolveBitbucket } from './bitbucket-options.ts'
import type { BitbucketPayload } from './bitbucket-payload.ts'
import { signBitbucketRequest } from './sign-bitbucket-request.ts'

/** What the proof of first installs needs to know of the world. */
export interface ProverOptions {
  /** Default: production. */
  readonly bitbucket?: BitbucketOptions
  readonly userAgent?: string
  readonly fetch?: FetchLike
  readonly clock?: Clock
  /** First installs that are asked about in a minute, at most. Default 30. */
  readonly maxPerMinute?: number
  /** For the whole answer. Default 5 seconds. */
  readonly timeoutMs?: number
}

/** Resolves if Bitbucket itself accepts the secret of this body and calls the account by the same name. */
export type InstallProver = (payload: BitbucketPayload) => Promise<void>

/**
 * The first install of a tenant is not signed, so anybody can send one: the secret in it is tried at the configured
 * address, and the account that Bitbucket tells has to be the principal of the body (connect.md 10). Rejects with
 * AuthenticationError `install-unproved` and `ATL_BITBUCKET_UNAVAILABLE`.
 */
export function createInstallProver(options: ProverOptions = {}): InstallProver {
  const { clock = Date.now, maxPerMinute = 30, timeoutMs = 5000, userAgent = `fastify-atlassian/${version}` } = options
  const bitbucket = resolveBitbucket(options.bitbucket)
  const world = { userAgent, clock, timeoutMs, fetch: options.fetch ?? ((url, init) => fetch(url, init)) }
  const takeTurn = createFetchLimit({ clock, maxFetchesPerMinute: maxPerMinute }, 'ATL_BITBUCKET_UNAVAILABLE')

  async function askAccount(authorization: string, url: URL): Promise<TokenAnswer> {
    try {
      return await askTokenEndpoint({ method: 'GET', url: url.href, headers: { authorization }, body: null }, world)
    } catch (cause) {
      throw new AtlassianError('ATL_BITBUCKET_UNAVAILABLE', 'account', {}, { cause })
    }
  }

  return async ({ key, clientKey, sharedSecret, principal }) => {
    if (sharedSecret === null || principal === null) throw new AuthenticationError('install-unproved', { why: 'body' })
    takeTurn()
    const url = new URL(`${bitbucket.apiUrl}${bitbucket.accountPath}`)
    const signer = { appKey: key, clientKey, sharedSecret }
    const token = signBitbucketRequest(signer, 'GET', url, Math.floor(clock() / 1000))
    const { status, text } = await askAccount(`JWT ${token}`, url)
    if (status !== 200) throw new AuthenticationError('install-unproved', { status })
    if (parseTokenAnswer(text)?.uuid !== principal.uuid) {
      throw new AuthenticationError('install-unproved', { why: 'account' })
    }
  }
}
