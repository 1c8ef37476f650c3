import type { Secret } from '../secret.ts'

/** Whom the token acts as: a user of the site, or the app itself on one installation. */
export type AccessTokenKind = 'user' | 'system'

/** Under what a token is kept. */
export interface TokenKey {
  readonly tenantId: string
  readonly kind: AccessTokenKind
  /**
   * Everything that makes two tokens of one tenant different, as one text of 1 to 8,192 UTF-16 units, well-formed and
   * without NUL. A store may keep its SHA-256 instead.
   */
  readonly name: string
}

/** A token as it is stored. */
export interface StoredToken {
  readonly token: Secret
  /** When its issuer ends it; a store gives it out until it is swept, and who reads it judges. */
  readonly expiresAtMs: number
}

/**
 * The part of a tenant store that keeps access tokens, encrypted. Each belongs to one tenant of the app; a tenant of
 * another app has none here. A token that is gone is only asked for again, so that nothing but the lease keeps two
 * processes apart. Failures of the storage are thrown as they are, and so is `ATL_ENCRYPTION_KEY`.
 */
export interface TokenStore {
  /** The token that was put last, expired or not. */
  get(key: TokenKey): Promise<StoredToken | null>
  /**
   * Keeps the token if there is none, or one that expires earlier; `false` = there is one that lasts as long, and
   * nothing was written. Throws `ATL_NO_TENANT` for a tenant that does not exist, TypeError for a value that some
   * database could not keep.
   */
  put(key: TokenKey, token: StoredToken): Promise<boolean>
  /** Forgets the token if it still is this one; tells whether it was. */
  delete(key: TokenKey, token: Secret): Promise<boolean>
  /** Forgets the tokens of a tenant, of one kind or all, and the leases with them. Returns how many rows went. */
  deleteAll(tenantId: string, kind?: AccessTokenKind): Promise<number>
  /** Removes what expired at or before the time, of all tenants, unless it is leased. Returns how many rows went. */
  sweep(beforeMs: number): Promise<number>
  /**
   * Makes the owner (at most 64 characters) the only one who may ask for a new token, until the lease ends; `false` =
   * another one is. The owner may take it again. Throws as `put` does.
   */
  acquire(key: TokenKey, lease: { owner: string; nowMs: number; leaseMs: number }): Promise<boolean>
  /** Ends the lease if it is this owner's. */
  release(key: TokenKey, owner: string): Promise<void>
}
