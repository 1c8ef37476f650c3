// connect.md 9.1, entry 25: no environment variable opens anything, and production refuses what only development needs.
import Fastify from 'fastify'
import { type ConnectOptions, connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { APP_KEY, BASE_URL, testDescriptor } from '../helpers/app.ts'
import { installedApp, lifecycleBody, lifecycleCall, refuses, withHeader, withQuery } from './attack.ts'

t.test('flags of other frameworks, and names that sound like them, open nothing', async (t) => {
  const flags: Record<string, string> = {
    AC_OPTS: 'no-reg force-reg force-dev skip-qsh-verification',
    AC_LOCAL_BASE_URL: 'https://evil.example.com',
    AC_ALLOW_INSECURE: 'true',
    CONNECT_KEYS_CDN_URL: 'https://evil.example.com',
    SKIP_AUTH: '1',
    NO_AUTH: 'true',
    DISABLE_AUTH: '1',
    DEBUG: '*',
    NODE_ENV: 'development no-auth'
  }
  const before = { ...process.env }
  t.teardown(() => {
    for (const name of Object.keys(flags)) {
      const value = before[name]
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  Object.assign(process.env, flags)
  const scene = await installedApp(t, { environment: undefined })
  const { host, jira } = scene
  await refuses(t, scene, { url: '/panel' }, undefined, 'a page without a token')
  await refuses(t, scene, { url: '/api' }, undefined, 'an API call without a token')
  await refuses(t, scene, withQuery('/panel', await host.sign.pageToken({ url: '/other' })), undefined, 'a wrong hash')
  const none = host.sign.custom({ alg: 'none' }, { iss: jira.clientKey, qsh: 'context-qsh' }, '')
  await refuses(t, scene, withHeader('/api', none), undefined, 'an unsigned token')
  const call = lifecycleCall(null, lifecycleBody(jira, { clientKey: 'newcomer' }))
  await refuses(t, scene, call, undefined, 'an unsigned install')
})

t.test('production starts with no address that is not https or stays on this machine', async (t) => {
  for (const [option, value] of [
    ['allowedHosts[0]', { allowedHosts: ['http://127.0.0.1:3001'] }],
    ['allowedHosts[0]', { allowedHosts: ['http://acme.atlassian.net'] }],
    ['allowedHosts[0]', { allowedHosts: ['localhost'] }],
    ['allowedHosts[0]', { allowedHosts: ['https://localhost:8443'] }],
    ['allowedHosts[0]', { allowedHosts: ['*.localhost'] }],
    ['allowedHosts[0]', { allowedHosts: ['127.0.0.1'] }],
    ['allowedHosts[0]', { allowedHosts: ['127.8.9.1:80'] }],
    ['allowedHosts[0]', { allowedHosts: ['[::1]'] }],
    ['allowedHosts[1]', { allowedHosts: ['*.atlassian.net', 'jira.localhost'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['http://keys.example.com'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://127.0.0.1:4000/keys'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://localhost/keys'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://LOCALHOST'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://2130706433/'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://[::1]/'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://[::ffff:127.0.0.1]/'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://0.0.0.0/'] }],
    ['installKeyHosts[0]', { installKeyHosts: ['https://localhost./keys'] }],
    ['allowedHosts[0]', { allowedHosts: ['0.0.0.0'] }],
    ['baseUrl', { baseUrl: 'http://127.0.0.1:3000' }],
    ['baseUrl', { baseUrl: 'https://localhost' }],
    ['allowedBaseUrls[0]', { allowedBaseUrls: ['http://other.example.com'] }]
  ] as const) {
    const error = await startError(t, { environment: 'production', ...value })
    t.match(error, { code: 'ATL_OPTION', details: { option } }, JSON.stringify(value))
    const unsafe = { environment: 'production', ...value, unsafeAllowInsecureHostsInProduction: true }
    t.equal(await startError(t, unsafe), null, `${JSON.stringify(value)}: one option allows it`)
  }
  t.match(await startError(t, { environment: 'production', baseUrl: 'http://app.example.com' }), { code: 'ATL_OPTION' })
  t.equal(await startError(t, { environment: 'production' }), null, 'the defaults are fit for production')
})

t.test('NODE_ENV decides where no option does', async (t) => {
  const before = process.env.NODE_ENV
  t.teardown(() => {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  })
  process.env.NODE_ENV = 'production'
  t.match(await startError(t, { allowedHosts: ['http://127.0.0.1:3001'] }), { code: 'ATL_OPTION' })
  process.env.NODE_ENV = 'development'
  t.equal(await startError(t, { allowedHosts: ['http://127.0.0.1:3001'] }), null)
})

t.test('a switch takes true and false and nothing that only looks like it', async (t) => {
  for (const value of ['true', 'false', 1, 0, 'yes', {}, [], null, 'unsafe']) {
    const error = await startError(t, {
      environment: 'production',
      allowedHosts: ['http://127.0.0.1:3001'],
      unsafeAllowInsecureHostsInProduction: value as never
    })
    t.match(error, { code: 'ATL_OPTION' }, JSON.stringify(value))
  }
  t.match(await startError(t, { skipAuth: true } as never), { code: 'ATL_OPTION' }, 'an option that does not exist')
})

async function startError(t: Test, options: Partial<ConnectOptions>): Promise<unknown> {
  const app = Fastify()
  t.teardown(() => app.close())
  try {
    await app.register(connectPlugin, {
      descriptor: { ...testDescriptor(), modules: {} },
      baseUrl: BASE_URL,
      store: createMemoryTenantStore({ appKey: APP_KEY }),
      ...options
    })
    await app.ready()
    return null
  } catch (error) {
    return error
  }
}
