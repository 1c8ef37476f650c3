import type { FastifyInstance, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import type { AppOverrides } from '../helpers/app.ts'
import { installedApp, type Scene } from '../hostile/attack.ts'

const [ADA, BO, CLEO] = ['557058:ada-0001', '557058:bo-0002', '557058:cleo-0003']

/** The answer of a route is what was authorized. */
const show = async (request: FastifyRequest) => ({ authorized: request.authorized })

async function scene(t: Test, routes: (app: FastifyInstance) => void, overrides: AppOverrides = {}): Promise<Scene> {
  return await installedApp(t, { ...overrides, routes })
}

interface Seen {
  readonly status: number
  readonly code?: string
  readonly authorized?: object | null
}

async function call({ host }: Scene, path: string, options: Parameters<Scene['host']['callApp']>[1]): Promise<Seen> {
  const { status, body } = await host.callApp(path, options)
  const { code, authorized } = JSON.parse(body)
  return { status, ...(code === undefined ? {} : { code }), ...(authorized === undefined ? {} : { authorized }) }
}

const FORBIDDEN: Seen = { status: 403, code: 'ATL_FORBIDDEN' }
const NO_CONTEXT: Seen = { status: 403, code: 'ATL_CONTEXT_MISSING' }
const UNKNOWN: Seen = { status: 403, code: 'ATL_PERMISSION_UNKNOWN' }

/** Calls of this app to the host since the scene was set. */
function lookups({ host }: Scene): string[] {
  return host.exchanges
    .filter(({ kind, url }) => kind === 'rest' && /permission|\/user\b/.test(url))
    .map(({ method, url }) => `${method} ${new URL(url).pathname}`)
}

t.test('global permissions of Jira open a route to those who have them', async (t) => {
  const set = await scene(t, (app) => {
    const preHandler = app.atlassian.authorizeJira({ global: ['ADMINISTER'] })
    app.get('/admin', { ...app.atlassian.protect('context'), preHandler }, show)
    app.get('/early', { ...app.atlassian.protect('context'), onRequest: preHandler }, show)
  })
  const granted = {
    projectId: null,
    issueId: null,
    contentId: null,
    spaceId: null,
    permissions: { global: ['ADMINISTER'] }
  }
  for (const path of ['/admin', '/early']) {
    t.strictSame(await call(set, path, { user: 'Ada' }), { status: 200, authorized: granted }, path)
    t.strictSame(await call(set, path, { user: 'Bo' }), FORBIDDEN, path)
    t.strictSame(await call(set, path, { user: null }), FORBIDDEN, `${path}, anonymously`)
  }
  if (set.jira.product === 'jira') set.jira.state.globalPermissions.set('ADMINISTER', ['group:tea-masters'])
  if (set.jira.product === 'jira') set.jira.state.groups[2]?.members.add(BO)
  set.clock.advanceSeconds(5)
  t.match(await call(set, '/admin', { user: 'Bo' }), { status: 200 }, 'members of the group, once the answer is old')
  t.strictSame(await call(set, '/admin', { user: 'Cleo' }), FORBIDDEN)
})

t.test('project permissions hold for the project and the issue of the token, both if both are named', async (t) => {
  const set = await scene(t, (app) => {
    const preHandler = app.atlassian.authorizeJira({ project: ['BROWSE_PROJECTS', 'EDIT_ISSUES'] })
    app.get('/edit', { ...app.atlassian.protect('context'), preHandler }, show)
    const onIssue = app.atlassian.authorizeJira({ issue: 'EDIT_ISSUES' })
    app.get('/issue', { ...app.atlassian.protect('context'), preHandler: onIssue }, show)
  })
  const permissions = { project: ['BROWSE_PROJECTS', 'EDIT_ISSUES'] }
  t.match(await call(set, '/edit', { user: 'Bo', issue: 'TEA-1' }), {
    authorized: { projectId: '10000', issueId: '10001', permissions }
  })
  t.match(await call(set, '/edit', { user: 'Bo', project: 'TEA' }), {
    authorized: { projectId: '10000', issueId: null, permissions }
  })
  t.strictSame(await call(set, '/edit', { user: 'Cleo', issue: 'TEA-1' }), FORBIDDEN, 'one of two permissions')
  t.strictSame(await call(set, '/edit', { user: 'Bo' }), NO_CONTEXT, 'a token about nothing')
  t.strictSame(await call(set, '/edit', { user: 'Bo', site: 'confluence', page: '131073' }), NO_CONTEXT, 'Confluence')
  t.strictSame(await call(set, '/issue', { user: 'Bo', project: 'TEA' }), NO_CONTEXT, 'a project is no issue')
  t.match(await call(set, '/issue', { user: 'Bo', issue: 'TEA-2' }), {
    authorized: { projectId: null, issueId: '10002', permissions: { issue: ['EDIT_ISSUES'] } }
  })

  // The project allows it and the issue does not.
  const issue = set.jira.product === 'jira' ? set.jira.state.issues[2] : undefined
  if (issue) issue.restrictedTo = [CLEO]
  t.strictSame(await call(set, '/edit', { user: 'Bo', issue: 'TEA-3' }), FORBIDDEN, 'a restricted issue')
  t.strictSame(await call(set, '/issue', { user: 'Bo', issue: 'TEA-3' }), FORBIDDEN, 'a restricted issue')
})

t.test('roles of a project and permissions of the app itself count', async (t) => {
  const modules = {
    jiraProjectPermissions: [{ key: 'pour', name: { value: 'Pour' }, description: { value: 'Pour tea' } }],
    jiraGlobalPermissions: [{ key: 'brew', name: { value: 'Brew' }, description: { value: 'Brew tea' } }]
  }
  const webPanels = [{ key: 'panel', name: { value: 'Panel' }, location: 'atl.jira.view.issue.right', url: '/panel' }]
  const set = await scene(
    t,
    (app) => {
      const preHandler = app.atlassian.authorizeJira({ global: 'test-app__brew', project: ['test-app__pour'] })
      app.get('/pour', { ...app.atlassian.protect('context'), preHandler }, show)
    },
    { descriptorMembers: { modules: { ...modules, webPanels } } }
  )
  t.match(await call(set, '/pour', { user: 'Ada', project: 'TEA' }), { status: 200 }, 'an administrator')
  t.strictSame(await call(set, '/pour', { user: 'Cleo', project: 'TEA' }), FORBIDDEN)
  if (set.jira.product === 'jira') {
    set.jira.state.globalPermissions.set('test-app__brew', 'users')
    set.jira.state.projects[0]?.roles.set('Pourers', new Set([CLEO]))
    set.jira.state.projects[0]?.permissions.set('test-app__pour', ['role:Pourers'])
  }
  set.clock.advanceSeconds(5)
  t.match(await call(set, '/pour', { user: 'Cleo', project: 'TEA' }), { status: 200 }, 'in the role')
  t.strictSame(await call(set, '/pour', { user: 'Bo', project: 'TEA' }), FORBIDDEN, 'not in the role')
})

t.test('an anonymous visitor has the permissions of everybody in Jira', async (t) => {
  const set = await scene(t, (app) => {
    const browse = app.atlassian.authorizeJira({ project: ['BROWSE_PROJECTS'] })
    app.get('/browse', { ...app.atlassian.protect('context'), preHandler: browse }, show)
    const edit = app.atlassian.authorizeJira({ project: ['EDIT_ISSUES'] })
    app.get('/edit', { ...app.atlassian.protect('context'), preHandler: edit }, show)
  })
  t.match(await call(set, '/browse', { user: null, issue: 'TEA-1' }), { status: 200 })
  t.strictSame(await call(set, '/browse', { user: null, project: 'VLT' }), FORBIDDEN)
  t.strictSame(await call(set, '/edit', { user: null, issue: 'TEA-1' }), FORBIDDEN, 'the app itself could')
  const [first] = set.host.exchanges.filter(({ kind }) => kind === 'rest')
  t.equal(first?.tokenKind, null, 'asked without a token')
})

t.test('Confluence: site, space and content, and nothing for anonymous visitors', async (t) => {
  const set = await scene(t, (app) => {
    const add = (path: string, requirements: Parameters<typeof app.atlassian.authorizeConfluence>[0]) =>
      app.get(
        path,
        { ...app.atlassian.protect('context'), preHandler: app.atlassian.authorizeConfluence(requirements) },
        show
      )
    add('/site', { application: ['use', 'administer'] })
    add('/space', { space: ['read', 'administer'] })
    add('/write', { space: 'create:page' })
    add('/read', { content: 'read' })
    add('/all', { application: 'use', space: 'read', content: ['read', 'update'] })
  })
  const on = (user: string | null, page = '131073') => ({ site: 'confluence', user, page })
  t.match(await call(set, '/site', on('Ada')), { authorized: { permissions: { application: ['use', 'administer'] } } })
  t.strictSame(await call(set, '/site', on('Bo')), FORBIDDEN)
  t.match(await call(set, '/space', on('Ada')), { authorized: { spaceId: '65538', contentId: null } })
  t.strictSame(await call(set, '/space', on('Bo')), FORBIDDEN)
  t.match(await call(set, '/write', on('Bo')), { status: 200 })
  t.strictSame(await call(set, '/write', on('Cleo')), FORBIDDEN)
  t.match(await call(set, '/read', on('Cleo')), { authorized: { spaceId: null, contentId: '131073' } })
  t.strictSame(await call(set, '/read', on('Cleo', '131075')), FORBIDDEN, 'a page of the vault')
  t.match(await call(set, '/all', on('Bo')), { authorized: { spaceId: '65538', contentId: '131073' } })
  t.strictSame(await call(set, '/all', on('Cleo')), FORBIDDEN)
  for (const path of ['/site', '/space', '/write', '/read', '/all']) {
    t.strictSame(await call(set, path, on(null)), FORBIDDEN, `${path}, anonymously`)
    t.strictSame(await call(set, path, { user: 'Ada', issue: 'TEA-1' }), NO_CONTEXT, `${path}, from Jira`)
  }
  t.strictSame(await call(set, '/read', { site: 'confluence', space: 'TEA' }), NO_CONTEXT, 'a space is no page')

  const page = set.wiki.product === 'confluence' ? set.wiki.state.pages[1] : undefined
  if (page) page.restrictions.read = ['group:tea-masters']
  t.strictSame(await call(set, '/read', on('Bo', '131074')), FORBIDDEN, 'a restricted page')
})

t.test('ids come from a resolver instead of the token, all of them and checked', async (t) => {
  const set = await scene(t, (app) => {
    const { authorizeJira } = app.atlassian
    const protect = app.atlassian.protect('context')
    const byPath = authorizeJira({ project: ['EDIT_ISSUES'], issueId: ({ params }) => params.id })
    app.get('/issues/:id', { ...protect, preHandler: byPath }, show)
    const typed = authorizeJira<{ Body: { project: number } }>({
      project: 'BROWSE_PROJECTS',
      projectId: async ({ body }) => body.project
    })
    app.post('/project', { ...protect, preHandler: typed }, show)
    const both = authorizeJira({
      project: 'BROWSE_PROJECTS',
      projectId: ({ query }) => query.project,
      issueId: ({ query }) => query.issue
    })
    app.get('/both', { ...protect, preHandler: both }, show)
  })
  const here = { user: 'Bo', issue: 'TEA-1' }
  t.match(await call(set, '/issues/10002', here), { authorized: { projectId: null, issueId: '10002' } })
  t.strictSame(await call(set, '/issues/10004', here), FORBIDDEN, 'the issue of the token is not asked for')
  for (const id of ['TEA-2', '0', '-1', '010002', '1e4', '10002.0', '%2010002', '10002%2F..', '99999999999999999']) {
    t.strictSame(await call(set, `/issues/${id}`, here), NO_CONTEXT, id)
  }
  const post = (body: unknown) => call(set, '/project', { ...here, method: 'POST', body })
  t.match(await post({ project: 10000 }), { authorized: { projectId: '10000' } })
  t.strictSame(await post({ project: 10010 }), FORBIDDEN)
  for (const project of [1.5, [10000], { id: 10000 }, true, null, '', 1e21])
    t.strictSame(await post({ project }), NO_CONTEXT)
  t.strictSame(await call(set, '/project', { ...here, method: 'POST' }), NO_CONTEXT, 'no body: the resolver trips')
  t.match(await call(set, '/both?project=10000&issue=10001', here), { status: 200 })
  t.strictSame(await call(set, '/both?issue=10001', here), NO_CONTEXT, 'leaving one out does not spare its check')
  t.strictSame(await call(set, '/both?project=10000&issue=10001&issue=10004', here), NO_CONTEXT, 'two ids')
})

t.test('request.authorized is null before, frozen after, and null again when a later check refuses', async (t) => {
  const seen: unknown[] = []
  const set = await scene(
    t,
    (app) => {
      app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
        seen.push(request.authorized)
        reply.code(error.statusCode ?? 500).send({ code: Reflect.get(error, 'code') })
      })
      const first = app.atlassian.authorizeJira({ project: ['BROWSE_PROJECTS'] })
      const second = app.atlassian.authorizeJira({ global: ['ADMINISTER'] })
      const look = async (request: FastifyRequest) => void seen.push(request.authorized)
      const preHandler = [look, first, look, second]
      app.get('/twice', { ...app.atlassian.protect('context'), preHandler } as object, async (request) => {
        const frozen = Object.isFrozen(request.authorized) && Object.isFrozen(request.authorized?.permissions)
        t.throws(() => Object.assign(request, { authorized: null }), 'nobody else sets it')
        return { frozen, lists: Object.values(request.authorized?.permissions ?? {}).every(Object.isFrozen) }
      })
    },
    { errorPage: false }
  )
  const { body } = await set.host.callApp('/twice', { user: 'Ada', issue: 'TEA-1' })
  t.strictSame(JSON.parse(body), { frozen: true, lists: true })
  t.match(seen, [null, { issueId: '10001' }])
  seen.length = 0
  t.match(await call(set, '/twice', { user: 'Bo', issue: 'TEA-1' }), FORBIDDEN)
  t.match(seen, [null, { issueId: '10001' }, null])
})

