import { existsSync, readFileSync } from 'node:fs'
import { parseDatabaseUrl } from '../store/database-url.ts'
import { createKyselyTenantStore, type KyselyTenantStore } from '../store/kysely-tenant-store.ts'
import { type ConnectTenant, hasRegistration } from '../tenant/tenant.ts'
import { databaseOptions, withDatabase } from './database.ts'
import { readKeys } from './keys.ts'
import { address, type CliWorld, required, UsageError } from './world.ts'

/** Options of commands that read one tenant of the app, for `parseArgs`. */
export const tenantOptions = {
  ...databaseOptions,
  database: { type: 'string' },
  'app-key': { type: 'string' },
  'key-file': { type: 'string', multiple: true },
  tenant: { type: 'string' }
} as const

export interface TenantValues {
  readonly 'table-prefix'?: string
  readonly schema?: string
  readonly database?: string
  readonly 'app-key'?: string
  readonly 'key-file'?: string[]
}

/** Opens the app's tenants for reading, for the time of one piece of work. Changes nothing, not even the schema. */
export async function withTenantStore<Result>(
  values: TenantValues,
  world: CliWorld,
  work: (store: KyselyTenantStore) => Promise<Result>
): Promise<Result> {
  const appKey = required(values['app-key'], 'app-key')
  const encryption = readKeys(values['key-file'])
  const url = address(values.database, 'database', world)
  const parsed = parseDatabaseUrl(url)
  if (parsed.dialect === 'sqlite') {
    // Opening would make the file, and a key of development beside it.
    if (!existsSync(parsed.path)) throw new UsageError(`There is no database file "${parsed.path}"`)
    if (encryption === undefined && !existsSync(`${parsed.path}.key`))
      throw new UsageError('The option --key-file is needed')
  }
  return withDatabase(values, { option: 'database', value: url }, world, async (database) => {
    const store = createKyselyTenantStore({
      appKey,
      database,
      migrate: false,
      coherence: 'poll',
      ...(encryption === undefined ? {} : { encryption })
    })
    await store.open()
    return work(store)
  })
}

/** The tenant with this id, clientKey or base URL. Throws UsageError if there is none, or none with a secret. */
export async function findTenant(store: KyselyTenantStore, name: string): Promise<ConnectTenant> {
  const found =
    (await store.find({ tenantId: name })) ??
    (await store.find({ clientKey: name })) ??
    (/^https?:/.test(name) ? await store.find({ baseUrl: name.replace(/\/$/, '') }) : null)
  if (found === null) throw new UsageError(`The database has no tenant "${name}" of this app`)
  if (!hasRegistration(found))
    throw new UsageError(`The tenant "${name}" is Forge's alone: it has no secret to sign with`)
  return found
}

/** A secret from `env:NAME` or `file:PATH`: it never stands in a command line. Throws UsageError. */
export function readSecret(value: string, option: string, world: CliWorld): string {
  if (value.startsWith('env:')) return address(value, option, world)
  if (!value.startsWith('file:')) {
    throw new UsageError(
      `--${option} is env:NAME or file:PATH: what stands in a command line is seen by everybody here`
    )
  }
  try {
    return readFileSync(value.slice('file:'.length), 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new UsageError(`The file of --${option} cannot be read (${reason})`)
  }
}
