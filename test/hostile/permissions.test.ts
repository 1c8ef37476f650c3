// connect.md 9.1, entry 21: nothing but a clear yes of the host to everything that is required opens a route.
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { installedApp, type PublicBody, refuses, type Scene, withHeader } from './attack.ts'

const FORBIDDEN: PublicBody = {
  statusCode: 403,
  code: 'ATL_FORBIDDEN',
  error: 'Forbidden',
  message: 'You do not have permission to do this.'
}
const NO_CONTEXT: PublicBody = {
  statusCode: 403,
  code: 'ATL_CONTEXT_MISSING',
  error: 'Forbidden',
  message: 'This request does not say clearly which project, issue, space or page it is about.'
}
const UNKNOWN: PublicBody = {
  statusCode: 403,
  code: 'ATL_PERMISSION_UNKNOWN',
  error: 'Forbidden',
  message: 'Your permissions cannot be checked at the moment. Try again in a minute.'
}

/** Each lookup is tried once, unless a test says otherwise. */
async function scene(t: Test, { timeoutMs = 5000, maxAttempts = 1 } = {}): Promise<Scene> {
  const routes = (app: FastifyInstance) => {
    const { authorizeJira, authorizeConfluence, protect } = app.atlassian
    const hooks = {
      '/admin': authorizeJira({ global: ['ADMINISTER'] }),
      '/two': authorizeJira({ project: ['BROWSE_PROJECTS', 'EDIT_ISSUES'] }),
      '/two-turned': authorizeJira({ project: ['EDIT_ISSUES', 'BROWSE_PROJECTS'] }),
      '/project': authorizeJira({ project: ['BROWSE_PROJECTS'] }),
      '/site': authorizeConfluence({ application: ['administer'] }),
      '/space': authorizeConfluence({ space: ['administer'] }),
      '/content': authorizeConfluence({ content: 'read' })
    }
    for (const [url, preHandler] of Object.entries(hooks)) {
      app.get(url, { ...protect('context'), preHandler }, async (request) => {
        reached.push(request.routeOptions.url ?? '')
        return {}
      })
    }
  }
  const reached: string[] = []
  const set = await installedApp(t, { routes, authorization: { timeoutMs, cacheMs: 0 }, hostClient: { maxAttempts } })
  // Our handlers count as the scene's own.
  const push = reached.push.bind(reached)
  reached.push = (...urls) => {
    set.reached.push(...urls)
    return push(...urls)
  }
  return set
}

type Who = Parameters<Scene['host']['contextToken']>[0]

async function attack(t: Test, set: Scene, url: string, who: Who, expected: PublicBody, name = url): Promise<void> {
  await refuses(t, set, withHeader(url, await set.host.contextToken(who)), expected, name)
}

t.test('a permission that is not granted is refused, wherever it stands in the list', async (t) => {
  const set = await scene(t)
  // Cleo browses and does not edit.
  await attack(t, set, '/two', { user: 'Cleo', issue: 'TEA-1' }, FORBIDDEN)
  await attack(t, set, '/two-turned', { user: 'Cleo', issue: 'TEA-1' }, FORBIDDEN)
  await attack(t, set, '/two', { user: 'Bo', issue: 'VLT-1' }, FORBIDDEN)
  await attack(t, set, '/admin', { user: 'Bo' }, FORBIDDEN)
})

t.test('a project grant is no grant for its issue, nor the other way round', async (t) => {
  const set = await scene(t)
  const who = { user: 'Bo', issue: 'TEA-1' }
  const answers = [
    [{ permission: 'BROWSE_PROJECTS', projects: [10000], issues: [] }],
    [{ permission: 'BROWSE_PROJECTS', projects: [], issues: [10001] }],
    [{ permission: 'BROWSE_PROJECTS', projects: [10001], issues: [10000] }],
    [{ permission: 'BROWSE_PROJECTS', projects: [10000, 10000], issues: [10002] }],
    [{ permission: 'browse_projects', projects: [10000], issues: [10001] }],
    [{ permission: 'ADMINISTER_PROJECTS', projects: [10000], issues: [10001] }],
    [{ permission: 'BROWSE_PROJECTS' }],
    []
  ]
  for (const projectPermissions of answers) {
    set.host.failNext({ target: 'rest', body: JSON.stringify({ globalPermissions: [], projectPermissions }) })
    await attack(t, set, '/project', who, FORBIDDEN, JSON.stringify(projectPermissions))
  }
})

const odd: readonly string[] = [
  '',
  'null',
  'true',
  '"ADMINISTER"',
  '[]',
  '["ADMINISTER"]',
  '{}',
  '{"globalPermissions":null,"projectPermissions":null,"operations":null,"hasPermission":null}',
  '{"globalPermissions":"ADMINISTER","projectPermissions":"BROWSE_PROJECTS","operations":"administer","hasPermission":"true"}',
  '{"globalPermissions":{"0":"ADMINISTER","length":1},"projectPermissions":{"length":1},"operations":{},"hasPermission":1}',
  '{"globalPermissions":["ADMINISTER"],"projectPermissions":[{}',
  '{"__proto__":{"globalPermissions":["ADMINISTER"],"hasPermission":true,"operations":[{"operation":"administer","targetType":"application"}]}}',
  '<!doctype html><title>Log in</title>'
]

/** A space is asked about in two calls at once. */
const callsOf = (url: string) => (url === '/space' ? 2 : 1)

const questions: readonly (readonly [string, Who])[] = [
  ['/admin', { user: 'Ada' }],
  ['/project', { user: 'Ada', issue: 'TEA-1' }],
  ['/site', { site: 'confluence', user: 'Ada' }],
  ['/space', { site: 'confluence', user: 'Ada', space: 'TEA' }],
  ['/content', { site: 'confluence', user: 'Ada', page: '131073' }]
]

