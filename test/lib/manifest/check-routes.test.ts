import { checkManifest, type ManifestRoute } from 'fastify-atlassian/core'
import t from 'tap'
import { changed, type Draft, found } from './draft.ts'

const routes: ManifestRoute[] = [
  ...['installed', 'upgraded', 'pre-uninstall'].map((name) => ({
    method: 'POST',
    url: `/base/forge/lifecycle/${name}`,
    policy: 'forge'
  })),
  { method: ['POST'], url: '/base/forge/heartbeat', policy: ['context', 'forge'] },
  { method: 'GET', url: '/base/:page', policy: 'page' },
  { method: 'POST', url: '/base/installed', policy: 'lifecycle' },
  { method: 'POST', url: '/base/uninstalled', policy: 'lifecycle' },
  { method: 'POST', url: '/base/disabled', policy: 'webhook' },
  { method: 'POST', url: '/base/hook', policy: 'webhook' }
]
const input = { routes, mountPath: '/base' }

t.test('the routes of the app answer what the manifest sends', async (t) => {
  t.same(
    found(() => {}, input),
    []
  )
  const without = (url: string) => ({ ...input, routes: routes.filter((route) => route.url !== url) })
  t.same(
    found(() => {}, without('/base/forge/lifecycle/installed')),
    ['error route-missing']
  )
  t.same(
    found(() => {}, without('/base/:page')),
    ['error connect-route-missing', 'error connect-route-missing']
  )
  t.same(
    found(() => {}, without('/base/installed')),
    ['error connect-route-missing']
  )
  t.same(
    found(() => {}, without('/base/hook')),
    ['error connect-route-missing', 'error connect-route-missing']
  )
  t.same(
    found((m) => (m.modules.endpoint[0].route.path = '/elsewhere'), input),
    ['error route-missing']
  )
  t.equal(found(() => {}, { routes }).length, 11, 'routes are looked for where the app has its base URL')
  const protectedOtherwise = routes.map((route) =>
    route.url.endsWith('/upgraded') ? { ...route, policy: 'webhook' } : route
  )
  t.same(
    found(() => {}, { ...input, routes: protectedOtherwise }),
    ['error route-policy']
  )
  const nothing = (m: Draft) => {
    m.modules = {}
    m.permissions.scopes = ['read:connect-jira']
  }
  t.same(found(nothing, input), ['warning endpoint-missing'])
})

t.test('every module that Forge sends to the path of its endpoint has its route', async (t) => {
  const module = (type: string, path: string | null) => (m: Draft) => {
    m.modules.endpoint.push({ key: 'own', remote: 'connect', ...(path === null ? {} : { route: { path } }) })
    m.modules[type] = [{ key: 'mine', endpoint: 'own' }]
  }
  for (const type of ['action', 'jira:jqlFunction', 'jira:workflowPostFunction', 'bitbucket:mergeCheck']) {
    t.same(found(module(type, '/elsewhere'), input), ['error route-missing'], type)
    t.same(found(module(type, '/hook'), input), ['error route-policy'], type)
    t.same(found(module(type, '/forge/heartbeat'), input), [], type)
    const missing = type.startsWith('bitbucket:') ? ['error endpoint-route-missing'] : []
    t.same(found(module(type, null), input), missing, type)
  }
  t.same(found(module('webtrigger', '/hook'), input), [], 'a web trigger brings no token')
  const front = (m: Draft) => {
    m.modules.endpoint.push({ key: 'own', remote: 'connect', route: { path: '/' } })
    m.modules['jira:issuePanel'] = [{ key: 'mine', resolver: { endpoint: 'own' } }]
  }
  t.same(found(front, input), [], 'a front end names its path itself')
})

t.test('a move of data needs its five routes and a remote that is there', async (t) => {
  const dare = (members: object) => (m: Draft) => {
    m.modules['migration:dataResidency'] = [{ key: 'dare', remote: 'connect', path: '/forge/dare', ...members }]
  }
  const hooks = ['schedule', 'start', 'status', 'commit', 'rollback'].map((name) => ({
    method: name === 'status' ? 'GET' : 'POST',
    url: `/base/forge/dare/${name}`,
    policy: 'forge'
  }))
  const all = { ...input, routes: [...routes, ...hooks] }
  t.same(found(dare({}), all), [])
  t.same(found(dare({ path: '/forge/dare/' }), all), [], 'a slash at the end changes nothing')
  t.same(found(dare({}), input), Array(5).fill('error route-missing'))
  t.same(found(dare({ path: '/dare' }), all), Array(5).fill('error route-missing'))
  const open = all.routes.map((route) => (route.url.endsWith('/commit') ? { ...route, policy: 'none' } : route))
  t.same(found(dare({}), { ...input, routes: open }), ['error route-policy'])
  t.same(found(dare({ remote: 'other' }), all), ['error data-residency-remote'])
  t.same(found(dare({ path: undefined }), all), ['error data-residency-path'])
})

t.test('a finding names its place and its route', async (t) => {
  const findings = checkManifest(
    changed(() => {}),
    { ...input, routes: [] }
  )
  t.match(
    findings.find(({ code }) => code === 'route-missing'),
    {
      field: 'modules.endpoint[0].route.path',
      message: /POST \/forge\/lifecycle\/installed/
    }
  )
  t.ok(findings.some(({ field }) => field === 'connectModules.jira:generalPages[0].url'))
  t.ok(findings.some(({ field }) => field === 'connectModules.jira:lifecycle[0].installed'))
  t.ok(findings.some(({ field }) => field === 'connectModules.jira:webhooks[1].url'))
})
