import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import t from 'tap'
import { type Database, openDatabase } from '../../../lib/store/database.ts'
import { migrateToLatest } from '../../../lib/store/migrate.ts'

interface ChecklistTables {
  readonly checklist: { readonly tenant_id: string; readonly title: string }
}

t.test('every form of a SQLite address opens the file it names', async (t) => {
  const directory = t.testdir()
  const path = join(directory, 'a b.sqlite')
  for (const url of [path, `sqlite:${path}`, `sqlite://${path}`, `file:${path}`, pathToFileURL(path).href]) {
    const database = await openDatabase(url)
    t.equal(database.dialect, 'sqlite')
    await sql`create table if not exists opened (n integer)`.execute(database.kysely)
    await sql`insert into opened values (1)`.execute(database.kysely)
    await database.close()
  }
  const database = await openDatabase(`sqlite:${path}`)
  const { rows } = await sql`select count(*) as n from opened`.execute(database.kysely)
  t.same(rows, [{ n: 5 }])
  await database.close()
  await database.close()
})

t.test('a database in memory is a new one each time', async (t) => {
  for (const url of [':memory:', 'sqlite::memory:']) {
    const database = await openDatabase(url)
    await sql`create table only_here (n integer)`.execute(database.kysely)
    await database.close()
  }
  t.pass()
})

t.test('SQLite writes ahead, checks foreign keys and has every commit on the disk', async (t) => {
  const path = join(t.testdir(), 'tenants.sqlite')
  const database = await openDatabase(path)
  const pragma = async (name: string) =>
    Object.values((await sql.raw<object>(`pragma ${name}`).execute(database.kysely)).rows[0] ?? {})[0]
  t.equal(await pragma('journal_mode'), 'wal')
  t.equal(await pragma('foreign_keys'), 1)
  t.equal(await pragma('synchronous'), 2)
  await migrateToLatest(database)
  for (const file of [path, `${path}-wal`, `${path}-shm`]) t.equal(statSync(file).mode & 0o777, 0o600, file)
  await database.close()
})

t.test('an app keeps its own tables beside ours, typed, in one transaction', async (t) => {
  const database: Database<ChecklistTables> = await openDatabase<ChecklistTables>(':memory:')
  await migrateToLatest(database)
  await database.kysely.schema
    .createTable('checklist')
    .addColumn('tenant_id', 'text', (column) => column.references('atl_tenants.tenant_id'))
    .addColumn('title', 'text')
    .execute()
  await t.rejects(database.kysely.insertInto('checklist').values({ tenant_id: 'nobody', title: 'a' }).execute())
  const rows = await database.kysely
    .selectFrom('checklist')
    .innerJoin('atl_tenants', 'atl_tenants.tenant_id', 'checklist.tenant_id')
    .innerJoin('atl_connects', 'atl_connects.tenant_id', 'checklist.tenant_id')
    .select(['checklist.title', 'atl_tenants.origin', 'atl_connects.client_key'])
    .execute()
  t.same(rows, [])
  await database.close()
})

t.test('a file that cannot be opened for writing is a clear error', async (t) => {
  const directory = t.testdir({ folder: {}, 'text.sqlite': 'this is not a database, and it is long enough to show it' })
  mkdirSync(join(directory, 'directory.sqlite'))
  for (const path of [
    join(directory, 'missing', 'a.sqlite'),
    join(directory, 'directory.sqlite'),
    join(directory, 'text.sqlite')
  ]) {
    await t.rejects(openDatabase(path), {
      code: 'ATL_STORE_UNAVAILABLE',
      message: new RegExp(`"${path}" cannot be opened for writing: .+`)
    })
  }
})

t.test(
  'a file that may only be read is a clear error',
  { skip: process.getuid?.() === 0 && 'root may write everything' },
  async (t) => {
    const path = join(t.testdir(), 'tenants.sqlite')
    await (await openDatabase(path)).close()
    chmodSync(path, 0o400)
    await t.rejects(openDatabase(path), { code: 'ATL_STORE_UNAVAILABLE', message: /cannot be opened for writing/ })
  }
)

t.test('two handles on one file wait for each other without blocking the process', async (t) => {
  const path = join(t.testdir(), 'tenants.sqlite')
  const [first, second] = [await openDatabase(path), await openDatabase(path)]
  await sql`create table counted (n integer)`.execute(first.kysely)
  let inside = 0
  const write = (database: Database) =>
    database.kysely.transaction().execute(async (transaction) => {
      t.equal(inside++, 0, 'one writer')
      await sql`insert into counted values (1)`.execute(transaction)
      await new Promise((resolve) => setTimeout(resolve, 60))
      inside--
    })
  await Promise.all([write(first), write(second), sql`insert into counted values (2)`.execute(second.kysely)])
  const { rows } = await sql`select count(*) as n from counted`.execute(first.kysely)
  t.same(rows, [{ n: 3 }])
  await Promise.all([first.close(), second.close()])
})

