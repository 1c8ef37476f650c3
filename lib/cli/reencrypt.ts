import { parseArgs } from 'node:util'
import { requireLatestSchema } from '../store/migrate.ts'
import { reencryptSecrets } from '../store/reencrypt.ts'
import { databaseOptions, withDatabase } from './database.ts'
import { readKeys } from './keys.ts'
import { reencryptUsage } from './usage.ts'
import { type CliWorld, exitCodes, UsageError } from './world.ts'

/** `reencrypt`. A stop (Ctrl-C) ends it between two batches; the next run goes on. */
export async function reencrypt(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...databaseOptions,
      database: { type: 'string' },
      'key-file': { type: 'string', multiple: true },
      'accept-plaintext': { type: 'boolean' }
    }
  })
  if (values.help) {
    world.out(reencryptUsage)
    return exitCodes.done
  }
  const keys = readKeys(values['key-file'])
  if (keys === undefined) throw new UsageError('The option --key-file is needed')
  const encryption = { ...keys, acceptPlaintext: values['accept-plaintext'] ?? false }
  return withDatabase(values, { option: 'database', value: values.database }, world, async (database) => {
    await requireLatestSchema(database)
    const result = await reencryptSecrets(database, {
      encryption,
      ...(world.signal === undefined ? {} : { signal: world.signal }),
      onProgress: ({ tenants }) => world.err(`${tenants} tenants\n`)
    })
    const { tenants, rewritten, plaintext, complete } = result
    world.out(
      values.json
        ? `${JSON.stringify(result)}\n`
        : `${tenants} tenants looked at, ${rewritten} secrets written anew, ${plaintext} of them were plain text\n` +
            `${complete ? 'Every tenant was met' : 'Stopped before the end: run it again'}\n`
    )
    return complete ? exitCodes.done : exitCodes.partly
  })
}
