import t from 'tap'
import { silentLog } from '../../../lib/ports.ts'
import { Secret } from '../../../lib/secret.ts'
import { createMemoryTenantStore } from '../../../lib/store/memory-tenant-store.ts'
import type { ForgeArrival } from '../../../lib/tenant/association.ts'
import { createForgeAssociation } from '../../../lib/tenant/forge-association.ts'
import { finishJoin } from '../../../lib/tenant/join-delivery.ts'
import { adoptTenant, createLifecycleService } from '../../../lib/tenant/lifecycle-service.ts'
import { installationMark } from '../../../lib/tenant/settings-store.ts'
import { isAlive, isConnected, timeOfDeath } from '../../../lib/tenant/tenant.ts'
import { createTenantDirectory } from '../../../lib/tenant/tenant-directory.ts'
import { APP_KEY } from './make-tenant.ts'

const ARI = 'ari:cloud:ecosystem::installation/one'
const OTHER_ARI = 'ari:cloud:ecosystem::installation/two'
const SITE = 'https://acme.atlassian.net'

interface Install {
  readonly clientKey?: string
  readonly product?: 'jira' | 'confluence'
  readonly baseUrl?: string
  readonly displayUrl?: string
  readonly installationId?: string
  readonly secret?: string
}

/** One app whose host speaks by Connect hooks and by Forge calls, in any order. Time goes on with each of them. */
function createWorld() {
  let nowMs = 1_790_000_000_000
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const said: { readonly message: string; readonly details: object }[] = []
  const note = (details: object, message?: string) => void said.push({ message: message ?? '', details })
  const log = { ...silentLog, warn: note, error: note }
  const clock = () => nowMs
  const directory = createTenantDirectory({ store, clock, log, freshMs: 5000, maxTenants: 100 })
  const joined = () => {}
  const lifecycle = createLifecycleService({ store, directory, clock, log, joined, beforeInstall: undefined })
  const forge = createForgeAssociation({ store, directory, clock, log, joined, appKey: APP_KEY })

  function hook(type: 'installed' | 'uninstalled', given: Install = {}) {
    nowMs += 10_000
    const { clientKey = 'jira-key', product = 'jira', secret = `secret of ${clientKey}` } = given
    const atSeconds = nowMs / 1000
    return lifecycle.apply(clientKey, {
      type,
      payload: {
        eventType: type,
        key: APP_KEY,
        clientKey,
        product,
        baseUrl: given.baseUrl ?? (product === 'jira' ? SITE : `${SITE}/wiki`),
        sharedSecret: type === 'installed' ? new Secret(secret) : null,
        displayUrl: given.displayUrl ?? null,
        displayUrlServicedeskHelpCenter: null,
        oauthClientId: null,
        entitlementId: null,
        entitlementNumber: null,
        installationId: given.installationId ?? null
      },
      mark: { token: `${type} ${atSeconds}`, body: 'body', expSeconds: atSeconds + 180 },
      iatSeconds: atSeconds
    })
  }

  function call(given: Partial<ForgeArrival> = {}) {
    nowMs += 10_000
    return forge.arrive({
      installationId: ARI,
      environmentId: 'production',
      cloudId: 'cloud-1',
      products: ['jira'],
      issuedAtMs: nowMs,
      ...given
    })
  }

  async function finishJoins() {
    for (const delivery of await store.inbox.claim({ nowMs, leaseMs: 1000, limit: 100 })) {
      if (delivery.event === 'joined') await finishJoin(store, delivery)
    }
  }

  return {
    store,
    forge,
    directory,
    said,
    call,
    finishJoins,
    now: () => nowMs,
    install: (given?: Install) => hook('installed', given),
    uninstall: (given?: Install) => hook('uninstalled', given),
    link: (clientKey: string, installationId = ARI) =>
      forge.link({ installationId, environmentId: 'production' }, clientKey),
    end: (installationId = ARI) => {
      nowMs += 10_000
      return forge.end({ installationId, environmentId: 'production' })
    }
  }
}

