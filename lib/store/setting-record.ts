import { AtlassianError } from '../errors.ts'
import { canBeSettingKey, type SettingsOwner, type StoredSetting } from '../tenant/settings-store.ts'

/**
 * A new setting begins with a random version below this, so that one which was deleted and made again is never
 * mistaken for the one before. randomInt goes no higher, and years of writes fit on top.
 */
export const FIRST_VERSION_LIMIT = 2 ** 47

type NewSetting = Omit<StoredSetting, 'version'>

/** The setting as it will be stored. Throws TypeError naming what some database could not keep. */
export function settingRecord(owner: SettingsOwner, { key, value, expiresAtMs, updatedAtMs }: NewSetting): NewSetting {
  if (typeof owner.installation !== 'string' || owner.installation.length > 64) {
    throw new TypeError('The installation of a setting must be a text of at most 64 characters')
  }
  if (!canBeSettingKey(key)) throw new TypeError('"key" of a setting cannot be stored')
  if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0')) {
    throw new TypeError('"value" of a setting cannot be stored: it must be well-formed text without NUL')
  }
  if (!Number.isSafeInteger(updatedAtMs) || !(expiresAtMs === null || Number.isSafeInteger(expiresAtMs))) {
    throw new TypeError('Times of a setting must be whole numbers')
  }
  return Object.freeze({ key, value, expiresAtMs, updatedAtMs })
}

/** Nothing of the value or the key goes into an error: both may be personal data. */
export function settingConflict({ tenantId }: SettingsOwner): AtlassianError {
  return new AtlassianError(
    'ATL_STORE_CONFLICT',
    'setting-conflict',
    { tenantId },
    { message: 'The setting was changed by another request. Try again.' }
  )
}

const HIGHEST = 0x10ffff

/** The first text after all that begin with the prefix, in the order of UTF-8 bytes; `null` if nothing comes after. */
export function firstKeyAfterPrefix(prefix: string): string | null {
  const points = [...prefix].map((character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === HIGHEST) points.pop()
  const last = points.pop()
  if (last === undefined) return null
  // The code points in between are halves of pairs and never stand alone.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}
