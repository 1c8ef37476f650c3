import type { Kysely } from 'kysely'
import type { DatabaseDialect } from '../database.ts'
import { tenants } from './0001-tenants.ts'

/** One forward step of the schema. Once released it never changes: a correction is a new step. */
export interface Migration {
  /** A number of four digits and a word; the numbers give the order. */
  readonly name: string
  up(db: Kysely<unknown>, dialect: DatabaseDialect): Promise<void>
}

/** Every step in order. Written by hand, so that a bundled or packed app needs no folder to scan. */
export const migrations: readonly Migration[] = [tenants]
