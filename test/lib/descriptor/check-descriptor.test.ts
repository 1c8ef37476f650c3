import fc from 'fast-check'
import t from 'tap'
import { assertDescriptor, checkDescriptor, loadDescriptor } from '../../../lib/descriptor/index.ts'

const options = { baseUrl: 'https://app.example.com' }
const good = {
  key: 'com.example.my_app-1',
  name: 'My app',
  baseUrl: 'https://app.example.com',
  authentication: { type: 'jwt' },
  lifecycle: { installed: '/installed?token=hunter2' },
  scopes: ['READ', 'write', 'Act_As_User']
}
const page = { key: 'panel', name: { value: 'Panel' }, url: '/panel?issue={issue.key}' }

/** Findings as `severity code field`. */
async function findings(changes: object): Promise<string[]> {
  const problems = checkDescriptor(await loadDescriptor({ ...good, ...changes }, options))
  return problems.map(({ severity, code, field }) => `${severity} ${code} ${field}`)
}

async function withPanel(changes: object): Promise<string[]> {
  return findings({ modules: { webPanels: [{ ...page, ...changes }] } })
}

t.test('a sound descriptor has no findings', async (t) => {
  t.strictSame(await findings({}), [])
  t.strictSame(await withPanel({}), [])
  t.strictSame(await withPanel({ url: 'https://elsewhere.example/panel', cacheable: true }), [])
  t.strictSame(await withPanel({ url: '/#!/panel/{issue.key}' }), [])
  t.strictSame(await findings({ modules: null }), [])
  t.strictSame(
    await findings({ modules: { webPanels: false, generalPages: null, dialogs: [], configurePage: page } }),
    []
  )
  t.strictSame(await findings({ authentication: { type: 'NONE' }, lifecycle: undefined, name: undefined }), [
    'warning name-missing name'
  ])
})

t.test('key and name', async (t) => {
  t.strictSame(await findings({ key: undefined }), ['error key-missing key'])
  for (const key of ['', 'a b', 'a/b', 'ä', 7, null, 'k'.repeat(81)]) {
    t.strictSame(await findings({ key }), ['error key-form key'], String(key))
  }
  t.strictSame(await findings({ key: 'k'.repeat(80) }), [])
  for (const name of ['', ' ', 'n'.repeat(81), {}]) t.strictSame(await findings({ name }), ['error name-form name'])
})

t.test('the base URL is https, or http on a loopback address', async (t) => {
  for (const baseUrl of [
    'http://localhost:3000',
    'http://127.0.0.1:8080/a',
    'http://[::1]:1',
    'http://app.localhost'
  ]) {
    t.strictSame(await findings({ baseUrl }), [], baseUrl)
  }
  t.strictSame(await findings({ baseUrl: '' }), ['error base-url-empty baseUrl'])
  t.strictSame(await findings({ baseUrl: 'http://app.example.com' }), ['error base-url-insecure baseUrl'])
  t.strictSame(await findings({ baseUrl: 'http://127.0.0.1.evil.example' }), ['error base-url-insecure baseUrl'])
  t.strictSame(await findings({ baseUrl: `https://app.example.com/${'a'.repeat(180)}` }), [
    'error base-url-length baseUrl'
  ])
  t.strictSame(await findings({ baseUrl: 'https://app.example.com/' }), ['warning base-url-slash baseUrl'])
  for (const baseUrl of [
    '/app',
    'ftp://x',
    'https://',
    'https://u:p@x',
    'https://x/?a',
    'https://x/#',
    'https://x/{a}',
    null,
    5
  ]) {
    t.strictSame(await findings({ baseUrl }), ['error base-url-form baseUrl'], String(baseUrl))
  }
})

