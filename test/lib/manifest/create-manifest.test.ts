import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkManifest,
  createManifest,
  loadDescriptor,
  type ManifestOptions,
  type ManifestRoute,
  manifestToYaml
} from 'fastify-atlassian/core'
import t from 'tap'
import { parse } from 'yaml'
import { descriptorOf } from './descriptor-of.ts'

const registered: ManifestOptions = { appId: '8db33809-1f32-48bb-8c52-5877dab48107' }
const withScope: ManifestOptions = { ...registered, scopes: ['read:jira-work'] }
const codesOf = (notes: readonly { code: string }[]) => notes.map(({ code }) => code)

t.test('a Connect app keeps its key, its modules and its life cycle, and names its backend', async (t) => {
  const descriptor = await descriptorOf()
  const { manifest } = createManifest({ descriptor, forge: withScope })
  t.match(manifest, {
    app: {
      id: 'ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107',
      runtime: { name: 'nodejs24.x' },
      connect: { key: 'an-app', remote: 'connect' },
      licensing: { enabled: true }
    },
    remotes: [
      {
        key: 'connect',
        baseUrl: 'https://app.example.com/base',
        operations: ['compute', 'fetch', 'storage'],
        storage: { inScopeEUD: true }
      }
    ],
    connectModules: {
      'jira:generalPages': [{ key: 'page', url: '/page?issue={issue.key}' }],
      'jira:configurePage': [{ key: 'configure' }],
      'jira:webhooks': [
        { key: 'webhook-1', event: 'jira:issue_updated' },
        { key: 'webhook-2', event: 'comment_created' }
      ],
      'jira:lifecycle': [{ key: 'lifecycle-events', installed: '/installed', uninstalled: '/uninstalled' }],
      'jira:translations': [{ key: 'connect-translations', paths: { 'de-DE': '/de.json' } }],
      'jira:cloudAppMigration': [{ migrationWebhookPath: '/migrate' }]
    },
    modules: { 'jira:globalPermission': [{ key: 'manage', name: 'Manage', migratedFromConnect: true }] }
  })
  t.notMatch(JSON.stringify(manifest), /dare-migration|jiraGlobalPermissions/)
})

t.test('the backend hears of installs, upgrades and uninstalls, and gets a fresh token every hour', async (t) => {
  const { manifest } = createManifest({ descriptor: await descriptorOf(), forge: withScope })
  const auth = { appSystemToken: { enabled: true } }
  t.match(manifest.modules, {
    endpoint: [
      { key: 'installed-endpoint', remote: 'connect', route: { path: '/forge/lifecycle/installed' }, auth },
      { key: 'upgraded-endpoint', route: { path: '/forge/lifecycle/upgraded' }, auth },
      { key: 'keep-alive-endpoint', route: { path: '/forge/heartbeat' }, auth },
      { key: 'pre-uninstall-endpoint', route: { path: '/forge/lifecycle/pre-uninstall' }, auth }
    ],
    trigger: [
      { endpoint: 'installed-endpoint', events: ['avi:forge:installed:app'] },
      { endpoint: 'upgraded-endpoint', events: ['avi:forge:upgraded:app'] }
    ],
    scheduledTrigger: [{ endpoint: 'keep-alive-endpoint', interval: 'hour' }],
    preUninstall: [{ endpoint: 'pre-uninstall-endpoint' }]
  })
  t.same(manifest.permissions, {
    scopes: ['read:connect-jira', 'act-as-user:connect-jira', 'read:jira-work', 'read:app-system-token']
  })
})

t.test('without a scope of the product no token is asked for, and the report says what that means', async (t) => {
  const { manifest, notes } = createManifest({ descriptor: await descriptorOf(), forge: registered })
  t.notMatch(JSON.stringify(manifest), /appSystemToken|scheduledTrigger|read:app-system-token/)
  t.ok(codesOf(notes).includes('no-system-token'))
  const forced = createManifest({ descriptor: await descriptorOf(), forge: { ...registered, systemToken: true } })
  t.ok(codesOf(forced.notes).includes('scopes-only-tokens'))
})

