import { resolveOptions } from 'fastify-atlassian/core'
import t from 'tap'
import { checkValue, inWords, type Kind } from '../../../lib/config/check-value.ts'
import { toOptions } from '../../../lib/config/draft.ts'
import { variables } from '../../../lib/config/variables.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const other = Buffer.alloc(32, 8).toString('base64')

const rows: [kind: Kind, right: [given: unknown, value: unknown][], wrong: unknown[]][] = [
  [{ type: 'text' }, [[' a b ', 'a b']], ['', 'a\nb', '\0', 7, null, undefined]],
  [
    { type: 'url' },
    [
      ['https://a.example.com/b', 'https://a.example.com/b'],
      ['http://127.0.0.1:3000', 'http://127.0.0.1:3000']
    ],
    [
      'a.example.com',
      'ftp://a',
      'https://',
      'https://me:pw@a.example.com',
      'https://a/?b',
      'https://a/#b',
      7,
      'https://a b'
    ]
  ],
  [{ type: 'url', query: true }, [['https://a/?b=1', 'https://a/?b=1']], ['https://a/#b', 'https://me@a/']],
  [
    { type: 'path' },
    [
      ['/', '/'],
      ['/a/b-c', '/a/b-c']
    ],
    ['a', '/a/', '//', '/a b', '/:a', '/a?b']
  ],
  [
    { type: 'integer', min: 1, max: 10 },
    [
      ['1', 1],
      ['10', 10],
      [5, 5],
      ['007', 7]
    ],
    ['0', '11', '1.5', '1e0', '0x1', '-1', '+1', '', 'one', true, 1.5, Number.NaN, [1], '9'.repeat(400)]
  ],
  [
    { type: 'boolean' },
    [
      ['true', true],
      ['1', true],
      [true, true],
      ['false', false],
      ['0', false],
      [false, false]
    ],
    ['yes', 'TRUE', '', 1, 0, null]
  ],
  [
    { type: 'choice', values: ['a', 'b'] },
    [
      ['a', 'a'],
      [' b ', 'b']
    ],
    ['c', '', 'A', ['a'], 'a,b']
  ],
  [
    { type: 'list', of: 'text' },
    [
      ['a, b,,c,', ['a', 'b', 'c']],
      [
        ['a', ' b '],
        ['a', 'b']
      ]
    ],
    ['', ',', [], [1], {}, ['a\nb']]
  ],
  [
    { type: 'list', of: 'url' },
    [['https://a, https://b', ['https://a', 'https://b']]],
    ['https://a,b', ['https://a', 7], 'https://me:pw@a']
  ],
  [
    { type: 'list', of: 'host' },
    [['*.atlassian.net, http://127.0.0.1:4001', ['*.atlassian.net', 'http://127.0.0.1:4001']]],
    ['*', 'a.*', 'A.net', 'https://a/b', [7]]
  ],
  [
    { type: 'forge-app' },
    [['0a0a0a0a-0000-4000-8000-000000000000', '0a0a0a0a-0000-4000-8000-000000000000']],
    ['tea', '', 7]
  ],
  [
    { type: 'database' },
    [
      ['postgres://a:b@c/d', 'postgres://a:b@c/d'],
      ['redis://a', 'redis://a'],
      [':memory:', ':memory:'],
      ['data/app.sqlite', 'data/app.sqlite'],
      ['sqlite:app.db', 'sqlite:app.db']
    ],
    ['mongodb://a', 'app.db', 'https://a', '', 7]
  ],
  [
    { type: 'keys' },
    [
      [`main=${key}`, [{ id: 'main', key }]],
      [
        `new=${other},\n main=${key}\n`,
        [
          { id: 'new', key: other },
          { id: 'main', key }
        ]
      ]
    ],
    ['', key, `=${key}`, `a b=${key}`, `main=${key.slice(0, 20)}`, `main=${key},main=${other}`, 'main=', ['x']]
  ]
]

for (const [kind, right, wrong] of rows) {
  t.test(`a value of the type ${JSON.stringify(kind)}`, async (t) => {
    for (const [given, value] of right) t.same(checkValue(kind, given), { value }, JSON.stringify(given))
    for (const given of wrong)
      t.same(checkValue(kind, given), { expected: `it must be ${inWords(kind)}` }, JSON.stringify(given))
  })
}

t.test('a variable allows the numbers that its option allows, and no other', async (t) => {
  const start = (option: string, value: number) => {
    const found = [{ option, value, from: 'test', secret: false }]
    const forge = option.startsWith('forge.')
      ? [{ ...found[0]!, option: 'forge.appId', value: '0a0a0a0a-0000-4000-8000-000000000000' }]
      : []
    return resolveOptions(
      { descriptor: {}, baseUrl: 'https://app.example.com', ...toOptions([...forge, ...found]) } as never,
      'test'
    )
  }
  for (const { name, kind, option } of variables) {
    // What reaches the server and the pool of connections is no number of `resolveOptions`.
    if (kind.type !== 'integer' || option === 'port' || option.startsWith('database.')) continue
    t.doesNotThrow(() => start(option, kind.min), `${name} = ${kind.min}`)
    t.doesNotThrow(() => start(option, kind.max), `${name} = ${kind.max}`)
    t.throws(() => start(option, kind.min - 1), { code: 'ATL_OPTION' }, `${name} = ${kind.min - 1}`)
    t.throws(() => start(option, kind.max + 1), { code: 'ATL_OPTION' }, `${name} = ${kind.max + 1}`)
  }
})
