import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { ConfigurationError, type ConfiguredOptions, connectPlugin, optionsFromEnv } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { buildApp, testDescriptor } from '../helpers/app.ts'

/** A variable of this process, until the test ends. */
function setVariable(t: Test, name: string, value: string): void {
  const before = process.env[name]
  process.env[name] = value
  t.teardown(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}

async function folderWith(t: Test, name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'configuration-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

async function start(t: Test, options: ConfiguredOptions) {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } } })
  t.teardown(() => app.close())
  await app.register(connectPlugin, {
    descriptor: { ...testDescriptor(), baseUrl: options.baseUrl },
    store: (appKey) => createMemoryTenantStore({ appKey }),
    ...options
  })
  return { app, lines }
}

t.test('variables of the process and the file that is named become options of the plugin', async (t) => {
  const configFile = await folderWith(
    t,
    'config.json',
    `{
      // ACE's files have comments and commas like these.
      product: 'jira',
      development: {
        port: 3000, localBaseUrl: 'https://$TEA_NAME.example.com', errorTemplate: false, greeting: 'hello',
      },
    }`
  )
  setVariable(t, 'TEA_NAME', 'tea')
  setVariable(t, 'PORT', '4321')
  const { port, host, options, notices, config } = optionsFromEnv({ configFile, environment: 'development' })
  t.same({ port, host, config }, { port: 4321, host: '127.0.0.1', config: { greeting: 'hello' } })
  t.match(options, { baseUrl: 'https://tea.example.com', environment: 'development' })
  const { app, lines } = await start(t, options)
  t.equal((await app.inject('/panel')).statusCode, 404)
  t.match(notices, [/ACE lets every host install outside of production/])
  for (const notice of notices)
    t.ok(
      lines.some((line) => line.includes(notice)),
      'the start says it'
    )
})

t.test('a wrong configuration throws before anything starts, and lists everything', async (t) => {
  const env = { PORT: 'sesame', DATABASE_URL: 'sesame' }
  t.throws(() => optionsFromEnv({ env, configFile: false }), ConfigurationError)
  t.throws(() => optionsFromEnv({ env, configFile: false }), {
    code: 'ATL_OPTION',
    problems: [{ name: 'PORT' }, { name: 'DATABASE_URL' }]
  })
})

t.test('a secret is read from its file', async (t) => {
  const path = await folderWith(t, 'database', ':memory:\n')
  t.equal(optionsFromEnv({ env: { DATABASE_URL_FILE: path }, configFile: false }).options.store, ':memory:')
})

t.test('AC_OPTS with no-auth or no-token-verfication ends every start, also with options in code', async (t) => {
  for (const word of ['no-auth', 'force-reg,no-token-verfication']) {
    await t.test(word, async (t) => {
      setVariable(t, 'AC_OPTS', word)
      const needed = /AC_OPTS: .*"npx fastify-atlassian dev" starts the app beside a simulated host/
      await t.rejects(start(t, { baseUrl: 'https://app.example.com' }), { code: 'ATL_OPTION', message: needed })
      t.throws(() => optionsFromEnv({ configFile: false }), { message: needed })
    })
  }
  setVariable(t, 'AC_OPTS', 'force-reg,no-reg,force-dereg')
  await t.resolves(start(t, { baseUrl: 'https://app.example.com' }))
})

t.test(
  'the user of development is the one for whom the simulated host signs, and nobody comes without it',
  async (t) => {
    const host = await createHostSimulator()
    t.teardown(() => host.close())
    const FASTIFY_ATLASSIAN_DEV = JSON.stringify({
      options: { ...host.connectOptions(), baseUrl: 'http://127.0.0.1:3000' }
    })
    const { options } = optionsFromEnv({ env: { FASTIFY_ATLASSIAN_DEV }, configFile: false })
    const { app } = await start(t, options)
    app.get('/panel', (request) => ({ user: request.connect?.accountId }))
    t.equal((await host.install(app)).status, 204)

    const [first, second] = host.users
    for (const user of [first, second]) {
      const { status, body } = await host.openPage('panel', { user: user?.accountId })
      t.same([status, JSON.parse(body)], [200, { user: user?.accountId }])
    }
    for (const request of [
      { url: '/panel' },
      { url: '/panel', headers: { host: '127.0.0.1:3000' }, remoteAddress: '127.0.0.1' },
      { url: `/panel?user_id=${first?.accountId}`, headers: { host: 'localhost:3000' } }
    ]) {
      t.equal((await app.inject(request)).statusCode, 401, JSON.stringify(request))
    }
    t.throws(() => optionsFromEnv({ env: { FASTIFY_ATLASSIAN_DEV, NODE_ENV: 'production' }, configFile: false }), {
      message: /FASTIFY_ATLASSIAN_DEV: it must not be set in production/
    })
  }
)

t.test('calls to hosts carry the user agent that is configured', async (t) => {
  const agents = async (userAgent: string) => {
    const { app, host } = await buildApp(t, { userAgent })
    await host.install(app)
    await app.atlassian.hostClient({ clientKey: host.site().clientKey }).get('/rest/api/3/serverInfo')
    return host.exchanges.map(({ requestHeaders }) => requestHeaders['user-agent'])
  }
  t.ok((await agents('tea/1 (contact)')).includes('tea/1 (contact)'))
})

t.test('Redis as an address needs keys, and nothing that only a database has', async (t) => {
  const store = 'redis://127.0.0.1:1'
  const encryption = { keys: [{ id: 'main', key: Buffer.alloc(32, 1).toString('base64') }] }
  const baseUrl = 'https://app.example.com'
  await t.rejects(start(t, { baseUrl, store }), { message: /"encryption" is missing, but Redis needs keys/ })
  await t.rejects(start(t, { baseUrl, store, encryption, migrate: true }), { message: /"migrate" is true/ })
  await t.rejects(start(t, { baseUrl, store, encryption }), { code: 'ATL_STORE_UNAVAILABLE' })
})