t.test(
  'options add events, schedules, user tokens, impersonation and data residency, and leave paths out',
  async (t) => {
    const routes: ManifestRoute[] = [{ method: 'GET', url: '/base/api', policy: ['context', 'forge'] }]
    const { manifest } = createManifest({
      descriptor: await descriptorOf(),
      routes,
      forge: {
        ...withScope,
        remoteKey: 'backend',
        userToken: true,
        impersonationScopes: ['read:jira-work'],
        paths: { upgraded: false, preUninstall: false, installed: '/hello', keepAlive: '/beat' },
        triggers: [
          { events: ['avi:jira:updated:issue'], path: '/events' },
          { events: ['avi:jira:deleted:issue'], path: '/events' }
        ],
        schedules: [{ interval: 'day', path: '/beat' }],
        dataResidencyPath: '/forge/dare',
        storesEndUserData: false
      }
    })
    t.match(manifest.modules, {
      endpoint: [
        { key: 'backend', remote: 'backend', auth: { appUserToken: { enabled: true } } },
        { key: 'installed-endpoint', route: { path: '/hello' } },
        { key: 'trigger-events-endpoint', route: { path: '/events' } },
        { key: 'keep-alive-endpoint', route: { path: '/beat' } }
      ],
      trigger: [{}, { key: 'trigger-events' }, { key: 'trigger-events-2', endpoint: 'trigger-events-endpoint' }],
      scheduledTrigger: [{ interval: 'hour' }, { interval: 'day', endpoint: 'keep-alive-endpoint' }],
      'migration:dataResidency': [{ remote: 'backend', path: '/forge/dare', maxMigrationDurationHours: 2.5 }]
    })
    t.notOk(JSON.stringify(manifest.modules).includes('preUninstall'))
    t.match(manifest.permissions, {
      scopes: { 'read:jira-work': { allowImpersonation: true }, 'read:app-user-token': {} }
    })
    t.same(checkManifest(manifest), [], 'nothing of it is wrong')
  }
)

t.test('regions become addresses of the remote', async (t) => {
  const regionBaseUrls = { EU: 'https://eu.example.com', DE: 'https://de.example.com' }
  const { manifest, notes } = createManifest({ descriptor: await descriptorOf({ regionBaseUrls }), forge: registered })
  t.match(manifest.remotes, [{ baseUrl: { default: 'https://app.example.com/base', ...regionBaseUrls } }])
  t.ok(codesOf(notes).includes('data-residency-regions'))
})

t.test('each thing that a person has to do is told with its place', async (t) => {
  const descriptor = await descriptorOf({
    scopes: ['READ', 'ADMIN', 'ACT_AS_USER', 'ACCESS_EMAIL_ADDRESSES'],
    enableLicensing: undefined
  })
  const routes: ManifestRoute[] = [
    { method: ['GET', 'HEAD'], url: '/base/api', policy: 'context' },
    { method: 'GET', url: '/base/both', policy: ['session', 'forge'] },
    { method: 'GET', url: '/base/page', policy: 'page' }
  ]
  const { notes } = createManifest({
    descriptor,
    routes,
    forge: { scopes: ['manage:jira-configuration', 'manage:jira-project'] }
  })
  const found = notes.map(({ code, field }) => `${code} ${field}`)
  t.same(found, [
    'app-not-registered app.id',
    'app-key-per-environment app.connect.key',
    'members-dropped app',
    'licensing-undecided app.licensing',
    'migration-statement app',
    'endpoints-are-major modules.endpoint',
    'scope-needs-consent permissions.scopes',
    'act-as-user permissions.scopes',
    'email-addresses permissions.scopes',
    'data-residency-hooks modules.migration:dataResidency',
    'end-user-data remotes[0].storage.inScopeEUD',
    'no-enabled-disabled connectModules',
    'uninstalled-ends modules.preUninstall',
    'webhook-to-trigger modules.webhooks',
    'permission-moved modules.jiraGlobalPermissions',
    'modules-stay connectModules',
    'url-variables modules.generalPages[0].url',
    'route-not-forge GET HEAD /base/api'
  ])
  t.match(
    notes.find(({ code }) => code === 'scope-needs-consent')?.message,
    /manage:jira-project/,
    'manage:jira-configuration is covered by ADMIN'
  )
})

