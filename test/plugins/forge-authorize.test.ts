import type { FastifyInstance, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { ACCOUNT_ID, CLOUD_ID, EVENT } from '../helpers/forge.ts'
import { both } from '../helpers/forge-api.ts'
import { buildCallScene, type CallScene, type Sent } from '../helpers/forge-calls.ts'
import { installed } from './lifecycle-sender.ts'

const show = async (request: FastifyRequest) => ({ authorized: request.authorized })

/** A Jira that grants the project permissions that `granted` lists, for whatever is asked about. */
async function build(t: Test, routes: (app: FastifyInstance) => void, granted: string[] = []): Promise<CallScene> {
  const scene = await buildCallScene(t, { routes, forge: { events: {} } })
  scene.api.answer(({ body }) => {
    const asked = JSON.parse(body === '' ? '{}' : body)
    const projectPermissions = (asked.projectPermissions ?? []).flatMap(
      ({ permissions, projects, issues }: { permissions: string[]; projects: number[]; issues: number[] }) =>
        permissions
          .filter((permission) => granted.includes(permission))
          .map((permission) => ({ permission, projects, issues }))
    )
    return { body: { globalPermissions: asked.globalPermissions ?? [], projectPermissions } }
  })
  return scene
}

const about = (extension: object): Sent['changes'] => ({ context: { extension } })
const ISSUE = about({ type: 'jira:issuePanel', issue: { id: '10001', key: 'TEA-1' }, project: { id: '10000' } })

t.test(
  'Jira is asked for the verified user of a call of Forge, about the issue and project of its token',
  async (t) => {
    const { api, send, bearer } = await build(
      t,
      (app) => {
        for (const [url, project] of [
          ['/edit', 'EDIT_ISSUES'],
          ['/delete', 'DELETE_ISSUES']
        ] as const) {
          const preHandler = app.atlassian.authorizeJira({ project })
          app.get(url, { ...app.atlassian.protect(['context', 'forge']), preHandler }, show)
        }
      },
      ['EDIT_ISSUES']
    )
    const system = bearer('system')
    const allowed = await send('/edit', { system, changes: ISSUE })
    t.match(allowed.json(), { authorized: { projectId: '10000', issueId: '10001' } })
    t.match(api.calls, [
      { path: `/ex/jira/${CLOUD_ID}/rest/api/3/permissions/check`, authorization: `Bearer ${system}`, method: 'POST' }
    ])
    t.match(JSON.parse(api.calls[0]?.body ?? ''), { accountId: ACCOUNT_ID })
    t.match(await send('/edit', { system, changes: ISSUE }), { statusCode: 200 })
    t.equal(api.calls.length, 1, 'the answer is used again for a moment')
    t.match((await send('/delete', { system, changes: ISSUE })).json(), { statusCode: 403, code: 'ATL_FORBIDDEN' })
    t.match((await send('/edit', { system })).json(), { statusCode: 403, code: 'ATL_CONTEXT_MISSING' })
    const key = about({ issue: { id: 'TEA-1' } })
    t.match((await send('/edit', { system, changes: key })).json(), { code: 'ATL_CONTEXT_MISSING' })
  }
)

t.test(
  'another user, another installation and the Connect page of the same tenant have answers of their own',
  async (t) => {
    const { api, app, host, send, bearer, clock } = await build(
      t,
      (app) => {
        const preHandler = app.atlassian.authorizeJira({ project: 'EDIT_ISSUES' })
        app.get('/edit', { ...app.atlassian.protect(['context', 'forge']), preHandler }, show)
      },
      ['EDIT_ISSUES']
    )
    await installed(host, app)
    const system = bearer('system')
    await send('/edit', { system, changes: ISSUE })
    await send('/edit', { system, changes: { ...ISSUE, principal: '5:somebody-else' } })
    t.same(
      api.calls.map(({ body }) => JSON.parse(body).accountId),
      [ACCOUNT_ID, '5:somebody-else']
    )
    clock.advanceSeconds(5)
    await send('/edit', { system, changes: ISSUE })
    t.equal(api.calls.length, 3, 'the answer is old')
    const page = await host.callApp('/edit', { user: 'Cleo', issue: 'TEA-1' })
    t.equal(page.status, 403)
    t.equal(api.calls.length, 3, 'Connect asks its own site')
  }
)

t.test('whoever is nobody, or comes from another product, or without a token, is refused', async (t) => {
  const { api, send, bearer, lines } = await build(
    t,
    (app) => {
      const policy = app.atlassian.protect('forge', { principal: 'optional' })
      app.get('/edit', { ...policy, preHandler: app.atlassian.authorizeJira({ project: 'EDIT_ISSUES' }) }, show)
      const byRequest = app.atlassian.authorizeJira({
        issue: 'EDIT_ISSUES',
        issueId: ({ query }) => Object(query).issue
      })
      app.get('/named', { ...policy, preHandler: byRequest }, show)
    },
    ['EDIT_ISSUES']
  )
  const system = bearer('system')
  t.match((await send('/edit', { changes: ISSUE })).json(), { code: 'ATL_PERMISSION_UNKNOWN' })
  t.match(lines.join(''), /permission lookup failed/)
  t.match((await send('/edit', { system, changes: both(ISSUE ?? {}, EVENT) })).json(), { code: 'ATL_FORBIDDEN' })
  const anonymous = await send('/edit', { system, changes: { ...ISSUE, principal: undefined } })
  t.match(anonymous.json(), { code: 'ATL_FORBIDDEN' })
  const wiki = await send('/edit', { system, changes: ISSUE, products: ['confluence'] })
  t.match(wiki.json(), { code: 'ATL_CONTEXT_MISSING' })
  t.same(api.calls, [])
  t.match((await send('/named?issue=10002', { system, changes: ISSUE })).json(), { authorized: { issueId: '10002' } })
})

t.test('Confluence is asked about the content and space of the token', async (t) => {
  const { api, send, bearer } = await buildCallScene(t, {
    routes(app) {
      const preHandler = app.atlassian.authorizeConfluence({ content: ['read'] })
      app.get('/read', { ...app.atlassian.protect('forge'), preHandler }, async (request) => ({
        authorized: request.authorized,
        visible: await request.filterAllowed(['5341185', '7'], ['read'])
      }))
    }
  })
  api.answer(({ path }) => ({ body: { hasPermission: path.includes('/5341185/') } }))
  const answer = await send('/read', { system: bearer('system'), products: ['confluence'] })
  t.match(answer.json(), { authorized: { contentId: '5341185' }, visible: ['5341185'] })
  t.match(api.calls[0], {
    path: `/ex/confluence/${CLOUD_ID}/wiki/rest/api/content/5341185/permission/check`,
    method: 'POST'
  })
  t.match(JSON.parse(api.calls[0]?.body ?? ''), { subject: { identifier: ACCOUNT_ID }, operation: 'read' })
})

t.test('an event about an issue makes its answers old at once, and one about permissions all of them', async (t) => {
  const granted = ['EDIT_ISSUES']
  const { api, send, bearer, app, token, call } = await build(
    t,
    (app) => {
      const preHandler = app.atlassian.authorizeJira({ project: 'EDIT_ISSUES' })
      app.get('/edit', { ...app.atlassian.protect('forge'), preHandler }, show)
    },
    granted
  )
  const edit = async () => (await send('/edit', { system: bearer('system'), changes: ISSUE })).statusCode
  const tell = async (eventType: string, body: object) => {
    const claims = both(api.from('jira'), { ...EVENT, jti: `${eventType} ${JSON.stringify(body)}` })
    const payload = { eventType, ...body }
    const event = call(await token(claims), { method: 'POST', url: '/forge/events', payload })
    t.equal((await app.inject(event)).statusCode, 204)
  }
  t.equal(await edit(), 200)
  granted.length = 0
  await tell('avi:jira:updated:issue', { issue: { id: '10002' } })
  t.equal(await edit(), 200, 'another issue: the answer of a moment ago')
  await tell('avi:jira:updated:issue', { issue: { id: '10001' } })
  t.equal(await edit(), 403)
  granted.push('EDIT_ISSUES')
  await tell('avi:jira:updated:project', { project: { id: '10000' } })
  t.equal(await edit(), 200)
})
