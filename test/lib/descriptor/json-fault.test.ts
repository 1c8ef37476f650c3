import fc from 'fast-check'
import t from 'tap'
import { findJsonFault, positionOf } from '../../../lib/descriptor/json-fault.ts'

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

t.test('the fault is found exactly when JSON.parse refuses the text', async (t) => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ' ',
    '\n',
    '"a"',
    '"\\u00e9"',
    '"\\x"',
    '"',
    '0',
    '01',
    '-',
    '1.5e3',
    'true',
    'nul',
    '\u00a0'
  ]
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((list) => list.join(''))
  const cut = fc
    .tuple(fc.json(), fc.nat(60), fc.constantFrom('', '}', ',', 'x'))
    .map(([json, at, more]) => json.slice(0, at) + more + json.slice(at))
  for (const texts of [soup, fc.json(), cut]) {
    fc.assert(
      fc.property(texts, (text) => (findJsonFault(text) === null) === parses(text)),
      { numRuns: 2000 }
    )
  }
  t.pass()
})

t.test('the offset is where the first wrong token begins', async (t) => {
  const cases: [string, number][] = [
    ['{"a": x}', 6],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['[1 2]', 3],
    ['{} {}', 3],
    ['["\\q"]', 1],
    ['{"a":', 5],
    ['[}', 1],
    ['{]', 1],
    ['', 0]
  ]
  for (const [text, offset] of cases) t.equal(findJsonFault(text), offset, text)
})

t.test('a long text and a deep one are read without trouble', async (t) => {
  t.equal(findJsonFault(JSON.stringify(['a\n"é'.repeat(200_000)])), null)
  t.equal(findJsonFault(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), null)
})

t.test('lines and columns count from one', async (t) => {
  t.strictSame(positionOf('ab\ncd', 4), { line: 2, column: 2 })
  t.strictSame(positionOf('', 0), { line: 1, column: 1 })
})
