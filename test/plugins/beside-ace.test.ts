// What ACE 11.5.3 documents about calls and permissions and does rightly holds here too, and what it does wrongly
// (connect.md 5 and 6) does not. Each of its faults that has no sentence here has one beside the part that it is about.
import { createReadStream } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { multipart } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { installedApp, type Scene, withHeader } from '../hostile/attack.ts'

const ADA = '557058:ada-0001'

function lastRest({ host }: Scene) {
  return host.exchanges.findLast(({ kind }) => kind === 'rest')
}

t.test('a client for the request or for a clientKey acts as the app, and as a user by account id', async (t) => {
  const set = await installedApp(t, {
    descriptorMembers: { scopes: ['READ', 'ACT_AS_USER'] },
    routes(app) {
      app.get('/me', app.atlassian.protect('context'), async (request) =>
        request.hostClient().get('/rest/api/2/myself')
      )
    }
  })
  const answer = await set.app.inject(withHeader('/me', await set.host.contextToken({ user: 'Bo' })))
  t.match(answer.json(), { accountType: 'app' })
  const job = set.app.atlassian.hostClient({ clientKey: set.jira.clientKey })
  t.match(await job.get('/rest/api/2/myself'), { accountType: 'app' })
  t.match(await job.asUser(ADA).get('/rest/api/2/myself'), { accountId: ADA })
  t.match(lastRest(set)?.requestHeaders.authorization, /./)
  t.throws(() => job.asUser(''), { code: 'ATL_NO_USER' })
})

t.test('the attachment of its manual is uploaded: from memory, and from a file while it is read', async (t) => {
  const set = await installedApp(t)
  const job = set.app.atlassian.hostClient({ clientKey: set.jira.clientKey })
  const path = '/rest/api/2/issue/TEA-1/attachments'
  const form = new FormData()
  form.append('file', new Blob(['tea']), 'some.png')
  const sent = await job.post(path, form, { headers: { 'X-Atlassian-Token': 'nocheck' } })
  t.match(sent, [{ filename: 'some.png', size: 3 }])
  t.equal(lastRest(set)?.requestHeaders['x-atlassian-token'], 'nocheck', 'what the caller says stays')
  const file = t.testdir({ 'some.txt': 'tea and milk' })
  const stream = createReadStream(`${file}/some.txt`)
  t.match(await job.post(path, multipart({ file: { stream, filename: 'some.txt' } })), [{ size: 12 }])
  t.equal(lastRest(set)?.requestHeaders['x-atlassian-token'], 'no-check')
})

t.test('an absolute address of Confluence is signed so that the host accepts it', async (t) => {
  const set = await installedApp(t)
  const client = set.app.atlassian.hostClient({ clientKey: set.wiki.clientKey })
  for (const path of ['/rest/api/user/current', `${set.wiki.baseUrl}/rest/api/user/current`]) {
    await client.get(path)
    t.match(lastRest(set), { status: 200, canonicalRequest: 'GET&/rest/api/user/current&' })
  }
})

/** Routes with requirements, at `/` and their names joined. */
async function permissions(t: Test, required: readonly (readonly string[])[]) {
  const routes = (app: FastifyInstance) => {
    for (const project of required) {
      const preHandler = app.atlassian.authorizeJira({ project })
      app.get(`/${project.join('+')}`, { ...app.atlassian.protect('context'), preHandler }, async () => ({}))
    }
  }
  return await installedApp(t, { routes, authorization: { cacheMs: 0 } })
}

t.test('after one permission that is granted the next ones are not waved through', async (t) => {
  const names = ['A', 'B', 'C']
  const orders = [...names.flatMap((a) => names.map((b) => [a, b])), ['A', 'B', 'C'], ['C', 'A', 'B'], ['B', 'C', 'A']]
  const set = await permissions(t, orders)
  // The ids as the token has them, which are strings, and as the host may write them.
  const context = { jira: { project: { id: '10000' }, issue: { id: '10001' } } }
  const token = await set.host.sign.contextToken({ user: 'Bo', claims: { context } })
  for (const wanted of orders) {
    for (const granted of [[], ['A'], ['A', 'B'], ['B', 'A', 'C'], ['A', 'A', 'C']]) {
      const write = granted.length % 2 === 0 ? String : Number
      const projectPermissions = granted.map((permission) => ({
        permission,
        projects: [write(10000)],
        issues: [write(10001), write(10002)]
      }))
      set.host.failNext({ target: 'rest', body: JSON.stringify({ globalPermissions: [], projectPermissions }) })
      const { statusCode } = await set.app.inject(withHeader(`/${wanted.join('+')}`, token))
      const expected = wanted.every((name) => granted.includes(name)) ? 200 : 403
      t.equal(statusCode, expected, `${wanted} of ${granted}`)
    }
  }
})

t.test('every permission has to be granted for every id, not each for some id', async (t) => {
  const set = await permissions(t, [['A', 'B']])
  const context = { jira: { project: { id: 10000 }, issue: { id: '10001' } } }
  const token = await set.host.sign.contextToken({ user: 'Bo', claims: { context } })
  const cases: [number, object[]][] = [
    [403, [{ permission: 'A', projects: [10000], issues: [10001] }]],
    [
      403,
      [
        { permission: 'A', projects: [10000], issues: [] },
        { permission: 'B', projects: [], issues: [10001] }
      ]
    ],
    [
      403,
      [
        { permission: 'A', projects: [10000], issues: [10001] },
        { permission: 'B', projects: [10000], issues: [] }
      ]
    ],
    [
      200,
      [
        { permission: 'B', projects: [10000], issues: [] },
        { permission: 'A', projects: ['10000', 7], issues: [9, 10001] },
        { permission: 'B', projects: [], issues: ['10001'] }
      ]
    ]
  ]
  for (const [expected, projectPermissions] of cases) {
    set.host.failNext({ target: 'rest', body: JSON.stringify({ globalPermissions: [], projectPermissions }) })
    const { statusCode } = await set.app.inject(withHeader('/A+B', token))
    t.equal(statusCode, expected, JSON.stringify(projectPermissions))
  }
})

t.test('an unknown permission is the host’s 400, and nobody passes', async (t) => {
  const set = await permissions(t, [['NO_SUCH_PERMISSION']])
  const answer = await set.app.inject(
    withHeader('/NO_SUCH_PERMISSION', await set.host.contextToken({ user: 'Ada', issue: 'TEA-1' }))
  )
  t.match([answer.statusCode, answer.json()], [403, { code: 'ATL_PERMISSION_UNKNOWN' }])
  t.equal(lastRest(set)?.status, 400)
})
