import t from 'tap'
import { aceKeys } from '../../../lib/config/ace-keys.ts'
import { configure } from './configure.ts'

interface Row {
  readonly name: string
  readonly section?: object
  readonly globals?: object
  readonly env?: Readonly<Record<string, string>>
  /** Options that have to come out of it; `undefined` for those that must not be set. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly port?: number
  readonly notice?: RegExp
  readonly problem?: RegExp
}

const data = { title: 'No' }

/** One row or more for each key, with the variable that comes before it. */
const rows: readonly Row[] = [
  { name: 'port', section: { port: 8080 }, port: 8080 },
  { name: 'port as text', section: { port: '8080' }, port: 8080 },
  { name: 'port by $PORT', section: { port: '$PORT' }, env: { PORT: '8081' }, port: 8081 },
  { name: 'PORT', section: { port: 8080 }, env: { PORT: '9000' }, port: 9000 },
  { name: 'port', section: { port: 'x' }, problem: /^config\.json: development\.port: .*whole number/ },
  { name: 'environment', section: { environment: 'staging' }, options: { environment: 'staging' } },
  {
    name: 'environment after NODE_ENV',
    section: { environment: 'staging' },
    env: { NODE_ENV: 'test' },
    options: { environment: 'test' }
  },
  {
    name: 'localBaseUrl',
    section: { localBaseUrl: 'https://a.example.com/x' },
    options: { baseUrl: 'https://a.example.com/x' }
  },
  {
    name: 'localBaseUrl with $port',
    section: { localBaseUrl: 'http://localhost:$port', port: 4000 },
    options: { baseUrl: 'http://localhost:4000' }
  },
  {
    name: 'localBaseUrl with $port by default',
    section: { localBaseUrl: 'http://localhost:$port' },
    options: { baseUrl: 'http://localhost:3000' }
  },
  {
    name: 'AC_LOCAL_BASE_URL',
    section: { localBaseUrl: 'https://a.example.com' },
    env: { AC_LOCAL_BASE_URL: 'https://b.example.com' },
    options: { baseUrl: 'https://b.example.com' }
  },
  { name: 'AC_LOCAL_BASE_URL', env: { AC_LOCAL_BASE_URL: 'b.example.com' }, problem: /^AC_LOCAL_BASE_URL: / },
  {
    name: 'allowedBaseUrls',
    section: { allowedBaseUrls: ['https://b.example.com'] },
    options: { allowedBaseUrls: ['https://b.example.com'] }
  },
  {
    name: 'allowedBaseUrls as text',
    section: { allowedBaseUrls: 'https://b.example.com, https://c.example.com' },
    options: { allowedBaseUrls: ['https://b.example.com', 'https://c.example.com'] }
  },
  {
    name: 'AC_ALLOWED_BASE_URLS',
    env: { AC_ALLOWED_BASE_URLS: 'https://b.example.com' },
    options: { allowedBaseUrls: ['https://b.example.com'] }
  },
  {
    name: 'hostScriptUrl',
    section: { hostScriptUrl: 'https://s.example.com/all.js' },
    options: { hostScriptUrl: 'https://s.example.com/all.js' }
  },
  {
    name: 'AC_HOST_SCRIPT_URL',
    env: { AC_HOST_SCRIPT_URL: 'https://s.example.com/a.js' },
    options: { hostScriptUrl: 'https://s.example.com/a.js' }
  },
  { name: 'appKey', section: { appKey: 'my-app' }, options: { appKey: 'my-app' } },
  { name: 'AC_APP_KEY', section: { appKey: 'my-app' }, env: { AC_APP_KEY: 'other' }, options: { appKey: 'other' } },
  { name: 'userAgent', section: { userAgent: 'tea/1' }, options: { userAgent: 'tea/1' } },
  { name: 'userAgent outside', globals: { userAgent: 'tea/1' }, options: { userAgent: 'tea/1' } },
  {
    name: 'appId',
    section: { appId: '0a0a0a0a-0000-4000-8000-000000000000' },
    options: { forge: { appId: '0a0a0a0a-0000-4000-8000-000000000000' } },
    notice: /appId: .*FASTIFY_ATLASSIAN_FORGE_ENVIRONMENTS/
  },
  {
    name: 'appId outside',
    globals: { appId: '0a0a0a0a-0000-4000-8000-000000000000' },
    options: { forge: { appId: '0a0a0a0a-0000-4000-8000-000000000000' } }
  },
  {
    name: 'AC_APP_ID',
    section: { appId: '0a0a0a0a-0000-4000-8000-000000000000' },
    env: { AC_APP_ID: '0b0b0b0b-0000-4000-8000-000000000000' },
    options: { forge: { appId: '0b0b0b0b-0000-4000-8000-000000000000' } }
  },
  { name: 'product', section: { product: 'confluence' }, options: { product: undefined } },
  { name: 'product', globals: { product: 'bitbucket' }, options: { product: 'bitbucket' } },
  {
    name: 'product',
    section: { product: 'trello' },
    problem: /^config\.json: development\.product: .*jira, confluence, bitbucket/
  },
  {
    name: 'AC_PRODUCT',
    section: { product: 'jira' },
    env: { AC_PRODUCT: 'bitbucket' },
    options: { product: 'bitbucket' }
  },
  {
    name: 'whitelist',
    section: { whitelist: ['*.atlassian.net', 'A.example.com'] },
    options: { allowedHosts: ['*.atlassian.net', 'a.example.com'] }
  },
  {
    name: 'whitelist as text',
    section: { whitelist: '*.jira.com, a.example.com' },
    options: { allowedHosts: ['*.jira.com', 'a.example.com'] }
  },
  {
    name: 'AC_HOST_WHITELIST',
    section: { whitelist: ['a.example.com'] },
    env: { AC_HOST_WHITELIST: 'b.example.com' },
    options: { allowedHosts: ['b.example.com'] }
  },
  {
    name: 'whitelist that is open in ACE',
    section: { whitelist: 'a.example.com,' },
    options: { allowedHosts: ['a.example.com'] },
    notice: /empty entry.*left out/
  },
  {
    name: 'whitelist of nothing but emptiness',
    section: { whitelist: ',' },
    options: { allowedHosts: undefined },
    notice: /ACE lets every host install/
  },
  {
    name: 'whitelist with this machine',
    section: { whitelist: ['localhost'] },
    options: { allowedHosts: ['localhost'] },
    notice: /"localhost" means https:\/\/localhost/
  },
  ...['*', 'acme-*.atlassian.net', '*.*.net', 'https://a.example.com/x'].map((entry) => ({
    name: `whitelist ${entry}`,
    section: { whitelist: [entry] },
    problem: /^config\.json: development\.whitelist: each entry must be a host/
  })),
  { name: 'maxTokenAge', section: { maxTokenAge: 1200 }, options: { session: { minutes: 20 } } },
  { name: 'maxTokenAge of seconds', section: { maxTokenAge: 90 }, options: { session: { minutes: 2 } } },
  {
    name: 'maxTokenAge of a day',
    section: { maxTokenAge: 86_400 },
    options: { session: { minutes: 60 } },
    notice: /60 minutes at most/
  },
  { name: 'maxTokenAge', section: { maxTokenAge: 'long' }, problem: /maxTokenAge: .*seconds/ },
  {
    name: 'jwt.validityInMinutes',
    section: { jwt: { validityInMinutes: 10 } },
    notice: /development\.jwt is not needed: .*three minutes/
  },
  { name: 'appId', section: { appId: 'tea' }, problem: /appId: .*the id of the app/ },
  { name: 'setupInstallRoute', section: { setupInstallRoute: false }, options: { lifecycle: { installed: false } } },
  { name: 'setupInstallRoute', section: { setupInstallRoute: true }, options: { lifecycle: undefined } },
  { name: 'setupInstallRoute', section: { setupInstallRoute: 'no' }, problem: /setupInstallRoute: .*true or false/ },
  { name: 'watch', section: { watch: false }, options: { watchDescriptor: false } },
  { name: 'watch', section: { watch: true }, env: { NODE_ENV: 'test' }, options: { watchDescriptor: undefined } },
  { name: 'watch', section: { watch: true }, options: { watchDescriptor: true } },
  {
    name: 'validateDescriptor',
    section: { validateDescriptor: true },
    notice: /validateDescriptor is not needed: the descriptor is checked/
  },
  {
    name: 'hosts',
    section: { hosts: ['https://admin:sesame@a.example.com'] },
    notice: /hosts is not needed: the app registers itself nowhere/
  },
  { name: 'errorTemplate', section: { errorTemplate: true }, options: { errorPage: { template: 'unauthorized' } } },
  {
    name: 'errorTemplateName, errorTemplateObject',
    section: { errorTemplate: true, errorTemplateName: 'no', errorTemplateObject: data },
    options: { errorPage: { template: 'no', data } }
  },
  { name: 'errorTemplateName alone', section: { errorTemplateName: 'no' }, options: { errorPage: undefined } },
  { name: 'errorTemplateName', section: { errorTemplate: true, errorTemplateName: 7 }, problem: /errorTemplateName: / },
  {
    name: 'errorTemplateObject',
    section: { errorTemplate: true, errorTemplateObject: 7 },
    problem: /errorTemplateObject: /
  },
  {
    name: 'expressErrorHandling',
    section: { expressErrorHandling: true, errorTemplate: true },
    options: { errorPage: false }
  },
  { name: 'expressErrorHandling', section: { expressErrorHandling: false }, options: { errorPage: undefined } },
  {
    name: 'CONNECT_KEYS_CDN_URL',
    env: { CONNECT_KEYS_CDN_URL: 'https://keys.example.com' },
    options: { installKeyHosts: ['https://keys.example.com'] }
  },
  { name: 'SCHEMA_HOST', env: { SCHEMA_HOST: 'https://schema.example.com' }, notice: /SCHEMA_HOST is not needed/ },
  { name: 'AC_OPTS', env: { AC_OPTS: 'force-reg,no-reg' } },
  {
    name: 'AC_OPTS no-auth',
    env: { AC_OPTS: 'force-reg,no-auth' },
    problem: /^AC_OPTS: authentication is never turned off.*npx fastify-atlassian dev/
  },
  {
    name: 'AC_OPTS no-token-verfication',
    env: { AC_OPTS: 'no-token-verfication' },
    problem: /^AC_OPTS: tokens are always verified.*npx fastify-atlassian dev/
  },
  { name: 'AC_OPTS nonsense', env: { AC_OPTS: 'nonsense' }, notice: /AC_OPTS: 1 of its words/ },
  {
    name: 'a $NAME that is not set',
    section: { localBaseUrl: '$NOT_THERE' },
    problem: /localBaseUrl: it names the variable \$NOT_THERE, which is not set/
  },
  {
    name: 'a $NAME',
    section: { localBaseUrl: 'https://$SUB.example.com' },
    env: { SUB: 'tea' },
    options: { baseUrl: 'https://tea.example.com' }
  }
]

const url = 'postgres://me:sesame@db.example.com/tea'
const stores: readonly Row[] = [
  {
    name: 'store of a server',
    section: { store: { adapter: 'sequelize', dialect: 'postgres', url } },
    options: { store: url },
    notice: /store: .*import-ace/
  },
  {
    name: 'store.url by $DATABASE_URL',
    section: { store: { url: '$MY_DB' } },
    env: { MY_DB: url },
    options: { store: url }
  },
  {
    name: 'store.url without its variable',
    section: { store: { url: '$MY_DB' } },
    problem: /development\.store: it names the variable \$MY_DB/
  },
  {
    name: 'a password with a $',
    section: { store: { url: 'postgres://me:half$sesame@db.example.com/tea' } },
    problem: /development\.store: it names a variable that is not set; write a "\$" of a password as "%24"$/
  },
  {
    name: 'store.type memory',
    section: { store: { adapter: 'sequelize', type: 'memory' } },
    options: { store: ':memory:' }
  },
  {
    name: 'store.dialect sqlite',
    section: { store: { dialect: 'sqlite', storage: './store.db' } },
    options: { store: 'sqlite:./store.db' }
  },
  {
    name: 'store.dialect sqlite3',
    section: { store: { dialect: 'sqlite3', url: 'sqlite://./store.db' } },
    options: { store: 'sqlite://./store.db' }
  },
  {
    name: 'store.dialect sqlite in memory',
    section: { store: { dialect: 'sqlite', storage: ':memory:' } },
    options: { store: ':memory:' }
  },
  { name: 'store.dialect sqlite alone', section: { store: { dialect: 'sqlite' } }, options: { store: ':memory:' } },
  {
    name: 'store.adapter redis',
    section: { store: { adapter: 'redis', url: 'redis://r' } },
    options: { store: 'redis://r' },
    notice: /another database number/
  },
  {
    name: 'store.adapter mongodb',
    section: { store: { adapter: 'mongodb', url: 'mongodb://x' } },
    problem: /store\.adapter: there is no store for MongoDB.*import-ace/
  },
  {
    name: 'store.adapter dynamodb',
    section: { store: { adapter: 'dynamodb' } },
    problem: /store\.adapter: there is no store for DynamoDB/
  },
  {
    name: 'store.adapter of the app',
    section: { store: { adapter: 'mine' } },
    problem: /store\.adapter: there is no store for this adapter/
  },
  {
    name: 'store.url of another kind',
    section: { store: { url: 'mssql://sa:sesame@x' } },
    problem: /store\.url: it must be a database address/
  },
  { name: 'store', section: { store: 'x' }, problem: /development\.store: it must be an object/ },
  { name: 'store without an address', section: { store: {} }, options: { store: undefined } },
  { name: 'store.table', section: { store: { url, table: 'T' } }, notice: /store\.table is not used: .*--table/ },
  {
    name: 'store.logging',
    section: { store: { url, logging: true } },
    notice: /store\.logging is not used: .*onQuery/
  },
  {
    name: 'store.dialectOptions',
    section: { store: { url, dialectOptions: { ssl: true } } },
    notice: /store\.dialectOptions is not used: .*address/
  },
  {
    name: 'store.pool',
    section: { store: { url, pool: { max: 5, idle: 1000, acquire: 2000 } } },
    options: { database: { pool: { max: 5, idleTimeoutMs: 1000, connectionTimeoutMs: 2000 } } }
  },
  { name: 'store.pool', section: { store: { url, pool: { max: 0 } } }, problem: /store\.pool\.max: .*whole number/ },
  { name: 'DB_URL', section: { store: { url: 'mysql://x' } }, env: { DB_URL: url }, options: { store: url } },
  {
    name: 'DATABASE_URL',
    section: { store: { adapter: 'mongodb' } },
    env: { DATABASE_URL: url, DB_URL: 'mysql://x' },
    options: { store: url }
  }
]

for (const { name, section, globals, env = {}, options, port, notice, problem } of [...rows, ...stores]) {
  t.test(`${name}: ${JSON.stringify({ section, globals, env })}`, async (t) => {
    const ace =
      section === undefined && globals === undefined
        ? undefined
        : { ...globals, development: { appKey: 'my-app', ...section } }
    const found = configure({ env, ace })
    const problems = found.problems.map(({ name, expected }) => `${name}: ${expected}`)
    if (problem === undefined) t.same(problems, [])
    else {
      t.equal(problems.length, 1)
      t.match(problems[0], problem)
    }
    for (const [option, value] of Object.entries(options ?? {}))
      t.same(Reflect.get(found.options, option), value, option)
    if (port !== undefined) t.equal(found.port, port)
    if (notice !== undefined)
      t.ok(
        found.notices.some((sentence) => notice.test(sentence)),
        found.notices.join('\n')
      )
    t.notMatch(JSON.stringify([found.notices, found.problems]), /sesame/, 'no password is told')
  })
}

t.test('every key of the configuration of ACE 11.5 has a row here', async (t) => {
  const names = [...rows, ...stores].map(({ name }) => name)
  for (const { key, variable } of aceKeys) {
    t.ok(
      names.some((name) => name.includes(key)),
      key
    )
    if (variable !== undefined)
      t.ok(
        names.some((name) => name.includes(variable)),
        variable
      )
  }
  // As they stand in ACE's own declarations and code.
  const known =
    'expressErrorHandling errorTemplate errorTemplateName errorTemplateObject setupInstallRoute watch validateDescriptor port ' +
    'localBaseUrl hostScriptUrl allowedBaseUrls environment appKey store product hosts jwt maxTokenAge whitelist userAgent appId'
  t.same(aceKeys.map(({ key }) => key).sort(), known.split(' ').sort())
})

t.test('the section of the environment is read, or that of development where there is none', async (t) => {
  const ace = { development: { port: 1 }, production: { port: 2 }, staging: { port: 3 }, appKey: 'x' }
  const told = { ...ace, development: { ...ace.development, whitelist: 'a.example.com' } }
  t.equal(configure({ ace: told, configFile: 'config.json' }).port, 1)
  t.equal(configure({ ace, configFile: 'config.json', env: { NODE_ENV: 'staging' } }).port, 3)
  t.equal(configure({ ace, configFile: 'config.json', env: { NODE_ENV: 'production' } }).port, 2)
  t.equal(configure({ ace, configFile: 'config.json', env: { NODE_ENV: 'other' } }).port, 1)
  t.equal(
    configure({ ace, configFile: 'config.json', env: { NODE_ENV: 'staging' }, environment: 'production' }).port,
    2
  )
})

t.test('the name of a section is one that the file has, and nothing that every object has', async (t) => {
  const found = configure({ ace: { development: { whitelist: 'tea.example.com' } }, env: { NODE_ENV: '__proto__' } })
  t.same(found.options.allowedHosts, ['tea.example.com'])
})

t.test('the open list of ACE outside of production is not taken over, and the start says so', async (t) => {
  const open = /ACE lets every host install outside of production, this app does not/
  const says = (given: Parameters<typeof configure>[0]) => configure(given).notices.some((notice) => open.test(notice))
  t.ok(says({ ace: { development: { appKey: 'x' } } }), 'a file')
  t.ok(says({ env: { AC_LOCAL_BASE_URL: 'https://a.example.com' } }), 'a variable')
  t.equal(configure({ ace: { development: { appKey: 'x' } } }).options.allowedHosts, undefined, 'so the default holds')
  t.notOk(says({ env: { PORT: '3000' } }), 'nothing of ACE')
  t.notOk(says({ ace: { development: { whitelist: 'a.example.com' } } }), 'a list')
  t.notOk(
    says({ ace: { development: { appKey: 'x' } }, env: { FASTIFY_ATLASSIAN_ALLOWED_HOSTS: 'a.example.com' } }),
    'ours'
  )
  t.notOk(says({ env: { NODE_ENV: 'production', AC_LOCAL_BASE_URL: 'https://a.example.com' } }), 'closed in ACE too')
})

t.test('keys that ACE does not know are the own ones of the app', async (t) => {
  const ace = {
    shared: { a: '$TEA' },
    product: 'jira',
    limit: 1,
    development: { limit: 2, appKey: 'x', key: '$NOT_THERE' },
    production: { secret: 's' }
  }
  t.same(configure({ ace, env: { TEA: 'green' } }).config, { shared: { a: 'green' }, limit: 2, key: '$NOT_THERE' })
})
