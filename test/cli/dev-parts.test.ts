import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { createReporter } from '../../lib/cli/dev/report.ts'
import { tokenKindOf, withoutJwt } from '../../lib/cli/dev/token-kind.ts'
import { watchTree } from '../../lib/cli/dev/watch-tree.ts'
import { main } from '../../lib/cli/main.ts'
import { Secret } from '../../lib/secret.ts'

t.test('changes of sources are seen: in place, by a new name, in a new folder, and by removal', async (t) => {
  const root = t.testdir({
    'server.ts': '1',
    src: { 'a.ts': '1' },
    node_modules: { lib: { 'x.js': '1' } },
    dist: { 'y.js': '1' },
    '.git': { 'z.json': '1' }
  })
  const seen: string[] = []
  const watcher = watchTree(root, join(root, 'server.ts'), (files) => {
    seen.push(...files.map((file) => file.slice(root.length + 1)))
  })
  t.teardown(() => watcher.close())
  const write = (name: string, text: string) => writeFileSync(join(root, name), text)
  async function meets(name: string) {
    for (let tries = 0; !seen.includes(name); tries++) {
      if (tries > 500) throw new Error(`${name} was not seen, but ${seen}`)
      await pause(10)
    }
    seen.length = 0
  }

  write('src/a.ts', '22')
  await meets('src/a.ts')
  write('src/a.ts.tmp', '333')
  renameSync(join(root, 'src/a.ts.tmp'), join(root, 'src/a.ts'))
  await meets('src/a.ts')
  mkdirSync(join(root, 'src/new/deep'), { recursive: true })
  write('src/new/deep/b.ts', '1')
  await meets('src/new/deep/b.ts')
  rmSync(join(root, 'src/a.ts'))
  await meets('src/a.ts')

  for (const name of ['node_modules/lib/x.js', 'dist/y.js', '.git/z.json', 'app.sqlite', 'notes.txt']) write(name, '55')
  write('server.ts', '22')
  await meets('server.ts')
  t.same(seen, [], 'and nothing else')
})

t.test('its help is an answer', async (t) => {
  const { said, world } = reporterWith()
  t.equal(await main(['dev', '--help'], world), 0)
  t.match(said, { out: /Usage: fastify-atlassian dev \[entry\]/, err: '' })
})

t.test('a build folder is watched when the program lies there', async (t) => {
  const root = t.testdir({ dist: { 'server.js': '1' } })
  const seen = Promise.withResolvers<readonly string[]>()
  const watcher = watchTree(root, join(root, 'dist/server.js'), seen.resolve)
  t.teardown(() => watcher.close())
  writeFileSync(join(root, 'dist/server.js'), '22')
  t.match(await seen.promise, [/server\.js$/])
})

function reporterWith(options: { json?: boolean; isTerminal?: boolean; env?: Record<string, string> } = {}) {
  const said = { out: '', err: '' }
  const { json = false, isTerminal = false, env = {} } = options
  const world = {
    env,
    isTerminal,
    out(text: string) {
      said.out += text
    },
    err(text: string) {
      said.err += text
    }
  }
  return { said, world, reporter: createReporter(world, json) }
}

const request = { direction: 'to-app', site: 'acme-jira', method: 'GET', path: '/a', token: null, ms: 1.5 } as const

t.test('colours need a terminal, and NO_COLOR puts them out', async (t) => {
  const coloured = (options: Parameters<typeof reporterWith>[0]) => {
    const { said, reporter } = reporterWith(options)
    reporter.tell('note', 'words')
    reporter.traffic({ ...request, status: 200, verdict: 'fine' })
    return said.out.includes('\u001b')
  }
  t.equal(coloured({}), false)
  t.equal(coloured({ isTerminal: true }), true)
  t.equal(coloured({ isTerminal: true, env: { NO_COLOR: '1' } }), false)
  t.equal(coloured({ isTerminal: true, json: true }), false)
})

t.test('no secret, token or password in an address passes the report, and JSON stays JSON', async (t) => {
  for (const json of [true, false]) {
    const { said, reporter } = reporterWith({ json })
    reporter.hide(new Secret('PASS"WORD'))
    reporter.tell('problem', 'PASS"WORD at https://ada:other-secret@example.com', { url: 'http://a', mail: 'a@b' })
    reporter.traffic({
      ...request,
      status: 0,
      verdict: 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln',
      path: '/PASS"WORD'
    })
    const text = said.out + said.err
    t.notMatch(text, /PASS|other-secret|eyJ/)
    if (json)
      t.match(
        said.out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
        [{ url: 'http://a', mail: 'a@b' }, {}]
      )
    else t.match(text, /--- GET.*\[no token\] 2 ms acme-jira.*\nproblem +\*\*\* at/)
  }
})

t.test('the kind of a token is read from its own words', async (t) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (claims: object, header: object = { alg: 'HS256' }) => `${part(header)}.${part(claims)}.c2ln`
  const kind = (authorization: string | undefined, url = '/a', isPost = false) =>
    tokenKindOf(authorization, url, 'the-app', isPost)
  t.equal(kind(undefined), null)
  t.equal(kind(undefined, `/a?b=1&jwt=${token({ qsh: 'x' })}`), 'page')
  t.equal(kind(`JWT ${token({ qsh: 'x' })}`, '/a', true), 'webhook')
  t.equal(kind(`JWT ${token({ qsh: 'context-qsh' })}`), 'context')
  t.equal(kind(`JWT ${token({ iss: 'the-app' })}`), 'session')
  t.equal(kind(`JWT ${token({}, { alg: 'RS256', kid: 'k' })}`), 'install')
  t.equal(kind(`Bearer ${token({}, { alg: 'RS256', kid: 'k' })}`), 'invocation')
  t.equal(kind('JWT nonsense'), 'unreadable')
  t.equal(withoutJwt('/a?jwt=x'), '/a')
  t.equal(withoutJwt('/a?b=%20+&jwt=x&jwt&c'), '/a?b=%20+&c')
  t.equal(withoutJwt('/a'), '/a')
})
