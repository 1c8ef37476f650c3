import { type Database, openDatabase } from '../store/database.ts'
import { address, type CliWorld } from './world.ts'

/** Options that every command with a database has, for `parseArgs`. */
export const databaseOptions = {
  'table-prefix': { type: 'string' },
  schema: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
} as const

/** Opens the database for the time of one piece of work. */
export async function withDatabase<Result>(
  values: { readonly 'table-prefix'?: string; readonly schema?: string },
  given: { readonly option: string; readonly value: string | undefined },
  world: CliWorld,
  work: (database: Database) => Promise<Result>
): Promise<Result> {
  const database = await openDatabase(address(given.value, given.option, world), {
    ...(values['table-prefix'] === undefined ? {} : { tablePrefix: values['table-prefix'] }),
    ...(values.schema === undefined ? {} : { schema: values.schema })
  })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
