import fc from 'fast-check'
import t from 'tap'
import { parseSignedUrl } from '../../../lib/jwt/signed-url.ts'

t.test('a request target is taken apart and nothing of it is repaired', async (t) => {
  const cases: Record<string, [path: string, query: string, parameters: string[][], tokens: string[]]> = {
    '': ['', '', [], []],
    '/': ['/', '', [], []],
    '/panel': ['/panel', '', [], []],
    '/panel?': ['/panel', '', [], []],
    '/panel?a=1&b=2': [
      '/panel',
      'a=1&b=2',
      [
        ['a', '1'],
        ['b', '2']
      ],
      []
    ],
    '/panel?jwt=x.y.z&a=1': ['/panel', 'jwt=x.y.z&a=1', [['a', '1']], ['x.y.z']],
    '/panel?jwt=a&jwt=b': ['/panel', 'jwt=a&jwt=b', [], ['a', 'b']],
    '/panel?%6Awt=a': ['/panel', '%6Awt=a', [], ['a']],
    '/panel?JWT=a': ['/panel', 'JWT=a', [['JWT', 'a']], []],
    '/panel?jwt': ['/panel', 'jwt', [], ['']],
    '/panel?jwt[]=a': ['/panel', 'jwt[]=a', [['jwt[]', 'a']], []],
    '/panel?&&a=1&': ['/panel', '&&a=1&', [['a', '1']], []],
    '/panel?=v': ['/panel', '=v', [['', 'v']], []],
    '/panel?a=b=c': ['/panel', 'a=b=c', [['a', 'b=c']], []],
    '/panel?a=1?b=2': ['/panel', 'a=1?b=2', [['a', '1?b=2']], []],
    '/panel?a=b+c%20d%2Be': ['/panel', 'a=b+c%20d%2Be', [['a', 'b c d+e']], []],
    '/panel#x?a=1': ['/panel', '', [], []],
    '/panel?a=1#b=2': ['/panel', 'a=1', [['a', '1']], []],
    '/a/../b%2F//c': ['/a/../b%2F//c', '', [], []],
    'https://app.example.com/panel?a=1': ['/panel', 'a=1', [['a', '1']], []],
    'https://app.example.com?a=1': ['', 'a=1', [['a', '1']], []],
    '//other.example.com/panel': ['//other.example.com/panel', '', [], []],
    '/panel?to=https://other.example.com/x': [
      '/panel',
      'to=https://other.example.com/x',
      [['to', 'https://other.example.com/x']],
      []
    ],
    '/q?__proto__=1&constructor=2': [
      '/q',
      '__proto__=1&constructor=2',
      [
        ['__proto__', '1'],
        ['constructor', '2']
      ],
      []
    ]
  }
  for (const [target, [path, query, parameters, tokens]] of Object.entries(cases)) {
    t.same(parseSignedUrl(target), { path, query, parameters, tokens }, target)
  }
})

t.test('a percent sequence that is not UTF-8 is an error', async (t) => {
  for (const query of ['a=%', 'a=%4', 'a=%zz', 'a=%ff', '%c3=1', 'a=%ed%a0%80', 'jwt=%e0%80']) {
    t.throws(() => parseSignedUrl(`/q?${query}`), { message: 'a percent sequence is not UTF-8' }, query)
  }
})

t.test('every parameter survives, however many there are', async (t) => {
  const text = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((value) => value.isWellFormed() && value !== 'jwt')
  const pairs = fc.array(fc.tuple(text, text), { maxLength: 20 })
  fc.assert(
    fc.property(pairs, (given) => {
      const query = given.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
      t.same(parseSignedUrl(`/q?${query}`).parameters, given)
    }),
    { numRuns: 100 }
  )
  const many = Array.from({ length: 5000 }, (_, index) => `a=${index}`)
  t.equal(parseSignedUrl(`/q?${many.join('&')}`).parameters.length, 5000)
})