t.test('routes where no user is known cannot be authorized, and empty requirements stop the start', async (t) => {
  await scene(t, (app) => {
    const { authorizeJira, authorizeConfluence, protect } = app.atlassian
    const preHandler = authorizeJira({ global: ['ADMINISTER'] })
    for (const policy of ['none', 'lifecycle'] as const) {
      t.throws(() => app.post(`/at-${policy}`, { ...protect(policy), preHandler }, show), { code: 'ATL_OPTION' })
    }
    const wrong: (() => unknown)[] = [
      () => authorizeJira({}),
      () => authorizeJira({ global: [] }),
      () => authorizeJira({ global: ['ADMINISTER'], project: [] }),
      () => authorizeJira({ project: undefined } as never),
      () => authorizeJira({ issueId: () => 1 }),
      () => authorizeJira({ global: ['ADMINISTER'], projectId: () => 1 }),
      () => authorizeJira({ globals: ['ADMINISTER'] } as never),
      () => authorizeJira({ project: ['BROWSE_PROJECTS', ''] }),
      () => authorizeJira({ project: [null] } as never),
      () => authorizeJira({ project: 'BROWSE_PROJECTS', projectId: '10000' } as never),
      () => authorizeJira(null as never),
      () => authorizeJira([] as never),
      () => authorizeConfluence({}),
      () => authorizeConfluence({ application: [] }),
      () => authorizeConfluence({ content: 'administer' } as never),
      () => authorizeConfluence({ space: 'read', contentId: () => 1 })
    ]
    for (const make of wrong) t.throws(make, { code: 'ATL_OPTION' }, String(make))
    const [read, id] = ['read', () => 1] as const
    const withoutResolver: [() => unknown, string][] = [
      [
        () => authorizeJira({ issue: 'EDIT_ISSUES', project: 'BROWSE_PROJECTS', projectId: id }),
        'Option "authorizeJira().issueId" is missing, but "issue" needs it: with "projectId" nothing is taken from the token'
      ],
      [
        () => authorizeConfluence({ space: read, content: read, spaceId: id }),
        'Option "authorizeConfluence().contentId" is missing, but "content" needs it: with "spaceId" nothing is taken from the token'
      ],
      [
        () => authorizeConfluence({ content: read, space: read, contentId: id, spaceId: undefined }),
        'Option "authorizeConfluence().spaceId" is missing, but "space" needs it: with "contentId" nothing is taken from the token'
      ]
    ]
    for (const [make, message] of withoutResolver) t.throws(make, { code: 'ATL_OPTION', message })
    t.ok(authorizeJira({ issue: 'EDIT_ISSUES', project: 'BROWSE_PROJECTS', issueId: id }), 'an issue stands for both')
    t.ok(authorizeJira({ global: 'ADMINISTER', project: 'BROWSE_PROJECTS', projectId: id }), 'the site needs no id')
  })
})