const SETTING = { key: 'colour', value: '"green"', expiresAtMs: null, updatedAtMs: 0 }

t.test('Connect first: a Forge call of the installation that the hook named finds the same tenant', async (t) => {
  const world = createWorld()
  const { tenant } = await world.install({ installationId: ARI })
  const arrived = await world.call()
  t.equal(arrived.tenantId, tenant?.tenantId)
  t.equal(arrived.clientKey, 'jira-key')
  t.equal(arrived.cloudId, 'cloud-1')
  t.same(
    arrived.installations.map(({ platform, state }) => [platform, state]),
    [
      ['connect', 'installed'],
      ['forge', 'installed']
    ]
  )
  const before = arrived.version
  t.equal((await world.call()).version, before, 'a call that tells nothing new writes nothing')
  t.equal((await world.store.find({ cloudId: 'cloud-1' }))?.tenantId, tenant?.tenantId)
})

t.test('Forge first: the hook that names the installation brings the registration to its tenant', async (t) => {
  const world = createWorld()
  const arrived = await world.call()
  t.equal(arrived.clientKey, null)
  t.ok(isAlive(arrived))
  t.notOk(isConnected(arrived))
  const { change, tenant } = await world.install({ installationId: ARI })
  t.equal(change, 'joined')
  t.equal(tenant?.tenantId, arrived.tenantId)
  t.equal(tenant?.cloudId, 'cloud-1')
  t.equal((await world.store.find({ clientKey: 'jira-key' }))?.tenantId, arrived.tenantId)
  t.equal((await world.store.list({ limit: 10 })).length, 1)
})

t.test(
  'Forge first, with a Connect tenant that nobody knew to be the same: both become one when the hook says so',
  async (t) => {
    const world = createWorld()
    const { tenant } = await world.install()
    const arrived = await world.call()
    t.not(arrived.tenantId, tenant?.tenantId, 'an equal site is no reason to join')
    const place = { installationId: ARI, environmentId: 'production' }
    await world.store.settings?.set({ tenantId: arrived.tenantId, installation: '' }, SETTING, null)
    const mark = installationMark(place)
    await world.store.settings?.set({ tenantId: arrived.tenantId, installation: mark }, SETTING, null)
    const { tenant: joined, joinDeliveryId } = await world.install({ installationId: ARI })
    t.equal(joined?.tenantId, tenant?.tenantId)
    t.ok(joinDeliveryId)
    t.equal((await world.store.find(place))?.tenantId, tenant?.tenantId)
    t.match(await world.store.find({ tenantId: arrived.tenantId }), { adoptedBy: tenant?.tenantId, installations: [] })
    await world.finishJoins()
    await world.finishJoins()
    for (const installation of ['', mark]) {
      const owner = { tenantId: tenant?.tenantId ?? '', installation }
      t.equal((await world.store.settings?.get(owner, 'colour', world.now()))?.value, '"green"')
    }
    t.equal((await world.call()).tenantId, tenant?.tenantId)
  }
)

t.test('a link that the host confirms joins both, once, in either order', async (t) => {
  const world = createWorld()
  const arrived = await world.call()
  t.equal((await world.link('jira-key')).outcome, 'no-registration')
  const { tenant } = await world.install()
  const linked = await world.link('jira-key')
  t.match(linked, { outcome: 'linked', tenant: { tenantId: tenant?.tenantId } })
  t.ok(linked.deliveryId)
  t.match(await world.link('jira-key'), { outcome: 'known', deliveryId: null })
  t.match(await world.store.find({ tenantId: arrived.tenantId }), { adoptedBy: tenant?.tenantId })
})

