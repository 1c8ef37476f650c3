import { createHash } from 'node:crypto'

/** Longest key of a setting, in UTF-16 units as JavaScript counts. */
export const MAX_SETTING_KEY_LENGTH = 255

/** Whose settings: those of a tenant itself, or those of one of its installations. */
export interface SettingsOwner {
  readonly tenantId: string
  /** Empty for the tenant's own, else a text of at most 64 characters that stands for one installation. */
  readonly installation: string
}

/** How an installation is named in `SettingsOwner`. Its own name of up to 2,000 bytes is too long for a key. */
export function installationMark(of: { readonly installationId: string; readonly environmentId: string }): string {
  // As a list, so that its two halves cannot be mistaken for each other.
  return createHash('sha256')
    .update(JSON.stringify([of.installationId, of.environmentId]))
    .digest('hex')
}

/** A setting as it is stored. */
export interface StoredSetting {
  readonly key: string
  /** JSON text. */
  readonly value: string
  /** Another one after every write, and never one that the same key had before, not even before it was deleted. */
  readonly version: number
  /** From this time on the setting is gone; `null` = it stays. */
  readonly expiresAtMs: number | null
  readonly updatedAtMs: number
}

/** A page of settings. */
export interface SettingsListQuery {
  /** Only keys that begin with this text; empty = all. */
  readonly prefix: string
  /** The key after which the page starts; empty = the first. */
  readonly after: string
  /** At most this many, 1 to 1000. */
  readonly limit: number
  readonly nowMs: number
}

/**
 * The part of a tenant store that keeps small values by key. Each owner sees its own and nothing else; a tenant of
 * another app has no settings here. What has expired is as good as deleted. Failures of the storage are thrown as they are.
 */
export interface SettingsStore {
  /** The setting, or `null`. A key that cannot exist is found nowhere. */
  get(owner: SettingsOwner, key: string, nowMs: number): Promise<StoredSetting | null>
  /**
   * Writes the value, the expiry and `updatedAtMs`, and returns the new version. With `ifVersion` only if the setting has this
   * version (`null`: only if there is none), else it throws `ATL_STORE_CONFLICT` and writes nothing. Throws
   * `ATL_NO_TENANT` for a tenant that does not exist or gave its data to another one, and TypeError for a key that cannot exist.
   */
  set(
    owner: SettingsOwner,
    setting: Omit<StoredSetting, 'version'>,
    ifVersion: number | null | undefined
  ): Promise<number>
  /** Whether there was one. With `ifVersion` a setting of another version stays, and `ATL_STORE_CONFLICT` is thrown. */
  delete(owner: SettingsOwner, key: string, ifVersion: number | undefined, nowMs: number): Promise<boolean>
  /** In order of the keys' UTF-8 bytes, so that a walk with `after` meets each exactly once. */
  list(owner: SettingsOwner, query: SettingsListQuery): Promise<StoredSetting[]>
  /** Removes what expired at or before the time, of all tenants. Returns how many. */
  sweep(nowMs: number): Promise<number>
  /**
   * Gives the settings of one tenant to another, with those of the installations that went along, named as in
   * `SettingsOwner`. A key that the other has already stays with the first. Returns how many moved. Part of `adopt`.
   */
  move(fromTenantId: string, toTenantId: string, installations?: readonly string[]): Promise<number>
}

/** Whether a setting can have this key: 1 to 255 characters, well-formed, without NUL. */
export function canBeSettingKey(key: unknown): key is string {
  return (
    typeof key === 'string' &&
    key !== '' &&
    key.length <= MAX_SETTING_KEY_LENGTH &&
    key.isWellFormed() &&
    !key.includes('\0')
  )
}
