import { randomUUID } from 'node:crypto'
import { createKyselyTenantStore } from 'fastify-atlassian/store'
import { newTenant } from '../../lib/testing/store-contract-fixtures.ts'
import { APP_KEY, encryption, type OpenBase } from './store-bases.ts'

/**
 * Fills a database with tenants that nobody will look up: one is saved by the store, and the database multiplies its
 * rows, whatever tables and columns they are in. Their secrets stay those of the first one and do not open.
 */
export async function fill({ url, run, tables, dialect }: OpenBase, count: number): Promise<void> {
  if (count === 0) return
  const mark = randomUUID()
  const store = createKyselyTenantStore({ appKey: APP_KEY, database: url, encryption })
  await store.open()
  const saved = await store.save(newTenant({ tenantId: mark, appKey: APP_KEY }), null)
  await store.close()
  const ids = {
    sqlite: `create temp table bench_ids as with recursive n (n) as (select 1 union all select n + 1 from n where n < ${count})
      select lower(hex(randomblob(16))) as id from n`,
    postgres: `create temp table bench_ids as select md5('${mark}' || n) as id from generate_series(1, ${count}) n`
  }
  await run(ids[dialect])
  for (const table of tables) {
    const rows = await run(`select * from ${table}`)
    for (const row of rows.filter((values) => Object.values(values).some((value) => holds(value, mark)))) {
      const columns = Object.keys(row)
      const values = columns.map((column) => multiplied(row[column], mark))
      await run(`insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from bench_ids`)
    }
  }
  await run('drop table bench_ids')
  if (dialect === 'postgres') await run('vacuum analyze')
  if (saved.tenantId !== mark) throw new Error('the store gives ids of its own')
}

const ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})$/

function holds(value: unknown, mark: string): boolean {
  return typeof value === 'string' && value.includes(mark)
}

/** The value for each new tenant: what names the first one names this one, and what is unique stays unique. */
function multiplied(value: unknown, mark: string): string {
  if (value === null) return 'null'
  if (typeof value !== 'string') return String(value)
  if (value.includes(mark)) return value.split(mark).map(quoted).join(' || id || ')
  return ID.test(value) ? `id || ${quoted(value.slice(0, 8))}` : quoted(value)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