t.test('an installation of one clientKey is not given to another one, whoever says so', async (t) => {
  const world = createWorld()
  const { tenant } = await world.install({ installationId: ARI })
  await world.call()
  const other = await world.install({ clientKey: 'other-key', baseUrl: 'https://other.atlassian.net' })
  t.equal((await world.link('other-key')).outcome, 'conflict')
  t.equal(world.said.length, 1)
  await world.install({ clientKey: 'other-key', baseUrl: 'https://other.atlassian.net', installationId: ARI })
  t.equal(world.said.length, 2)
  t.equal((await world.store.find({ installationId: ARI }))?.tenantId, tenant?.tenantId)
  t.not((await world.store.find({ clientKey: 'other-key' }))?.tenantId, tenant?.tenantId)
  t.not(other.tenant?.tenantId, tenant?.tenantId)
})

t.test('two products: one installation, two clientKeys, one tenant, whichever comes first', async (t) => {
  for (const first of ['jira', 'confluence'] as const) {
    const world = createWorld()
    const second = first === 'jira' ? 'confluence' : 'jira'
    const one = await world.install({ clientKey: `${first}-key`, product: first, installationId: ARI })
    const two = await world.install({ clientKey: `${second}-key`, product: second, installationId: ARI })
    t.equal(two.change, 'joined')
    t.equal(two.tenant?.tenantId, one.tenant?.tenantId)
    t.not(two.tenant?.connectId, one.tenant?.connectId)
    t.equal((await world.call({ products: ['jira', 'confluence'] })).tenantId, one.tenant?.tenantId)
    const again = await world.install({ clientKey: `${second}-key`, product: second, installationId: ARI })
    t.equal(again.change, 'update')
    const [seen, other] = await Promise.all([
      world.store.find({ clientKey: `${first}-key` }),
      world.store.find({ clientKey: `${second}-key` })
    ])
    t.equal(seen?.product, first)
    t.equal(other?.product, second)
    t.equal(seen?.sharedSecret?.reveal(), `secret of ${first}-key`)
    t.equal(other?.sharedSecret?.reveal(), `secret of ${second}-key`)
  }
})

t.test('two products: the end of one is not the end of the other, and its tokens count no more', async (t) => {
  const world = createWorld()
  await world.install({ installationId: ARI })
  await world.install({ clientKey: 'wiki-key', product: 'confluence', installationId: ARI })
  await world.uninstall()
  const [jira, wiki] = await Promise.all([
    world.store.find({ clientKey: 'jira-key' }),
    world.store.find({ clientKey: 'wiki-key' })
  ])
  t.ok(jira !== null && isAlive(jira))
  t.notOk(jira !== null && isConnected(jira))
  t.ok(wiki !== null && isConnected(wiki))
  t.equal(jira?.secretVersion, 2, 'sessions of it end')
  t.equal(wiki?.secretVersion, 1)
  await world.uninstall({ clientKey: 'wiki-key', product: 'confluence' })
  const dead = await world.store.find({ clientKey: 'wiki-key' })
  t.notOk(dead !== null && isAlive(dead))
  t.equal((await world.install()).change, 'reinstall')
})

t.test('a second registration of the same product, or of another site, is no further product', async (t) => {
  for (const stranger of [
    { clientKey: 'second-key', installationId: ARI },
    { clientKey: 'wiki-key', product: 'confluence', baseUrl: 'https://evil.atlassian.net/wiki', installationId: ARI }
  ] as const) {
    const world = createWorld()
    const { tenant } = await world.install({ installationId: ARI })
    const other = await world.install(stranger)
    t.equal(other.change, 'first-install', 'it is installed all the same')
    t.not(other.tenant?.tenantId, tenant?.tenantId)
    t.equal((await world.store.find({ installationId: ARI }))?.tenantId, tenant?.tenantId)
    t.match(world.said, [{ details: { installationId: ARI, ownerTenantId: tenant?.tenantId } }])
  }
})

