import { randomBytes } from 'node:crypto'
import { resolveOptions } from 'fastify-atlassian/core'
import t from 'tap'
import { checkValue, type Kind } from '../../../lib/config/check-value.ts'
import { ConfigurationError } from '../../../lib/config/configuration-error.ts'
import { PREFIX, variables } from '../../../lib/config/variables.ts'
import { configure } from './configure.ts'

const key = randomBytes(32)
const SECRET = 'sesame'

/** A right text of each type. */
function example(kind: Kind, name: string): string {
  if (name === 'HOST') return '127.0.0.1'

  if (name.endsWith('FORGE_ENVIRONMENTS')) return 'DEVELOPMENT'
  if (name.endsWith('CLOUD_LABELS')) return 'tea'
  if (name.endsWith('CLOUD_JWKS_URL')) return 'https://keys.example.com/{IC_LABEL}/keys.json'
  switch (kind.type) {
    case 'text':
      return 'tea'
    case 'url':
      return 'https://a.example.com'
    case 'path':
      return '/tea'
    case 'integer':
      return String(kind.max)
    case 'boolean':
      return 'true'
    case 'choice':
      return kind.values[0] ?? ''
    case 'list':
      return kind.of === 'url' ? 'https://a.example.com, https://b.example.com' : 'a.example.com'
    case 'database':
      return 'postgres://db.example.com/tea'
    case 'forge-app':
      return '0a0a0a0a-0000-4000-8000-000000000000'
    case 'keys':
      return `main=${key.toString('base64')}`
  }
}

t.test('without anything there are a port, this machine and an address', async (t) => {
  const { port, host, options, notices, problems, config, configFile } = configure({})
  t.same({ port, host, options }, { port: 3000, host: '127.0.0.1', options: { baseUrl: 'http://127.0.0.1:3000' } })
  t.same([notices, problems, config, configFile], [[], [], {}, null])
  t.equal(configure({ env: { PORT: '4000' } }).options.baseUrl, 'http://127.0.0.1:4000')
})

t.test('production serves every address, and its own address has to be named', async (t) => {
  const found = configure({ env: { NODE_ENV: 'production' } })
  t.equal(found.host, '0.0.0.0')
  t.match(found.problems, [{ name: `${PREFIX}BASE_URL`, expected: /in production/ }])
  const env = { NODE_ENV: 'production', FASTIFY_ATLASSIAN_BASE_URL: 'https://a.example.com', HOST: '10.0.0.1' }
  const right = configure({ env })
  t.same(right.problems, [])
  t.equal(right.host, '10.0.0.1')
  t.match(configure({ environment: 'production' }).problems, [{ name: `${PREFIX}BASE_URL` }])
})

t.test('every variable sets its option, as the plugin takes it', async (t) => {
  const names = variables.map(({ name }) => name)
  t.equal(new Set(names).size, names.length, 'no name stands twice')
  for (const { name, kind, option } of variables) {
    const more: Record<string, string> = option.startsWith('forge.')
      ? { FASTIFY_ATLASSIAN_FORGE_APP_ID: example({ type: 'forge-app' }, '') }
      : {}
    const labels: Record<string, string> = option.startsWith('forge.isolatedClouds')
      ? {
          FASTIFY_ATLASSIAN_FORGE_ISOLATED_CLOUD_LABELS: 'tea',
          FASTIFY_ATLASSIAN_FORGE_ISOLATED_CLOUD_JWKS_URL: 'https://k.example.com/{IC_LABEL}'
        }
      : {}
    const text = example(kind, name)
    const found = configure({ env: { ...more, ...labels, [name]: text } })
    t.same(found.problems, [], name)
    const source = found.sources.find((source) => source.option === option)
    const checked = checkValue(kind, text)
    t.match(source, { from: name, ...('value' in checked ? { value: checked.value } : {}) }, name)
    t.doesNotThrow(() => resolveOptions({ descriptor: {}, ...found.options } as never, 'test'), name)
    const wrong = configure({ env: { ...more, ...labels, [name]: `\n${SECRET}\n\t\u0000,` } })
    t.ok(
      wrong.problems.some((problem) => problem.name === name),
      `${name} is named when it is wrong`
    )
    t.notMatch(new ConfigurationError(wrong.problems).message, new RegExp(SECRET), name)
  }
})