t.test(
  'a hook on a scope authorizes its routes, refuses public ones, and lets unknown addresses be unknown',
  async (t) => {
    const set = await scene(t, (app) => {
      app.register(
        async (scope) => {
          scope.addHook('preHandler', scope.atlassian.authorizeJira({ global: ['ADMINISTER'] }))
          scope.get('/scoped', scope.atlassian.protect('context'), show)
          scope.get('/open', scope.atlassian.protect('none'), show)
          scope.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'NONE' }))
        },
        { prefix: '/in' }
      )
    })
    t.match(await call(set, '/in/scoped', { user: 'Ada' }), { status: 200 })
    t.strictSame(await call(set, '/in/scoped', { user: 'Bo' }), FORBIDDEN)
    t.match(await call(set, '/in/open', { user: 'Ada' }), { status: 500, code: 'ATL_NOT_PROTECTED' })
    t.match(await call(set, '/in/nowhere', { user: 'Ada' }), { status: 404, code: 'NONE' })
  }
)

t.test('a browser sees a page when it is refused, and the log says why', async (t) => {
  const set = await scene(t, (app) => {
    app.get('/panel2', { preHandler: app.atlassian.authorizeJira({ global: ['ADMINISTER'] }) }, show)
  })
  const token = await set.host.sign.pageToken({ url: '/panel2', user: 'Bo' })
  const { statusCode, body, headers } = await set.app.inject({
    url: `/panel2?jwt=${token}`,
    headers: { accept: 'text/html' }
  })
  t.equal(statusCode, 403)
  t.match(headers['content-type'], 'text/html')
  t.match(body, 'You do not have permission to do this.')
  t.match(set.lines.join(''), /"reason":"not-granted","resource":"global","id":"","permission":"ADMINISTER"/)
})

