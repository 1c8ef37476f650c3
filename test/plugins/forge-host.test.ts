import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { HostClient } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { ACCOUNT_ID, buildForgeApp, CLOUD_ID, EVENT, type ForgeScene, INSTALLATION } from '../helpers/forge.ts'
import { apiToken, both, createForgeApi, type ForgeApi } from '../helpers/forge-api.ts'

interface Scene extends ForgeScene {
  readonly api: ForgeApi
  /** Seconds from now as `exp`. */
  bearer(name: string, inSeconds?: number): string
  /** Sends a call of Jira (unless said otherwise) with these API tokens. */
  send(url: string, given?: Sent): ReturnType<FastifyInstance['inject']>
}

interface Sent {
  readonly system?: string
  readonly user?: string
  readonly products?: readonly string[]
  readonly changes?: Readonly<Record<string, unknown>>
  readonly method?: 'GET' | 'POST'
}

const call = (as: (client: HostClient, request: FastifyRequest) => HostClient, path = '/rest/api/3/myself') =>
  async function handler(request: FastifyRequest) {
    return await as(request.hostClient(), request).get(path)
  }

async function build(t: Test, routes: (app: FastifyInstance) => void = () => {}): Promise<Scene> {
  const api = await createForgeApi(t)
  const scene = await buildForgeApp(t, {
    forge: { apiHosts: [api.origin], keepAlivePath: '/forge/keep-alive' },
    routes(app) {
      const optional = app.atlassian.protect('forge', { principal: 'optional' })
      app.get(
        '/app',
        optional,
        call((client) => client)
      )
      app.get(
        '/user',
        optional,
        call((client) => client.asUser())
      )
      app.get(
        '/nobody',
        optional,
        call((client) => client.asUser('5:nobody').anonymous())
      )
      routes(app)
    }
  })
  return Object.assign(
    { ...scene },
    {
      api,
      bearer: (name: string, inSeconds = 4 * 3600) => apiToken(name, Math.floor(scene.clock() / 1000) + inSeconds),
      async send(url: string, { system, user, products = ['jira'], changes = {}, method = 'GET' }: Sent = {}) {
        const token = await scene.token(both(api.from(...products), changes))
        const headers = {
          ...(system === undefined ? {} : { 'x-forge-oauth-system': system }),
          ...(user === undefined ? {} : { 'x-forge-oauth-user': user })
        }
        return await scene.app.inject(scene.call(token, { url, method, headers }))
      }
    }
  )
}

t.test('on a call of Forge the app acts by the system token, the user by the user token', async (t) => {
  const { api, bearer, send, lines } = await build(t)
  const system = bearer('system')
  const user = bearer('user')
  t.equal((await send('/app', { system, user })).statusCode, 200, lines.join(''))
  t.match(api.calls.at(-1), { path: `/ex/jira/${CLOUD_ID}/rest/api/3/myself`, authorization: `Bearer ${system}` })
  t.equal((await send('/user', { system, user })).statusCode, 200)
  t.equal(api.calls.at(-1)?.authorization, `Bearer ${user}`)
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
