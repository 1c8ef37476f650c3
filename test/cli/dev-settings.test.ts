import t, { type Test } from 'tap'
import { wantsRealSites } from '../../lib/cli/dev/real-sites.ts'
import { type RegistrationChoice, readSettings } from '../../lib/cli/dev/settings.ts'

const login = { username: 'ada', password: 'PASSWORD' }
const remote = { hosts: { 'example.atlassian.net': { product: 'confluence', ...login } } }

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly choice?: RegistrationChoice
}

function settings(t: Test, argv: string[] = [], { files = {}, env = {}, choice = {} }: Given = {}) {
  const cwd = t.testdir({ 'app.js': '', ...files })
  const read = readSettings(argv, { cwd, env, out() {}, err() {} }, choice)
  if (read === 'help') throw new Error('help')
  return read
}

const withCredentials = (value: unknown): Given => ({
  files: { 'credentials.json': typeof value === 'string' ? value : JSON.stringify(value) }
})

t.test('the program is what package.json names, or one of the usual names', async (t) => {
  t.match(settings(t).entry, /app\.js$/)
  t.match(settings(t, [], { files: { 'server.ts': '' } }).entry, /server\.ts$/)
  t.match(settings(t, [], { files: { 'package.json': '{"main":"app.js"}', 'server.ts': '' } }).entry, /app\.js$/)
  t.match(settings(t, [], { files: { 'package.json': '{"main":"dist/not-built.js"}' } }).entry, /app\.js$/)
  t.match(settings(t, ['app.js']).entry, /app\.js$/)
  t.throws(() => settings(t, ['none.js']), { message: /no file "none\.js"/ })
  t.throws(() => settings(t, ['app.js', 'app.js']), { message: /2 were named/ })
  t.throws(() => settings(t, [], { files: { 'package.json': '{' } }), { message: /not valid JSON/ })
})

t.test('sites of ACE are read: https, /wiki for Confluence, and no password in an address', async (t) => {
  const { credentials } = settings(t, [], withCredentials(remote))
  const [site] = credentials?.sites ?? []
  t.match(site, { baseUrl: 'https://example.atlassian.net/wiki', product: 'confluence', local: false })
  t.notMatch(JSON.stringify(credentials), /PASSWORD/)
})

t.test('what is wrong in the credentials is named, and not shown', async (t) => {
  const wrong: [unknown, RegExp][] = [
    ['{"hosts": PASSWORD', /not valid JSON/],
    ['["PASSWORD"]', /not a JSON object/],
    [{ hosts: ['PASSWORD'] }, /"hosts" .* object/],
    [{ hosts: { 'a.atlassian.net': { username: 'x', password: 7 } } }, /"hosts\.a\.atlassian\.net" .*needs/],
    [{ hosts: { 'u:PASSWORD@a.atlassian.net': login } }, /no host/],
    [{ hosts: { 'http://a.atlassian.net': login } }, /has to be https/],
    [{ hosts: { 'a.atlassian.net': { ...login, product: 'trello' } } }, /jira or confluence/],
    [{ bitbucket: { username: 'PASSWORD' } }, /"bitbucket" .*needs/]
  ]
  for (const [value, message] of wrong) {
    try {
      settings(t, [], withCredentials(value))
      t.fail('it was accepted')
    } catch (error) {
      t.match(error, { message })
      t.notMatch(String(error), /PASSWORD/)
    }
  }
})

t.test('real sites need a way in', async (t) => {
  const real = (argv: string[], given: Given) => wantsRealSites(settings(t, argv, given))
  t.equal(real([], {}), false)
  t.equal(real([], withCredentials(remote)), false)
  t.equal(real(['--tunnel', 'cloudflared'], withCredentials(remote)), true)
  t.equal(real(['--public-url', 'https://a.example.com'], {}), true)
  t.equal(real([], { ...withCredentials(remote), env: { AC_LOCAL_BASE_URL: 'https://a.example.com' } }), true)
  t.equal(real([], { ...withCredentials(remote), env: { AC_LOCAL_BASE_URL: 'http://localhost:3000' } }), false)
  const ngrok = withCredentials({ ...remote, ngrok: { authtoken: 'x' } })
  t.equal(settings(t, [], ngrok).tunnel, 'ngrok')
  t.equal(settings(t, ['--register', 'never'], ngrok).tunnel, null)
  t.equal(real([], withCredentials({ hosts: { 'localhost:2990': login } })), true)
})

t.test('what the environment says about registration loses against the command line', async (t) => {
  const choice = { register: 'never', deregister: 'always' } as const
  t.match(settings(t, [], { choice }), choice)
  t.match(settings(t, ['--register', 'always', '--deregister', 'auto'], { choice }), {
    register: 'always',
    deregister: 'auto'
  })
  t.match(settings(t), { register: 'auto', deregister: 'auto' })
})

t.test('front ends of Forge are where the manifest says, if they are there, or where the caller says', async (t) => {
  const cwd = t.testdir({
    'app.js': '',
    'manifest.yml': 'resources:\n  - key: one\n    path: ui/one\n  - key: two\n    path: ui/two/build\n',
    ui: { one: {}, two: {} }
  })
  const read = (...argv: string[]) => {
    const found = readSettings(argv, { cwd, env: {}, out() {}, err() {} }, {})
    return found === 'help' ? null : found.resources
  }
  t.same(read(), { one: `${cwd}/ui/one` })
  t.same(read('--resource', 'two=ui/two'), { one: `${cwd}/ui/one`, two: `${cwd}/ui/two` })
  for (const wrong of ['two', 'two=', '=ui', 'two=none'])
    t.throws(() => read('--resource', wrong), { message: /KEY=FOLDER/ })
})

t.test('wrong options are named', async (t) => {
  const wrong: [string[], RegExp][] = [
    [['--port', '0'], /--port/],
    [['--port', '3e3'], /--port/],
    [['--register', 'sometimes'], /--register is always, auto, never/],
    [['--tunnel', 'ssh'], /--tunnel is ngrok, cloudflared/],
    [['--tunnel', 'ngrok', '--public-url', 'https://a.example.com'], /your own tunnel/],
    [['--public-url', 'http://a.example.com'], /https/],
    [['--public-url', 'https://u:PASSWORD@a.example.com'], /https, without query and without a password/],
    [['--credentials', 'none.json'], /no file "none\.json"/],
    [['--what'], /--what/]
  ]
  for (const [argv, message] of wrong) t.throws(() => settings(t, argv), { message }, argv.join(' '))
  t.throws(() => settings(t, ['--product', 'bitbucket'], withCredentials(remote)), { message: /needs "bitbucket"/ })
})