t.test('a form page is authorized after its token was read, and refused before', async (t) => {
  const set = await scene(t, (app) => {
    const hook = app.atlassian.authorizeJira({ global: ['ADMINISTER'] })
    app.post('/form', { preHandler: hook }, show)
    app.post('/early-form', { onRequest: hook }, show)
  })
  const statusOf = async (url: string) => {
    const payload = `jwt=${await set.host.sign.pageToken({ url, method: 'POST', user: 'Ada' })}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return (await set.app.inject({ method: 'POST', url, headers, payload })).statusCode
  }
  t.equal(await statusOf('/form'), 200)
  t.equal(await statusOf('/early-form'), 401)
})

t.test('a host that calls for itself is nobody who has permissions; a webhook with a user has', async (t) => {
  const set = await scene(t, (app) => {
    const preHandler = app.atlassian.authorizeJira({ project: ['BROWSE_PROJECTS'] })
    app.post('/hooked', { ...app.atlassian.protect('webhook'), preHandler }, show)
  })
  const post = async (claims: object) => {
    const token = await set.host.sign.webhookToken({ url: '/hooked', method: 'POST', claims: { ...claims } })
    const { statusCode } = await set.app.inject({
      method: 'POST',
      url: '/hooked',
      headers: { authorization: `JWT ${token}` }
    })
    return statusCode
  }
  const context = { jira: { project: { id: '10000' } } }
  t.equal(await post({ sub: undefined, context }), 403)
  t.equal(await post({ sub: ADA, context }), 200)
})

t.test('filterAllowed keeps the issues that the user may see, in one call', async (t) => {
  const set = await scene(t, (app) => {
    app.post<{ Body: { ids: (string | number)[]; permissions: string[] } }>(
      '/filter',
      app.atlassian.protect('context'),
      async (request) => ({
        authorized: { ids: await request.filterAllowed(request.body.ids, request.body.permissions) }
      })
    )
  })
  const filter = async (user: string | null, ids: unknown[], permissions: string[], site = 'jira') =>
    (await call(set, '/filter', { site, user, method: 'POST', body: { ids, permissions } })) as {
      status: number
      authorized?: { ids: unknown[] }
    }
  const all = ['10001', 10002, '10004', 'TEA-1', 10003, 10001, '999999', -1, '']
  const before = lookups(set).length
  t.strictSame((await filter('Bo', all, ['BROWSE_PROJECTS'])).authorized?.ids, ['10001', 10002, 10003, 10001])
  t.equal(lookups(set).length - before, 1, 'one call')
  t.strictSame((await filter('Cleo', all, ['BROWSE_PROJECTS', 'EDIT_ISSUES'])).authorized?.ids, [])
  t.strictSame((await filter(null, all, ['BROWSE_PROJECTS'])).authorized?.ids, ['10001', 10002, 10003, 10001])
  t.strictSame((await filter('Ada', all, ['BROWSE_PROJECTS'])).authorized?.ids, ['10001', 10002, '10004', 10003, 10001])
  t.strictSame((await filter('Bo', [], ['BROWSE_PROJECTS'])).authorized?.ids, [])
  t.match(await filter('Bo', all, []), { status: 500, code: 'ATL_OPTION' })
  const pages = ['131073', '131075', 131074, '131999', 'x']
  t.strictSame((await filter('Bo', pages, ['read'], 'confluence')).authorized?.ids, ['131073', 131074])
  set.host.failNext({ target: 'rest', status: 500, path: /permission/ })
  t.match(await filter('Cleo', ['10002'], ['ADD_COMMENTS']), UNKNOWN, 'no answer is no empty list')
})