t.test('rename: a new address is the same tenant, and the old one is remembered', async (t) => {
  const world = createWorld()
  const { tenant } = await world.install({ displayUrl: 'https://shown.example.com' })
  const renamed = await world.install({ baseUrl: 'https://renamed.atlassian.net' })
  t.equal(renamed.tenant?.tenantId, tenant?.tenantId)
  t.equal((await world.store.find({ baseUrl: 'https://renamed.atlassian.net' }))?.tenantId, tenant?.tenantId)
  t.equal(await world.store.find({ baseUrl: SITE }), null)
  t.equal(await world.store.find({ displayUrl: 'https://shown.example.com' }), null)
  const names = await world.store.names(tenant?.tenantId ?? '')
  t.same(
    names.map(({ kind, value, untilMs }) => [kind, value, untilMs !== null]),
    [
      ['baseUrl', SITE, true],
      ['clientKey', 'jira-key', false],
      ['displayUrl', 'https://shown.example.com', true],
      ['baseUrl', 'https://renamed.atlassian.net', false]
    ]
  )
})

t.test('import: a new clientKey on the same address is another tenant until a person says otherwise', async (t) => {
  const world = createWorld()
  const old = await world.install()
  const imported = await world.install({ clientKey: 'imported-key' })
  t.equal(imported.change, 'first-install')
  t.not(imported.tenant?.tenantId, old.tenant?.tenantId)
  const { store } = world
  t.match(await store.find({ clientKey: 'jira-key' }), { possiblySupersededBy: imported.tenant?.tenantId })
  t.equal(await store.find({ baseUrl: SITE }), null, 'two live under this address')
  await adoptTenant(store, old.tenant?.tenantId ?? '', imported.tenant?.tenantId ?? '', world.now())
  t.equal((await store.find({ baseUrl: SITE }))?.tenantId, imported.tenant?.tenantId)
})

t.test('adopt takes the Forge installations along, and calls that come later find the heir', async (t) => {
  const world = createWorld()
  const arrived = await world.call()
  const { tenant } = await world.install()
  const { from, to } = await adoptTenant(world.store, arrived.tenantId, tenant?.tenantId ?? '', world.now())
  t.equal(from.adoptedBy, tenant?.tenantId)
  t.equal(to.installations.length, 2)
  t.equal((await world.call()).tenantId, tenant?.tenantId)
  const old = await world.install({
    clientKey: 'old-key',
    baseUrl: 'https://old.atlassian.net',
    installationId: OTHER_ARI
  })
  await adoptTenant(world.store, old.tenant?.tenantId ?? '', tenant?.tenantId ?? '', world.now())
  t.equal((await world.call({ installationId: OTHER_ARI, products: ['confluence'] })).tenantId, tenant?.tenantId)
})

t.test('reinstall by Connect: the same clientKey under a new installation id ends the one before', async (t) => {
  const world = createWorld()
  const { tenant } = await world.install({ installationId: ARI })
  await world.call()
  await world.uninstall()
  const again = await world.install({ installationId: OTHER_ARI })
  t.equal(again.tenant?.tenantId, tenant?.tenantId)
  const arrived = await world.call({ installationId: OTHER_ARI })
  t.equal(arrived.tenantId, tenant?.tenantId)
  const states = arrived.installations.map(({ platform, installationId, state }) => [platform, installationId, state])
  t.same(states, [
    ['connect', ARI, 'uninstalled'],
    ['forge', ARI, 'uninstalled'],
    ['connect', OTHER_ARI, 'installed'],
    ['forge', OTHER_ARI, 'installed']
  ])
  t.equal(
    (await world.store.find({ installationId: ARI }))?.tenantId,
    tenant?.tenantId,
    'the old name still leads here'
  )
})

t.test('reinstall by Forge: a new installation id on the same site belongs to the same tenant', async (t) => {
  const world = createWorld()
  const first = await world.call()
  await world.end()
  t.notOk(isAlive((await world.store.find({ tenantId: first.tenantId })) ?? first))
  const again = await world.call({ installationId: OTHER_ARI })
  t.equal(again.tenantId, first.tenantId)
  t.ok(isAlive(again))
  const ended = await world.end(ARI)
  t.ok(ended !== null && isAlive(ended), 'the end of an installation that is over already changes nothing')
})

