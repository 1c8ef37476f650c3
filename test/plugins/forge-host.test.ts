import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { HostClient } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { APP_KEY } from '../helpers/app.ts'
import { ACCOUNT_ID, CLOUD_ID, ENVIRONMENT, EVENT, INSTALLATION } from '../helpers/forge.ts'
import { buildCallScene } from '../helpers/forge-calls.ts'

const call = (as: (client: HostClient) => HostClient) => async (request: FastifyRequest) =>
  await as(request.hostClient()).get('/rest/api/3/myself')

async function build(t: Test, routes: (app: FastifyInstance) => void = () => {}) {
  return await buildCallScene(t, {
    routes(app) {
      const optional = app.atlassian.protect('forge', { principal: 'optional' })
      const handlers = {
        '/app': call((client) => client),
        '/user': call((client) => client.asUser()),
        '/nobody': call((client) => client.anonymous())
      }
      for (const [path, handler] of Object.entries(handlers)) app.get(path, optional, handler)
      routes(app)
    }
  })
}

t.test('on a call of Forge the app acts by the system token, the user by the user token', async (t) => {
  const { api, bearer, send, lines } = await build(t)
  const system = bearer('system')
  const user = bearer('user')
  t.equal((await send('/app', { system, user })).statusCode, 200, lines.join(''))
  t.match(api.calls.at(-1), { path: `/ex/jira/${CLOUD_ID}/rest/api/3/myself`, authorization: `Bearer ${system}` })
  t.equal((await send('/user', { system, user })).statusCode, 200)
  t.equal(api.calls.at(-1)?.authorization, `Bearer ${user}`)
  t.equal((await send('/nobody', { system, user })).statusCode, 200)
  t.equal(api.calls.at(-1)?.authorization, undefined)
  t.notMatch(lines.join(''), system)
  t.notMatch(lines.join(''), user)
})

t.test('a missing user token is never made up for by the app, and the log says which setting is missing', async (t) => {
  const { api, bearer, send, lines } = await build(t)
  const answer = await send('/user', { system: bearer('system') })
  t.match([answer.statusCode, answer.json()], [500, { code: 'ATL_FORGE_TOKEN_MISSING' }])
  t.match(lines.join(''), /appUserToken\.enabled/)
  const nobody = await send('/user', { system: bearer('system'), changes: { principal: undefined } })
  t.match([nobody.statusCode, nobody.json()], [403, { code: 'ATL_NO_USER' }])
  const host = await send('/user', { system: bearer('system'), changes: EVENT })
  t.equal(host.json().code, 'ATL_NO_USER')
  t.same(api.calls, [])
})

t.test('a call without a system token uses the stored one, of its own installation only', async (t) => {
  const { api, bearer, send, lines } = await build(t)
  const none = await send('/app')
  t.match([none.statusCode, none.json()], [500, { code: 'ATL_FORGE_TOKEN_MISSING' }])
  t.match(lines.join(''), /appSystemToken\.enabled: true/)
  const system = bearer('of another call')
  await send('/forge', { system })
  t.equal((await send('/app')).statusCode, 200)
  t.equal(api.calls.at(-1)?.authorization, `Bearer ${system}`)
  const other = 'ari:cloud:ecosystem::installation/11111111-2222-4333-8444-555555555555'
  const changes = { app: { installationId: other, installation: { id: other, contexts: [] } } }
  const stranger = await send('/app', { changes })
  t.match([stranger.statusCode, stranger.json()], [500, { code: 'ATL_FORGE_TOKEN_MISSING' }])
})

