import { randomUUID } from 'node:crypto'
import jwt from 'atlassian-jwt'
import type { HostSimulator, SimulatedSite } from 'fastify-atlassian/testing'
import t from 'tap'
import { createAppDouble, lastRequest, startHost } from './app-double.ts'

/** A call as an app makes it, signed by Atlassian's own library. */
async function callAsApp(
  site: SimulatedSite,
  method: string,
  path: string,
  body?: unknown,
  changes: { claims?: object; secret?: string; signedPath?: string; headers?: Record<string, string> } = {}
) {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'tea-timer',
    aud: [site.clientKey],
    iat: nowSeconds,
    exp: nowSeconds + 180,
    qsh: jwt.createQueryStringHash(jwt.fromMethodAndUrl(method, changes.signedPath ?? path)),
    ...changes.claims
  }
  const token = jwt.encodeSymmetric(claims, changes.secret ?? site.sharedSecret)
  const response = await fetch(site.baseUrl + path, {
    method,
    headers: { authorization: `JWT ${token}`, 'content-type': 'application/json', ...changes.headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? null : JSON.parse(text) }
}

async function installed(t: Parameters<typeof startHost>[0], site?: string) {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app, { site })
  app.requests.length = 0
  return { host, app, site: host.site(site) }
}

const lastVerdict = (host: HostSimulator) => host.exchanges.at(-1)?.verdict ?? ''

t.test('a call that is signed rightly is answered as the app', async (t) => {
  const { host, site } = await installed(t)
  const { status, json } = await callAsApp(site, 'GET', '/rest/api/3/issue/TEA-1?fields=summary,status')
  t.equal(status, 200)
  t.match(json, {
    key: 'TEA-1',
    fields: { summary: 'Serve the first flush before noon', status: { name: 'In Progress' } }
  })
  t.strictSame(Object.keys(json.fields).sort(), ['status', 'summary'])
  t.match(host.exchanges.at(-1), {
    direction: 'to-host',
    kind: 'rest',
    status: 200,
    tokenKind: 'app',
    token: { claims: { iss: 'tea-timer' } },
    canonicalRequest: 'GET&/rest/api/3/issue/TEA-1&fields=summary%2Cstatus',
    verdict: /signed HS256 by tea-timer, hash right; answered 200/
  })
  t.match((await callAsApp(site, 'GET', '/rest/api/3/myself')).json, { accountType: 'app', displayName: 'Tea timer' })
})

