import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import BetterSqlite from 'better-sqlite3'
import pg from 'pg'

/** A whole SQLite database as statements. */
export function dumpSqlite(path: string): string {
  const file = new BetterSqlite(path, { readonly: true, fileMustExist: true })
  const lines = ['pragma foreign_keys = off;', 'begin;']
  const objects = file
    .prepare<[], { type: string; name: string; sql: string }>(
      "select type, name, sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by rowid"
    )
    .all()
  for (const { type, name, sql } of objects) {
    lines.push(`${sql};`)
    if (type !== 'table') continue
    const columns = file
      .prepare<[string], { name: string }>('select name from pragma_table_info(?)')
      .all(name)
      .map((column) => `"${column.name}"`)
    const quoted = columns.map((column) => `quote(${column})`).join(` || ', ' || `)
    const rows = file.prepare<[], { row: string }>(`select ${quoted} as row from "${name}" order by 1`).all()
    for (const { row } of rows) lines.push(`insert into "${name}" (${columns.join(', ')}) values (${row});`)
  }
  file.close()
  return `${[...lines, 'commit;'].join('\n')}\n`
}

/** A whole PostgreSQL database as statements, by `pg_dump`, which has to be there. */
export async function dumpPostgres(url: string): Promise<string> {
  const { stdout } = await promisify(execFile)('pg_dump', ['--inserts', '--no-owner', '--no-privileges', url])
  // Comments tell the versions of programs, and lines with a backslash are for psql only.
  return stdout.replace(/^(--.*|\\(?:un)?restrict.*)\n/gm, '').replace(/\n{2,}/g, '\n')
}

/** Brings the statements of a dump into an empty database. */
export async function restore(url: string, statements: string): Promise<void> {
  if (!/^postgres/.test(url)) {
    const file = new BetterSqlite(url)
    file.exec(statements)
    file.close()
    return
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statements)
  await client.end()
}