t.test('a host that answers with something else is not understood as a yes', async (t) => {
  const set = await scene(t)
  for (const [url, who] of questions) {
    for (const body of odd) {
      set.host.failNext({ target: 'rest', body, times: callsOf(url) })
      await attack(t, set, url, who, UNKNOWN, `${url}: ${body}`)
    }
  }
})

t.test('a yes with another status is no yes', async (t) => {
  const set = await scene(t)
  const body = JSON.stringify({
    globalPermissions: ['ADMINISTER'],
    projectPermissions: [{ permission: 'BROWSE_PROJECTS', projects: [10000], issues: [10001] }],
    operations: [{ operation: 'administer', targetType: 'application' }],
    results: [],
    hasPermission: true,
    errors: []
  })
  for (const [url, who] of questions) {
    for (const status of [201, 202, 206, 302, 400, 401, 403, 429, 500, 503]) {
      set.host.failNext({ target: 'rest', status, body, times: callsOf(url) })
      await attack(t, set, url, who, UNKNOWN, `${url}: ${status}`)
      // After a 429 the host is left alone for a while.
      set.clock.advanceSeconds(2)
    }
  }
  // Content and space: 404 is how the host says that there is no such thing.
  set.host.failNext({ target: 'rest', status: 404, body })
  await attack(t, set, '/content', { site: 'confluence', user: 'Ada', page: '131073' }, FORBIDDEN, '404')
  set.host.failNext({ target: 'rest', status: 404, body })
  await attack(t, set, '/project', { user: 'Ada', issue: 'TEA-1' }, UNKNOWN, '404')
})

t.test('a host that is slow or cuts the line is refused in time', async (t) => {
  for (const [url, who] of questions) {
    const cut = await scene(t, { maxAttempts: 2 })
    cut.host.failNext({ target: 'rest', lost: true, times: 100 })
    await attack(t, cut, url, who, UNKNOWN, `${url}: cut`)
  }
  for (const [url, who] of questions) {
    const broken = await scene(t, { maxAttempts: 2 })
    broken.host.failNext({ target: 'rest', truncated: true, times: 100 })
    await attack(t, broken, url, who, UNKNOWN, `${url}: the answer breaks off`)
  }
  const set = await scene(t, { timeoutMs: 200 })
  set.host.failNext({ target: 'rest', delayMs: 400 })
  await attack(t, set, '/admin', { user: 'Ada' }, UNKNOWN, 'slow')
  const token = await set.host.contextToken({ user: 'Ada' })
  set.lines.length = 0
  set.host.failNext({ target: 'rest', delayMs: 400 })
  const { statusCode } = await set.app.inject(withHeader('/admin', token))
  t.equal(statusCode, 403)
  t.match(set.lines.join(''), /"reason":"no answer within 200 ms","msg":"permission lookup failed"/)
})

t.test(
  'a token without a context, with an odd one, or with an id that is none is refused and never a 500',
  async (t) => {
    const set = await scene(t)
    const contexts: unknown[] = [
      undefined,
      null,
      'jira',
      7,
      [],
      {},
      { jira: null },
      { jira: {} },
      { jira: 'TEA' },
      { jira: { project: null, issue: null } },
      { jira: { project: 10000 } },
      { jira: { project: {} } },
      { jira: { project: { key: 'TEA' } } },
      { jira: { project: { id: 'TEA' } } },
      { jira: { project: { id: '10000 ' } } },
      { jira: { project: { id: ['10000'] } } },
      { jira: { project: { id: { id: '10000' } } } },
      { jira: { project: { id: '10000' }, issue: { id: 'TEA-1' } } },
      { jira: { project: { id: 1e300 } } },
      { jira: { project: { id: -10000 } } },
      { confluence: { content: { id: '131073' } } },
      { constructor: { jira: { project: { id: '10000' } } } }
    ]
    for (const context of contexts) {
      const token = await set.host.sign.contextToken({ user: 'Ada', claims: { context } })
      await refuses(t, set, withHeader('/project', token), NO_CONTEXT, JSON.stringify(context) ?? 'none')
    }
    for (const id of ['../user', '131073/../131075', '131073?x=1', '%31', 'att131073', '0']) {
      const context = { confluence: { content: { id } } }
      const token = await set.host.sign.contextToken({ site: 'confluence', user: 'Ada', claims: { context } })
      await refuses(t, set, withHeader('/content', token), NO_CONTEXT, id)
    }
  }
)

t.test('nobody who is logged in asks Confluence, and the word "undefined" is no user', async (t) => {
  const set = await scene(t)
  const asked = set.host.exchanges.filter(({ kind }) => kind === 'rest').length
  for (const url of ['/site', '/space', '/content']) {
    await attack(t, set, url, { site: 'confluence', user: null, page: '131073' }, FORBIDDEN)
  }
  t.equal(set.host.exchanges.filter(({ kind }) => kind === 'rest').length, asked, 'the host was not asked')
})

t.test('an anonymous visitor is not given what the app itself may do', async (t) => {
  const set = await scene(t)
  await attack(t, set, '/two', { user: null, issue: 'TEA-1' }, FORBIDDEN)
  await attack(t, set, '/project', { user: null, issue: 'VLT-1' }, FORBIDDEN)
  await attack(t, set, '/admin', { user: null }, FORBIDDEN)
})

t.test('a user of whom the host answers about another one is not let in', async (t) => {
  const set = await scene(t)
  const operations = [{ operation: 'administer', targetType: 'application' }]
  const body = JSON.stringify({ accountId: '557058:ada-0001', operations })
  set.host.failNext({ target: 'rest', body })
  await attack(t, set, '/site', { site: 'confluence', user: 'Bo' }, UNKNOWN)
})