t.test('macros keep their keys, and the report tells why', async (t) => {
  const modules = {
    dynamicContentMacros: [{ key: 'a-macro', name: { value: 'Macro' }, url: '/macro' }],
    staticContentMacros: [{ key: 'a-static', name: { value: 'Static' }, url: '/static' }],
    blueprints: [{ key: 'a-print', name: { value: 'Print' }, template: { url: '/print' } }],
    webhooks: [{ event: 'page_created', url: '/hook' }]
  }
  const { manifest, notes } = createManifest({ descriptor: await descriptorOf({ modules }), forge: registered })
  t.match(manifest.connectModules, {
    'confluence:dynamicContentMacros': [{ key: 'a-macro' }],
    'confluence:webhooks': [{ key: 'webhook-1' }]
  })
  t.match(manifest.permissions, { scopes: ['read:connect-confluence', 'act-as-user:connect-confluence'] })
  const codes = codesOf(notes)
  for (const code of ['macro-same-key', 'macro-static', 'module-without-equivalent']) t.ok(codes.includes(code), code)
})

t.test('an address that is not https is an error at once', async (t) => {
  const descriptor = await descriptorOf({ baseUrl: 'http://localhost:3000' })
  t.match(
    createManifest({ descriptor }).notes.find(({ severity }) => severity === 'error'),
    { code: 'remote-not-https' }
  )
})

t.test('a descriptor that cannot become such a manifest is told as an error', async (t) => {
  const errorsOf = async (members: Readonly<Record<string, unknown>>) => {
    const descriptor = await descriptorOf(members)
    const { notes } = createManifest({ descriptor, forge: registered })
    return notes.filter(({ severity }) => severity === 'error').map(({ code, field }) => `${code} ${field}`)
  }
  t.same(await errorsOf({}), [])
  t.same(await errorsOf({ scopes: ['READ', 'project_admin', 'SPACE_ADMIN', 'DELETE', 'pull'] }), [
    'scope-unknown permissions.scopes'
  ])
  const location = 'org.bitbucket.pullrequest.overview.informationPanel'
  const webPanels = [{ key: 'versions', name: { value: 'Versions' }, url: '/versions', location }]
  t.same(
    await errorsOf({ scopes: ['pullrequest'], modules: { webPanels } }),
    ['bitbucket-app app.connect'],
    'what follows from it is not told as well'
  )
  const webItems = [{ name: { value: 'Nameless' }, url: '/x', location: 'system.top.navigation.bar' }]
  t.same(await errorsOf({ modules: { webItems } }), ['module-without-key modules.webItems[0]'])
})

t.test('the same input gives the same file, which passes its own check', async (t) => {
  const descriptor = await descriptorOf()
  const write = () => manifestToYaml(createManifest({ descriptor, forge: withScope }).manifest)
  t.equal(write(), write())
  t.same(checkManifest(parse(write()), { descriptor, forge: withScope }), [])
})

t.test('the example app has a manifest, for both products', async (t) => {
  const file = join(import.meta.dirname, '../../../example-app/atlassian-connect.json')
  t.ok(readFileSync(file))
  const descriptor = await loadDescriptor(file, { baseUrl: 'https://app.example.com' })
  const { manifest, notes } = createManifest({ descriptor, forge: withScope })
  t.match(Object.keys(Object(manifest.connectModules)), /confluence:dynamicContentMacros/)
  t.notOk(JSON.stringify(Object(manifest.connectModules)['confluence:jiraIssueContents']))
  t.ok(codesOf(notes).includes('key-in-both-products'))
  const severities = checkManifest(manifest, { descriptor, forge: withScope }).map(({ severity }) => severity)
  t.notOk(severities.includes('error'), 'Forge may still take it')
})