t.test('everything that is wrong is told at once, without a value', async (t) => {
  const { problems } = configure({
    env: {
      PORT: SECRET,
      DATABASE_URL: `mssql://sa:${SECRET}@db`,
      FASTIFY_ATLASSIAN_BASE_URL: `https://me:${SECRET}@a.example.com`,
      FASTIFY_ATLASSIAN_ENCRYPTION_KEYS: SECRET,
      FASTIFY_ATLASSIAN_BASEURL: SECRET,
      FASTIFY_ATLASSIAN_LISTEN_URL_FILE: '/nowhere',
      AC_ALLOWED_BASE_URLS: SECRET,
      AC_OPTS: 'no-auth'
    },
    ace: { development: { store: {}, maxTokenAge: SECRET } }
  })
  t.same(problems.map(({ name }) => name).sort(), [
    'AC_ALLOWED_BASE_URLS',
    'AC_OPTS',
    'DATABASE_URL',
    'FASTIFY_ATLASSIAN_BASEURL',
    'FASTIFY_ATLASSIAN_BASE_URL',
    'FASTIFY_ATLASSIAN_ENCRYPTION_KEYS',
    'FASTIFY_ATLASSIAN_LISTEN_URL_FILE',
    'PORT',
    'config.json: development.maxTokenAge'
  ])
  const error = new ConfigurationError(problems)
  t.equal(error.code, 'ATL_OPTION')
  for (const { name } of problems) t.ok(error.message.includes(`\n- ${name}: `), name)
  t.notMatch(`${error.message}${JSON.stringify(error)}`, new RegExp(SECRET))
})

t.test('an empty variable counts as none', async (t) => {
  const env = Object.fromEntries(variables.map(({ name }) => [name, '']))
  t.same(configure({ env: { ...env, NODE_ENV: '', AC_OPTS: '', DB_URL: '' } }), configure({}))
})

t.test('our variable comes before that of ACE, and that before the file', async (t) => {
  const ace = { development: { localBaseUrl: 'https://file.example.com' } }
  const env = { AC_LOCAL_BASE_URL: 'https://ace.example.com', FASTIFY_ATLASSIAN_BASE_URL: 'https://own.example.com' }
  const from = (env: Record<string, string>) =>
    configure({ ace, env }).sources.find(({ option }) => option === 'baseUrl')?.from
  t.equal(from(env), 'FASTIFY_ATLASSIAN_BASE_URL')
  t.equal(from({ AC_LOCAL_BASE_URL: env.AC_LOCAL_BASE_URL }), 'AC_LOCAL_BASE_URL')
  t.equal(from({}), 'config.json: development.localBaseUrl')
})

t.test('a value of lower rank does not stand in for a wrong one', async (t) => {
  const ace = { development: { localBaseUrl: 'https://file.example.com' } }
  const found = configure({ ace, env: { FASTIFY_ATLASSIAN_BASE_URL: 'nonsense' } })
  t.equal(Reflect.get(found.options, 'baseUrl'), undefined)
})