t.test('paths are those of Connect: Confluence gets its /wiki once, and nothing leaves the site', async (t) => {
  const refused: unknown[] = []
  const { api, bearer, send, lines } = await build(t, (app) =>
    app.get('/paths', app.atlassian.protect('forge'), async (request) => {
      const client = request.hostClient()
      await client.get('/rest/api/content/1')
      await client.get('/wiki/rest/api/content/1')
      await client.get('/wiki/api/v2/pages', { query: { cursor: 'a' } })
      await client.get(`${api.origin}/ex/confluence/${CLOUD_ID}/wiki/rest/api/content/1`)
      await request.hostClient({ product: 'jira' }).get('/rest/api/3/myself')
      for (const path of [
        `${api.origin}/ex/confluence/99999999-2222-4333-8444-555555555555/wiki/rest`,
        '/../../../../graphql',
        '/wiki/../../x',
        '/wiki//evil.example.com/x',
        '/x/%2e%2e%2f%2e%2e%2f%2e%2e%2fother',
        '/..%2f..%2fother',
        'https://evil.example.com/wiki/rest',
        '//evil.example.com/wiki'
      ]) {
        refused.push(await client.get(path).catch((error: { code: string }) => error.code))
      }
      return {}
    })
  )
  const answer = await send('/paths', { system: bearer('system'), products: ['confluence', 'jira'] })
  t.equal(answer.statusCode, 200, lines.join(''))
  const base = `/ex/confluence/${CLOUD_ID}/wiki`
  t.same(
    api.calls.map(({ path }) => path),
    [
      `${base}/rest/api/content/1`,
      `${base}/rest/api/content/1`,
      `${base}/api/v2/pages?cursor=a`,
      `${base}/rest/api/content/1`,
      `/ex/jira/${CLOUD_ID}/rest/api/3/myself`
    ]
  )
  t.same(new Set(refused), new Set(['ATL_HOST_ADDRESS']))
})

t.test('a product that the installation does not have is told', async (t) => {
  const { bearer, send } = await build(t, (app) =>
    app.get('/other', app.atlassian.protect('forge'), async (request) =>
      request.hostClient({ product: 'confluence' }).get('/rest/api/content/1')
    )
  )
  t.equal((await send('/other', { system: bearer('system') })).json().code, 'ATL_HOST_PRODUCT')
})

t.test('a job calls by the stored token, which each installation has by itself', async (t) => {
  const { app, api, bearer, send, clock } = await build(t)
  const system = bearer('system')
  await send('/forge', { system })
  const tenantId = (await app.atlassian.tenants.find({ installationId: INSTALLATION }))?.tenantId ?? ''
  const lookups = [
    { installationId: INSTALLATION },
    { installationId: INSTALLATION.slice(INSTALLATION.lastIndexOf('/') + 1) },
    { installationId: INSTALLATION, environmentId: 'aa911f10-c54b-4b93-9e27-dd2947840b9e' },
    { tenantId },
    { tenantId, product: 'jira' },
    { cloudId: CLOUD_ID }
  ]
  for (const lookup of lookups) {
    await app.atlassian.hostClient(lookup).get('/rest/api/3/myself')
    t.equal(api.calls.at(-1)?.authorization, `Bearer ${system}`)
  }
  t.equal(api.calls.length, lookups.length)
  const client = app.atlassian.hostClient({ installationId: INSTALLATION })
  t.throws(() => client.asUser(), { code: 'ATL_NO_USER' })
  const wiki = app.atlassian.hostClient({ installationId: INSTALLATION, product: 'confluence' })
  await t.rejects(wiki.get('/x'), { code: 'ATL_HOST_PRODUCT' })
  const nobody = app.atlassian.hostClient({ installationId: '00000000-0000-4000-8000-000000000000' })
  await t.rejects(nobody.get('/x'), { code: 'ATL_NO_TENANT' })
  clock.advanceSeconds(4 * 3600)
  await t.rejects(client.get('/rest/api/3/myself'), {
    code: 'ATL_FORGE_TOKEN_EXPIRED',
    message: /scheduledTrigger.*forge\.keepAlivePath/
  })
})

t.test('a job in an installation of several products says which one', async (t) => {
  const { app, api, bearer, send } = await build(t)
  await send('/forge', { system: bearer('system'), products: ['jira', 'confluence'] })
  const lookup = { installationId: INSTALLATION }
  await t.rejects(app.atlassian.hostClient(lookup).get('/x'), { code: 'ATL_HOST_PRODUCT', message: /jira, confluence/ })
  await app.atlassian.hostClient({ ...lookup, product: 'confluence' }).get('/rest/api/content/1')
  t.equal(api.calls.at(-1)?.path, `/ex/confluence/${CLOUD_ID}/wiki/rest/api/content/1`)
})