t.test('reinstall by Forge without a word of the end: the former installation is superseded', async (t) => {
  const world = createWorld()
  await world.call()
  const again = await world.call({ installationId: OTHER_ARI })
  t.same(
    again.installations.map(({ installationId, state }) => [installationId, state]),
    [
      [ARI, 'uninstalled'],
      [OTHER_ARI, 'installed']
    ]
  )
})

t.test('a second Forge installation for another product lives beside the first, in one tenant', async (t) => {
  const world = createWorld()
  const first = await world.call()
  const second = await world.call({ installationId: OTHER_ARI, products: ['confluence'] })
  t.equal(second.tenantId, first.tenantId)
  t.ok(second.installations.every(({ state }) => state === 'installed'))
  await world.end()
  const left = await world.store.find({ tenantId: first.tenantId })
  t.ok(left !== null && isAlive(left))
})

t.test('another environment on the same site is another tenant', async (t) => {
  const world = createWorld()
  const production = await world.call()
  const staging = await world.call({ installationId: OTHER_ARI, environmentId: 'staging' })
  t.not(staging.tenantId, production.tenantId)
  t.equal((await world.call({ installationId: 'third' })).tenantId, production.tenantId)
})

t.test('a call that was on its way when its installation ended does not bring it back, a later one does', async (t) => {
  const world = createWorld()
  await world.call()
  const sentMs = world.now()
  await world.end()
  t.notOk(isAlive(await world.call({ issuedAtMs: sentMs })))
  t.ok(isAlive(await world.call()))
})

t.test(
  'uninstalling Connect while Forge lives ends that installation, not the tenant; and the other way round',
  async (t) => {
    const world = createWorld()
    await world.install({ installationId: ARI })
    await world.call()
    const { tenant } = await world.uninstall()
    t.ok(tenant !== null && isAlive(tenant))
    t.notOk(tenant !== null && isConnected(tenant))
    const dead = await world.end()
    t.notOk(dead !== null && isAlive(dead))
    await world.install({ installationId: ARI })
    await world.call()
    const left = await world.end()
    t.ok(left !== null && isConnected(left))
  }
)

t.test('twenty calls of a new installation at once make one tenant', async (t) => {
  const world = createWorld()
  const arrived = await Promise.all(Array.from({ length: 20 }, () => world.call()))
  t.equal(new Set(arrived.map(({ tenantId }) => tenantId)).size, 1)
  t.equal((await world.store.list({ limit: 10 })).length, 1)
})

t.test('hooks of two products and a Forge call at once make one tenant', async (t) => {
  const world = createWorld()
  await Promise.all([
    world.install({ installationId: ARI }),
    world.install({ clientKey: 'wiki-key', product: 'confluence', installationId: ARI }),
    world.call({ products: ['jira', 'confluence'] })
  ])
  // Whoever made a tenant of its own at that moment is found by the next call.
  await world.call({ products: ['jira', 'confluence'] })
  const alive = (await world.store.list({ limit: 10 })).filter(isAlive)
  t.equal(alive.length, 1)
  t.equal((await world.store.find({ clientKey: 'wiki-key' }))?.tenantId, alive[0]?.tenantId)
  t.equal((await world.store.find({ clientKey: 'jira-key' }))?.tenantId, alive[0]?.tenantId)
})

t.test('what other registrations remember of a tenant is forgotten when one of them is saved', async (t) => {
  const world = createWorld()
  await world.install({ installationId: ARI })
  await world.install({ clientKey: 'wiki-key', product: 'confluence', installationId: ARI })
  await world.directory.load('jira-key')
  t.equal(world.directory.peek('jira-key')?.version, 2)
  await world.uninstall({ clientKey: 'wiki-key', product: 'confluence' })
  t.equal(world.directory.peek('jira-key'), undefined)
})

