import { OptionError } from './errors.ts'
import * as check from './option-checks.ts'
import type { ConnectOptions, ResolvedOptions } from './options.ts'

/** The option `store` after its default. Throws OptionError. */
export function parseStore(value: ConnectOptions['store']): NonNullable<ConnectOptions['store']> {
  if (value === undefined) return 'sqlite:fastify-atlassian.sqlite'
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'function') return value
  if (
    typeof value === 'object' &&
    value !== null &&
    typeof value.find === 'function' &&
    typeof value.save === 'function'
  ) {
    return value
  }
  throw new OptionError('store', value, 'it must be a database address, a TenantStore, or a function that returns one')
}

/** Its members are checked when the database is opened. */
export function parseDatabase({ database, store }: ConnectOptions): ResolvedOptions['database'] {
  if (database === undefined) return undefined
  check.object(database, 'database')
  check.noUnknown(database, 'database.', ['tablePrefix', 'schema', 'pool', 'onQuery'])
  if (store === undefined || typeof store === 'string') return database
  throw new OptionError(
    'database',
    database,
    'it is for an address in the option "store", which is something else here'
  )
}

/** Keys are checked when they are read; here only what can be wrong about the option itself. */
export function parseEncryption({ encryption, store }: ConnectOptions): ResolvedOptions['encryption'] {
  if (encryption === undefined) return undefined
  check.object(encryption, 'encryption')
  check.noUnknown(encryption, 'encryption.', ['keys', 'provider', 'acceptPlaintext'])
  check.flag(encryption.acceptPlaintext, 'encryption.acceptPlaintext', false)
  if (store !== undefined && typeof store !== 'string') {
    throw new OptionError(
      'encryption',
      encryption,
      'it must be given to the store itself, which the option "store" brings ready'
    )
  }
  return encryption
}