t.test('the keep-alive route takes a system token, says what is missing, and needs a call of Forge', async (t) => {
  const { app, api, bearer, send, clock, lines } = await build(t)
  const beat = { changes: EVENT, method: 'POST' } as const
  const first = await send('/forge/keep-alive', { ...beat, system: bearer('first') })
  t.equal(first.statusCode, 204, lines.join(''))
  clock.advanceSeconds(3600)
  const second = bearer('second')
  t.equal((await send('/forge/keep-alive', { ...beat, system: second })).statusCode, 204)
  await app.atlassian.hostClient({ installationId: INSTALLATION }).get('/rest/api/3/myself')
  t.equal(api.calls.at(-1)?.authorization, `Bearer ${second}`)
  const none = await send('/forge/keep-alive', beat)
  t.match([none.statusCode, none.json()], [500, { code: 'ATL_FORGE_TOKEN_MISSING' }])
  t.equal((await app.inject({ method: 'POST', url: '/forge/keep-alive' })).statusCode, 401)
  t.equal((await send('/forge/keep-alive', { method: 'POST', system: bearer('by a user') })).statusCode, 403)
})

t.test(
  'a token that the product refuses is dead: the call goes once more with a newer one, if there is one',
  async (t) => {
    const { app, api, bearer, send, clock } = await build(t)
    const old = bearer('old')
    await send('/forge', { system: old })
    api.answer(({ authorization }) => (authorization === `Bearer ${old}` ? { status: 401 } : null))
    const job = app.atlassian.hostClient({ installationId: INSTALLATION })
    await t.rejects(job.get('/a'), { code: 'ATL_HOST_STATUS', status: 401 })
    t.equal(api.calls.length, 1)
    await t.rejects(job.get('/a'), { code: 'ATL_FORGE_TOKEN_EXPIRED', reason: 'system-token-refused' })
    t.equal(api.calls.length, 1)
    clock.advanceSeconds(10)
    const fresh = bearer('fresh')
    await send('/forge', { system: fresh })
    // A front end may still bring the old one.
    t.equal((await send('/app', { system: old })).statusCode, 200)
    t.equal(api.calls.at(-1)?.authorization, `Bearer ${fresh}`)
  }
)

t.test('a call whose own token is refused is repeated with the stored one', async (t) => {
  const { api, bearer, send } = await build(t)
  const good = bearer('good')
  await send('/forge', { system: good })
  const bad = bearer('bad', 3600)
  api.answer(({ authorization }) => (authorization === `Bearer ${bad}` ? { status: 401 } : null))
  t.equal((await send('/app', { system: bad })).statusCode, 200)
  t.same(
    api.calls.map(({ authorization }) => authorization),
    [`Bearer ${bad}`, `Bearer ${good}`]
  )
})

t.test('a job acts as the user that it names, and a request only if it says so', async (t) => {
  const { app, api, bearer, send, lines } = await build(t, (app) => {
    app.get('/as', app.atlassian.protect('forge'), async (request) => {
      const { user, impersonate } = request.query as { user?: string; impersonate?: string }
      const client = request.hostClient().asUser(user, impersonate === 'yes' ? { impersonate: true } : {})
      return await client.get('/rest/api/3/myself')
    })
    app.get('/narrow', app.atlassian.protect('forge'), async (request) => {
      return await request
        .hostClient()
        .asUser(undefined, { scopes: ['READ'] })
        .get('/rest/api/3/myself')
    })
  })
  const given = (token: string) => ({
    data: { offlineUserAuthToken: { success: true, errors: [], authToken: { token, ttl: 3600 } } }
  })
  api.answer(({ path, body }) =>
    path === '/graphql' ? { body: given(`of ${JSON.parse(body).variables.input.userId}`.replace(' ', '-')) } : null
  )
  const system = bearer('system')
  const last = () => api.calls.at(-1)?.authorization
  await send('/forge', { system })
  const job = app.atlassian.hostClient({ installationId: INSTALLATION })
  await job.asUser('5:ada').get('/rest/api/3/myself')
  t.match(api.calls, [
    { path: '/graphql', authorization: `Bearer ${system}` },
    { path: `/ex/jira/${CLOUD_ID}/rest/api/3/myself`, authorization: 'Bearer of-5:ada' }
  ])
  await job.asUser('5:ada').get('/rest/api/3/myself')
  t.equal(api.calls.length, 3)

  t.equal((await send('/as?user=5:bob')).json().code, 'ATL_IMPERSONATION')
  t.equal(api.calls.length, 3)
  t.equal((await send('/as?user=5:bob&impersonate=yes')).statusCode, 200, lines.join(''))
  t.equal(last(), 'Bearer of-5:bob')
  // The user's own token is the one to use, while the call has one.
  await send(`/as?user=${encodeURIComponent(ACCOUNT_ID)}&impersonate=yes`, { user: bearer('user') })
  t.equal(last(), `Bearer ${bearer('user')}`)
  t.equal((await send(`/as?user=${encodeURIComponent(ACCOUNT_ID)}&impersonate=yes`)).statusCode, 200)
  t.equal(last(), `Bearer of-${ACCOUNT_ID}`)
  const before = api.calls.length
  t.equal((await send('/narrow', { user: bearer('user') })).json().code, 'ATL_USER_TOKEN_SETUP')
  t.equal(api.calls.length, before)
})