t.test('adopt: the site of the first does not become the site of the second', async (t) => {
  const world = createWorld()
  const old = await world.call({ cloudId: 'cloud-old' })
  const heir = await world.install()
  await world.call({ installationId: OTHER_ARI, cloudId: 'cloud-new', products: ['confluence'] })
  await adoptTenant(world.store, old.tenantId, heir.tenant?.tenantId ?? '', world.now())
  t.equal((await world.store.find({ clientKey: 'jira-key' }))?.cloudId, null)
  const stranger = await world.call({ installationId: 'third', cloudId: 'cloud-old' })
  t.not(stranger.tenantId, heir.tenant?.tenantId)
  const before = await world.call({ cloudId: 'cloud-old' })
  t.equal((await world.call({ cloudId: 'another' })).version, before.version, 'a cloudId that is known never changes')
})

t.test('adopt: the retention of what was adopted counts from the adoption', async (t) => {
  const world = createWorld()
  const old = await world.install({ clientKey: 'old-key' })
  await world.uninstall({ clientKey: 'old-key' })
  const heir = await world.install()
  const ids = [old.tenant?.tenantId ?? '', heir.tenant?.tenantId ?? ''] as const
  const { from } = await adoptTenant(world.store, ...ids, world.now() + 1_000_000)
  t.equal(timeOfDeath(from), world.now() + 1_000_000)
})

t.test('adopt: what waits for an end of a join goes to the last heir', async (t) => {
  const world = createWorld()
  const arrived = await world.call()
  await world.store.settings?.set({ tenantId: arrived.tenantId, installation: '' }, SETTING, null)
  const middle = await world.install()
  t.ok((await world.link('jira-key')).deliveryId, 'what is left to do is written down')
  const last = await world.install({ clientKey: 'last-key', baseUrl: 'https://last.atlassian.net' })
  await adoptTenant(world.store, middle.tenant?.tenantId ?? '', last.tenant?.tenantId ?? '', world.now())
  await world.finishJoins()
  const owner = { tenantId: last.tenant?.tenantId ?? '', installation: '' }
  t.equal((await world.store.settings?.get(owner, 'colour', world.now()))?.value, '"green"')
})

t.test('import with Forge: whichever comes first, the new clientKey and its installation are one tenant', async (t) => {
  for (const forgeFirst of [true, false]) {
    for (const oldIsAlive of [true, false]) {
      const world = createWorld()
      const old = await world.install({ installationId: ARI })
      await world.call()
      if (!oldIsAlive) {
        await world.end()
        await world.uninstall()
      }
      const imported = { clientKey: 'imported-key', installationId: OTHER_ARI }
      if (forgeFirst) await world.call({ installationId: OTHER_ARI })
      const { tenant } = await world.install(imported)
      if (!forgeFirst) await world.call({ installationId: OTHER_ARI })
      const name = `forge first: ${forgeFirst}, the old one is alive: ${oldIsAlive}`
      t.not(tenant?.tenantId, old.tenant?.tenantId, name)
      t.equal((await world.call({ installationId: OTHER_ARI })).tenantId, tenant?.tenantId, name)
      await world.install(imported)
      t.equal((await world.store.find({ installationId: OTHER_ARI }))?.tenantId, tenant?.tenantId, name)
    }
  }
})

t.test('a link to a clientKey whose tenant was adopted leads to the heir, and never in a circle', async (t) => {
  const world = createWorld()
  const arrived = await world.call()
  const old = await world.install({ clientKey: 'old-key' })
  const heir = await world.install()
  await adoptTenant(world.store, old.tenant?.tenantId ?? '', heir.tenant?.tenantId ?? '', world.now())
  t.match(await world.link('old-key'), { outcome: 'linked', tenant: { tenantId: heir.tenant?.tenantId } })
  t.equal((await world.call()).tenantId, heir.tenant?.tenantId)
  const circle = createWorld()
  const forge = await circle.call()
  const connect = await circle.install()
  await adoptTenant(circle.store, connect.tenant?.tenantId ?? '', forge.tenantId, circle.now())
  t.match(await circle.link('jira-key'), { outcome: 'known' })
  t.ok(isAlive(await circle.call()))
  t.equal(arrived.adoptedBy, null)
})
