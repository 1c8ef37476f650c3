import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AtlassianError } from '../errors.ts'
import type { KeyRing } from './key-ring.ts'

/** Where a value stands. It is bound to this place: moved to another row or column it does not open. */
export interface ColumnPlace {
  readonly tenantId: string
  readonly table: string
  readonly column: string
  /** Which row of the tenant, in a table where it has several. */
  readonly row?: string
}

/** Encrypts and decrypts values for one place in the database. */
export interface ColumnCipher {
  seal(value: string, place: ColumnPlace): string
  /** Throws `ATL_ENCRYPTION_KEY` for an unknown key, a value from another place, a changed one, or plain text. */
  open(stored: string, place: ColumnPlace): string
  /** Whether the stored value should be written again: plain text, or sealed with a key that is not the newest. */
  isOutdated(stored: string): boolean
}

const PREFIX = 'atlenc1'
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM with the place as associated data. The stored form is `atlenc1.<key id>.<base64url of IV, text and tag>`.
 * `acceptsPlaintext` is asked for each value that has no such form.
 */
export function createColumnCipher(ring: KeyRing, acceptsPlaintext: () => boolean): ColumnCipher {
  return Object.freeze({
    seal(value: string, place: ColumnPlace): string {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', ring.key(ring.newestId), iv)
      cipher.setAAD(associatedData(place))
      const sealed = Buffer.concat([iv, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${PREFIX}.${ring.newestId}.${sealed.toString('base64url')}`
    },
    open(stored: string, place: ColumnPlace): string {
      const parts = split(stored)
      if (parts === null) {
        if (acceptsPlaintext()) return stored
        throw failure(
          'plaintext',
          place,
          '',
          'A stored secret is not encrypted. "encryption.acceptPlaintext: true" reads it until everything is re-encrypted'
        )
      }
      const key = ring.key(parts.keyId)
      const bytes = Buffer.from(parts.sealed, 'base64url')
      if (bytes.length < IV_BYTES + TAG_BYTES) throw damaged(place, parts.keyId)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(associatedData(place))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
      } catch {
        throw damaged(place, parts.keyId)
      }
    },
    isOutdated: (stored: string) => split(stored)?.keyId !== ring.newestId
  })
}

function split(stored: string): { keyId: string; sealed: string } | null {
  const match = /^atlenc1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]+)$/.exec(stored)
  return match === null ? null : { keyId: match[1] ?? '', sealed: match[2] ?? '' }
}

// JSON keeps the parts apart whatever characters they hold.
function associatedData({ tenantId, table, column, row }: ColumnPlace): Buffer {
  const place = row === undefined ? [tenantId, table, column] : [tenantId, table, column, row]
  return Buffer.from(JSON.stringify(place), 'utf8')
}

function damaged(place: ColumnPlace, keyId: string): AtlassianError {
  return failure(
    'unopenable',
    place,
    keyId,
    `A stored secret does not open with the key "${keyId}": the key has other bytes, or the value was changed or moved`
  )
}

function failure(reason: string, place: ColumnPlace, keyId: string, message: string): AtlassianError {
  return new AtlassianError('ATL_ENCRYPTION_KEY', reason, { ...place, keyId }, { message })
}
