import t from 'tap'
import { configure } from './configure.ts'

const dev = (options: unknown, env = {}) =>
  configure({ env: { ...env, FASTIFY_ATLASSIAN_DEV: JSON.stringify({ options }) } })

const simulated = {
  baseUrl: 'http://127.0.0.1:3000',
  allowedHosts: ['http://127.0.0.1:4001', 'http://localhost:4002'],
  installKeyHosts: ['http://127.0.0.1:4000/keys'],
  authorizationServer: 'http://127.0.0.1:4000',
  hostScriptUrl: 'http://127.0.0.1:4000/all.js',
  watchDescriptor: true,
  forge: {
    appId: '0a0a0a0a-0000-4000-8000-000000000000',
    environments: ['DEVELOPMENT'],
    jwksUrl: 'http://127.0.0.1:4000/keys?a=b',
    apiHosts: ['http://[::1]:4000']
  }
}

t.test('what dev says comes before everything else, and members of Forge are put together', async (t) => {
  const found = dev(simulated, {
    FASTIFY_ATLASSIAN_BASE_URL: 'https://a.example.com',
    AC_HOST_WHITELIST: 'a.example.com',
    FASTIFY_ATLASSIAN_FORGE_APP_ID: 'other',
    FASTIFY_ATLASSIAN_FORGE_LEEWAY_SECONDS: '1',
    FASTIFY_ATLASSIAN_SESSION_MINUTES: '5'
  })
  t.same(found.problems, [])
  t.same(found.options, { ...simulated, session: { minutes: 5 }, forge: { ...simulated.forge, leewaySeconds: 1 } })
})

t.test('it is refused in production, however production is said', async (t) => {
  const refused = /must not be set in production/
  t.match(dev(simulated, { NODE_ENV: 'production' }).problems, [{ name: 'FASTIFY_ATLASSIAN_DEV', expected: refused }])
  t.match(dev(simulated, { FASTIFY_ATLASSIAN_ENVIRONMENT: 'production' }).problems, [{ expected: refused }])
  const FASTIFY_ATLASSIAN_DEV = JSON.stringify({ options: simulated })
  t.match(configure({ environment: 'production', env: { FASTIFY_ATLASSIAN_DEV } }).problems, [{ expected: refused }])
  const ace = { development: { environment: 'production', store: {} } }
  t.match(configure({ ace, env: { FASTIFY_ATLASSIAN_DEV } }).problems, [{ expected: refused }])
})

t.test('an address elsewhere is refused, for whoever names it chooses who is believed', async (t) => {
  const elsewhere: [option: string, value: unknown][] = [
    ['baseUrl', 'http://a.example.com'],
    ['allowedHosts', ['a.example.com']],
    ['allowedHosts', ['http://127.0.0.1:4001', 'https://127.0.0.1.example.com']],
    ['allowedHosts', ['acme.atlassian.net.example.com']],
    ['allowedHosts', ['a.b.atlassian.net']],
    ['allowedHosts', ['http://acme.atlassian.net']],
    ['installKeyHosts', ['https://keys.example.com']],
    ['installKeyHosts', ['http://127.0.0.1@keys.example.com']],
    ['authorizationServer', 'https://auth.example.com'],
    ['hostScriptUrl', 'https://s.example.com/all.js'],
    ['hostScriptUrl', 7],
    ['installKeyHosts', 'http://127.0.0.1/,https://keys.example.com'],
    ['allowedHosts', 'a.example.com,b.localhost']
  ]
  for (const [option, value] of elsewhere) {
    t.match(
      dev({ [option]: value }).problems,
      [{ name: `FASTIFY_ATLASSIAN_DEV: ${option}`, expected: /address of this machine/ }],
      `${option} ${JSON.stringify(value)}`
    )
  }
  for (const [option, value] of [
    ['jwksUrl', 'https://k.example.com/'],
    ['apiHosts', ['https://api.example.com']]
  ] as const) {
    const { problems } = dev({ forge: { appId: '0a0a0a0a-0000-4000-8000-000000000000', [option]: value } })
    t.match(problems, [{ name: `FASTIFY_ATLASSIAN_DEV: forge.${option}`, expected: /address of this machine/ }])
  }
})

t.test('a tunnel and sites of Atlassian are right', async (t) => {
  const options = {
    baseUrl: 'https://tea.tunnel.example.com',
    allowedHosts: ['acme.atlassian.net', '*.atlassian.net', 'https://acme.jira.com']
  }
  const found = dev(options)
  t.same(found.problems, [])
  t.same(found.options, options)
})

t.test('it sets nothing else, and nonsense is refused without being quoted', async (t) => {
  for (const name of ['store', 'encryption', 'unsafeAllowInsecureHostsInProduction', 'hooks', '__proto__', 'forge']) {
    const { problems } = configure({ env: { FASTIFY_ATLASSIAN_DEV: `{"options":{"${name}":"sesame"}}` } })
    t.match(problems, [{ name: `FASTIFY_ATLASSIAN_DEV: ${name}`, expected: /no option that "dev" may set/ }], name)
    t.notMatch(JSON.stringify(problems), /sesame/)
  }
  for (const text of ['sesame', '{"options":', '{}', '[]', '{"options":[]}', 'null']) {
    const { problems } = configure({ env: { FASTIFY_ATLASSIAN_DEV: text } })
    t.match(problems, [{ name: 'FASTIFY_ATLASSIAN_DEV', expected: /it must be JSON/ }], text)
    t.notMatch(JSON.stringify(problems), /sesame/)
  }
})
