import type { KeyObject } from 'node:crypto'
import { AtlassianError } from '../errors.ts'
import { type Clock, type Log, silentLog } from '../ports.ts'
import { within } from '../within.ts'
import { type InstallKeySource, parsePublicKey } from './install-keys.ts'
import { createFetchLimit, createKeyCache } from './key-cache.ts'

/** Gets public keys of install tokens in the app's own way. */
export interface KeyProvider {
  /** The key with this name as PEM; `null` = there is none. The name is harmless as one segment of a path. */
  get(kid: string): string | null | undefined | Promise<string | null | undefined>
}

/** Where processes share keys, such as Redis. Whoever can write there can install the app: protect it as a secret. */
export interface KeyCache {
  get(kid: string): string | null | undefined | Promise<string | null | undefined>
  set(kid: string, pem: string): unknown
}

/** What `createProvidedKeySource` takes. */
export interface ProvidedKeyOptions {
  readonly provider: KeyProvider
  /** Asked before the provider, told after it. One that fails is passed over. */
  readonly cache?: KeyCache
  /** How often the provider is asked in a minute, at most. Default 30. */
  readonly maxFetchesPerMinute?: number
  /** How long the provider or the cache may take. Default 5 seconds. */
  readonly timeoutMs?: number
  readonly clock?: Clock
  readonly log?: Log
}

/**
 * Install keys from a provider of the app's own, with the same memory, bounds and checks as keys that are fetched: RSA of
 * at least 2048 bits. `get` throws `ATL_KEYS_UNAVAILABLE` where the provider fails.
 */
export function createProvidedKeySource(options: ProvidedKeyOptions): InstallKeySource {
  const { provider, cache, timeoutMs = 5000, maxFetchesPerMinute = 30, clock = Date.now, log = silentLog } = options
  const takeFetch = createFetchLimit({ clock, maxFetchesPerMinute })
  const inTime = <Value>(work: () => Value | Promise<Value>): Promise<Value> =>
    within((async () => work())(), timeoutMs)

  async function fromCache(kid: string): Promise<KeyObject | null> {
    if (cache === undefined) return null
    try {
      const pem = await inTime(() => cache.get(kid))
      return typeof pem === 'string' ? parsePublicKey(pem) : null
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'cache of install keys failed')
      return null
    }
  }

  async function remember(kid: string, pem: string): Promise<void> {
    try {
      await inTime(() => cache?.set(kid, pem))
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'cache of install keys failed')
    }
  }

  return createKeyCache(async (kid) => {
    const cached = await fromCache(kid)
    if (cached !== null) return cached
    takeFetch()
    try {
      const pem = await inTime(() => provider.get(kid))
      if (pem === null || pem === undefined) return null
      const key = parsePublicKey(pem)
      await remember(kid, pem)
      return key
    } catch (cause) {
      throw new AtlassianError('ATL_KEYS_UNAVAILABLE', 'key-provider-failed', {}, { cause })
    }
  }, clock)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
