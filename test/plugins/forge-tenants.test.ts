// `request.tenant` of Forge calls: one record for both platforms, held in memory, and never a guess.
import type { TenantStore } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { ended } from '../../lib/tenant/lifecycle.ts'
import { APP_KEY } from '../helpers/app.ts'
import { buildForgeApp, type Changes, CLOUD_ID, EVENT, type ForgeScene, INSTALLATION } from '../helpers/forge.ts'
import { STORE_UNAVAILABLE } from '../hostile/attack.ts'

const JIRA = { name: 'jira', apiBaseUrl: `https://api.atlassian.com/ex/jira/${CLOUD_ID}`, cloudId: CLOUD_ID }
const CONFLUENCE = {
  name: 'confluence',
  apiBaseUrl: `https://api.atlassian.com/ex/confluence/${CLOUD_ID}`,
  cloudId: CLOUD_ID
}

async function ask(scene: ForgeScene, changes: Changes = {}, url = '/both') {
  const answer = await scene.app.inject(scene.call(await scene.token(changes), { url }))
  return { status: answer.statusCode, ...(answer.json() as { tenantId?: string; platform?: string }) }
}

t.test('a Connect page and a Forge call of the same installation have the same tenant', async (t) => {
  const scene = await buildForgeApp(t)
  const { host, app } = scene
  t.equal((await host.install(app, { site: 'confluence' })).status, 204)
  const context = await host.contextToken({ site: 'confluence' })
  const page = (await app.inject({ url: '/both', headers: { authorization: `JWT ${context}` } })).json()
  t.equal(page.platform, 'connect')
  const tenant = await scene.store.find({ tenantId: page.tenantId })
  if (tenant === null || tenant.clientKey === null) throw new Error('the site is installed')
  // What the host says in a later Connect hook, or by its property: see the tests of the association.
  await scene.store.save(
    { ...tenant, installations: tenant.installations.map((one) => ({ ...one, installationId: INSTALLATION })) },
    tenant.version
  )
  const call = await ask(scene)
  t.strictSame(call, { status: 200, platform: 'forge', tenantId: page.tenantId })
})

t.test('a call that tells of a new product writes once, and then reads nothing', async (t) => {
  const scene = await buildForgeApp(t)
  const { tenantId } = await ask(scene)
  scene.writes.length = 0
  const two = { app: { installation: { contexts: [CONFLUENCE, JIRA] } } }
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(scene, two)))
  t.same([...new Set(answers.map((answer) => answer.tenantId))], [tenantId])
  t.equal(scene.writes.length, 1)
  scene.reads.length = 0
  t.match(await ask(scene, two), { tenantId })
  t.match(await ask(scene), { tenantId })
  t.match(await ask(scene, EVENT, '/optional'), { tenantId })
  t.same(scene.reads, [])
  t.equal(scene.writes.length, 1)
})

t.test('many first calls at once make one tenant', async (t) => {
  const scene = await buildForgeApp(t)
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => ask(scene, { jti: `${n}` })))
  t.equal(new Set(answers.map(({ tenantId }) => tenantId)).size, 1)
  t.same([...new Set(answers.map(({ status }) => status))], [200])
  t.equal(scene.writes.length, 1)
  t.equal((await scene.store.list({ limit: 10 })).length, 1)
})

t.test('a tenant that was read a while ago is read again, in the background first', async (t) => {
  const scene = await buildForgeApp(t)
  await ask(scene)
  scene.reads.length = 0
  scene.clock.advanceSeconds(3)
  t.match(await ask(scene), { status: 200 })
  t.equal(scene.reads.length, 2, 'by its installation, in this environment and by Connect')
  scene.reads.length = 0
  t.match(await ask(scene), { status: 200 })
  t.same(scene.reads, [])
  scene.clock.advanceSeconds(11)
  t.match(await ask(scene), { status: 200 })
  t.equal(scene.reads.length, 2)
  t.equal(scene.writes.length, 1, 'and nothing is written')
})

t.test('a tenant whose data was given to another one is that other one at once', async (t) => {
  const scene = await buildForgeApp(t)
  const { host, app } = scene
  const forge = await ask(scene)
  await host.install(app, { site: 'confluence' })
  const connect = await scene.store.find({ clientKey: host.site('confluence').clientKey })
  if (connect === null || forge.tenantId === undefined) throw new Error('both are there')
  await app.atlassian.tenants.adopt(forge.tenantId, connect.tenantId)
  t.match(await ask(scene), { status: 200, tenantId: connect.tenantId })
})

t.test('changes that other processes tell of are looked at by the next call', async (t) => {
  let changed: (clientKey: string) => void = () => {}
  let missed = () => {}
  const scene = await buildForgeApp(t, {
    store: {
      ...createMemoryTenantStore({ appKey: APP_KEY }),
      async watch(listener) {
        changed = (clientKey) => listener.changed(clientKey)
        missed = () => listener.missed()
        return true
      }
    }
  })
  await scene.host.install(scene.app, { site: 'confluence' })
  const { clientKey } = scene.host.site('confluence')
  const tenant = await scene.store.find({ clientKey })
  if (tenant === null) throw new Error('the site is installed')
  const installations = tenant.installations.map((one) => ({ ...one, installationId: INSTALLATION }))
  await scene.store.save({ ...tenant, installations }, tenant.version)
  const readsOf = async () => {
    scene.reads.length = 0
    await ask(scene)
    return scene.reads.length
  }
  t.equal(await readsOf(), 2, 'the first call')
  t.equal(await readsOf(), 0)
  changed('somebody-else')
  t.equal(await readsOf(), 0)
  changed(clientKey)
  t.equal(await readsOf(), 2, 'this tenant was saved elsewhere')
  t.equal(await readsOf(), 0)
  missed()
  t.equal(await readsOf(), 2, 'nobody knows what was saved')
})

t.test('what another process did to a tenant that Forge alone knows is looked at by the next call', async (t) => {
  let changed: (name: string) => void = () => {}
  const scene = await buildForgeApp(t, {
    store: {
      ...createMemoryTenantStore({ appKey: APP_KEY }),
      async watch(listener) {
        changed = (name) => listener.changed(name)
        return true
      }
    }
  })
  const { tenantId = '' } = await ask(scene)
  const tenant = await scene.store.find({ tenantId })
  if (tenant === null) throw new Error('it has just called')
  const installations = tenant.installations.map((one) => ended(one, scene.clock()))
  await scene.store.save({ ...tenant, installations }, tenant.version)
  changed(tenantId)
  t.equal((await ask(scene)).status, 403)
})

t.test('while the storage fails, a call whose tenant is not held is answered 503, and never let through', async (t) => {
  let fails = true
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const store: TenantStore = {
    ...memory,
    async find(lookup) {
      if (fails) throw new Error('the database is away')
      return await memory.find(lookup)
    }
  }
  const scene = await buildForgeApp(t, { store })
  const answer = await scene.app.inject(scene.call(await scene.token()))
  t.strictSame([answer.statusCode, answer.json()], [503, { ...STORE_UNAVAILABLE }])
  t.match(answer.headers, { 'retry-after': /^\d+$/, 'content-type': /^application\/json/ })
  t.same(scene.reached, [])
  fails = false
  t.match(await ask(scene), { status: 200 }, 'and it mends itself')
  fails = true
  scene.clock.advanceSeconds(3)
  t.match(await ask(scene), { status: 200 }, 'a tenant that is held bridges a short failure')
  scene.clock.advanceSeconds(10)
  t.match(await ask(scene), { status: 503 })
})
