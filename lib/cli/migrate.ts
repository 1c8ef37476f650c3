import { parseArgs } from 'node:util'
import { type MigrationStatus, migrateToLatest, migrationStatus } from '../store/migrate.ts'
import { databaseOptions, withDatabase } from './database.ts'
import { migrateUsage } from './usage.ts'
import { type CliWorld, exitCodes, UsageError } from './world.ts'

/** `migrate status` and `migrate latest`. */
export async function migrate(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { ...databaseOptions, database: { type: 'string' } }
  })
  if (values.help) {
    world.out(migrateUsage)
    return exitCodes.done
  }
  const [action, ...rest] = positionals
  if ((action !== 'status' && action !== 'latest') || rest.length > 0) {
    throw new UsageError('"migrate" needs one of: status, latest')
  }
  return withDatabase(values, { option: 'database', value: values.database }, world, async (database) => {
    if (action === 'latest') {
      const ran = await migrateToLatest(database)
      world.out(
        values.json ? `${JSON.stringify({ ran })}\n` : `${ran.length === 0 ? 'Nothing to do' : ran.join('\n')}\n`
      )
      return exitCodes.done
    }
    const status = await migrationStatus(database)
    world.out(values.json ? `${JSON.stringify(status)}\n` : statusText(status))
    return status.pending.length + status.unknown.length === 0 ? exitCodes.done : exitCodes.partly
  })
}

function statusText({ executed, pending, unknown }: MigrationStatus): string {
  const lines = [
    ...executed.map((name) => `done     ${name}${unknown.includes(name) ? ' (of a newer version)' : ''}`),
    ...pending.map((name) => `missing  ${name}`)
  ]
  return `${lines.join('\n')}\n`
}