t.test('authentication is jwt or none in any case, and jwt needs installed', async (t) => {
  t.strictSame(await findings({ authentication: { type: 'JWT' } }), [])
  t.strictSame(await findings({ authentication: {} }), [], 'jwt is the default')
  t.strictSame(await findings({ authentication: undefined }), ['error authentication-missing authentication'])
  t.strictSame(await findings({ authentication: { type: 'oauth' } }), ['error authentication-type authentication.type'])
  for (const lifecycle of [undefined, null, {}, { installed: null }, { enabled: '/enabled' }]) {
    t.strictSame(await findings({ lifecycle }), ['error installed-missing lifecycle.installed'])
  }
  t.strictSame(await findings({ authentication: { type: 'none' } }), ['warning lifecycle-unsigned lifecycle'])
})

t.test('life-cycle paths are relative, have a path each, and are never repeated in a message', async (t) => {
  const lifecycle = (changes: object) => findings({ lifecycle: { installed: '/installed', ...changes } })
  t.strictSame(
    await lifecycle({ uninstalled: 'un', enabled: '/en?a={b}', disabled: '/dis', 'dare-migration': '/x' }),
    []
  )
  t.strictSame(await lifecycle({ enabled: 'https://app.example.com/x' }), ['error url-absolute lifecycle.enabled'])
  t.strictSame(await lifecycle({ enabled: '//evil.example/x' }), ['error url-absolute lifecycle.enabled'])
  t.strictSame(await lifecycle({ enabled: '' }), ['error url-empty lifecycle.enabled'])
  t.strictSame(await lifecycle({ enabled: 7 }), ['error url-type lifecycle.enabled'])
  t.strictSame(await lifecycle({ enabled: '/a/../b' }), ['error url-dot-segment lifecycle.enabled'])
  t.strictSame(await lifecycle({ enabled: 'installed?other' }), ['error path-shared lifecycle.enabled'])
  t.strictSame(await findings({ lifecycle: [] }), ['error lifecycle-type lifecycle'])
  t.strictSame(await findings({ modules: { webhooks: [{ event: 'a', url: '/installed' }] } }), [
    'error path-shared modules.webhooks[0]'
  ])
  const loaded = await loadDescriptor({ ...good, lifecycle: { installed: '/a b?token=hunter2' } }, options)
  t.notMatch(JSON.stringify(checkDescriptor(loaded)), /hunter2/)
})

t.test('scopes are known or warned about', async (t) => {
  t.strictSame(await findings({ scopes: ['pullrequest', 'read'] }), ['warning scope-unknown scopes[0]'])
  t.strictSame(await findings({ scopes: [1] }), ['error scope-type scopes[0]'])
  t.strictSame(await findings({ scopes: 'READ' }), ['error scopes-type scopes'])
})

t.test('apiMigrations hold booleans, and false is warned about', async (t) => {
  t.strictSame(await findings({ apiMigrations: { gdpr: false } }), ['warning api-migration-off apiMigrations.gdpr'])
  t.strictSame(await findings({ apiMigrations: { gdpr: 'true' } }), ['error api-migration-type apiMigrations.gdpr'])
  t.strictSame(await findings({ apiMigrations: { 'something-new': false } }), [])
  t.strictSame(await findings({ apiMigrations: [] }), ['error api-migrations-type apiMigrations'])
})

t.test('modules have a shape, a key of their own and what their type needs', async (t) => {
  t.strictSame(await findings({ modules: [] }), ['error modules-type modules'])
  t.strictSame(await findings({ modules: { webPanels: 'x' } }), ['error module-type modules.webPanels'])
  t.strictSame(await findings({ modules: { webPanels: [page, null] } }), ['error module-type modules.webPanels[1]'])
  t.strictSame(await withPanel({ key: 'a_b' }), ['error module-key modules.webPanels[0].key'])
  t.strictSame(await withPanel({ key: undefined }), ['error member-missing modules.webPanels[0].key'])
  t.strictSame(await withPanel({ name: undefined }), ['error member-missing modules.webPanels[0].name'])
  t.strictSame(await withPanel({ url: null }), ['error member-missing modules.webPanels[0].url'])
  t.strictSame(await findings({ modules: { jiraIssueGlances: [{ key: 'a', name: {}, target: {} }] } }), [
    'error member-missing modules.jiraIssueGlances[0].target.url'
  ])
  t.strictSame(await findings({ modules: { generalPages: [page], configurePage: { ...page, url: '/b' } } }), [
    'error module-key-repeated modules.configurePage.key'
  ])
  t.strictSame(await findings({ modules: { webItems: [{ location: 'x' }] } }), [
    'warning module-key-missing modules.webItems[0].key'
  ])
})

