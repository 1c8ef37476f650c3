import { existsSync } from 'node:fs'
import { Kysely, SqliteDialect } from 'kysely'
import { AtlassianError } from '../../errors.ts'
import { openDatabase } from '../database.ts'
import { parseDatabaseUrl } from '../database-url.ts'
import { loadPackage } from '../load-package.ts'
import { type AceDatabase, type AceTables, readAceDatabase } from './ace-database.ts'
import { readAceRedis } from './ace-redis.ts'
import { readAceRowsFile } from './ace-rows-file.ts'
import type { AceSource } from './ace-source.ts'

/** How ACE's storage is called. */
export interface AceSourceOptions {
  /** The settings table, if ACE was told another one than its own "AddonSettings". */
  readonly table?: string
}

/** SQLite waits this long while ACE writes. */
const BUSY_WAIT_MS = 5000

/**
 * Opens what ACE stored, for reading: a database address as for `openDatabase`, `redis://` or `rediss://`, or a file
 * of rows that ends in `.jsonl`. Throws `ATL_OPTION` for another address or a missing table, MissingPackageError, and
 * what the driver throws; no message holds a password.
 */
export async function openAceSource(address: string, options: AceSourceOptions = {}): Promise<AceSource> {
  if (/\.jsonl$/i.test(address)) return readAceRowsFile(address)
  if (/^rediss?:/i.test(address)) return readAceRedis(address)
  const database = await openDatabaseOfAce(address)
  try {
    return await readAceDatabase(database, options.table ?? 'AddonSettings')
  } catch (error) {
    await database.db.destroy()
    throw error
  }
}

async function openDatabaseOfAce(address: string): Promise<AceDatabase> {
  const parsed = parseDatabaseUrl(address)
  if (parsed.dialect === 'sqlite') {
    return { dialect: parsed.dialect, db: await openSqliteForReading(parsed.path), name: parsed.path }
  }
  const { kysely } = await openDatabase<AceTables>(address)
  return { dialect: parsed.dialect, db: kysely, name: parsed.publicName }
}

/** Nothing is switched on or created in the file of another program. */
async function openSqliteForReading(path: string): Promise<Kysely<AceTables>> {
  const { default: BetterSqlite } = await loadPackage(
    'better-sqlite3',
    'A SQLite database',
    () => import('better-sqlite3')
  )
  try {
    if (!existsSync(path)) throw new Error('there is no such file')
    const database = new BetterSqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_WAIT_MS })
    return new Kysely<AceTables>({ dialect: new SqliteDialect({ database }) })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown reason'
    const message = `The SQLite file "${path}" cannot be read: ${why}`
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'sqlite-open', {}, { message, cause })
  }
}
