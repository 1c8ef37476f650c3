import { type ColumnCipher, createColumnCipher } from '../encryption/column-cipher.ts'
import type { EncryptionOptions } from '../encryption/encryption-options.ts'
import { createKeyRing } from '../encryption/key-ring.ts'
import { OptionError } from '../errors.ts'
import type { DatabaseHandle } from './database.ts'
import { developmentKey } from './development-key.ts'
import { insertUnlessThere } from './insert-unless-there.ts'

const ENCRYPTED_MARK = 'secrets_encrypted'

export interface StoreCipher {
  readonly cipher: ColumnCipher
  /** The file of the development key, `null` for real keys; a database in memory counts as real. */
  readonly developmentKeyFile: string | null
}

/**
 * The cipher for the secrets of this database. Without keys only SQLite starts, with a key of its own for
 * development. Throws OptionError for a server without keys, and for `acceptPlaintext` where re-encryption has ended.
 */
export async function openStoreCipher(
  database: DatabaseHandle,
  given: EncryptionOptions | undefined
): Promise<StoreCipher> {
  if (given === undefined && (database.dialect !== 'sqlite' || database.handedIn === true)) {
    throw new OptionError(
      'encryption',
      undefined,
      'a database on a server, or one that the app opened itself, needs "encryption: { keys: [{ id, key }] }", 32 random bytes as base64'
    )
  }
  const development = given === undefined ? developmentKey(database.file) : null
  const options = given ?? development?.encryption ?? { keys: [] }
  const ring = await createKeyRing(options)
  const acceptPlaintext = options.acceptPlaintext === true
  if (acceptPlaintext && (await isFullyEncrypted(database))) {
    throw new OptionError(
      'encryption.acceptPlaintext',
      true,
      'every secret of this database is encrypted, so it must be removed'
    )
  }
  return { cipher: createColumnCipher(ring, () => acceptPlaintext), developmentKeyFile: development?.file ?? null }
}

/** Whether re-encryption has walked this database to its end. */
export async function isFullyEncrypted({ tables }: DatabaseHandle): Promise<boolean> {
  const row = await tables.selectFrom('atl_state').select('value').where('name', '=', ENCRYPTED_MARK).executeTakeFirst()
  return row !== undefined
}

export async function markFullyEncrypted({ tables, dialect }: DatabaseHandle, value: string): Promise<void> {
  await insertUnlessThere(tables.insertInto('atl_state').values({ name: ENCRYPTED_MARK, value }), dialect)
}
