import { createPublicKey, type KeyObject } from 'node:crypto'
import { AtlassianError } from '../errors.ts'
import type { Clock, FetchLike, Log } from '../ports.ts'
import { createFetchLimit, createKeyCache } from './key-cache.ts'

/** Where Atlassian publishes the public keys of install tokens (connect.md 2.5), asked in this order. */
export const productionKeyHosts: readonly string[] = Object.freeze([
  'https://asap-distribution.us-west-2.prod.atl-asap.net',
  'https://connect-install-keys.atlassian.com'
])

/** Public keys that sign install tokens. */
export interface InstallKeySource {
  /**
   * The public key of a well-formed `kid`, from the configured hosts and no others. Throws AuthenticationError if they
   * do not know it and AtlassianError `ATL_KEYS_UNAVAILABLE` if they cannot be asked now.
   */
  get(kid: string): Promise<KeyObject>
}

export interface InstallKeyOptions {
  readonly hosts: readonly string[]
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly log: Log
  /** How many requests for keys that we do not hold may be sent in a minute, all hosts together. */
  readonly maxFetchesPerMinute: number
  readonly timeoutMs: number
}

const MAX_PEM_LENGTH = 16_384
const PEM = /^-----BEGIN PUBLIC KEY-----\s[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/

/** One long path segment of harmless characters; it becomes part of an address (connect.md 2.4, rule 2). */
export function isWellFormedKid(kid: unknown): kid is string {
  return typeof kid === 'string' && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(kid) && !kid.includes('..')
}

/**
 * Keys by `kid`, for the life of the process: a rotation always brings a new `kid`. Unknown ones are remembered for a
 * minute, concurrent questions for one `kid` share a flight, and made-up ones run into a cap instead of the network.
 */
export function createInstallKeySource(options: InstallKeyOptions): InstallKeySource {
  const takeFetch = createFetchLimit(options)

  async function askHosts(kid: string): Promise<KeyObject | null> {
    let failure: unknown = null
    for (const host of options.hosts) {
      takeFetch()
      try {
        const key = await fetchFrom(`${host}/${kid}`, options)
        if (key !== null) return key
      } catch (error) {
        failure = error
        options.log.warn(
          { host, reason: error instanceof Error ? error.message : 'unknown' },
          'install key host failed'
        )
      }
    }
    // A host that could not be asked might have known the key, so this is no verdict on the token.
    if (failure !== null) throw new AtlassianError('ATL_KEYS_UNAVAILABLE', 'key-host-failed', {}, { cause: failure })
    return null
  }

  return createKeyCache(askHosts, options.clock)
}

/** The key, or `null` if this host does not know it. Throws for everything that is neither. */
async function fetchFrom(url: string, options: InstallKeyOptions): Promise<KeyObject | null> {
  const response = await options.fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/x-pem-file, text/plain' },
    signal: AbortSignal.timeout(options.timeoutMs)
  })
  if (response.status === 404 || response.status === 403 || response.status === 410) {
    await response.body?.cancel()
    return null
  }
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`status ${response.status}`)
  }
  return parsePublicKey(await readBounded(response))
}

/** An RSA key of at least 2048 bits as PEM (connect.md 2.4, rule 3). Throws an error that tells what it is not. */
export function parsePublicKey(pem: string): KeyObject {
  if (pem.length > MAX_PEM_LENGTH || !PEM.test(pem)) throw new Error('the answer is not a public key')
  const key = createPublicKey(pem)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa' || bits < 2048) throw new Error('the key is not RSA of at least 2048 bits')
  return key
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_PEM_LENGTH) throw new Error('the answer is too long for a key')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
