import fc from 'fast-check'
import { manifestToYaml } from 'fastify-atlassian/core'
import t from 'tap'
import { parse } from 'yaml'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }),
  fc.stringMatching(/^[a-zA-Z0-9:#&*!|>'"%@`~{}[\],.?_ -]{0,12}$/),
  fc.constantFrom(
    'yes',
    'No',
    'on',
    'null',
    '~',
    'true',
    '1',
    '0x1',
    '1e3',
    '.5',
    '.inf',
    '<<',
    '-',
    '---',
    '...',
    '=',
    ''
  )
)
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 })
  )
})).value
const manifest = fc.dictionary(text, value, { maxKeys: 5 })

t.test('every version of YAML reads what was written', async (t) => {
  const check = fc.property(manifest, (given) => {
    const copy: object = JSON.parse(JSON.stringify(given))
    if (Object.keys(copy).length === 0) return
    const written = manifestToYaml(copy as never, 'a comment')
    for (const version of ['1.1', '1.2'] as const) {
      const read: unknown = parse(written, { version, prettyErrors: false, merge: false })
      if (JSON.stringify(read) !== JSON.stringify(copy)) throw new Error(`${version}\n${written}`)
    }
  })
  t.doesNotThrow(() => fc.assert(check, { numRuns: 400 }))
})

t.test('the text is the block style that people write', async (t) => {
  const written = manifestToYaml(
    {
      app: { id: 'ari:cloud:ecosystem::app/1', name: 'Two words', on: 'yes', count: 2 },
      list: [{ key: 'a', events: ['avi:x'] }, [1, ['b']], [], {}, null],
      'jira:webhooks': [{ url: '/a?b={c}' }]
    },
    'One\ntwo'
  )
  t.equal(
    written,
    `# One
# two
app:
  id: ari:cloud:ecosystem::app/1
  name: Two words
  "on": "yes"
  count: 2
list:
  - key: a
    events:
      - avi:x
  - - 1
    - - b
  - []
  - {}
  - null
jira:webhooks:
  - url: "/a?b={c}"
`
  )
})

t.test('a comment cannot leave its line', async (t) => {
  for (const end of ['\n', '\r', '\r\n', '\u0085', '\u2028']) {
    t.same(parse(manifestToYaml({ a: 1 }, `x${end}b: 2`)), { a: 1 })
  }
})
