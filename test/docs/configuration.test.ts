import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aceKeys } from '../../lib/config/ace-keys.ts'
import { inWords } from '../../lib/config/check-value.ts'
import { otherVariables, variables } from '../../lib/config/variables.ts'

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')
const cellsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()))

const text = read('configuration.md')
const [before = '', ace = ''] = text.split('## Coming from ACE')
const [tables = '', onlyInCode = ''] = before.split('### Only in code')

t.test('every variable has a row with its option and its type, and no other has', async (t) => {
  const rows = cellsOf(tables).flatMap(([, name = '', option = '', words = '']) => {
    const found = /^`([A-Z_]+)`( \(secret\))?$/.exec(name)
    const set = /^`([\w.]+)`/.exec(option)?.[1]
    return found === null || set === undefined ? [] : [[found[1], found[2] !== undefined, set, words]]
  })
  const known = variables.map(({ name, secret = false, option, kind }) => [name, secret, option, inWords(kind)])
  t.same(rows.filter(([name]) => !otherVariables.includes(String(name))).sort(), known.sort())
  for (const name of otherVariables) t.ok(tables.includes(`| \`${name}\` |`), name)
})

t.test('every option has a variable, or a reason why it is only in code', async (t) => {
  const named = [...onlyInCode.matchAll(/`([\w.]+)`(?=[^|]*\|[^|]*\|$)/gm)].map(([, name]) => name)
  const options = [...read('options.md').matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name = '']) => name)
  t.ok(options.length > 50)
  for (const option of options) {
    const set = variables.some((variable) => variable.option === option || variable.option.startsWith(`${option}.`))
    t.equal(set || named.includes(option), true, option)
    t.notOk(set && named.includes(option), `${option} is not told twice`)
  }
})

t.test('every key of ACE has a row with its variable', async (t) => {
  const cells = cellsOf(ace).map(([, key = '', variable = '']): [string, string] => [key, variable])
  const rows = new Map(cells)
  for (const { key, variable } of aceKeys) {
    t.ok(rows.has(`\`${key}\``), key)
    if (variable !== undefined) t.equal(rows.get(`\`${key}\``), `\`${variable}\``, variable)
  }
  for (const name of ['DB_URL', 'CONNECT_KEYS_CDN_URL', 'SCHEMA_HOST', 'MONGODB_URI', 'AC_OPTS']) {
    t.ok(
      cells.some(([, variable]) => variable === `\`${name}\``),
      name
    )
  }
})
