import { createSecretKey, type KeyObject } from 'node:crypto'
import { AtlassianError, OptionError } from '../errors.ts'
import type { EncryptionKey, EncryptionOptions, UnwrapProvider } from './encryption-options.ts'

/** Keys that are ready for use: the newest writes, all read. */
export interface KeyRing {
  readonly newestId: string
  /** Throws `ATL_ENCRYPTION_KEY` naming the id if the ring lacks it. */
  key(id: string): KeyObject
}

const KEY_BYTES = 32
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/

/** Checks and unwraps every key. Throws OptionError naming the key, and what the provider throws as `ATL_ENCRYPTION_KEY`. */
export async function createKeyRing(options: EncryptionOptions): Promise<KeyRing> {
  const { keys, provider } = options
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new OptionError('encryption.keys', keys, 'it must name at least one key, the newest first', { hidden: true })
  }
  const ring = new Map<string, KeyObject>()
  for (const [index, key] of keys.entries()) {
    const name = `encryption.keys[${index}]`
    if (typeof key !== 'object' || key === null)
      throw new OptionError(name, typeof key, 'it must be an object with id and key')
    if (typeof key.id !== 'string' || !KEY_ID.test(key.id)) {
      throw new OptionError(`${name}.id`, key.id, 'it must be 1 to 64 letters, digits, "-" or "_"', { hidden: true })
    }
    if (ring.has(key.id)) throw new OptionError(`${name}.id`, key.id, 'every key needs an id of its own')
    ring.set(key.id, createSecretKey(await keyBytes(key, name, provider)))
  }
  const newestId = keys[0]?.id ?? ''
  return Object.freeze({
    newestId,
    key(id: string): KeyObject {
      const key = ring.get(id)
      if (key === undefined) {
        throw new AtlassianError(
          'ATL_ENCRYPTION_KEY',
          'key-missing',
          { keyId: id },
          { message: `A stored secret was encrypted with the key "${id}", which is not among "encryption.keys"` }
        )
      }
      return key
    }
  })
}

async function keyBytes(key: EncryptionKey, name: string, provider: UnwrapProvider | undefined): Promise<Uint8Array> {
  if ('key' in key) return exactBytes(decode(key.key), `${name}.key`)
  if (provider === undefined) {
    throw new OptionError(
      'encryption.provider',
      undefined,
      `the key "${key.id}" is wrapped and a provider has to unwrap it`
    )
  }
  try {
    return exactBytes(await provider.unwrap(decode(key.wrapped), key.id), `${name}.wrapped`)
  } catch (cause) {
    if (cause instanceof OptionError) throw cause
    throw new AtlassianError(
      'ATL_ENCRYPTION_KEY',
      'key-unwrap',
      { keyId: key.id },
      { message: `The provider could not unwrap the key "${key.id}"`, cause }
    )
  }
}

function decode(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : value
}

function exactBytes(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.byteLength === KEY_BYTES) return bytes
  // Only the length is told: what came may be most of a key.
  throw new OptionError(name, `${bytes.byteLength} bytes`, `it must be ${KEY_BYTES} bytes, or their base64 text`)
}
