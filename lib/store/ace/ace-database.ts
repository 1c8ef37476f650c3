import { type Kysely, sql } from 'kysely'
import { AtlassianError } from '../../errors.ts'
import {
  type AceForgeSetting,
  type AceSetting,
  type AceSource,
  CLIENT_INFO,
  parseAceValue,
  USER_TOKEN_PREFIX
} from './ace-source.ts'

/** The tables that ACE's Sequelize adapter makes. The first one may have a name of the app's own. */
export type AceTables = {
  readonly AddonSettings: { id: number; clientKey: string | null; key: string | null; val: unknown }
  readonly InstallationClientKeys: { id: number; installationId: string; clientKey: string }
  readonly ForgeSettings: { id: number; installationId: string; key: string; val: unknown }
}

export interface AceDatabase {
  readonly dialect: 'sqlite' | 'postgres' | 'mysql'
  readonly db: Kysely<AceTables>
  /** Without a user name or password. */
  readonly name: string
}

const BATCH = 500

/**
 * ACE's tables, read only. `table` is the name of the settings table or the option `table` of ACE, to which Sequelize
 * adds an "s". Throws `ATL_OPTION` naming the tables that it could be if there is none of that name.
 */
export async function readAceDatabase({ dialect, db, name }: AceDatabase, table: string): Promise<AceSource> {
  const settingsTable = await findSettingsTable(db, table, name)
  const hasInstallations = await canRead(db, 'InstallationClientKeys')
  const hasForgeSettings = await canRead(db, 'ForgeSettings')
  const rows = db.selectFrom(sql<AceTables['AddonSettings']>`${sql.table(settingsTable)}`.as('setting'))

  return {
    name,
    close: () => db.destroy(),

    async *clientKeys() {
      let after: string | undefined
      for (;;) {
        const page = await rows
          .select('setting.clientKey')
          .distinct()
          .where('setting.key', '=', CLIENT_INFO)
          .where('setting.clientKey', 'is not', null)
          .$if(after !== undefined, (query) => query.where('setting.clientKey', '>', after ?? ''))
          .orderBy('setting.clientKey')
          .limit(BATCH)
          .execute()
        for (const { clientKey } of page) yield clientKey ?? ''
        after = page.at(-1)?.clientKey ?? undefined
        if (page.length < BATCH || after === undefined) return
      }
    },

    async clientInfos(clientKey) {
      const found = await rows
        .select('setting.val')
        .where('setting.key', '=', CLIENT_INFO)
        .where('setting.clientKey', '=', clientKey)
        // ACE updates the first row that it meets. PostgreSQL can tell which one that was the last time.
        .$if(dialect === 'postgres', (query) => query.orderBy(sql`age(setting.xmin)`))
        .orderBy('setting.id')
        .limit(20)
        .execute()
      return found.map(({ val }) => parseAceValue(val))
    },

    async installationIds(clientKey) {
      if (!hasInstallations) return []
      const found = await db
        .selectFrom('InstallationClientKeys')
        .select('installationId')
        .where('clientKey', '=', clientKey)
        .orderBy('id', 'desc')
        .limit(100)
        .execute()
      return [...new Set(found.map(({ installationId }) => installationId))]
    },

    async clientKeysOf(installationId) {
      if (!hasInstallations) return []
      const found = await db
        .selectFrom('InstallationClientKeys')
        .select('clientKey')
        .distinct()
        .where('installationId', '=', installationId)
        .limit(2)
        .execute()
      return found.map(({ clientKey }) => clientKey)
    },

    async *settings(): AsyncIterable<AceSetting> {
      let after = 0
      for (;;) {
        const page = await rows
          .select(['setting.id', 'setting.clientKey', 'setting.key', 'setting.val'])
          .where('setting.id', '>', after)
          .where('setting.clientKey', 'is not', null)
          .where('setting.key', 'is not', null)
          .where('setting.key', '<>', CLIENT_INFO)
          .where('setting.key', 'not like', `${USER_TOKEN_PREFIX}%`)
          .orderBy('setting.id')
          .limit(BATCH)
          .execute()
        for (const { clientKey, key, val } of page) {
          yield { clientKey: clientKey ?? '', key: key ?? '', value: parseAceValue(val) }
        }
        after = page.at(-1)?.id ?? after
        if (page.length < BATCH) return
      }
    },

    async *forgeSettings(): AsyncIterable<AceForgeSetting> {
      for (let after = 0; hasForgeSettings; ) {
        const page = await db
          .selectFrom('ForgeSettings')
          .selectAll()
          .where('id', '>', after)
          .orderBy('id')
          .limit(BATCH)
          .execute()
        for (const { installationId, key, val } of page) yield { installationId, key, value: parseAceValue(val) }
        after = page.at(-1)?.id ?? after
        if (page.length < BATCH) return
      }
    },

    async leftovers() {
      const { tokens } = await rows
        .select((eb) => eb.fn.countAll<number | string>().as('tokens'))
        .where('setting.key', 'like', `${USER_TOKEN_PREFIX}%`)
        .executeTakeFirstOrThrow()
      const nameless = await rows
        .select('setting.id')
        .where((eb) => eb.or([eb('setting.clientKey', 'is', null), eb('setting.key', 'is', null)]))
        .orderBy('setting.id')
        .execute()
      return {
        userTokens: Number(tokens),
        oddRows: nameless.map(({ id }) => ({ where: `${settingsTable} id ${id}`, reason: 'no-client-key-or-key' }))
      }
    }
  }
}

async function findSettingsTable(db: Kysely<AceTables>, wanted: string, database: string): Promise<string> {
  for (const candidate of [wanted, `${wanted}s`]) if (await hasColumns(db, candidate)) return candidate
  const candidates = await similarTables(db)
  const hint =
    candidates.length === 0 ? 'and no other table looks like it' : `but these look like it: ${candidates.join(', ')}`
  const message = `There is no table "${wanted}" with the columns id, clientKey, key and val in ${database}, ${hint}`
  throw new AtlassianError('ATL_OPTION', 'ace-table', { table: wanted }, { message })
}

async function hasColumns(db: Kysely<AceTables>, table: string): Promise<boolean> {
  return reads(() =>
    db
      .selectFrom(sql<AceTables['AddonSettings']>`${sql.table(table)}`.as('setting'))
      .select(['setting.id', 'setting.clientKey', 'setting.key', 'setting.val'])
      .limit(1)
      .execute()
  )
}

function canRead(db: Kysely<AceTables>, table: 'InstallationClientKeys' | 'ForgeSettings'): Promise<boolean> {
  return reads(() => db.selectFrom(table).select('id').limit(1).execute())
}

/** SQLite has one code for every mistake in a statement; the others say which: table or column. */
const MISSING: ReadonlySet<unknown> = new Set([
  'SQLITE_ERROR',
  '42P01',
  '42703',
  'ER_NO_SUCH_TABLE',
  'ER_BAD_FIELD_ERROR'
])

async function reads(query: () => Promise<unknown>): Promise<boolean> {
  try {
    await query()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && MISSING.has(error.code)) return false
    throw error
  }
}

async function similarTables(db: Kysely<AceTables>): Promise<string[]> {
  const tables = await db.introspection.getTables()
  return tables
    .filter(({ columns }) =>
      ['clientKey', 'key', 'val'].every((name) => columns.some((column) => column.name === name))
    )
    .map(({ name }) => name)
}
