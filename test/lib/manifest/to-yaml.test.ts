import { type Manifest, manifestToYaml } from 'fastify-atlassian/core'
import t from 'tap'
import { parse } from 'yaml'

t.test('a manifest is written in the order of its members and read back as it was', async (t) => {
  const manifest: Manifest = {
    app: { id: 'ari:cloud:ecosystem::app/1', name: 'Two words', on: 'yes', count: 2 },
    list: [{ key: 'a', events: ['avi:x'] }, [1, ['b']], [], {}, null],
    'jira:webhooks': [{ url: '/a?b={c}#d', text: 'null', long: 'word '.repeat(60) }]
  }
  const written = manifestToYaml(manifest, 'One\ntwo')
  t.ok(written.startsWith('# One\n# two\n\napp:\n  id: ari:cloud:ecosystem::app/1\n'), written)
  t.equal(JSON.stringify(parse(written)), JSON.stringify(manifest))
})

t.test('a list that stands in two places is written twice, and a comment never ends early', async (t) => {
  const scopes = ['read:jira-work']
  const written = manifestToYaml({ one: scopes, two: scopes }, 'first\u2028app: evil\rapp: evil')
  t.notMatch(written, /[&*]/)
  t.same(parse(written), { one: scopes, two: scopes })
})
