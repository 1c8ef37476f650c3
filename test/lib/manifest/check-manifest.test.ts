import { checkManifest } from 'fastify-atlassian/core'
import t from 'tap'
import { descriptorOf } from './descriptor-of.ts'
import { changed, type Draft, descriptor, forge, found } from './draft.ts'

const variable = (name: string) => `$${'{'}${name}}`

t.test('a manifest without faults has no findings', async (t) => {
  t.same(
    found(() => {}, { descriptor, forge }),
    []
  )
})

const faults: Record<string, [change: (draft: Draft) => void, ...codes: string[]]> = {
  'no id': [(m) => delete m.app.id, 'error app-id-missing'],
  'a placeholder for an id': [
    (m) => (m.app.id = 'ari:cloud:ecosystem::app/invalid-run-forge-register'),
    'warning app-id-placeholder'
  ],
  'an id that is none': [(m) => (m.app.id = 'my-app'), 'error app-id-form'],
  'no runtime': [(m) => delete m.app.runtime, 'error runtime-missing'],
  'a runtime of the past': [(m) => (m.app.runtime.name = 'nodejs20.x'), 'warning runtime-ended'],
  'no Connect key': [(m) => delete m.app.connect.key, 'error connect-key-missing'],
  'no Connect part': [(m) => delete m.app.connect, 'error connect-key-missing', 'error connect-remote-missing'],
  'a Connect key with a space': [(m) => (m.app.connect.key = 'an app'), 'error connect-key-form'],
  'a Connect key that is too long': [(m) => (m.app.connect.key = 'a'.repeat(91)), 'error connect-key-form'],
  'no remote for Connect': [(m) => delete m.app.connect.remote, 'error connect-remote-missing'],
  'another remote for Connect': [(m) => (m.app.connect.remote = 'other'), 'error connect-remote-unknown'],
  'a configurable remote for Connect': [(m) => (m.remotes[0].configurable = {}), 'error connect-remote-configurable'],
  'an authentication without use': [
    (m) => {
      m.app.connect.authentication = 'jwt'
      delete m.connectModules
      m.permissions.scopes = ['read:jira-work', 'read:app-system-token']
    },
    'error connect-authentication-unused'
  ],
  'another authentication': [(m) => (m.app.connect.authentication = 'none'), 'error connect-authentication'],
  'a Connect module of no product': [
    (m) => (m.connectModules.generalPages = [{ key: 'x' }]),
    'error connect-module-type'
  ],
  'a Connect module without a key': [
    (m) => delete m.connectModules['jira:generalPages'][0].key,
    'error module-key-missing'
  ],
  'a key twice': [(m) => m.connectModules['jira:generalPages'].push({ key: 'configure' }), 'error module-key-twice'],
  'a key in Connect and in Forge': [(m) => (m.modules.macro = [{ key: 'page' }]), 'error module-key-twice'],
  'a key in two products': [
    (m) => (m.connectModules['confluence:generalPages'] = [{ key: 'page', url: '/page' }]),
    'warning module-key-in-products'
  ],
  'two life cycles': [(m) => m.connectModules['jira:lifecycle'].push({ key: 'second' }), 'error lifecycle-twice'],
  'a remote without a key': [
    (m) => m.remotes.push({ baseUrl: 'https://a.example', operations: ['fetch'] }),
    'error remote-key-missing'
  ],
  'a remote twice': [(m) => m.remotes.push(m.remotes[0]), 'error remote-key-twice'],
  'a remote with a dot in its key': [(m) => m.remotes.push({ ...m.remotes[0], key: 'a.b' }), 'error remote-key-form'],
  'a remote with a long key': [
    (m) => m.remotes.push({ ...m.remotes[0], key: 'k'.repeat(24) }),
    'error remote-key-length'
  ],
  'a remote over http': [(m) => (m.remotes[0].baseUrl = 'http://app.example.com'), 'error remote-base-url'],
  'a remote without an address': [(m) => delete m.remotes[0].baseUrl, 'error remote-base-url'],
  'regions without a default': [
    (m) => (m.remotes[0].baseUrl = { EU: 'https://eu.example' }),
    'error remote-region-default'
  ],
  'a region that does not exist': [
    (m) => (m.remotes[0].baseUrl = { default: 'https://a.example', XX: 'https://x.example' }),
    'error remote-region-unknown'
  ],
  'remotes that disagree about regions': [
    (m) =>
      m.remotes.push({
        ...m.remotes[0],
        key: 'eu',
        baseUrl: { default: 'https://a.example', EU: 'https://eu.example' }
      }),
    'error remote-regions-differ'
  ],
  'no operations': [(m) => delete m.remotes[0].operations, 'warning remote-operations-missing'],
  'an empty list of operations': [(m) => (m.remotes[0].operations = []), 'error remote-operations-empty'],
  'an operation that does not exist': [
    (m) => (m.remotes[0].operations = ['storing']),
    'error remote-operation-unknown'
  ],
  'storage without a word about end users': [(m) => delete m.remotes[0].storage, 'error remote-storage-undecided'],
  'auth of a remote that computes nothing': [
    (m) => {
      m.remotes[0].operations = ['fetch']
      m.remotes[0].auth = { appSystemToken: { enabled: true } }
    },
    'warning remote-auth-unused'
  ],
  'an endpoint without a key': [(m) => m.modules.endpoint.push({ remote: 'connect' }), 'error module-key-missing'],
  'an endpoint with a space in its key': [
    (m) => m.modules.endpoint.push({ key: 'a b', remote: 'connect' }),
    'error endpoint-key-form'
  ],
  'an endpoint with a long key': [
    (m) => m.modules.endpoint.push({ key: 'k'.repeat(24), remote: 'connect' }),
    'error endpoint-key-length'
  ],
  'an endpoint twice': [(m) => m.modules.endpoint.push(m.modules.endpoint[0]), 'error module-key-twice'],
  'an endpoint with no target': [(m) => delete m.modules.endpoint[0].remote, 'error endpoint-target'],
  'an endpoint with two targets': [(m) => (m.modules.endpoint[0].service = 'x'), 'error endpoint-target'],
  'an endpoint to an unknown remote': [(m) => (m.modules.endpoint[0].remote = 'x'), 'error endpoint-remote-unknown'],
  'an endpoint to an unknown service': [
    (m) => (m.modules.endpoint[0] = { key: 'installed-endpoint', service: 'x', route: { path: '/a' } }),
    'error endpoint-service-unknown'
  ],
  'a path without a slash': [(m) => (m.modules.endpoint[0].route.path = 'forge'), 'error endpoint-path-form'],
  'a path with a query': [(m) => (m.modules.endpoint[0].route.path = '/forge?x=1'), 'error endpoint-path-form'],
  'a trigger to an unknown endpoint': [
    (m) => (m.modules.trigger[0].endpoint = 'x'),
    'error endpoint-unknown',
    'warning endpoint-unused'
  ],
  'a resolver with an unknown endpoint': [
    (m) => (m.modules['jira:issuePanel'] = [{ key: 'panel', resolver: { endpoint: 'x' } }]),
    'error endpoint-unknown'
  ],
  'a trigger to an endpoint without a path': [
    (m) => delete m.modules.endpoint[0].route,
    'error endpoint-route-missing'
  ],
  'a user token for a trigger': [
    (m) => (m.modules.endpoint[0].auth.appUserToken = { enabled: true }),
    'error trigger-user-token',
    'error user-token-without-scope'
  ],
  'an endpoint for a module of functions': [
    (m) => (m.modules.migration = [{ key: 'm', endpoint: 'installed-endpoint' }]),
    'error endpoint-not-possible'
  ],
  'a trigger without events': [(m) => (m.modules.trigger[0].events = []), 'error trigger-events'],
  'an event of Connect': [(m) => (m.modules.trigger[0].events = ['jira:issue_updated']), 'error trigger-event-form'],
  'an event that nobody sends': [
    (m) => (m.modules.trigger[0].events = ['avi:forge:uninstalled:app']),
    'warning trigger-uninstalled'
  ],
  'a life cycle for licensed sites only': [
    (m) => (m.modules.trigger[0].filter = { appIsLicensed: true }),
    'warning lifecycle-licensed-only'
  ],
  'an interval that does not exist': [
    (m) => (m.modules.scheduledTrigger[0].interval = 'hourly'),
    'error schedule-interval',
    'warning keep-alive-missing'
  ],
  'a keep-alive once a day': [(m) => (m.modules.scheduledTrigger[0].interval = 'day'), 'warning keep-alive-missing'],
  'no keep-alive': [(m) => delete m.modules.scheduledTrigger, 'warning endpoint-unused', 'warning keep-alive-missing'],
  'a keep-alive without a token': [(m) => delete m.modules.endpoint[2].auth, 'warning keep-alive-missing'],
  'a keep-alive for licensed sites only': [
    (m) => (m.modules.scheduledTrigger[0].filter = { appIsLicensed: true }),
    'warning keep-alive-licensed-only'
  ],
  'six schedules': [
    (m) => {
      for (const key of 'abcde') m.modules.scheduledTrigger.push({ ...m.modules.scheduledTrigger[0], key })
    },
    'error schedules-too-many'
  ],
  'two preUninstall modules': [
    (m) => m.modules.preUninstall.push({ ...m.modules.preUninstall[0], key: 'x' }),
    'error pre-uninstall-twice'
  ],
  'scopes that are text': [(m) => (m.permissions.scopes = 'read:jira-work'), 'error scopes-form'],
  'a system token without its scope': [
    (m) => (m.permissions.scopes = ['read:jira-work']),
    'error system-token-without-scope'
  ],
  'a scope without a user token': [
    (m) => m.permissions.scopes.push('read:app-user-token'),
    'warning user-token-not-enabled'
  ],
  'scopes for tokens only': [
    (m) => (m.permissions.scopes = ['read:connect-jira', 'read:app-system-token']),
    'error scopes-only-tokens'
  ],
  'scopes of Connect without its modules': [(m) => delete m.connectModules, 'warning connect-scope-unused']
}

