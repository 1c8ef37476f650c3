import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateToLatest, openDatabase } from 'fastify-atlassian/store'
import { testEncryption } from '../helpers/encryption.ts'
import { startTestPostgres } from '../helpers/postgres.ts'
import { dumpPostgres, dumpSqlite, restore } from './dump.ts'
import { readAll } from './expected.ts'
import { fill } from './fill.ts'

/** `make.ts NAME` writes the dumps of this version beside this file; README.md tells when. */
const [name] = process.argv.slice(2)
if (name === undefined || !/^[\w.-]+$/.test(name)) throw new Error('give the dump a name, such as 0003')
const folder = await mkdtemp(join(tmpdir(), 'atl-old-'))
const postgres = await startTestPostgres()
try {
  const file = join(folder, 'made.sqlite')
  await fill(file)
  await write('sqlite', dumpSqlite(file), join(folder, 'read.sqlite'))

  const url = await postgres.freshDatabase()
  const database = await openDatabase(url)
  await migrateToLatest(database)
  await database.close()
  await fill(url)
  await write('postgres', await dumpPostgres(url), await postgres.freshDatabase())
} finally {
  await postgres.stop()
  await rm(folder, { recursive: true })
}

/** What is found is read from a copy: reading claims deliveries. */
async function write(dialect: string, statements: string, emptyDatabase: string): Promise<void> {
  await restore(emptyDatabase, statements)
  const found = await readAll(emptyDatabase, testEncryption)
  const path = join(import.meta.dirname, `${name}.${dialect}`)
  await writeFile(`${path}.sql`, statements)
  await writeFile(`${path}.json`, `${JSON.stringify({ encrypted: true, ...found }, null, 2)}\n`)
}
