import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { AtlassianError } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { StoredToken, TokenStore } from '../tenant/token-store.ts'
import { canBeName } from './record.ts'
import { numberReply, type RedisScript, type RunScript, textReply, textsReply } from './redis-script.ts'
import {
  acquireTokenScript,
  deleteTokenScript,
  deleteTokensScript,
  getTokenScript,
  listTokensScript,
  putTokenScript,
  releaseTokenScript,
  replaceTokenScript,
  sweepTokensScript,
  TOKENS_BATCH
} from './redis-token-scripts.ts'
import { checkToken, leaseEnd, type TokenPlace, tokenColumn, tokenPlace } from './token-record.ts'

/** A token that is written again between our look and our delete was sealed anew; more often than this it is not. */
const MAX_TRIES = 5

/** Tokens in Redis. Every change is one script that looks and writes, so that two processes never both win. */
export function createRedisTokens(run: RunScript, cipher: () => ColumnCipher): TokenStore {
  async function read(place: TokenPlace): Promise<{ readonly text: string; readonly stored: StoredToken } | null> {
    const reply = await run(getTokenScript, nameOf(place))
    if (reply === null) return null
    const text = textReply(reply)
    const { expires, sealed } = parse(text)
    const token = new Secret(cipher().open(sealed, tokenColumn(place)))
    return { text, stored: { token, expiresAtMs: Number(expires) } }
  }

  /** Whether the script did it. */
  async function runForTenant(script: RedisScript, place: TokenPlace, ...args: readonly string[]): Promise<boolean> {
    const { tenantId } = place
    const outcome = numberReply(await run(script, tenantId, nameOf(place), ...args))
    if (outcome < 0) throw new AtlassianError('ATL_NO_TENANT', 'tokens', { tenantId })
    return outcome === 1
  }

  /** Each script takes a batch away, until one finds less. */
  async function removeAll(script: RedisScript, what: string): Promise<number> {
    let removed = 0
    for (let batch = TOKENS_BATCH; batch === TOKENS_BATCH; removed += batch) {
      batch = numberReply(await run(script, what))
    }
    return removed
  }

  return {
    async get(key) {
      return (await read(tokenPlace(key)))?.stored ?? null
    },

    async put(key, given) {
      const place = tokenPlace(key)
      checkToken(given)
      const sealed = cipher().seal(given.token.reveal(), tokenColumn(place))
      return runForTenant(putTokenScript, place, String(given.expiresAtMs), sealed)
    },

    async delete(key, token) {
      const place = tokenPlace(key)
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        const found = await read(place)
        if (!found?.stored.token.equals(token)) return false
        if (numberReply(await run(deleteTokenScript, nameOf(place), found.text)) === 1) return true
      }
      return false
    },

    async deleteAll(tenantId, kind) {
      if (!canBeName(tenantId)) return 0
      return removeAll(deleteTokensScript, kind === undefined ? `${tenantId}\0` : `${tenantId}\0${kind}\0`)
    },

    sweep: (beforeMs) => removeAll(sweepTokensScript, String(beforeMs)),

    async acquire(key, lease) {
      const endMs = leaseEnd(lease)
      return runForTenant(acquireTokenScript, tokenPlace(key), lease.owner, String(lease.nowMs), String(endMs))
    },

    async release(key, owner) {
      const place = tokenPlace(key)
      // Sent to Redis, a lone surrogate would become another character, and so perhaps another owner.
      if (canBeName(owner)) await run(releaseTokenScript, nameOf(place), owner)
    }
  }
}

/**
 * Writes every token that is sealed with an older key with the newest one; what has expired is removed unread. One that
 * changes meanwhile is left to the one who changed it. `complete` = every token was met.
 */
export async function reencryptRedisTokens(
  run: RunScript,
  cipher: ColumnCipher,
  walk: { readonly nowMs: number; readonly batchSize: number; readonly signal: AbortSignal | undefined }
): Promise<{ rewritten: number; complete: boolean }> {
  await createRedisTokens(run, () => cipher).sweep(walk.nowMs)
  let rewritten = 0
  let first = '-'
  while (walk.signal?.aborted !== true) {
    const texts = textsReply(await run(listTokensScript, first, String(walk.batchSize)))
    if (texts.length === 0) return { rewritten, complete: true }
    for (let n = 0; n < texts.length; n += 2) {
      const [name = '', text = ''] = texts.slice(n, n + 2)
      first = `(${name}`
      const newer = text === '' ? null : resealed(name, text, cipher)
      if (newer !== null) rewritten += numberReply(await run(replaceTokenScript, name, text, newer))
    }
  }
  return { rewritten, complete: false }
}

/** `null` if it is sealed by the newest key. */
function resealed(name: string, text: string, cipher: ColumnCipher): string | null {
  const { expires, sealed } = parse(text)
  if (!cipher.isOutdated(sealed)) return null
  const column = tokenColumn(placeOf(name))
  return `${expires} ${cipher.seal(cipher.open(sealed, column), column)}`
}

function nameOf({ tenantId, kind, name }: TokenPlace): string {
  return `${tenantId}\0${kind}\0${name}`
}

function placeOf(text: string): TokenPlace {
  const [tenantId = '', kind, name = ''] = text.split('\0')
  return { tenantId, kind: kind === 'system' ? 'system' : 'user', name }
}

function parse(text: string): { readonly expires: string; readonly sealed: string } {
  const [expires = '', sealed = ''] = text.split(' ')
  return { expires, sealed }
}