t.test('fifty installations that call at the same time cost one write each, and keep what is theirs', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  let puts = 0
  const { tokens } = store
  if (tokens === undefined) throw new Error('the store keeps no tokens')
  const put: typeof tokens.put = async (key, token) => {
    puts += 1
    return await tokens.put(key, token)
  }
  const scene = await buildCallScene(t, { store: { ...store, tokens: { ...tokens, put } } })
  const names = Array.from({ length: 50 }, (_, n) => {
    const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
    const installationId = `ari:cloud:ecosystem::installation/${id}`
    const apiBaseUrl = `${scene.api.origin}/ex/jira/${id}`
    const contexts = [{ name: 'jira', apiBaseUrl, cloudId: id }]
    return { id, app: { installationId, apiBaseUrl, installation: { id: installationId, contexts } } }
  })
  const calls = await Promise.all(
    names.map(async ({ id, app }) => {
      const headers = { 'x-forge-oauth-system': scene.bearer(id) }
      return scene.call(await scene.token({ app, context: { cloudId: id } }), { headers })
    })
  )
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(calls.map((call) => scene.app.inject(call)))
    t.same([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
  }
  t.equal(puts, 50)
  await Promise.all(names.map(({ id }) => scene.app.atlassian.hostClient({ installationId: id }).get('/rest/x')))
  for (const { authorization, path } of scene.api.calls) {
    const id = path.split('/')[3] ?? ''
    t.equal(authorization, `Bearer ${scene.bearer(id)}`)
  }
})

t.test('a system token that a user made up serves no job, whatever end it claims', async (t) => {
  const { app, api, send, bearer } = await buildCallScene(t)
  const madeUp = bearer('made-up', 20 * 3600)
  await send('/forge', { system: madeUp })
  const beat = { changes: EVENT, method: 'POST', system: bearer('real', 2 * 3600) } as const
  t.equal((await send('/forge/keep-alive', beat)).statusCode, 204)
  await send('/forge', { system: madeUp })
  await app.atlassian.hostClient({ installationId: INSTALLATION }).get('/rest/api/3/myself')
  t.equal(api.calls.at(-1)?.authorization, `Bearer ${bearer('real', 2 * 3600)}`)
})

t.test('the token of an installation that was superseded is not kept, though its tenant lives', async (t) => {
  const { store, api, send, bearer } = await buildCallScene(t)
  const installation = 'ari:cloud:ecosystem::installation/1a3a7799-53ae-4a5b-9e7e-03338980abb5'
  const { tenantId } = (await send('/forge', {})).json()
  const { app } = api.from('jira') as { app: { installation: object } }
  const again = { app: { installationId: installation, installation: { ...app.installation, id: installation } } }
  t.equal((await send('/forge', { changes: again })).json().tenantId, tenantId)
  const late = { changes: EVENT, method: 'POST', system: bearer('old') } as const
  t.equal((await send('/forge/keep-alive', late)).statusCode, 204)
  const name = JSON.stringify([INSTALLATION, ENVIRONMENT])
  t.equal(await store.tokens?.get({ tenantId, kind: 'system', name }), null)
})
