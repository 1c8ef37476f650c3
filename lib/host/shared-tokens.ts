import { setTimeout as pause } from 'node:timers/promises'
import type { Clock, Log } from '../ports.ts'
import type { Secret } from '../secret.ts'
import type { StoredToken, TokenKey, TokenStore } from '../tenant/token-store.ts'
import { within } from '../within.ts'

/** The token store as one process sees it: what goes wrong there is logged, and never fails a call. */
export interface SharedTokens {
  /** A token that the test accepts, or `null`. */
  find(key: TokenKey, isGood: (stored: StoredToken) => boolean): Promise<StoredToken | null>
  /**
   * Runs `work` while no other process does so for this key, or gives what another one has found meanwhile. Where
   * nobody can tell, `work` runs.
   */
  alone(
    key: TokenKey,
    isGood: (stored: StoredToken) => boolean,
    work: () => Promise<StoredToken>
  ): Promise<StoredToken | null>
  put(key: TokenKey, stored: StoredToken): Promise<void>
  drop(key: TokenKey, token: Secret): Promise<void>
  forget(tenantId: string): Promise<void>
}

export interface SharedTokensOptions {
  /** Asked for each use: some stores have their parts only once they are open. */
  readonly store: { readonly tokens?: TokenStore }
  /** Another text in every process. */
  readonly owner: string
  readonly leaseMs: number
  readonly clock: Clock
  readonly log: Log
}

/** A store that does not answer must not hold up a call that can do without it. */
const STORE_LIMIT_MS = 2000
const STORE_REST_MS = 5000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 200

export function createSharedTokens({ store, owner, leaseMs, clock, log }: SharedTokensOptions): SharedTokens {
  let restsUntilMs = 0

  async function softly<Result>(what: string, instead: Result, work: (tokens: TokenStore) => Promise<Result>) {
    if (store.tokens === undefined || clock() < restsUntilMs) return instead
    try {
      return await within(work(store.tokens), STORE_LIMIT_MS, () => {
        restsUntilMs = clock() + STORE_REST_MS
        return new Error(`the store did not answer within ${STORE_LIMIT_MS} ms`)
      })
    } catch (error) {
      log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, `a user token could not be ${what}`)
      return instead
    }
  }

  const shared: SharedTokens = {
    async find(key, isGood) {
      const stored = await softly('read', null, (tokens) => tokens.get(key))
      return stored !== null && isGood(stored) ? stored : null
    },

    async alone(key, isGood, work) {
      const acquire = () => softly('leased', true, (tokens) => tokens.acquire(key, { owner, nowMs: clock(), leaseMs }))
      let pauseMs = FIRST_PAUSE_MS
      // A process that was killed leaves its lease behind, so this is longer than a lease.
      for (let waitedMs = 0; waitedMs < leaseMs + 1000; waitedMs += pauseMs) {
        if (await acquire()) {
          try {
            // Whoever had the lease before may have put one since we looked.
            return (await shared.find(key, isGood)) ?? (await work())
          } finally {
            await softly('released', undefined, (tokens) => tokens.release(key, owner))
          }
        }
        await pause(pauseMs)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
        const found = await shared.find(key, isGood)
        if (found !== null) return found
      }
      return null
    },

    async put(key, stored) {
      await softly('stored', false, (tokens) => tokens.put(key, stored))
    },

    async drop(key, token) {
      await softly('dropped', false, (tokens) => tokens.delete(key, token))
    },

    async forget(tenantId) {
      await softly('forgotten', 0, (tokens) => tokens.deleteAll(tenantId, 'user'))
    }
  }
  return shared
}
