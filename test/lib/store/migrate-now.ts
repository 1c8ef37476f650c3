/** A process that waits for its standard input to end, migrates, and prints the names of the steps that it ran. */
import { openDatabase } from '../../../lib/store/database.ts'
import { migrateToLatest } from '../../../lib/store/migrate.ts'

process.stdout.write('ready\n')
for await (const _ of process.stdin);
const database = await openDatabase(process.argv[2] ?? '')
process.stdout.write(JSON.stringify(await migrateToLatest(database)))
await database.close()
