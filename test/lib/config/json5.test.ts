import fc from 'fast-check'
import t from 'tap'
import { Json5Error, parseJson5 } from '../../../lib/config/json5.ts'

t.test('what the files of ACE are written in is read', async (t) => {
  const texts: [text: string, value: unknown][] = [
    ['{a: 1, $b: 2, _c: 3, "d-e": 4, ünï: 5}', { a: 1, $b: 2, _c: 3, 'd-e': 4, ünï: 5 }],
    ["{'a': 'http://b // no comment', \"c\": '\"'}", { a: 'http://b // no comment', c: '"' }],
    ['{ // one\n "a": 1, /* two\n lines */ b: [1, 2,], }', { a: 1, b: [1, 2] }],
    ['[0x1F, .5, 5., -1, +1, 1e3, Infinity, -Infinity]', [31, 0.5, 5, -1, 1, 1000, Infinity, -Infinity]],
    ['[NaN]', [NaN]],
    ['"a\\\nb\\x41\\u0042\\n\\\'\\0\\q"', "abAB\n'\0q"],
    ['\uFEFF [true, false, null] ', [true, false, null]],
    ['{}', {}],
    ['[]', []],
    ['"a\u2028b"', 'a\u2028b']
  ]
  for (const [row, [text, value]] of texts.entries()) t.same(parseJson5(text), value, `row ${row}`)
})

t.test('whatever JSON can say means the same', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value)
      t.strictSame(parseJson5(text), JSON.parse(text))
    }),
    { numRuns: 300 }
  )
})

t.test('a text with a fault is refused with the place of the fault, and not a word of it is told', async (t) => {
  const texts: [text: string, line: number, column: number][] = [
    ['', 1, 1],
    ['{', 1, 2],
    ['{"a": sesame}', 1, 7],
    ['{\n  "a" 1}', 2, 7],
    ['{"a": 1 "b": 2}', 1, 9],
    ['{"a": "sesame\n"}', 1, 14],
    ['[1, , 2]', 1, 5],
    ['[01]', 1, 2],
    ['"\\u12"', 1, 4],
    ['"\\1"', 1, 3],
    ['{} {}', 1, 4],
    ['{"a": 1', 1, 8],
    ["{'a: 1}", 1, 8],
    ['/* open', 1, 1],
    ['undefined', 1, 1],
    ['[1x]', 1, 2]
  ]
  for (const [text, line, column] of texts) {
    try {
      parseJson5(text)
      t.fail(text)
    } catch (error) {
      t.ok(error instanceof Json5Error, text)
      t.match(error, { line, column, message: `it is not valid JSON5 at line ${line}, column ${column}` }, text)
      t.notMatch(String(error), /sesame/)
    }
  }
})

t.test('a member called __proto__ changes no prototype, and depth has an end', async (t) => {
  const value = parseJson5('{"__proto__": {"polluted": true}}')
  t.equal(Object.getPrototypeOf(value), Object.prototype)
  t.equal(Reflect.get(Object.prototype, 'polluted'), undefined)
  t.throws(() => parseJson5('['.repeat(100_000)), /line 1/)
})
