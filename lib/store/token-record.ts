import { createHash } from 'node:crypto'
import type { ColumnPlace } from '../encryption/column-cipher.ts'
import { Secret } from '../secret.ts'
import type { StoredToken, TokenKey } from '../tenant/token-store.ts'
import { canBeName } from './record.ts'

const MAX_NAME_LENGTH = 8192
const MAX_OWNER_LENGTH = 64

/** A row of the token table: fixed in length, and nobody's account id. */
export interface TokenPlace {
  readonly tenantId: string
  readonly kind: 'user' | 'system'
  /** SHA-256 of the name, hex. */
  readonly name: string
}

/** Where a token with this key stands. Throws TypeError for a key that no token can have. */
export function tokenPlace({ tenantId, kind, name }: TokenKey): TokenPlace {
  if (!canBeName(tenantId)) throw new TypeError('"tenantId" of a token cannot be stored')
  if (kind !== 'user' && kind !== 'system') throw new TypeError('"kind" of a token must be user or system')
  if (!isText(name, MAX_NAME_LENGTH)) throw new TypeError('"name" of a token cannot be stored')
  return { tenantId, kind, name: createHash('sha256').update(name).digest('hex') }
}

/** The row is part of the place, so that a token which is copied to another user's row does not open there. */
export function tokenColumn({ tenantId, kind, name }: TokenPlace): ColumnPlace {
  return { tenantId, table: 'atl_tokens', column: 'value', row: `${kind}/${name}` }
}

/** Throws TypeError naming what some database could not keep, never its value. */
export function checkToken({ token, expiresAtMs }: StoredToken): void {
  if (!(token instanceof Secret)) throw new TypeError('"token" must be a Secret')
  if (!isText(token.reveal(), Number.POSITIVE_INFINITY)) throw new TypeError('"token" cannot be stored')
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= 0) {
    throw new TypeError('"expiresAtMs" of a token must be a whole number above 0')
  }
}

/** Throws TypeError for a lease that some database could not keep. Returns when it ends. */
export function leaseEnd({ owner, nowMs, leaseMs }: { owner: string; nowMs: number; leaseMs: number }): number {
  if (!isText(owner, MAX_OWNER_LENGTH)) throw new TypeError('"owner" of a lease cannot be stored')
  const end = nowMs + leaseMs
  if (!Number.isSafeInteger(nowMs) || !Number.isSafeInteger(end)) {
    throw new TypeError('Times of a lease must be whole numbers')
  }
  return end
}

function isText(value: unknown, limit: number): value is string {
  return (
    typeof value === 'string' && value !== '' && value.length <= limit && value.isWellFormed() && !value.includes('\0')
  )
}
