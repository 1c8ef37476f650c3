import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { AtlassianError } from '../errors.ts'
import { type AceImportOptions, type AceImportResult, importAce } from '../import-ace/import-ace.ts'
import { openAceSource } from '../store/ace/open-ace-source.ts'
import { parseDatabaseUrl } from '../store/database-url.ts'
import { createKyselyTenantStore } from '../store/kysely-tenant-store.ts'
import { databaseOptions, withDatabase } from './database.ts'
import { importReport } from './import-report.ts'
import { readKeys } from './keys.ts'
import { importUsage } from './usage.ts'
import { address, type CliWorld, exitCodes, required, UsageError } from './world.ts'

/** `import-ace`. */
export async function importAceCommand(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...databaseOptions,
      from: { type: 'string' },
      ace: { type: 'string' },
      table: { type: 'string' },
      to: { type: 'string' },
      'app-key': { type: 'string' },
      'key-file': { type: 'string', multiple: true },
      'allow-host': { type: 'string', multiple: true },
      'dry-run': { type: 'boolean' }
    }
  })
  if (values.help) {
    world.out(importUsage)
    return exitCodes.done
  }
  const appKey = required(values['app-key'], 'app-key')
  const dryRun = values['dry-run'] ?? false
  const encryption = readKeys(values['key-file'])
  const to = dryRun && values.to === undefined ? null : address(values.to, 'to', world)
  if (values.from !== undefined && values.ace !== undefined) {
    throw new UsageError('--from and --ace are the same option: give one of them')
  }
  const from = address(values.from ?? values.ace, values.ace === undefined ? 'from' : 'ace', world)
  const source = await openAceSource(from, values.table === undefined ? {} : { table: values.table })

  const run = (store: AceImportOptions['store']): Promise<AceImportResult> =>
    importAce({
      source,
      store,
      appKey,
      dryRun,
      ...(values['allow-host'] === undefined ? {} : { allowedHosts: values['allow-host'] }),
      ...(world.signal === undefined ? {} : { signal: world.signal }),
      onProgress: ({ tenants }) => world.err(`${tenants} tenants\n`)
    })

  /** A dry run writes nothing, so it also makes no tables: without them every tenant is new. */
  async function runWithStore(): Promise<AceImportResult> {
    if (to === null || (dryRun && isMissingFile(to))) return run(null)
    return withDatabase(values, { option: 'to', value: to }, world, async (database) => {
      const store = createKyselyTenantStore({
        appKey,
        database,
        ...(encryption === undefined ? {} : { encryption }),
        ...(dryRun ? { migrate: false } : {})
      })
      try {
        await store.open()
      } catch (error) {
        if (dryRun && error instanceof AtlassianError && error.code === 'ATL_MIGRATION_NEEDED') return run(null)
        throw error
      }
      if (store.developmentKeyFile !== null) {
        world.err(`The secrets are encrypted with the development key ${store.developmentKeyFile}\n`)
      }
      try {
        return await run(store)
      } finally {
        await store.close()
      }
    })
  }

  try {
    const result = await runWithStore()
    world.out(values.json ? `${JSON.stringify(result)}\n` : importReport(result))
    return result.complete && result.problems.length === 0 ? exitCodes.done : exitCodes.partly
  } finally {
    await source.close()
  }
}

function isMissingFile(database: string): boolean {
  const parsed = parseDatabaseUrl(database)
  return parsed.dialect === 'sqlite' && !existsSync(parsed.path)
}
