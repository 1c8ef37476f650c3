import type { Transaction } from 'kysely'
import type { Tables } from './schema.ts'

/**
 * The transaction of a `beforePurge` event, to delete the app's own rows together with the tenant:
 * `transactionOf<MyTables>(event).deleteFrom('cups')...`. On the app's own view of the database, as `database.kysely`. Throws
 * TypeError for the event of a store that has no Kysely transaction, such as the one in memory.
 */
export function transactionOf<AppTables = unknown>(event: {
  readonly transaction: object | null
}): Transaction<AppTables & Tables>
// Which tables an app has is told to the compiler only.
export function transactionOf({ transaction }: { readonly transaction: object | null }): object {
  if (transaction === null || !('isTransaction' in transaction) || transaction.isTransaction !== true) {
    throw new TypeError('The store of this tenant has no transaction of Kysely')
  }
  return transaction
}