t.test('a transaction that only reads does not wait for a writer', async (t) => {
  const path = join(t.testdir(), 'tenants.sqlite')
  const [writer, reader] = [await openDatabase(path), await openDatabase(path)]
  await sql`create table counted (n integer)`.execute(writer.kysely)
  await writer.kysely.transaction().execute(async (transaction) => {
    await sql`insert into counted values (1)`.execute(transaction)
    const { rows } = await reader.kysely
      .transaction()
      .setAccessMode('read only')
      .execute((reading) => sql`select count(*) as n from counted`.execute(reading))
    t.same(rows, [{ n: 0 }])
  })
  await Promise.all([writer.close(), reader.close()])
})

t.test('a statement that ran before sees a schema that changed, by this process or another', async (t) => {
  const path = join(t.testdir(), 'tenants.sqlite')
  const [first, second] = [await openDatabase(path), await openDatabase(path)]
  const read = async () => (await sql`select * from changing`.execute(first.kysely)).rows
  await sql`create table changing (a integer)`.execute(first.kysely)
  await sql`insert into changing values (1)`.execute(first.kysely)
  t.same(await read(), [{ a: 1 }])
  await sql`alter table changing add column b integer default 2`.execute(second.kysely)
  t.same(await read(), [{ a: 1, b: 2 }])
  await sql`alter table changing drop column a`.execute(first.kysely)
  t.same(await read(), [{ b: 2 }])
  await sql`drop table changing`.execute(second.kysely)
  await t.rejects(read(), { code: 'SQLITE_ERROR' })
  await sql`create table changing (c text)`.execute(second.kysely)
  t.same(await read(), [])
  await Promise.all([first.close(), second.close()])
})

t.test('more different statements than are kept still run, and a stream beside them', async (t) => {
  const database = await openDatabase(':memory:')
  const numbers = Array.from({ length: 250 }, (_, n) => n)
  for (const _round of [1, 2]) {
    const read = []
    for (const n of numbers) {
      read.push((await sql.raw<{ n: number }>(`select ${n} as n`).execute(database.kysely)).rows[0]?.n)
    }
    t.same(read, numbers)
  }
  await migrateToLatest(database)
  const streamed = []
  for await (const row of database.kysely.selectFrom('atl_migrations').select('name').stream()) streamed.push(row)
  t.ok(streamed.length > 0)
  await database.close()
})

t.test('an address of another kind is refused, and never repeated', async (t) => {
  const addresses = [
    '',
    'oracle://user:hunter2@host/db',
    'hunter2',
    'postgres://user:hunter2@host:99999/db',
    'mysql://user:hunter2@host:99999/db',
    'sqlite:',
    'sqlite:hunter2?mode=ro',
    'sqlite:hunter2\0',
    'file://host/hunter2%zz',
    'postgres://user:hunter2@localhost/db?sslrootcert=/missing/hunter2'
  ]
  for (const url of addresses) {
    const error = await openDatabase(url).then(
      () => null,
      (error) => error
    )
    t.match(error, { code: 'ATL_OPTION', message: /database address/ }, `${addresses.indexOf(url)}`)
    t.notMatch(inspect(error, { depth: 10, showHidden: true }), 'hunter2')
  }
})

t.test('the password of a database is in no error, and not in the handle', async (t) => {
  const closed = await refusingPort()
  for (const url of [
    `postgres://user:hunter2@127.0.0.1:${closed}/db`,
    `postgresql://127.0.0.1:${closed}/db?user=user&password=hunter2`,
    `mysql://user:hunter2@127.0.0.1:${closed}/db`,
    `mariadb://user:hunter2@127.0.0.1:${closed}/db`
  ]) {
    const database = await openDatabase(url)
    t.equal(database.dialect, url.startsWith('postgres') ? 'postgres' : 'mysql')
    const error = await migrateToLatest(database).then(
      () => null,
      (error) => error
    )
    t.match(error, { code: 'ECONNREFUSED' })
    for (const shown of [error, database]) {
      t.notMatch(inspect(shown, { depth: 12, showHidden: true }), 'hunter2')
      t.notMatch(JSON.stringify(shown), 'hunter2')
    }
    await database.close()
  }
})

t.test('a driver that is not installed is named, with the command that installs it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'atl-no-drivers-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const project = join(import.meta.dirname, '../../..')
  cpSync(join(project, 'lib'), join(directory, 'lib'), { recursive: true })
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(join(project, 'node_modules/kysely'), join(directory, 'node_modules/kysely'))
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(directory, 'open.ts'),
    `import { openDatabase } from './lib/store/database.ts'
     for (const url of [':memory:', 'postgres://localhost/db', 'mysql://localhost/db']) {
       await openDatabase(url).catch((error) => console.log(error.code, error.message))
     }`
  )
  const { stdout } = spawnSync(process.execPath, [join(directory, 'open.ts')], { encoding: 'utf8' })
  t.same(stdout.trim().split('\n'), [
    'ATL_PACKAGE_MISSING A SQLite database needs the package "better-sqlite3". Install it with: npm install better-sqlite3',
    'ATL_PACKAGE_MISSING A PostgreSQL database needs the package "pg". Install it with: npm install pg',
    'ATL_PACKAGE_MISSING A MySQL or MariaDB database needs the package "mysql2". Install it with: npm install mysql2'
  ])
})

async function refusingPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