t.test('module URLs', async (t) => {
  const field = 'modules.webPanels[0].url'
  const cases: [unknown, string][] = [
    [7, 'url-type'],
    ['', 'url-empty'],
    ['javascript:alert(1)', 'url-scheme'],
    ['//evil.example/x', 'url-scheme'],
    ['https:///x', 'url-scheme'],
    ['/a b', 'url-characters'],
    ['/a\\b', 'url-characters'],
    ['/a{b', 'url-variable'],
    ['/a%zz', 'url-encoding'],
    ['/a%ff', 'url-encoding'],
    ['/a\ud800', 'url-encoding'],
    ['/a/%2e%2E/b', 'url-dot-segment']
  ]
  for (const [url, code] of cases) t.strictSame(await withPanel({ url }), [`error ${code} ${field}`], String(url))
  t.strictSame(await withPanel({ editor: { url: 5 } }), ['error url-type modules.webPanels[0].editor.url'])
})

t.test('cacheable is true or false wherever it stands', async (t) => {
  t.strictSame(await withPanel({ cacheable: 'true' }), ['error cacheable-type modules.webPanels[0].cacheable'])
  t.strictSame(await withPanel({ editor: { url: '/e', cacheable: 1 } }), [
    'error cacheable-type modules.webPanels[0].editor.cacheable'
  ])
  t.strictSame(await withPanel({ params: { cacheable: 'my own' } }), [])
})

t.test('webhooks have an event and a relative URL, and each event once for a path', async (t) => {
  const hooks = (...webhooks: unknown[]) => findings({ modules: { webhooks } })
  t.strictSame(await hooks({ event: 'a', url: '/a' }, { event: 'a', url: '/b', key: 'not_checked' }), [])
  t.strictSame(await hooks({ event: 'a', url: '/a?1' }, { event: 'a', url: 'a?2' }), [
    'warning webhook-repeated modules.webhooks[1]'
  ])
  t.strictSame(await hooks({ event: 'a', url: 'https://app.example.com/a' }), [
    'error url-absolute modules.webhooks[0].url'
  ])
  t.strictSame(await hooks({ event: '', url: '/a' }), ['error webhook-event modules.webhooks[0].event'])
  t.strictSame(await hooks({ event: 'a' }), ['error url-type modules.webhooks[0].url'])
})

t.test('placeholders that nobody filled are errors where we act on them and warnings elsewhere', async (t) => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the placeholder of another tool
  for (const left of ['${addon.key}', '{{ .PluginKey }}', '{{unknown}}', '{{appKey}}']) {
    t.strictSame(await findings({ key: left }), ['error placeholder-left key'], left)
    t.strictSame(await findings({ baseUrl: left }), ['error placeholder-left baseUrl'], left)
    t.strictSame(
      await findings({ lifecycle: { installed: left } }),
      ['error placeholder-left lifecycle.installed'],
      left
    )
    t.strictSame(await withPanel({ url: `/x?y=${left}` }), ['error placeholder-left modules.webPanels[0].url'], left)
    t.strictSame(await findings({ description: left }), ['warning placeholder-left description'], left)
  }
  t.strictSame(await withPanel({ url: '/x?v=__VERSION__&i={issue.key}' }), [])
})