t.test('a secret may stand in a file', async (t) => {
  const files = {
    '/run/db': `postgres://me:${SECRET}@db/tea\n`,
    '/run/empty': '\n',
    '/run/keys': `new=${key.toString('base64')}\n`
  }
  t.equal(configure({ env: { DATABASE_URL_FILE: '/run/db' }, files }).options.store, `postgres://me:${SECRET}@db/tea`)
  t.same(configure({ env: { FASTIFY_ATLASSIAN_ENCRYPTION_KEYS_FILE: '/run/keys' }, files }).options.encryption, {
    keys: [{ id: 'new', key: key.toString('base64') }]
  })
  const problemOf = (env: Record<string, string>) => configure({ env, files }).problems
  t.match(problemOf({ DATABASE_URL_FILE: '/run/other' }), [{ name: 'DATABASE_URL_FILE', expected: /can be read/ }])
  t.match(problemOf({ DATABASE_URL_FILE: '/run/empty' }), [{ name: 'DATABASE_URL_FILE', expected: /empty/ }])
  t.match(problemOf({ DATABASE_URL_FILE: '/run/db', DATABASE_URL: 'redis://a' }), [
    { name: 'DATABASE_URL', expected: /beside/ }
  ])
  t.match(
    problemOf({ FASTIFY_ATLASSIAN_BASE_URL_FILE: '/run/db' }),
    [{ expected: 'there is no such variable' }],
    'no secret'
  )
})

t.test('each key may stand in a file of its own', async (t) => {
  const files = { '/run/raw': key, '/run/text': `${key.toString('base64')}\n`, '/run/short': 'abc' }
  const read = (FASTIFY_ATLASSIAN_ENCRYPTION_KEY_FILES: string, more = {}) =>
    configure({ files, env: { FASTIFY_ATLASSIAN_ENCRYPTION_KEY_FILES, ...more } })
  t.same(read('new=/run/raw, old=/run/text').options.encryption, {
    keys: [
      { id: 'new', key: key.toString('base64') },
      { id: 'old', key: key.toString('base64') }
    ]
  })
  for (const wrong of ['/run/raw', 'a=/run/raw,a=/run/text', 'a=/run/short', 'a=/nowhere', ',', 'a b=/run/raw']) {
    t.match(read(wrong).problems, [{ name: 'FASTIFY_ATLASSIAN_ENCRYPTION_KEY_FILES', expected: /ID=FILE/ }], wrong)
  }
  const both = read('new=/run/raw', { FASTIFY_ATLASSIAN_ENCRYPTION_KEYS: `main=${key.toString('base64')}` })
  t.match(both.problems, [{ expected: /must not be set beside/ }])
})

t.test('variables of Forge need the id of the app', async (t) => {
  t.match(configure({ env: { FASTIFY_ATLASSIAN_FORGE_ENVIRONMENTS: 'PRODUCTION' } }).problems, [
    { name: 'FASTIFY_ATLASSIAN_FORGE_APP_ID', expected: /must be set/ }
  ])
})

t.test('a config.json of another tool is left alone, and one that was named is not', async (t) => {
  const ace = { development: { username: 'root', port: 5432 } }
  const found = configure({ ace })
  t.same([found.port, found.notices, found.config, found.configFile], [3000, [], {}, null])
  t.equal(configure({ ace, configFile: 'config.json' }).port, 5432)
  t.equal(configure({ ace, env: { FASTIFY_ATLASSIAN_CONFIG_FILE: 'config.json' } }).port, 5432)
  t.equal(configure({ ace: { development: { store: {}, port: 1 } }, configFile: false }).port, 3000)
})

t.test('a file with a fault is told with its place', async (t) => {
  t.match(configure({ ace: '{\n  "development": {,}' }).problems, [
    {
      name: 'config.json',
      expected: /not valid JSON5 at line 2, column 19; if it is not one of ACE, say "configFile: false"/
    }
  ])
  t.match(configure({ ace: '[]', configFile: 'config.json' }).problems, [
    { name: 'config.json', expected: 'it must hold an object' }
  ])
  t.match(configure({ configFile: 'other.json' }).problems, [{ name: 'other.json', expected: /cannot be read/ }])
  const env = { FASTIFY_ATLASSIAN_CONFIG_FILE: 'other.json' }
  t.match(configure({ env }).problems, [{ name: 'FASTIFY_ATLASSIAN_CONFIG_FILE', expected: /cannot be read/ }])
})

t.test('what the start has to say is among the options too', async (t) => {
  const { notices, options } = configure({ ace: { development: { hosts: [], store: { url: 'redis://a' } } } })
  t.ok(notices.length >= 3)
  t.same(options.notices, notices)
})
