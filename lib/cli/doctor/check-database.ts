import { existsSync } from 'node:fs'
import type { EncryptionOptions } from '../../encryption/encryption-options.ts'
import { AtlassianError } from '../../errors.ts'
import { type Database, openDatabase } from '../../store/database.ts'
import type { DatabaseOptions } from '../../store/database-options.ts'
import { parseDatabaseUrl } from '../../store/database-url.ts'
import { createKyselyTenantStore } from '../../store/kysely-tenant-store.ts'
import { migrationStatus } from '../../store/migrate.ts'
import { type Finding, finding, reasonOf } from './finding.ts'

export interface DatabaseSetting {
  /** Address of the database, as the option `store`. */
  readonly url: string
  readonly open: Pick<DatabaseOptions, 'tablePrefix' | 'schema'>
  readonly encryption: EncryptionOptions | undefined
  /** `null`: not known, so that no tenant can be read. */
  readonly appKey: string | null
  readonly production: boolean
}

/** How many tenants are read to try the keys. */
const SAMPLE = 200

/** Whether the database answers, has the tables of this version, and opens with the keys. Writes nothing. */
export async function* checkDatabase(setting: DatabaseSetting): AsyncGenerator<Finding> {
  if (/^rediss?:/i.test(setting.url)) {
    yield finding('database', 'skipped', 'Redis is not looked at from here: the app checks it when it starts.')
    return
  }
  let database: Database
  try {
    const address = parseDatabaseUrl(setting.url)
    if (address.dialect === 'sqlite' && address.path !== ':memory:' && !existsSync(address.path)) {
      yield finding('database', 'warning', `There is no file "${address.path}" yet; the app makes it when it starts.`)
      return
    }
    database = await openDatabase(setting.url, setting.open)
  } catch (error) {
    yield finding('database', 'failed', reasonOf(error))
    return
  }
  try {
    yield* lookInto(database, setting)
  } finally {
    await database.close()
  }
}

async function* lookInto(database: Database, setting: DatabaseSetting): AsyncGenerator<Finding> {
  try {
    const { executed, pending, unknown } = await migrationStatus(database)
    yield finding('database', 'ok', `The ${database.dialect} database answers.`)
    if (unknown.length > 0) {
      yield finding('migrations', 'failed', `A newer version of this package has migrated it: ${unknown.join(', ')}.`)
      return
    }
    if (pending.length > 0) {
      const verdict = database.dialect === 'sqlite' ? 'warning' : 'failed'
      const how =
        database.dialect === 'sqlite' ? 'the app makes them when it starts' : 'run "fastify-atlassian migrate latest"'
      yield finding('migrations', verdict, `${pending.length} are missing (${pending.join(', ')}): ${how}.`)
      return
    }
    yield finding('migrations', 'ok', `All ${executed.length} are there.`)
  } catch (error) {
    yield finding('database', 'failed', `The ${database.dialect} database does not answer: ${reasonOf(error)}`)
    return
  }
  yield await checkKeys(database, setting)
}

async function checkKeys(database: Database, { appKey, encryption, production }: DatabaseSetting): Promise<Finding> {
  if (appKey === null) return finding('keys', 'skipped', 'The key of the app is not known: --app-key or --descriptor.')
  const file = database.file === null ? null : `${database.file}.key`
  if (encryption === undefined && !(file !== null && existsSync(file))) {
    return finding('keys', 'skipped', 'No key was named: --key-file ID=FILE, or the variables of the app.')
  }
  try {
    const store = createKyselyTenantStore({
      appKey,
      database,
      migrate: false,
      coherence: 'poll',
      ...(encryption === undefined ? {} : { encryption })
    })
    await store.open()
    const tenants = await store.list({ limit: SAMPLE })
    const seen = `${tenants.length === SAMPLE ? 'the first ' : ''}${tenants.length} tenants of "${appKey}" can be read`
    if (encryption !== undefined) return finding('keys', 'ok', `${seen} with the keys.`)
    const message = `${seen} with the development key ${file ?? ''}, which production refuses.`
    return finding('keys', production ? 'failed' : 'ok', message)
  } catch (error) {
    if (error instanceof AtlassianError) return finding('keys', 'failed', `${error.message}.`)
    return finding('keys', 'failed', reasonOf(error))
  }
}