t.test('every wrong token is a 401 whose reason stands in the log and not in the answer', async (t) => {
  const { host, site } = await installed(t)
  const path = '/rest/api/3/myself'
  const nowSeconds = Math.floor(Date.now() / 1000)
  const wrong: [string, Parameters<typeof callAsApp>[4], RegExp][] = [
    ['another secret', { secret: randomUUID() }, /wrong signature/],
    ['another issuer', { claims: { iss: site.clientKey } }, /issuer is not the app key/],
    ['another audience', { claims: { aud: [`${site.clientKey}x`] } }, /audience/],
    ['no audience', { claims: { aud: undefined } }, /audience/],
    ['expired', { claims: { iat: nowSeconds - 300, exp: nowSeconds - 60 } }, /expired/],
    ['no exp', { claims: { exp: undefined } }, /exp or iat is missing/],
    ['from the future', { claims: { iat: nowSeconds + 120 } }, /future/],
    ['the hash of another path', { signedPath: '/rest/api/3/serverInfo' }, /wrong hash: the host hashed "GET&\/rest/],
    ['a fixed hash', { claims: { qsh: 'context-qsh' } }, /wrong hash/],
    ['the other scheme', { headers: { authorization: 'Bearer abc' } }, /not a living token/],
    ['two tokens', { headers: { authorization: 'JWT a.b.c, JWT a.b.c' } }, /not exactly one token/],
    ['no token in it', { headers: { authorization: 'JWT a.b' } }, /not a readable/]
  ]
  for (const [name, changes, reason] of wrong) {
    const { status, json } = await callAsApp(site, 'GET', path, undefined, changes)
    t.equal(status, 401, name)
    t.equal(json.message, 'The host could not authenticate this call.')
    t.match(lastVerdict(host), reason)
    t.match(lastVerdict(host), /^refused by the host/)
  }
})

t.test('the secret of before a rotation, and any secret after an uninstall, is refused', async (t) => {
  const { host, site } = await installed(t)
  const old = site.sharedSecret
  await host.rotateSecret()
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself', undefined, { secret: old })).status, 401)
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself')).status, 200)
  await host.uninstall()
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself')).status, 401)
  t.match(lastVerdict(host), /not installed/)
})

t.test('an app may call back with the secret that it is just being given', async (t) => {
  const { host, app, site } = await installed(t)
  const statuses: Promise<number>[] = []
  app.answer = ({ body }) => {
    const secret: string = JSON.parse(body).sharedSecret
    statuses.push(callAsApp(site, 'GET', '/rest/api/3/myself', undefined, { secret }).then(({ status }) => status))
    return undefined
  }
  await host.rotateSecret()
  t.strictSame(await Promise.all(statuses), [200])
})

t.test('a GET with a body is 403, broken JSON is 400, an unknown resource 404, another method 405', async (t) => {
  const { host, site } = await installed(t)
  const own = (method: string, path: string, body?: string) =>
    host.requestAsUser({ method, path, ...(body === undefined ? {} : { body }) }).then(({ status }) => status)
  t.equal(await own('GET', '/rest/api/3/myself', '{}'), 403)
  t.equal(await own('POST', '/rest/api/3/issue', '{broken'), 400)
  t.equal(await own('GET', '/rest/api/3/nothing'), 404)
  t.equal(await own('PATCH', '/rest/api/3/issue/TEA-1'), 405)
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/issue/%E0%A4%A')).status, 404)
})

t.test(
  'issues: created, changed, commented and marked by the app, and each change comes back as a webhook',
  async (t) => {
    const { host, app, site } = await installed(t)
    const created = await callAsApp(site, 'POST', '/rest/api/3/issue', {
      fields: { project: { key: 'TEA' }, summary: 'Buy sugar', issuetype: { name: 'Bug' }, customfield_1: 7 }
    })
    t.match(created, { status: 201, json: { key: 'TEA-4' } })
    t.equal((await callAsApp(site, 'PUT', '/rest/api/3/issue/TEA-4', { fields: { summary: 'Buy honey' } })).status, 204)
    await host.settled()
    t.match(JSON.parse(lastRequest(app).body), {
      webhookEvent: 'jira:issue_updated',
      user: { accountType: 'app' },
      issue: { key: 'TEA-4', fields: { summary: 'Buy honey', customfield_1: 7, issuetype: { name: 'Bug' } } }
    })
    const body = {
      type: 'doc',
      version: 1,
      content: [{ type: 'paragraph', content: [{ type: 'text', text: 'Done.' }] }]
    }
    t.equal((await callAsApp(site, 'POST', '/rest/api/3/issue/TEA-4/comment', { body })).status, 201)
    t.match((await callAsApp(site, 'GET', '/rest/api/2/issue/TEA-4/comment')).json, {
      total: 1,
      comments: [{ body: 'Done.' }]
    })
    t.match((await callAsApp(site, 'GET', '/rest/api/3/issue/TEA-4/comment')).json, {
      comments: [{ body: { type: 'doc' } }]
    })

    const property = '/rest/api/3/issue/TEA-4/properties/a%20b'
    t.equal((await callAsApp(site, 'GET', property)).status, 404)
    t.equal((await callAsApp(site, 'PUT', property, { done: 1 })).status, 201)
    t.equal((await callAsApp(site, 'PUT', property, { done: 2 })).status, 200)
    t.match((await callAsApp(site, 'GET', property)).json, { key: 'a b', value: { done: 2 } })
    t.equal((await callAsApp(site, 'DELETE', property)).status, 204)

    const found = await callAsApp(site, 'GET', '/rest/api/3/search?jql=project%20%3D%20TEA&fields=summary')
    t.equal(found.json.total, 4)
    t.equal((await callAsApp(site, 'GET', '/rest/api/3/project/TEA')).json.id, '10000')
    t.equal((await callAsApp(site, 'GET', '/rest/api/3/serverInfo')).json.baseUrl, site.baseUrl)
  }
)

t.test("permissions are the users' own, and the app may ask for everybody", async (t) => {
  const { host, site } = await installed(t)
  const accountId = (name: string) => host.users.find((user) => user.name === name)?.accountId
  const ask = (body: object) => callAsApp(site, 'POST', '/rest/api/3/permissions/check', body)
  const question = {
    globalPermissions: ['ADMINISTER'],
    projectPermissions: [
      { permissions: ['BROWSE_PROJECTS', 'EDIT_ISSUES'], projects: [10_000, 10_010, 4], issues: [10_001, 10_004] }
    ]
  }
  const granted = async (name: string) => (await ask({ accountId: accountId(name), ...question })).json
  t.strictSame(await granted('Ada'), {
    globalPermissions: ['ADMINISTER'],
    projectPermissions: [
      { permission: 'BROWSE_PROJECTS', projects: [10_000, 10_010], issues: [10_001, 10_004] },
      { permission: 'EDIT_ISSUES', projects: [10_000, 10_010], issues: [10_001, 10_004] }
    ]
  })
  t.strictSame(await granted('Cleo'), {
    globalPermissions: [],
    projectPermissions: [
      { permission: 'BROWSE_PROJECTS', projects: [10_000], issues: [10_001] },
      { permission: 'EDIT_ISSUES', projects: [], issues: [] }
    ]
  })
  t.equal((await ask({ accountId: accountId('Bo'), globalPermissions: ['FLY'] })).status, 400)
  const body = JSON.stringify({ accountId: accountId('Ada'), globalPermissions: ['ADMINISTER'] })
  const request = { method: 'POST', path: '/rest/api/3/permissions/check', body }
  t.equal((await host.requestAsUser(request, { user: 'Bo' })).status, 403, 'a user does not ask for another one')
})

t.test('a page asks the host as its user', async (t) => {
  const { host } = await installed(t)
  const read = (path: string, user: string | null) => host.requestAsUser({ method: 'GET', path }, { user })
  t.match(JSON.parse((await read('/rest/api/3/myself', 'Bo')).body), { displayName: 'Bo' })
  t.equal((await read('/rest/api/3/myself', null)).status, 401)
  t.equal((await read('/rest/api/3/issue/VLT-1', 'Bo')).status, 404)
  t.equal((await read('/rest/api/3/issue/VLT-1', 'Ada')).status, 200)
  const change = { method: 'PUT', path: '/rest/api/3/issue/TEA-1', body: '{"fields":{"summary":"x"}}' }
  t.equal((await host.requestAsUser(change, { user: 'Cleo' })).status, 403)
  t.equal((await host.requestAsUser(change, { user: null })).status, 401)
})

t.test("the app's own properties belong to the app of this site", async (t) => {
  const { host, site } = await installed(t)
  const base = '/rest/atlassian-connect/1/addons/tea-timer'
  t.match((await callAsApp(site, 'GET', base)).json, { key: 'tea-timer', state: 'ENABLED', host: { product: 'Jira' } })
  t.equal((await callAsApp(site, 'PUT', `${base}/properties/minutes`, 3)).status, 201)
  t.equal((await callAsApp(site, 'PUT', `${base}/properties/minutes`, 4)).status, 200)
  t.match((await callAsApp(site, 'GET', `${base}/properties`)).json, { keys: [{ key: 'minutes' }] })
  t.equal((await host.requestAsUser({ method: 'GET', path: `${base}/properties/minutes` })).status, 200)
  t.equal((await callAsApp(site, 'DELETE', `${base}/properties/minutes`)).status, 204)
  t.equal((await callAsApp(site, 'GET', `${base}/properties/minutes`)).status, 404)
  t.equal((await callAsApp(site, 'GET', '/rest/atlassian-connect/1/addons/other/properties')).status, 404)
})

t.test('Confluence hashes its paths without /wiki and keeps pages, properties and comments', async (t) => {
  const { host, app, site } = await installed(t, 'confluence')
  const signedWithWiki = { signedPath: '/wiki/api/v2/pages/131073' }
  t.equal((await callAsApp(site, 'GET', '/api/v2/pages/131073', undefined, signedWithWiki)).status, 401)
  const page = await callAsApp(site, 'GET', '/api/v2/pages/131073?body-format=storage')
  t.match(page.json, { title: 'How we brew', version: { number: 1 }, body: { storage: { value: /Warm the pot/ } } })
  t.match((await callAsApp(site, 'GET', '/rest/api/content/131073')).json, { type: 'page', space: { key: 'TEA' } })

  const change = { id: '131073', title: 'How we brew tea', version: { number: 2 } }
  t.equal((await callAsApp(site, 'PUT', '/api/v2/pages/131073', change)).status, 200)
  t.equal((await callAsApp(site, 'PUT', '/api/v2/pages/131073', change)).status, 409, 'the version has gone on')
  await host.settled()
  t.match(JSON.parse(lastRequest(app).body), { accountType: 'app', page: { title: 'How we brew tea', version: 2 } })

  const properties = '/api/v2/pages/131073/properties'
  const property = await callAsApp(site, 'POST', properties, { key: 'rating', value: 5 })
  t.equal(property.status, 200)
  const next = { key: 'rating', value: 4, version: { number: 2 } }
  t.equal((await callAsApp(site, 'PUT', `${properties}/${property.json.id}`, next)).status, 200)
  t.match((await callAsApp(site, 'GET', `${properties}?key=rating`)).json, { results: [{ value: 4 }] })
  const comment = { pageId: '131073', body: { representation: 'storage', value: '<p>Good.</p>' } }
  t.equal((await callAsApp(site, 'POST', '/api/v2/footer-comments', comment)).status, 201)
  t.equal((await callAsApp(site, 'GET', '/api/v2/spaces')).json.results.length, 2)

  const may = async (name: string, operation: string) => {
    const identifier = host.users.find((user) => user.name === name)?.accountId
    const body = { subject: { type: 'user', identifier }, operation }
    return (await callAsApp(site, 'POST', '/rest/api/content/131073/permission/check', body)).json.hasPermission
  }
  t.strictSame([await may('Bo', 'update'), await may('Cleo', 'read'), await may('Cleo', 'update')], [true, true, false])
  const ada = host.users[0]?.accountId ?? ''
  const operations = await callAsApp(
    site,
    'GET',
    `/rest/api/user?accountId=${encodeURIComponent(ada)}&expand=operations`
  )
  t.match(operations.json.operations, [{ operation: 'use' }, { operation: 'administer', targetType: 'application' }])
})

t.test('the REST side can be made to fail, to hesitate and to vanish', async (t) => {
  const { host, site } = await installed(t)
  host.failNext({ target: 'rest', status: 429, headers: { 'retry-after': '2' }, path: /myself/ })
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/serverInfo')).status, 200, 'another path is not concerned')
  const limited = await callAsApp(site, 'GET', '/rest/api/3/myself')
  t.equal(limited.status, 429)
  t.equal(limited.headers.get('retry-after'), '2')
  t.match(lastVerdict(host), /a fault that was asked for/)
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself')).status, 200)

  host.failNext({ target: 'rest', lost: true })
  await t.rejects(callAsApp(site, 'GET', '/rest/api/3/myself'))
  t.equal(host.exchanges.at(-1)?.status, 0)
  for (const body of [undefined, '', '{"accountId":"x"}']) {
    host.failNext({ target: 'rest', truncated: true, ...(body === undefined ? {} : { body }) })
    await t.rejects(callAsApp(site, 'GET', '/rest/api/3/myself'), { message: 'terminated' }, `${body}`)
    t.equal(host.exchanges.at(-1)?.status, 200)
  }
  host.failNext({ target: 'rest', delayMs: 60 })
  const started = performance.now()
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself')).status, 200)
  t.ok(performance.now() - started >= 55)
  host.failNext({ target: 'rest', times: 2 })
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself')).status, 503)
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself')).status, 503)
  t.equal((await callAsApp(site, 'GET', '/rest/api/3/myself')).status, 200)
})
