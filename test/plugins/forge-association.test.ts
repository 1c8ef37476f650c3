import t, { type Test } from 'tap'
import { ENVIRONMENT, EVENT, INSTALLATION } from '../helpers/forge.ts'
import { buildCallScene, type CallScene } from '../helpers/forge-calls.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'
import { until } from './until.ts'

interface Scene extends CallScene {
  /** The pairs of names that handlers of `adopted` were told, each with a Connect registration or none. */
  readonly adopted: [from: string, to: string][]
  readonly clientKey: string
  connect(body?: object): Promise<unknown>
  /** A call of Forge, and all that it makes happen. */
  forge(): Promise<string>
  tenantIds(): Promise<{ connect: string | undefined; forge: string | undefined }>
}

async function build(t: Test): Promise<Scene> {
  const scene = await buildCallScene(t)
  const { app, host, api, send, bearer } = scene
  const adopted: [string, string][] = []
  app.atlassian.events.on('adopted', ({ from, to }) => void adopted.push([from.tenantId, to.tenantId]))
  const { clientKey } = host.site('jira')
  api.answerKey(() => ({ body: { key: 'connect_client_key', value: clientKey } }))
  return {
    ...scene,
    adopted,
    clientKey,
    connect: async (body) => {
      await installed(host, app)
      if (body) scene.clock.advanceSeconds(1)
      if (body) await sendLifecycle(app, host, 'installed', { body: { ...body } })
    },
    async forge() {
      const { tenantId } = (await send('/forge', { system: bearer('system') })).json()
      return tenantId
    },
    async tenantIds() {
      const connect = await app.atlassian.tenants.find({ clientKey })
      const forge = await app.atlassian.tenants.find({ installationId: INSTALLATION, environmentId: ENVIRONMENT })
      return { connect: connect?.tenantId, forge: forge?.tenantId }
    }
  }
}

async function isOne({ tenantIds }: Scene): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    const { connect, forge } = await tenantIds()
    if (connect !== undefined && connect === forge) return true
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return false
}

t.test('Connect first: the host is asked after the first call of Forge, and both are one tenant', async (t) => {
  const scene = await build(t)
  const { app, api, adopted, clientKey, lines } = scene
  await scene.connect()
  const tenant = await app.atlassian.tenants.find({ clientKey })
  await tenant?.settings.set('by connect', 1)
  const before = await scene.forge()
  t.ok(await isOne(scene), lines.join(''))
  t.match(api.keyCalls, [
    {
      method: 'GET',
      path: /\/ex\/jira\/[^/]+\/rest\/atlassian-connect\/1\/addons\/test-app\/properties\/connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8$/,
      authorization: `Bearer ${scene.bearer('system')}`
    }
  ])
  await until(() => adopted.length > 0)
  t.same(adopted, [[before, tenant?.tenantId]])
  t.equal(await scene.forge(), tenant?.tenantId)
  const byForge = await app.atlassian.tenants.find({ installationId: INSTALLATION })
  t.equal(await byForge?.settings.get('by connect'), 1)
  for (let n = 0; n < 5; n++) await scene.forge()
  t.equal(api.keyCalls.length, 1)
})