t.test('each fault is found, and nothing else', async (t) => {
  for (const [name, [change, ...codes]] of Object.entries(faults)) t.same(found(change), codes, name)
})

t.test('what is right in another way is left alone', async (t) => {
  const right: Record<string, (draft: Draft) => void> = {
    'variables of environments': (m) => {
      m.app.id = variable('APP_ID')
      m.app.connect.key = variable('CONNECT_KEY')
      m.remotes[0].baseUrl = variable('BASE_URL')
    },
    'scopes as a map': (m) => {
      m.permissions.scopes = Object.fromEntries(m.permissions.scopes.map((scope: string) => [scope, {}]))
    },
    'a Connect key after the last Connect module': (m) => {
      delete m.connectModules
      m.app.connect = { key: 'an-app' }
      m.permissions.scopes = ['read:jira-work', 'read:app-system-token']
    },
    'a user token for a front end': (m) => {
      m.modules.endpoint.push({ key: 'ui', remote: 'connect', auth: { appUserToken: { enabled: true } } })
      m.modules.macro = [{ key: 'm', resolver: { endpoint: 'ui' } }]
      m.permissions.scopes.push('read:app-user-token')
    },
    'a service for an endpoint': (m) => {
      m.services = [{ key: 'own' }]
      m.modules.endpoint.push({ key: 'own-endpoint', service: 'own' })
    },
    'auth of a remote that functions call': (m) => (m.remotes[0].auth = { appSystemToken: { enabled: true } }),
    'a configurable remote without an address': (m) =>
      m.remotes.push({ key: 'own', configurable: {}, operations: ['fetch'] })
  }
  for (const [name, change] of Object.entries(right)) t.same(found(change), [], name)
})

