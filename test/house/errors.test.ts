import { errorTable } from 'fastify-atlassian/core'
import t from 'tap'
import { read } from './source-files.ts'

t.test('the README lists every error code, and only those', async (t) => {
  const rows = read('README.md')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, code]) => /^`?ATL_\w+`?$/.test(code ?? ''))
    .map(([, code = '', status, sentence]): [string, [number, string]] => [
      code.replaceAll('`', ''),
      [Number(status), sentence ?? '']
    ])
  t.equal(new Set(rows.map(([code]) => code)).size, rows.length, 'no code is listed twice')
  t.same(Object.fromEntries(rows), errorTable)
})

t.test('a public sentence is one sentence or two, and tells nothing about secrets', async (t) => {
  for (const [code, [status, sentence]] of Object.entries(errorTable)) {
    t.match(code, /^ATL_[A-Z_]+$/)
    t.ok(status >= 400 && status < 600, `${code} has an error status`)
    t.match(sentence, /^[A-Z].*\.$/, code)
    t.notMatch(sentence, /secret|signature|jwt|hash|issuer|undefined/i, code)
  }
})
