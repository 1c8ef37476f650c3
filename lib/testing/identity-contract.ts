import assert from 'node:assert/strict'
import { Secret } from '../secret.ts'
import type { ConnectTenant, Tenant } from '../tenant/tenant.ts'
import {
  assertConflict,
  assertSameTenant,
  connectInstallation,
  contractTests,
  findConnect,
  forgeInstallation,
  listIds,
  newDelivery,
  newForgeTenant,
  newTenant,
  type StoreContract
} from './store-contract-fixtures.ts'

/** The promises about the names of a tenant: several registrations, none, and what becomes of names. */
export function identityContract(contract: StoreContract): void {
  const { test, testShared } = contractTests(contract)

  test('a tenant with two registrations is found by both, each with its own secret and address', async (store) => {
    const jira = await store.save(newTenant(), null)
    const confluence = await store.save(secondProduct(jira), 1)
    assert.deepEqual([confluence.tenantId, confluence.version], [jira.tenantId, 2])
    assertSameTenant(await store.find({ clientKey: confluence.clientKey }), confluence)
    const seen = await findConnect(store, { clientKey: jira.clientKey })
    const shared = { version: 2, updatedAtMs: confluence.updatedAtMs, installations: confluence.installations }
    assertSameTenant(seen, { ...jira, ...shared })
    assert.equal((await store.list({ limit: 10 })).length, 1)
    assertSameTenant((await store.findByBaseUrl(confluence.baseUrl))[0] ?? null, confluence)
    await store.save({ ...seen, sharedSecret: new Secret('rotated') }, 2)
    const other = await findConnect(store, { clientKey: confluence.clientKey })
    assert.equal(other.version, 3)
    assert.equal(other.sharedSecret.reveal(), confluence.sharedSecret.reveal())
  })

  test('other names see a tenant by its first registration that is installed, else by its first', async (store) => {
    const jira = await store.save(newTenant(), null)
    const confluence = await store.save(secondProduct(jira), 1)
    const lookups = [{ tenantId: jira.tenantId }, { installationId: `connect:${jira.tenantId}` }]
    for (const lookup of lookups) assert.equal((await store.find(lookup))?.clientKey, jira.clientKey)
    assert.equal((await store.list({ product: 'confluence', limit: 10 }))[0]?.clientKey, confluence.clientKey)
    assert.equal((await store.list({ product: 'jira', limit: 10 }))[0]?.clientKey, jira.clientKey)
    await store.save({ ...confluence, installations: endedBut(confluence, confluence.clientKey) }, 2)
    for (const lookup of lookups) assert.equal((await store.find(lookup))?.clientKey, confluence.clientKey)
    assert.deepEqual(await listIds(store, { status: 'installed' }), [jira.tenantId])
    await store.save({ ...confluence, installations: endedBut(confluence, null) }, 3)
    for (const lookup of lookups) assert.equal((await store.find(lookup))?.clientKey, jira.clientKey)
  })

  test('a tenant without a registration is found by its installation and its site, and has no secret', async (store) => {
    const forge = await store.save(newForgeTenant({ cloudId: 'cloud' }), null)
    const [installation] = forge.installations
    assertSameTenant(await store.find({ tenantId: forge.tenantId }), forge)
    assertSameTenant(await store.find({ installationId: installation?.installationId ?? '' }), forge)
    assertSameTenant(await store.find({ cloudId: 'cloud' }), forge)
    assert.deepEqual(await listIds(store, { status: 'installed' }), [forge.tenantId])
    assert.deepEqual(await store.list({ product: 'jira', limit: 10 }), [])
    const again = await store.save({ ...forge, updatedAtMs: 5 }, 1)
    await assertConflict(store.save(forge, 1))
    assertSameTenant(await store.find({ tenantId: forge.tenantId }), again)
  })

  test('a tenant that came by Forge gets its first registration later', async (store) => {
    const forge = await store.save(newForgeTenant(), null)
    const { tenantId, installations } = forge
    const connect = connectInstallation(tenantId)
    const joined = newTenant({ tenantId, cloudId: null, installations: [...installations, connect] })
    const saved = await store.save(joined, 1)
    assertSameTenant(await store.find({ clientKey: joined.clientKey }), { ...joined, version: 2 })
    assertSameTenant(await store.find({ tenantId }), saved)
  })

  test('a registration keeps its clientKey, its id and its tenant', async (store) => {
    const first = await store.save(newTenant(), null)
    const other = await store.save(newTenant(), null)
    const { connectId, clientKey } = first
    await assertConflict(store.save({ ...other, connectId: 'another', clientKey }, 1))
    await assertConflict(store.save({ ...other, connectId }, 1))
    await assertConflict(store.save({ ...first, clientKey: 'another' }, 1))
    await assertConflict(store.save({ ...first, connectId: 'another' }, 1))
    assertSameTenant(await store.find({ clientKey }), first)
    assertSameTenant(await store.find({ tenantId: other.tenantId }), other)
  })

  test('an address or a site that fits several means the only one that lives, else none', async (store) => {
    const names = { baseUrl: 'https://one.atlassian.net', displayUrl: 'https://shown.example.com', cloudId: 'one' }
    const first = await store.save(newTenant(names), null)
    const lookups = [{ baseUrl: names.baseUrl }, { displayUrl: names.displayUrl }, { cloudId: names.cloudId }]
    for (const lookup of lookups) assertSameTenant(await store.find(lookup), first)
    const further = await store.save({ ...secondProduct(first), ...names }, 1)
    for (const lookup of lookups) assert.equal((await store.find(lookup))?.clientKey, first.clientKey)
    assert.equal((await store.findByBaseUrl(names.baseUrl)).length, 2)
    const second = await store.save(newTenant(names), null)
    for (const lookup of lookups) assert.equal(await store.find(lookup), null)
    await store.save({ ...further, installations: endedBut(further, null) }, 2)
    for (const lookup of lookups) assertSameTenant(await store.find(lookup), second)
    await store.save({ ...second, installations: endedBut(second, null) }, 1)
    for (const lookup of lookups) assert.equal(await store.find(lookup), null)
  })

  test('a site is found in one environment', async (store) => {
    const production = await store.save(newForgeTenant({ cloudId: 'one' }), null)
    const staging = newForgeTenant({ cloudId: 'one', installations: [forgeInstallation('other', 'staging')] })
    const saved = await store.save(staging, null)
    assertSameTenant(await store.find({ cloudId: 'one', environmentId: 'production' }), production)
    assertSameTenant(await store.find({ cloudId: 'one', environmentId: 'staging' }), saved)
    assert.equal(await store.find({ cloudId: 'one', environmentId: 'development' }), null)
    assert.equal(await store.find({ cloudId: 'one' }), null)
  })

  test('names that change are kept with their times, and only the present ones lead to the tenant', async (store) => {
    const old = { baseUrl: 'https://old.atlassian.net', displayUrl: 'https://old.example.com', cloudId: null }
    const first = await store.save(newTenant({ ...old, createdAtMs: 1000, updatedAtMs: 1000 }), null)
    const next = { baseUrl: 'https://new.atlassian.net', displayUrl: null, cloudId: 'cloud', updatedAtMs: 2000 }
    const second = await store.save({ ...first, ...next }, 1)
    await store.save({ ...second, updatedAtMs: 3000 }, 2)
    const { connectId, clientKey, tenantId } = first
    assert.deepEqual(await store.names(tenantId), [
      { kind: 'baseUrl', value: old.baseUrl, connectId, sinceMs: 1000, untilMs: 2000 },
      { kind: 'clientKey', value: clientKey, connectId, sinceMs: 1000, untilMs: null },
      { kind: 'displayUrl', value: old.displayUrl, connectId, sinceMs: 1000, untilMs: 2000 },
      { kind: 'baseUrl', value: next.baseUrl, connectId, sinceMs: 2000, untilMs: null },
      { kind: 'cloudId', value: 'cloud', connectId: null, sinceMs: 2000, untilMs: null }
    ])
    assert.equal(await store.find({ baseUrl: old.baseUrl }), null)
    assert.equal(await store.find({ displayUrl: old.displayUrl }), null)
    assert.equal((await store.find({ baseUrl: next.baseUrl }))?.tenantId, tenantId)
    const back = { baseUrl: old.baseUrl, displayUrl: old.displayUrl, updatedAtMs: 4000 }
    await store.save({ ...second, ...back }, 3)
    const spans = (await store.names(tenantId)).filter(({ kind }) => kind === 'baseUrl')
    assert.deepEqual(
      spans.map(({ sinceMs, untilMs }) => [sinceMs, untilMs]),
      [
        [1000, 2000],
        [2000, 4000],
        [4000, null]
      ]
    )
    assert.equal((await store.find({ displayUrl: old.displayUrl }))?.tenantId, tenantId)
  })

  test('each registration has names of its own', async (store) => {
    const jira = await store.save(newTenant(), null)
    const confluence = await store.save(secondProduct(jira), 1)
    const of = (names: Awaited<ReturnType<typeof store.names>>, connectId: string) =>
      names.filter((name) => name.connectId === connectId && name.untilMs === null).map(({ value }) => value)
    const names = await store.names(jira.tenantId)
    assert.deepEqual(of(names, jira.connectId), [jira.baseUrl, jira.clientKey, jira.displayUrl])
    assert.deepEqual(of(names, confluence.connectId), [confluence.baseUrl, confluence.clientKey, confluence.displayUrl])
  })

  test('two tenants are written at once or not at all, and a name passes from one to the other', async (store) => {
    const from = await store.save(newForgeTenant(), null)
    const to = await store.save(newTenant(), null)
    const moving = { ...to, installations: [...to.installations, ...from.installations], updatedAtMs: 7 }
    const emptied = { ...from, installations: [], adoptedBy: to.tenantId, updatedAtMs: 7 }
    const delivery = newDelivery(to.tenantId)
    await assertConflict(store.handOver({ ...emptied, version: 2 }, moving, [delivery]))
    await assertConflict(store.handOver(emptied, { ...moving, version: 2 }, [delivery]))
    await assertConflict(store.handOver(from, moving, [delivery]))
    assertSameTenant(await store.find({ tenantId: from.tenantId }), from)
    assertSameTenant(await store.find({ tenantId: to.tenantId }), to)
    assert.deepEqual(await claimAll(), [])
    const saved = await store.handOver(emptied, moving, [delivery])
    assert.deepEqual([saved.from.version, saved.to.version], [2, 2])
    assertSameTenant(await store.find({ tenantId: from.tenantId }), { ...emptied, version: 2 })
    assertSameTenant(await store.find({ installationId: from.installations[0]?.installationId ?? '' }), {
      ...moving,
      version: 2
    })
    assert.deepEqual(await claimAll(), [delivery.deliveryId])

    async function claimAll() {
      const claimed = await store.inbox.claim({ nowMs: delivery.dueAtMs, leaseMs: 1000, limit: 10 })
      return claimed.map(({ deliveryId }) => deliveryId)
    }
  })

  test('names of a tenant that was removed are free again', async (store) => {
    const { remover } = store
    if (remover === undefined) return
    const jira = await store.save(newTenant({ cloudId: 'one' }), null)
    const confluence = await store.save(secondProduct(jira), 1)
    const dead = await store.save({ ...confluence, installations: endedBut(confluence, null) }, 2)
    assert.equal(await remover.remove(dead, Number.MAX_SAFE_INTEGER, async () => {}), true)
    const { clientKey, baseUrl } = confluence
    for (const lookup of [{ clientKey }, { clientKey: jira.clientKey }, { baseUrl }, { cloudId: 'one' }]) {
      assert.equal(await store.find(lookup), null)
    }
    assert.deepEqual(await store.names(jira.tenantId), [])
    const { connectId } = confluence
    const again = await store.save(newTenant({ connectId, clientKey, installations: dead.installations }), null)
    assertSameTenant(await store.find({ clientKey }), again)
  })

  testShared('of two writers that add a registration each, one reads again', async (store, connect) => {
    const other = await connect()
    const jira = await store.save(newTenant(), null)
    const results = await Promise.allSettled([
      store.save(secondProduct(jira, 'one'), 1),
      other.save(secondProduct(jira, 'two'), 1)
    ])
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await store.find({ clientKey: 'one' })) === null, (await store.find({ clientKey: 'two' })) !== null)
    assert.equal((await store.find({ clientKey: jira.clientKey }))?.version, 2)
  })
}

/** The same tenant as a second registration sees it, which was never saved. */
function secondProduct(tenant: ConnectTenant, clientKey = `second-of-${tenant.tenantId}`): ConnectTenant {
  const connectId = `second-${clientKey}`
  const installation = connectInstallation(connectId, { clientKey, products: ['confluence'] })
  return {
    ...tenant,
    connectId,
    clientKey,
    product: 'confluence',
    baseUrl: `${tenant.baseUrl}/wiki`,
    displayUrl: 'https://wiki.example.com',
    sharedSecret: new Secret(`secret-of-${clientKey}`),
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    installations: [...tenant.installations, installation],
    updatedAtMs: tenant.updatedAtMs + 1
  }
}

/** The tenant's installations, all ended but those of one clientKey. */
function endedBut({ installations }: Tenant, clientKey: string | null) {
  return installations.map((one) =>
    one.clientKey === clientKey ? one : { ...one, state: 'uninstalled' as const, enabled: false, endedAtMs: 5 }
  )
}