t.test('whatever a file holds, the check says so and does not throw', async (t) => {
  for (const manifest of [null, undefined, 1, 'text', [], [{}]]) {
    t.same(
      checkManifest(manifest).map(({ code }) => code),
      ['manifest-form']
    )
  }
  const wrong = [null, 1, 'x', [], [null], [[]], { a: 1 }, [{ key: 1 }]]
  for (const part of ['app', 'remotes', 'modules', 'connectModules', 'permissions', 'services']) {
    for (const value of wrong) {
      t.doesNotThrow(
        () =>
          checkManifest(
            changed((m) => (m[part] = value)),
            { descriptor, routes: [] }
          ),
        part
      )
      t.doesNotThrow(() => checkManifest({ modules: { endpoint: value, trigger: value, [part]: value } }), part)
    }
  }
})

t.test('a file that is a circle is read once around', async (t) => {
  const circle = changed((m) => {
    m.modules.trigger[0].own = m.modules
  })
  t.doesNotThrow(() => checkManifest(circle, { descriptor, routes: [], forge }))
  for (const part of ['app', 'remotes', 'connectModules', 'permissions']) {
    const other = changed((m) => {
      const values = Object.values(m[part]).flat()
      for (const value of values) if (typeof value === 'object' && value !== null) Object.assign(value, { own: m })
    })
    t.doesNotThrow(() => checkManifest(other, { descriptor, routes: [], forge }), part)
  }
})

t.test('beside its descriptor a manifest misses nothing', async (t) => {
  const other = await descriptorOf({ key: 'another-app' })
  t.same(
    found(() => {}, { descriptor: other, forge }),
    ['error connect-key-differs']
  )
  t.same(
    found((m) => delete m.connectModules['jira:configurePage'], { descriptor, forge }),
    ['warning module-missing']
  )
  const moved = (m: Draft) => {
    delete m.connectModules['jira:configurePage']
    m.modules['jira:adminPage'] = [{ key: 'configure' }]
  }
  t.same(found(moved, { descriptor, forge }), [], 'a module that moved under its key is not missed')
  t.same(
    found((m) => delete m.modules.preUninstall, { descriptor, forge }),
    ['warning endpoint-unused']
  )
  const without = (m: Draft) => {
    delete m.modules.preUninstall
    m.modules.endpoint.pop()
  }
  t.same(found(without, { descriptor, forge }), ['warning path-missing'])
  t.same(found(without, { descriptor, forge: { ...forge, paths: { preUninstall: false } } }), [])
})
