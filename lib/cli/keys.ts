import { readFileSync } from 'node:fs'
import type { EncryptionOptions } from '../encryption/encryption-options.ts'
import { UsageError } from './world.ts'

/** Keys from `ID=FILE` options, the newest first; `undefined` without any. Throws UsageError, never with a key in it. */
export function readKeys(options: readonly string[] | undefined): EncryptionOptions | undefined {
  if (options === undefined || options.length === 0) return undefined
  return { keys: options.map(readKey) }
}

/** A file of 32 bytes, or of their base64 text. */
function readKey(option: string): { id: string; key: string | Uint8Array } {
  const at = option.indexOf('=')
  if (at < 1) throw new UsageError('--key-file has the form ID=FILE, where ID is the id of the key')
  const file = option.slice(at + 1)
  try {
    const bytes = readFileSync(file)
    return { id: option.slice(0, at), key: bytes.length === 32 ? bytes : bytes.toString('utf8').trim() }
  } catch (error) {
    throw new UsageError(`The key file "${file}" cannot be read: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}