t.test('Forge first: what was set under it is found by Connect, and so is its system token', async (t) => {
  const scene = await build(t)
  const { app, api, adopted, clientKey, clock } = scene
  const first = await scene.forge()
  await until(() => api.keyCalls.length > 0)
  const before = await app.atlassian.tenants.find({ tenantId: first })
  await before?.settings.set('by forge', 'green')
  await scene.connect()
  t.notSame((await scene.tenantIds()).connect, first)
  clock.advanceSeconds(3600)
  await scene.forge()
  t.ok(await isOne(scene))
  await until(() => adopted.length > 0)
  const tenant = await app.atlassian.tenants.find({ clientKey })
  t.equal(await tenant?.settings.get('by forge'), 'green')
  // By the token that came before the two were one.
  await app.atlassian.hostClient({ installationId: INSTALLATION }).get('/rest/api/3/myself')
  t.match(api.calls.at(-1)?.path, /\/ex\/jira\//)
})

t.test('the hook that names the installation joins in either order, and then nobody has to be asked', async (t) => {
  const later = await build(t)
  const first = await later.forge()
  await until(() => later.api.keyCalls.length > 0)
  await later.connect({ installationId: INSTALLATION })
  t.ok(await isOne(later))
  await until(() => later.adopted.length > 0)
  t.match(later.adopted, [[first, (await later.tenantIds()).connect]])
  await later.app.atlassian.hostClient({ installationId: INSTALLATION }).get('/rest/api/3/myself')

  const before = await build(t)
  await before.connect({ installationId: INSTALLATION })
  t.equal(await before.forge(), (await before.tenantIds()).connect)
  t.same(before.adopted, [])
  t.same(before.api.keyCalls, [])
})

t.test('uninstalling Connect while Forge lives leaves the tenant alive, and jobs call by Forge', async (t) => {
  const scene = await build(t)
  const { app, api, host, clientKey } = scene
  await scene.connect()
  await scene.forge()
  await isOne(scene)
  const byKey = app.atlassian.hostClient({ clientKey })
  await byKey.get('/rest/api/3/myself')
  t.same(api.calls, [], 'by Connect')
  await host.uninstall()
  await byKey.get('/rest/api/3/myself')
  t.match(api.calls, [{ authorization: `Bearer ${scene.bearer('system')}` }])
  t.equal((await scene.send('/forge')).statusCode, 200)
})

t.test('the property is a text or an object', async (t) => {
  for (const wrap of [
    (key: string) => ({ value: key }),
    (key: string) => ({ key: 'p', value: { clientKey: key } }),
    (key: string) => key
  ]) {
    const scene = await build(t)
    scene.api.answerKey(() => ({ body: wrap(scene.clientKey) }))
    await scene.connect()
    await scene.forge()
    t.ok(await isOne(scene), JSON.stringify(wrap('key')))
  }
})

t.test('a site without a Connect registration is asked about once, by all processes', async (t) => {
  const scene = await build(t)
  scene.api.answerKey(() => ({ status: 404 }))
  await scene.forge()
  await until(() => scene.lines.some((line) => line.includes('"outcome":"none"')))
  for (let n = 0; n < 3; n++) await scene.forge()
  const again = await buildCallScene(t, { store: scene.store, clock: scene.clock })
  await again.send('/forge', { system: again.bearer('system') })
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(scene.api.keyCalls.length, 1)
  t.same(again.api.keyCalls, [])
  t.same((await scene.app.atlassian.tenants.list())[0]?.tenantId, await scene.forge())
})

t.test('a failure, or a strange answer, is asked again after a pause that grows', async (t) => {
  const scene = await build(t)
  const { api, clock } = scene
  const answers = [{ status: 403 }, { status: 500 }, { body: { value: 42 } }, { body: { value: 'two words' } }]
  api.answerKey(() => answers[api.keyCalls.length - 1])
  await scene.connect()
  for (const [n, minutes] of [0, 1, 2, 4].entries()) {
    clock.advanceSeconds(minutes * 60 - 1)
    await scene.forge()
    clock.advanceSeconds(1)
    await scene.forge()
    await until(() => api.keyCalls.length > n)
    t.equal(api.keyCalls.length, n + 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { connect, forge } = await scene.tenantIds()
  t.not(connect, forge)
})

t.test('nothing that a front end or a body says joins tenants', async (t) => {
  const scene = await build(t)
  const { api, send, bearer, clientKey } = scene
  api.answerKey(() => ({ status: 404 }))
  await scene.connect()
  const changes = { context: { extension: { clientKey, key: clientKey }, clientKey } }
  await send(`/forge?clientKey=${clientKey}`, { system: bearer('system'), changes })
  await send('/event', { system: bearer('system'), changes: EVENT, method: 'POST' })
  await until(() => api.keyCalls.length > 0)
  const { connect, forge } = await scene.tenantIds()
  t.not(connect, forge)
})

t.test('Bitbucket is asked by its own call', async (t) => {
  const { createConnectKeys } = await import('../../lib/forge/connect-key.ts')
  const asked: string[] = []
  const linked: string[] = []
  const keys = createConnectKeys({
    appKey: 'tea app',
    store: {},
    association: {
      async link(_name, clientKey) {
        linked.push(clientKey)
        return { outcome: 'linked', tenant: {} as never, deliveryId: 'delivery-1' }
      }
    },
    targetOf: async (_of, product) => ({ product }) as never,
    client: () => ({
      async get(path) {
        asked.push(path)
        return { client_key: 'of-the-workspace' } as never
      }
    }),
    clock: () => 0,
    log: { debug() {}, info() {}, warn() {}, error() {} }
  })
  const of = { tenantId: 't', installationId: 'i', environmentId: 'e' }
  await Promise.all([keys.wanted(of, ['bitbucket']), keys.wanted(of, ['bitbucket'])])
  t.same(asked, ['/2.0/addon/tea%20app/client-key'])
  t.same(linked, ['of-the-workspace'])
})

t.test('after the answer that joins both, nothing says that it could not be asked', async (t) => {
  const scene = await build(t)
  await scene.connect()
  await Promise.all(Array.from({ length: 5 }, () => scene.forge()))
  t.ok(await isOne(scene))
  await until(() => scene.adopted.length > 0)
  for (let n = 0; n < 5; n++) await scene.forge()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const about = scene.lines.filter((line) => line.includes('which Connect registration'))
  t.equal(about.length, 1, about.join(''))
  t.match(about[0], '"outcome":"linked"')
  t.equal(scene.api.keyCalls.length, 1)
})

t.test('an adoption takes the system token along with the installation', async (t) => {
  const scene = await build(t)
  const { app, api, send, bearer, clientKey } = scene
  api.answerKey(() => ({ status: 404 }))
  const { tenantId: from } = (await send('/forge', { system: bearer('system') })).json()
  await scene.connect()
  const to = (await app.atlassian.tenants.find({ clientKey }))?.tenantId ?? ''
  t.not(from, to)
  await app.atlassian.tenants.adopt(from, to)
  await app.atlassian.hostClient({ installationId: INSTALLATION }).get('/rest/api/3/myself')
  t.match(api.calls.at(-1), { path: /^\/ex\/jira\//, authorization: `Bearer ${bearer('system')}` })
})

t.test('a site that left Connect without a word is called by Forge, from the first refusal on', async (t) => {
  const scene = await build(t)
  const { app, host, api, clientKey, lines } = scene
  await scene.connect()
  const tenantId = await scene.forge()
  t.ok(await isOne(scene))
  await until(() => scene.adopted.length > 0)
  const { connect } = await scene.tenantIds()
  t.not(tenantId, connect)
  const job = app.atlassian.hostClient({ tenantId: connect ?? '' })
  const byKey = app.atlassian.hostClient({ clientKey })
  await job.get('/rest/api/3/myself')
  t.equal(api.calls.length, 0, 'Connect while it answers')
  host.failNext({ target: 'rest', status: 401, times: 1000 })
  await job.post('/rest/api/3/issue', { fields: {} })
  await byKey.get('/rest/api/3/myself')
  t.equal((await byKey.fetch('/rest/api/3/myself')).status, 200)
  t.match(api.calls, [
    { method: 'POST', path: /\/ex\/jira\/[^/]+\/rest\/api\/3\/issue$/, body: '{"fields":{}}' },
    { method: 'GET', path: /myself$/, authorization: `Bearer ${scene.bearer('system')}` },
    { method: 'GET', path: /myself$/ }
  ])
  const refused = () => host.exchanges.filter(({ kind, status }) => kind === 'rest' && status === 401).length
  t.equal(refused(), 1, 'Connect is not asked again')
  t.equal(lines.filter((line) => line.includes('refused what the Connect registration signed')).length, 1)

  scene.clock.advanceSeconds(4 * 3600)
  await t.rejects(job.get('/rest/api/3/myself'), { code: 'ATL_HOST_STATUS', status: 401 })
  t.equal(refused(), 2, 'without a token of Forge, what the host said is told')
  await sendLifecycle(app, host, 'installed', { body: { sharedSecret: 'another-secret-of-connect' } })
  await scene.forge()
  await byKey.get('/rest/api/3/myself')
  t.equal(refused(), 3, 'a new secret is worth a try')
})

t.test('a site that is on Connect alone stays there, whatever it refuses', async (t) => {
  const { app, host, clientKey, connect } = await build(t)
  await connect()
  host.failNext({ target: 'rest', status: 401 })
  const job = app.atlassian.hostClient({ clientKey })
  await t.rejects(job.get('/rest/api/3/myself'), { code: 'ATL_HOST_STATUS', status: 401 })
  await job.get('/rest/api/3/myself')
})

t.test('a registration whose hook comes after the question is asked about again soon, and then seldom', async (t) => {
  const scene = await build(t)
  const { api, clock } = scene
  const asked = async (minutes: number) => {
    const before = api.keyCalls.length
    for (let minute = 0; minute < minutes; minute++) {
      clock.advanceSeconds(60)
      await scene.forge()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return api.keyCalls.length - before
  }
  await scene.forge()
  await until(() => scene.lines.some((line) => line.includes('no-registration')))
  t.equal(await asked(1), 1)
  const inDay = await asked(180)
  t.ok(inDay >= 4 && inDay <= 10, `${inDay} questions in three hours`)

  const late = await build(t)
  await late.forge()
  await until(() => late.lines.some((line) => line.includes('no-registration')))
  await late.connect()
  late.clock.advanceSeconds(60)
  await late.forge()
  t.ok(await isOne(late))
})
