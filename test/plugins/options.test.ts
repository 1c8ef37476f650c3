import Fastify from 'fastify'
import { type AtlassianError, connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { resolveOptions } from '../../lib/resolve-options.ts'
import { testDescriptor } from '../helpers/app.ts'

const good = {
  descriptor: testDescriptor(),
  baseUrl: 'https://app.example.com',
  store: (appKey: string) => createMemoryTenantStore({ appKey }),
  environment: 'test'
}

/** The error of a start with these options. They are `object` here, because a program without types may give anything. */
async function startError(t: Test, changes: object): Promise<AtlassianError> {
  const app = Fastify()
  t.teardown(() => app.close())
  try {
    await app.register(connectPlugin, { ...good, ...changes } as never)
  } catch (error) {
    return error as AtlassianError
  }
  throw new Error('the app has started')
}

// Option, what is given, how the message calls what came, and a word of what is needed.
const wrong: [option: string, given: object, came: RegExp, needed: RegExp][] = [
  ['descriptor', { descriptor: undefined }, /is missing/, /a file, an object or a function/],
  ['baseUrl', { baseUrl: undefined }, /is missing/, /public http\(s\) address/],
  ['baseUrl', { baseUrl: 'app.example.com' }, /"app\.example\.com"/, /public http\(s\) address/],
  ['baseUrl', { baseUrl: 'ftp://app.example.com' }, /"ftp:/, /public http\(s\) address/],
  ['baseUrl', { baseUrl: 'https://user:secret@app.example.com' }, /"https:/, /credentials/],
  ['baseUrl', { baseUrl: 'https://app.example.com/?a=1' }, /"https:/, /without query/],
  ['baseUrl', { baseUrl: 'https://app.example.com/#top' }, /"https:/, /fragment/],
  ['allowedBaseUrls', { allowedBaseUrls: 'https://b.example.com' }, /"https:/, /array of strings/],
  ['allowedBaseUrls[1]', { allowedBaseUrls: ['https://b.example.com', 'b'] }, /"b"/, /public http\(s\) address/],
  ['forge.appId', { forge: { appId: 'my-app' } }, /"my-app"/, /the id of the app/],
  ['mountPath', { mountPath: 'connect' }, /"connect"/, /a path such as/],
  ['mountPath', { mountPath: '/connect/' }, /"\/connect\/"/, /a path such as/],
  ['mountPath', { mountPath: '/:any' }, /"\/:any"/, /a path such as/],
  ['mountPath', { mountPath: 7 }, /is 7/, /a path such as/],
  ['transformDescriptor', { transformDescriptor: {} }, /an object/, /a function/],
  ['appKey', { appKey: '' }, /an empty string/, /non-empty string/],
  ['store', { store: {} }, /an object/, /database address/],
  ['store', { store: '' }, /an empty string/, /database address/],
  ['store', { store: 5 }, /is 5/, /database address/],
  ['encryption', { encryption: 'key' }, /a text/, /an object/],
  ['encryption.key', { encryption: { key: 'x' } }, /a text/, /no such option/],
  ['encryption.acceptPlaintext', { encryption: { keys: [], acceptPlaintext: 1 } }, /is 1/, /true or false/],
  ['encryption.keys', { store: ':memory:', encryption: { keys: [] } }, /array of 0/, /at least one key/],
  ['watchDescriptor', { watchDescriptor: 'yes' }, /"yes"/, /true or false/],
  ['coherence', { coherence: 'hope' }, /"hope"/, /listen, poll/],
  ['database', { database: 'x' }, /a text/, /an object/],
  ['database.prefix', { database: { prefix: 'x_' } }, /a text/, /no such option/],
  ['tablePrefix', { store: ':memory:', database: { tablePrefix: 'X-' } }, /"X-"/, /lower-case/],
  ['listenUrl', { listenUrl: '' }, /an empty string/, /non-empty string/],
  ['migrate', { migrate: 'yes' }, /"yes"/, /true or false/],
  ['environment', { environment: '' }, /an empty string/, /non-empty string/],
  ['allowedHosts', { allowedHosts: '*.atlassian.net' }, /"\*\.atl/, /array of strings/],
  ['allowedHosts', { allowedHosts: [] }, /array of 0/, /at least one host/],
  ['allowedHosts[0]', { allowedHosts: ['*'] }, /"\*"/, /a host such as/],
  ['allowedHosts[1]', { allowedHosts: ['*.jira.com', '*.*.net'] }, /"\*\.\*\.net"/, /one label/],
  ['allowedHosts[0]', { allowedHosts: ['https://a.net/path'] }, /"https:/, /a host such as/],
  ['installKeyHosts', { installKeyHosts: 'https://keys.example.com' }, /"https:/, /array of strings/],
  ['installKeyHosts', { installKeyHosts: [] }, /array of 0/, /at least one address/],
  ['installKeyHosts[0]', { installKeyHosts: ['keys.example.com'] }, /"keys/, /http\(s\) address/],
  ['authorizationServer', { authorizationServer: 'auth' }, /"auth"/, /http\(s\) address/],
  ['hostScriptUrl', { hostScriptUrl: 'javascript:alert(1)' }, /"javascript/, /http\(s\) address/],
  ['hostScriptUrl', { hostScriptUrl: 3 }, /is 3/, /non-empty string/],
  ['userAgent', { userAgent: 'tea\r\nx-other: 1' }, /"tea/, /printable ASCII/],
  ['userAgent', { userAgent: '' }, /an empty string/, /printable ASCII/],
  ['notices', { notices: 'one' }, /"one"/, /array of strings/],
  ['unsafeAllowInsecureHostsInProduction', { unsafeAllowInsecureHostsInProduction: 'true' }, /"true"/, /true or false/],
  ['lifecycle', { lifecycle: false }, /is false/, /an object/],
  ['lifecycle.enabled', { lifecycle: { enabled: 0 } }, /is 0/, /true or false/],
  ['lifecycle.renamed', { lifecycle: { renamed: true } }, /is true/, /no such option/],
  ['hooks', { hooks: [] }, /array of 0/, /an object/],
  ['hooks.onInstalled', { hooks: { onInstalled: 'run' } }, /"run"/, /a function/],
  ['hooks.beforeInstall', { hooks: { beforeInstall: {} } }, /an object/, /a function/],
  ['hooks.onUninstalled', { hooks: { onUninstalled: 1 } }, /is 1/, /a function/],
  ['hooks.onEnabled', { hooks: { onEnabled: 1 } }, /is 1/, /a function/],
  ['hooks.onDisabled', { hooks: { onDisabled: 1 } }, /is 1/, /a function/],
  ['hooks.awaitMs', { hooks: { awaitMs: -1 } }, /is -1/, /a number from 0/],
  ['hooks.onRenamed', { hooks: { onRenamed() {} } }, /a function/, /no such option/],
  ['session.path', { session: { path: 'session' } }, /"session"/, /a path such as/],
  ['session.minutes', { session: { minutes: 0 } }, /is 0/, /a number from 1 to 60/],
  ['session.hours', { session: { hours: 1 } }, /is 1/, /no such option/],
  ['sessionMaxHours', { sessionMaxHours: '12' }, /"12"/, /a number from/],
  ['tokens.leewaySeconds', { tokens: { leewaySeconds: 61 } }, /is 61/, /a number from 0 to 60/],
  ['tokens.leewaySeconds', { tokens: { leewaySeconds: Number.NaN } }, /is NaN/, /a number from 0 to 60/],
  ['tokens.maxLifetimeSeconds', { tokens: { maxLifetimeSeconds: 1 } }, /is 1/, /a number from 60/],
  ['tokens.previousSecretSeconds', { tokens: { previousSecretSeconds: -5 } }, /is -5/, /a number from 0/],
  ['tokens.skip', { tokens: { skip: true } }, /is true/, /no such option/],
  ['webhooks.mode', { webhooks: { mode: 'queue' } }, /"queue"/, /inbox, await, memory/],
  ['webhooks.bodyLimit', { webhooks: { bodyLimit: 10 } }, /is 10/, /a number from 1024/],
  ['webhooks.concurrency', { webhooks: { concurrency: 0 } }, /is 0/, /a number from 1/],
  ['webhooks.handlerTimeoutMs', { webhooks: { handlerTimeoutMs: null } }, /is null/, /a number from 100/],
  ['authorization', { authorization: true }, /is true/, /an object/],
  ['authorization.cacheMs', { authorization: { cacheMs: 60_001 } }, /is 60001/, /a number from 0 to 60000/],
  ['authorization.maxCached', { authorization: { maxCached: 0 } }, /is 0/, /a number from 1/],
  ['authorization.timeoutMs', { authorization: { timeoutMs: '1 s' } }, /"1 s"/, /a number from 10/],
  ['authorization.cache', { authorization: { cache: false } }, /is false/, /no such option/],
  ['tenantFreshMs', { tenantFreshMs: Number.POSITIVE_INFINITY }, /is Infinity/, /a number from 0/],
  ['maxCachedTenants', { maxCachedTenants: 0 }, /is 0/, /a number from 1/],
  ['maxUnknownLookupsPerSecond', { maxUnknownLookupsPerSecond: 0 }, /is 0/, /a number from 1/],
  ['personalData', { personalData: 'erase' }, /a text/, /an object/],
  ['personalData.erase', { personalData: { erase: 1 } }, /is 1/, /a function/],
  ['personalData.erase', { personalData: { everyMinutes: 5 } }, /is missing/, /to erase what the app stores/],
  ['personalData.refresh', { personalData: { refresh: {} } }, /an object/, /a function/],
  ['personalData.authorize', { personalData: { authorize: 'JWT' } }, /"JWT"/, /a function/],
  ['personalData.everyMinutes', { personalData: { everyMinutes: -1 } }, /is -1/, /a number from 0/],
  ['personalData.report', { personalData: { report: 1 } }, /is 1/, /no such option/],
  ['personalDataServer', { personalDataServer: 'api' }, /"api"/, /http\(s\) address/],
  ['license', { license: true }, /is true/, /an object/],
  ['license.graceDays', { license: { graceDays: 366 } }, /is 366/, /a number from 0 to 365/],
  ['license.freshMinutes', { license: { freshMinutes: 0 } }, /is 0/, /a number from 1/],
  ['license.grace', { license: { grace: 7 } }, /is 7/, /no such option/],
  ['dataResidency', { dataResidency: [] }, /array of 0/, /an object/],
  ['dataResidency.schedule', { dataResidency: {} }, /is missing/, /all five hooks/],
  ['retentionDays', { retentionDays: -1 }, /is -1/, /a number from 0/],
  ['maxSettingBytes', { maxSettingBytes: 1 }, /is 1/, /a number from 1024/],
  ['maxKeyFetchesPerMinute', { maxKeyFetchesPerMinute: 0 }, /is 0/, /a number from 1/],
  ['product', { product: 'jira' }, /is "jira"/, /must be "bitbucket"/],
  ['bitbucket', { bitbucket: {} }, /an object/, /"product"/],
  ['errorPage', { errorPage: true }, /is true/, /an object/],
  ['errorPage.template', { errorPage: {} }, /is missing/, /name of a template/],
  ['errorPage.html', { errorPage: { template: 'error', html: '' } }, /an empty string/, /no such option/],
  ['views', { views: 'views' }, /"views"/, /an object/],
  ['webhooks.dynamicPath', { webhooks: { dynamicPath: 'dynamic' } }, /"dynamic"/, /a path/],
  ['recordTo', { recordTo: '' }, /an empty string/, /./],
  ['recordDelivery', { recordDelivery: './file' }, /"\.\/file"/, /a function/],
  ['redactRecordedNames', { redactRecordedNames: 'yes' }, /"yes"/, /true or false/],
  ['maxRecordedBytes', { maxRecordedBytes: 10 }, /is 10/, /a number from 1024/],
  ['formParser', { formParser: 1 }, /is 1/, /true or false/],
  ['fetch', { fetch: 'node' }, /"node"/, /a function/],
  ['clock', { clock: 12 }, /is 12/, /a function/],
  ['timer', { timer: 12 }, /is 12/, /a function/],
  ['dispatcher', { dispatcher: 'http://proxy' }, /"http:/, /a dispatcher of undici/],
  ['hostClient.maxAttempts', { hostClient: { maxAttempts: 0 } }, /is 0/, /a number from 1/],
  ['hostClient.retries', { hostClient: { retries: 3 } }, /is 3/, /no such option/],
  ['noAuth', { noAuth: true }, /is true/, /no such option; known are descriptor, baseUrl/],
  ['baseURL', { baseURL: 'https://app.example.com' }, /a text/, /no such option/]
]

t.test('each wrong option stops the start and says which it is, what came and what is needed', async (t) => {
  for (const [option, given, came, needed] of wrong) {
    const error = await startError(t, given)
    t.match(error, { code: 'ATL_OPTION', details: { option } }, option)
    t.ok(error.message.startsWith(`Option "${option}" `), error.message)
    t.match(error.message, came)
    t.match(error.message, needed)
  }
})

t.test('every option that a user may give has a wrong value in this test', async (t) => {
  const tried = new Set(wrong.map(([option]) => option.split(/[.[]/)[0] ?? ''))
  const known = (await startError(t, { nothing: 1 })).message.split('known are ')[1]?.split(', ') ?? []
  t.ok(known.length >= 25)
  t.strictSame(
    known.filter((option) => !tried.has(option)),
    []
  )
})

t.test('the register call without options says what is missing', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(Promise.resolve(app.register(connectPlugin, undefined as never)), { code: 'ATL_OPTION' })
})

t.test(
  'production refuses loopback and plain http addresses unless the option with that name allows them',
  async (t) => {
    const cases: [string, object][] = [
      ['baseUrl', { baseUrl: 'http://app.example.com' }],
      ['baseUrl', { baseUrl: 'https://localhost' }],
      ['baseUrl', { baseUrl: 'HTTPS://LOCALHOST' }],
      ['allowedBaseUrls[0]', { allowedBaseUrls: ['https://127.0.0.1:3000'] }],
      ['allowedHosts[1]', { allowedHosts: ['*.atlassian.net', 'http://jira.example.com'] }],
      ['allowedHosts[0]', { allowedHosts: ['127.0.0.1:2990'] }],
      ['allowedHosts[0]', { allowedHosts: ['[::1]'] }],
      ['installKeyHosts[0]', { installKeyHosts: ['http://keys.example.com'] }],
      ['installKeyHosts[0]', { installKeyHosts: ['https://localhost:8443'] }]
    ]
    for (const [option, changes] of cases) {
      const error = await startError(t, { ...changes, environment: 'production' })
      t.match(error, { code: 'ATL_OPTION', details: { option } })
      t.match(error.message, /unsafeAllowInsecureHostsInProduction: true/)
    }
    const allowed = { environment: 'production', unsafeAllowInsecureHostsInProduction: true }
    t.ok(resolveOptions({ ...good, ...allowed, allowedHosts: ['127.0.0.1:2990'] }, 'test'))
  }
)

t.test('NODE_ENV decides how strict the start is, and the option environment cannot lift that', async (t) => {
  const before = process.env.NODE_ENV
  t.teardown(() => {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  })
  process.env.NODE_ENV = 'production'
  const error = await startError(t, { environment: undefined, allowedHosts: ['http://127.0.0.1:1'] })
  t.match(error, { code: 'ATL_OPTION', details: { option: 'allowedHosts[0]' } })
  for (const environment of ['live', 'Production', 'development']) {
    t.throws(() => resolveOptions({ ...good, environment, allowedHosts: ['http://127.0.0.1:1'] }, 'production'), {
      code: 'ATL_OPTION'
    })
  }
  t.throws(
    () => resolveOptions({ ...good, environment: 'production', hostScriptUrl: 'http://127.0.0.1/all.js' }, 'test'),
    {
      message: /"hostScriptUrl"/
    }
  )
})

t.test('defaults are the production addresses of Atlassian, and the result is frozen to its leaves', async (t) => {
  const options = resolveOptions({ descriptor: {}, baseUrl: 'https://app.example.com/' }, 'production')
  t.match(options, {
    baseUrl: 'https://app.example.com',
    baseUrls: ['https://app.example.com'],
    mountPaths: [''],
    store: 'sqlite:fastify-atlassian.sqlite',
    installKeyHosts: [
      'https://asap-distribution.us-west-2.prod.atl-asap.net',
      'https://connect-install-keys.atlassian.com'
    ],
    authorizationServer: 'https://oauth-2-authorization-server.services.atlassian.com',
    hostScriptUrl: 'https://connect-cdn.atl-paas.net/all.js',
    session: { path: '/atlassian/session', minutes: 15 },
    sessionMaxHours: 12,
    tokens: { leewaySeconds: 30, maxLifetimeSeconds: 86_400, previousSecretSeconds: 900 },
    webhooks: { mode: 'inbox' },
    tenantFreshMs: 2500,
    maxKeyFetchesPerMinute: 30
  })
  const groups = [options, ...Object.values(options)].filter((value) => typeof value === 'object' && value !== null)
  for (const group of groups) if (group !== options.descriptor) t.ok(Object.isFrozen(group))
})

t.test('what the caller changes in its options afterwards changes nothing', async (t) => {
  const allowedHosts = ['*.atlassian.net']
  const tokens = { leewaySeconds: 10 }
  const options = resolveOptions({ ...good, allowedHosts, tokens }, 'test')
  allowedHosts.push('evil.example.com')
  tokens.leewaySeconds = 60
  t.equal(options.hosts.siteUrl('https://evil.example.com'), null)
  t.equal(options.tokens.leewaySeconds, 10)
})

t.test(
  'the default allow-list takes one label of the two domains, https and the default port, and nothing else',
  async (t) => {
    const { hosts } = resolveOptions(good, 'test')
    for (const url of ['https://acme.atlassian.net', 'https://acme.jira.com/', 'https://acme.atlassian.net/wiki'])
      t.equal(hosts.siteUrl(url), url.replace(/\/$/, ''))
    for (const url of [
      'http://acme.atlassian.net',
      'https://acme.atlassian.net:8443',
      'https://atlassian.net',
      'https://a.b.atlassian.net',
      'https://acme.jira-dev.com',
      'https://acme.atlassian-us-gov-mod.net',
      'https://127.0.0.1',
      'https://localhost',
      'https://acme.atlassian.net.evil.test',
      'https://user@acme.atlassian.net',
      'https://acme.atlassian.net/?a'
    ])
      t.equal(hosts.siteUrl(url), null, url)
  }
)
