import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../column-types.ts'
import type { DatabaseDialect } from '../database.ts'
import { tenants } from './0001-tenants.ts'
import { state } from './0002-state.ts'
import { settings } from './0003-settings.ts'
import { identity } from './0004-identity.ts'
import { tokens } from './0005-tokens.ts'
import { accounts } from './0006-accounts.ts'

/**
 * One forward step of the schema. Once released it never changes: a correction is a new step.
 *
 * Tables, indexes and constraints are called `atl_...` here and get their prefix and schema by themselves, in the
 * query builder and in `sql.table`, not in raw text. MySQL ends a transaction with every change of the schema, so
 * there a step that was cut off goes on after its last finished statement: a step sends the same statements in the
 * same order each time, whatever it reads.
 */
export interface Migration {
  /** A number of four digits and a word; the numbers give the order. */
  readonly name: string
  up(db: Kysely<unknown>, dialect: DatabaseDialect, types: ColumnTypes): Promise<void>
}

/** Every step in order. Written by hand, so that a bundled or packed app needs no folder to scan. */
export const migrations: readonly Migration[] = [tenants, state, settings, identity, tokens, accounts]
