import type { EncryptionOptions } from '../../lib/encryption/encryption-options.ts'

/** Keys for databases of tests: fixed, so that several stores and processes read the same rows. */
export const testEncryption: EncryptionOptions = { keys: [{ id: 'test', key: Buffer.alloc(32, 7).toString('base64') }] }
