import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { collectPromises, contractRuns, promisesTable } from './promises.ts'

const path = join(import.meta.dirname, '../../docs/storage.md')
const TABLE = /^\| Promise \|(?:.+\n)*.+$/m

t.test('the promises of a store stand in docs/storage.md, with the adapters that are tested for them', async (t) => {
  const runs = contractRuns()
  t.same(
    runs.map(({ adapter }) => adapter),
    ['memory', 'SQLite', 'PostgreSQL', 'MariaDB', 'Redis']
  )
  const promises = await collectPromises()
  t.ok(promises.length > 50, `${promises.length}`)
  t.ok(promises.some(({ shared }) => shared) && promises.some(({ shared }) => !shared))
  const table = promisesTable(promises, runs)
  const text = readFileSync(path, 'utf8')
  // WRITE_DOCS=1 brings the document up to date; the change is then looked at like any other.
  if (process.env.WRITE_DOCS === '1')
    writeFileSync(
      path,
      text.replace(TABLE, () => table)
    )
  t.equal(TABLE.exec(readFileSync(path, 'utf8'))?.[0], table, 'WRITE_DOCS=1 writes the table anew')
})