t.test('assertDescriptor names every error and returns the warnings', async (t) => {
  const bad = await loadDescriptor({ ...good, key: 'a b', baseUrl: '', scopes: ['odd'] }, options)
  t.throws(() => assertDescriptor(bad), {
    code: 'ATL_DESCRIPTOR',
    message: [
      'The descriptor has 2 errors:',
      '- key has to be 1 to 80 letters, digits, dots, hyphens and underscores',
      '- baseUrl is empty; write {{localBaseUrl}} or the address of the app'
    ].join('\n')
  })
  const odd = await loadDescriptor({ ...good, scopes: ['odd'] }, options)
  t.match(assertDescriptor(odd), [{ code: 'scope-unknown', severity: 'warning' }])
})

t.test('whatever types the members have, the check answers and does not throw', async (t) => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('/x', '{{x}}', 'https://x', false, null, {}, [{}], [[]])
  )
  const names = [
    'key',
    'url',
    'name',
    'event',
    'target',
    'editor',
    'actions',
    'installed',
    'webhooks',
    'webPanels',
    'cacheable'
  ]
  const object = fc.dictionary(fc.constantFrom(...names), value)
  const wild = fc.record(
    {
      key: value,
      name: value,
      baseUrl: value,
      authentication: fc.oneof(value, object),
      lifecycle: fc.oneof(value, object),
      scopes: value,
      apiMigrations: fc.oneof(value, object),
      modules: fc.oneof(
        value,
        fc.dictionary(fc.constantFrom('webhooks', 'webPanels', 'odd'), fc.oneof(value, object, fc.array(object)))
      )
    },
    { requiredKeys: [] }
  )
  await fc.assert(
    fc.asyncProperty(wild, async (source) => {
      fc.pre(!/"(?:__proto__|constructor|prototype)":/.test(JSON.stringify(source)))
      const problems = checkDescriptor(await loadDescriptor(source, options))
      const errors = problems.filter(({ severity }) => severity === 'error').map(({ field }) => field)
      if (new Set(errors).size !== errors.length) throw new Error('a field has two errors')
      if (!problems.every(({ field, code, message }) => field !== '' && /^[a-z-]+$/.test(code) && message !== ''))
        throw new Error('empty')
    }),
    { numRuns: 300 }
  )
  t.pass()
})

t.test('addresses of regions, hooks of moves and their time are looked at', async (t) => {
  const sound = {
    regionBaseUrls: { EU: 'https://eu.app.example.com', DE: 'https://de.app.example.com/app' },
    lifecycle: { ...good.lifecycle, 'dare-migration': '/dare' },
    dataResidency: { maxMigrationDurationHours: 2.5 }
  }
  t.strictSame(await findings(sound), [])
  t.strictSame(await findings({ regionBaseUrls: ['EU'] }), ['error region-urls-type regionBaseUrls'])
  t.strictSame(await findings({ regionBaseUrls: { MOON: 'https://moon.example.com' } }), [
    'warning region-unknown regionBaseUrls.MOON'
  ])
  const wrong = { EU: 'eu.example.com', DE: 'http://de.example.com', US: 'https://us.example.com?x=1', AU: 7 }
  t.strictSame(await findings({ regionBaseUrls: wrong }), [
    'error region-url-form regionBaseUrls.EU',
    'error region-url-insecure regionBaseUrls.DE',
    'error region-url-form regionBaseUrls.US',
    'error region-url-form regionBaseUrls.AU'
  ])
  for (const hours of [0, 0.75, 24.5, '2']) {
    t.strictSame(await findings({ dataResidency: { maxMigrationDurationHours: hours } }), [
      'error migration-duration dataResidency.maxMigrationDurationHours'
    ])
  }
  t.strictSame(await findings({ lifecycle: { ...good.lifecycle, 'dare-migration': 'https://x.example' } }), [
    'error url-absolute lifecycle.dare-migration'
  ])
  t.strictSame(await findings({ lifecycle: { installed: '/installed', 'dare-migration': '/installed' } }), [
    'error path-shared lifecycle.dare-migration'
  ])
})
