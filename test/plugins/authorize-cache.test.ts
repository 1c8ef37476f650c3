import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { buildApp } from '../helpers/app.ts'
import { installedApp, type Scene } from '../hostile/attack.ts'

function addRoutes(app: FastifyInstance): void {
  const add = (path: string, project: string[]) => {
    const preHandler = app.atlassian.authorizeJira({ project })
    app.get(path, { ...app.atlassian.protect('context'), preHandler }, async () => ({}))
  }
  add('/browse', ['BROWSE_PROJECTS'])
  add('/edit', ['BROWSE_PROJECTS', 'EDIT_ISSUES'])
}

async function scene(t: Test, authorization: object = {}) {
  const set = await installedApp(t, { authorization, routes: addRoutes })
  const call = async (path: string, user: string, issue = 'TEA-1') => {
    return (await set.host.callApp(path, { user, issue })).status
  }
  return { ...set, call, asked: () => asked(set) }
}

/** The permissions of each lookup so far, in order. */
function asked({ host }: Scene): string[][] {
  return host.exchanges
    .filter(({ url }) => url.endsWith('/permissions/check'))
    .map(({ requestBody }) => {
      const { projectPermissions } = JSON.parse(requestBody ?? '{}')
      return projectPermissions.flatMap(({ permissions }: { permissions: string[] }) => permissions)
    })
}

t.test('a thousand requests at the same time cause one lookup', async (t) => {
  const { app, host, asked } = await scene(t)
  const token = await host.contextToken({ user: 'Bo', issue: 'TEA-1' })
  const headers = { authorization: `JWT ${token}` }
  const answers = await Promise.all(Array.from({ length: 1000 }, () => app.inject({ url: '/edit', headers })))
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
  t.equal(asked().length, 1)
})

t.test('an answer is good for five seconds from when it was asked for, for this user and thing alone', async (t) => {
  const { call, asked, clock } = await scene(t)
  t.equal(await call('/browse', 'Bo'), 200)
  t.equal(await call('/browse', 'Bo'), 200)
  t.strictSame(asked(), [['BROWSE_PROJECTS']])
  t.equal(await call('/edit', 'Bo'), 200)
  t.strictSame(asked()[1], ['EDIT_ISSUES'], 'only what is not known yet')
  t.equal(await call('/edit', 'Cleo'), 403, 'another user')
  t.equal(await call('/browse', 'Bo', 'VLT-1'), 403, 'another issue')
  t.equal(asked().length, 4)
  clock.advanceSeconds(4)
  t.equal(await call('/browse', 'Bo'), 200)
  t.equal(await call('/edit', 'Cleo'), 403, 'a no is kept too')
  t.equal(asked().length, 4)
  clock.advanceSeconds(1)
  t.equal(await call('/browse', 'Bo'), 200)
  t.equal(asked().length, 5)
})

t.test('with cacheMs 0 each request asks', async (t) => {
  const { call, asked } = await scene(t, { cacheMs: 0 })
  for (let i = 0; i < 3; i++) t.equal(await call('/browse', 'Bo'), 200)
  t.equal(asked().length, 3)
})

t.test('the cache is bounded: the answer that was not used for longest goes first', async (t) => {
  // Project and issue: two answers for each request.
  const { call, asked } = await scene(t, { maxCached: 4 })
  await call('/browse', 'Bo', 'TEA-1')
  await call('/browse', 'Cleo', 'TEA-1')
  await call('/browse', 'Bo', 'TEA-1')
  t.equal(asked().length, 2)
  await call('/browse', 'Ada', 'TEA-1')
  await call('/browse', 'Bo', 'TEA-1')
  t.equal(asked().length, 3)
  await call('/browse', 'Cleo', 'TEA-1')
  t.equal(asked().length, 4)
})

t.test('a failed lookup is not remembered', async (t) => {
  const { call, asked, host } = await scene(t)
  host.failNext({ target: 'rest', status: 500 })
  t.equal(await call('/browse', 'Bo'), 403)
  t.equal(await call('/browse', 'Bo'), 200)
  t.equal(asked().length, 2)
})

t.test('a webhook about an issue makes its answers old, and no others', async (t) => {
  const { call, asked, host, jira } = await scene(t)
  const warm = async () => {
    for (const issue of ['TEA-1', 'TEA-2']) t.equal(await call('/browse', 'Cleo', issue), 200)
  }
  await warm()
  await warm()
  t.equal(asked().length, 2)
  const issue = jira.product === 'jira' ? jira.state.issues[0] : undefined
  if (issue) issue.restrictedTo = []
  await host.sendWebhook('jira:issue_updated', { issue: 'TEA-1' })
  t.equal(await call('/browse', 'Cleo', 'TEA-1'), 403, 'asked again')
  t.equal(await call('/browse', 'Cleo', 'TEA-2'), 200)
  t.equal(asked().length, 3)
  await host.sendWebhook('jira:issue_updated', { issue: 'TEA-1', payload: { webhookEvent: 'jira:issue_updated' } })
  t.equal(await call('/browse', 'Cleo', 'TEA-2'), 200)
  t.equal(asked().length, 4, 'about no issue that is told: everything is old')
  await host.sendWebhook('jira:issue_created', { issue: 'TEA-1' })
  t.equal(await call('/browse', 'Cleo', 'TEA-2'), 200)
  t.equal(asked().length, 4, 'nothing that anybody was asked about')
})

t.test('whatever happens in the life of a tenant makes its answers old', async (t) => {
  const { call, asked, host, app } = await scene(t)
  t.equal(await call('/browse', 'Bo'), 200)
  const turns = [
    () => host.upgrade(),
    () => host.rotateSecret(),
    () => host.disable(),
    () => host.enable(),
    async () => {
      await host.uninstall()
      await host.install(app)
    }
  ]
  for (const [index, turn] of turns.entries()) {
    await turn()
    t.equal(await call('/browse', 'Bo'), 200)
    t.equal(asked().length, index + 2, `after turn ${index}`)
  }
})

t.test('two sites with equal ids and users share nothing', async (t) => {
  const names = ['one', 'two']
  const sites = names.map((name) => ({ name, product: 'jira' as const }))
  const { app, host } = await buildApp(t, { hostOptions: { sites }, routes: addRoutes })
  for (const site of names) await host.install(app, { site })
  const two = host.site('two')
  if (two.product === 'jira' && two.state.projects[0]) two.state.projects[0].canBrowse = []
  const statusOf = async (site: string) => (await host.callApp('/browse', { site, user: 'Bo', issue: 'TEA-1' })).status
  t.equal(await statusOf('one'), 200)
  t.equal(await statusOf('two'), 403)
  t.equal(await statusOf('one'), 200)
})
