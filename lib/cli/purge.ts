import { parseArgs } from 'node:util'
import { silentLog } from '../ports.ts'
import { createKyselyTenantStore } from '../store/kysely-tenant-store.ts'
import { type PurgeResult, purgeTenants } from '../tenant/tenant-purge.ts'
import { databaseOptions, withDatabase } from './database.ts'
import { readKeys } from './keys.ts'
import { purgeUsage } from './usage.ts'
import { type CliWorld, exitCodes, required, UsageError } from './world.ts'

/** `purge`: what `tenants.purge` of the app does, but without the app's handlers, which are not here. */
export async function purge(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...databaseOptions,
      database: { type: 'string' },
      'app-key': { type: 'string' },
      'key-file': { type: 'string', multiple: true },
      'older-than-days': { type: 'string' },
      limit: { type: 'string' },
      'dry-run': { type: 'boolean' },
      'without-hooks': { type: 'boolean' }
    }
  })
  if (values.help) {
    world.out(purgeUsage)
    return exitCodes.done
  }
  const { clock = Date.now } = world
  const appKey = required(values['app-key'], 'app-key')
  // The app may have another retention than the default, and nobody here knows.
  const olderThanDays = atLeast(0, required(values['older-than-days'], 'older-than-days'), 'older-than-days')
  const limit = values.limit === undefined ? 100 : atLeast(1, values.limit, 'limit')
  if (!Number.isInteger(limit) || limit > 1000) throw new UsageError('--limit is a whole number from 1 to 1000')
  const encryption = readKeys(values['key-file'])
  if (encryption === undefined) throw new UsageError('The option --key-file is needed')
  const dryRun = values['dry-run'] ?? false
  if (!dryRun && values['without-hooks'] !== true) {
    throw new UsageError(
      'Handlers of "beforePurge" and "purged" run in the app only, by its tenants.purge(). If nothing depends on them, ' +
        'say --without-hooks; to look first, say --dry-run'
    )
  }
  return withDatabase(values, { option: 'database', value: values.database }, world, async (database) => {
    const store = createKyselyTenantStore({ appKey, database, encryption, migrate: false, coherence: 'poll' })
    await store.open()
    const request = { olderThanDays, limit, dryRun }
    const result = await purgeTenants({ store, nowMs: clock(), log: silentLog, retentionDays: olderThanDays }, request)
    world.out(values.json ? `${JSON.stringify({ ...result, dryRun })}\n` : purgeReport(result, dryRun))
    return result.kept.length > 0 || result.more ? exitCodes.partly : exitCodes.done
  })
}

function atLeast(least: number, value: string, option: string): number {
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (!Number.isFinite(number) || number < least) throw new UsageError(`--${option} is a number of at least ${least}`)
  return number
}

function purgeReport({ tenantIds, kept, more }: PurgeResult, dryRun: boolean): string {
  return [
    dryRun
      ? `Dry run: ${tenantIds.length} tenants would be removed.`
      : `${tenantIds.length} tenants were removed. No handler of the app was told.`,
    ...tenantIds.map((tenantId) => `  ${tenantId}`),
    ...(kept.length === 0 ? [] : ['Past their time, and still there:']),
    ...kept.map(({ tenantId, reason }) => `  ${tenantId}: ${reason}`),
    ...(more ? ['There may be more: run it again.'] : []),
    ''
  ].join('\n')
}
