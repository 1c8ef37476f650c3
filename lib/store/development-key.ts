import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { EncryptionOptions } from '../encryption/encryption-options.ts'
import { AtlassianError } from '../errors.ts'

export interface DevelopmentKey {
  readonly encryption: EncryptionOptions
  /** Where it lies; `null` for a database in memory, whose key is gone with it. */
  readonly file: string | null
}

/**
 * A key for the first steps, made once and kept beside the SQLite file, readable by its owner only. Whoever can copy
 * both files can read the secrets, so it is refused in production.
 */
export function developmentKey(databaseFile: string | null): DevelopmentKey {
  if (databaseFile === null) return { encryption: ring(randomBytes(32).toString('base64')), file: null }
  const file = `${databaseFile}.key`
  return { encryption: encryptionFromFile(file), file }
}

/** How a file with a key is read. */
export interface KeyFileOptions {
  /** Whether a file that is missing is made. Default true; false wherever somebody else puts it there. */
  readonly create?: boolean
}

/**
 * A ring of one key that is kept in a file, made on first use and readable by its owner only. For development, and for
 * machines whose files are kept apart from the database. Throws `ATL_ENCRYPTION_KEY` if the file cannot be used.
 */
export function encryptionFromFile(file: string, { create = true }: KeyFileOptions = {}): EncryptionOptions {
  const key = readKey(file)
  if (key === null && !create) throw unusable(file, new Error('the file is missing'))
  return ring(key ?? createKey(file))
}

function ring(key: string): EncryptionOptions {
  return { keys: [{ id: 'development', key }] }
}

function readKey(file: string): string | null {
  try {
    const key = readFileSync(file, 'utf8').trim()
    // Another process made the file and has not written into it yet, or a crash left it empty.
    return key === '' ? waitForKey(file) : key
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw unusable(file, error)
  }
}

function createKey(file: string): string {
  const key = randomBytes(32).toString('base64')
  try {
    const descriptor = openSync(file, 'wx', 0o600)
    try {
      writeSync(descriptor, `${key}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    return key
  } catch (error) {
    const other = codeOf(error) === 'EEXIST' ? readKey(file) : null
    if (other !== null) return other
    throw unusable(file, error)
  }
}

/** Two processes may start at once; the other one writes 45 bytes within moments. */
function waitForKey(file: string): string {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; tries < 20; tries++) {
    Atomics.wait(pause, 0, 0, 25)
    const key = readFileSync(file, 'utf8').trim()
    if (key !== '') return key
  }
  throw unusable(file, new Error('the file is empty'))
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function unusable(file: string, cause: unknown): AtlassianError {
  const why = cause instanceof Error ? cause.message : 'unknown reason'
  return new AtlassianError(
    'ATL_ENCRYPTION_KEY',
    'development-key',
    {},
    { message: `The key "${file}" cannot be used: ${why}`, cause }
  )
}
