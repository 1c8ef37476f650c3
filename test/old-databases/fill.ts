import type { FastifyInstance } from 'fastify'
import { Secret } from 'fastify-atlassian'
import { createKyselyTenantStore, openDatabase } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import { buildApp } from '../../example-app/app.ts'
import type { ConnectTenant } from '../../lib/tenant/tenant.ts'
import { forgeInstallation, newDelivery, newForgeTenant, newTenant } from '../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../helpers/encryption.ts'

const APP_KEY = 'checklist-example'
const JIRA = 'acme-jira'
const WIKI = 'acme-wiki'
/** The first of three neighbouring ports: the sites have the same addresses each time. */
const PORT = 41_200

/** Writes into an empty database what the example app of this version leaves behind, with rows of every kind. */
export async function fill(databaseUrl: string): Promise<void> {
  await runExample(databaseUrl, async (host) => {
    await addItems(host, { site: JIRA, issue: 'TEA-1' }, ['warm the pot', 'pour', 'wait'])
    await addItems(host, { site: JIRA, issue: 'TEA-2' }, ['it’s “quoted”; -- and \\ odd \u{1f980}'])
    await addItems(host, { site: WIKI, page: '131073' }, ['read', 'tick'])
    await host.rotateSecret({ site: JIRA })
    await host.sendWebhook('jira:issue_updated', { site: JIRA, issue: 'TEA-1' })
    await host.disable({ site: WIKI })
  })
  // Sites with other client keys on the same addresses: strangers, which leave the first tenants superseded.
  await runExample(databaseUrl, async (host, app) => {
    await addItems(host, { site: JIRA, issue: 'TEA-1' }, ['of another tenant'])
    await host.uninstall({ site: WIKI })
    const [first] = await app.atlassian.tenants.list()
    await first?.settings.set('colour', { of: 'tea', cups: [1, 2.5, null] })
    await first?.settings.set('until', 'far', { expiresAtMs: 33_000_000_000_000 })
    const [installation] = first?.installations ?? []
    if (installation !== undefined)
      await first?.settings.ofInstallation(installation.installationId).set('colour', 'its own')
  })
  await addByStore(databaseUrl)
}

async function runExample(
  databaseUrl: string,
  work: (host: HostSimulator, app: FastifyInstance) => Promise<void>
): Promise<void> {
  const host = await createHostSimulator({ port: PORT })
  const app = await buildApp({
    baseUrl: 'http://127.0.0.1:3000',
    databaseUrl,
    encryption: testEncryption,
    log: { level: 'error' },
    forge: host.forge.connectOptions(),
    connect: host.connectOptions()
  })
  for (const { name } of host.sites) await host.install(app, { site: name })
  await work(host, app)
  await host.settled()
  await app.close()
  await host.close()
}

async function addItems(host: HostSimulator, place: object, texts: string[]): Promise<void> {
  const added = await host.callApp('/api/items', { ...place, method: 'POST', body: { texts } })
  if (added.status !== 201) throw new Error(`${added.status} ${added.body}`)
  const [first] = JSON.parse(added.body).items
  await host.callApp(`/api/items/${first.id}`, { ...place, method: 'PATCH', body: { done: true } })
}

/** What an app can leave that the simulated host does not cause. */
async function addByStore(databaseUrl: string): Promise<void> {
  const database = await openDatabase(databaseUrl)
  const store = createKyselyTenantStore({ appKey: APP_KEY, database, encryption: testEncryption })
  await store.open()
  const tenant = (changes: Partial<ConnectTenant> = {}) => newTenant({ appKey: APP_KEY, ...changes })
  const full = await store.save(tenant(), null)
  const [installation] = full.installations
  if (installation === undefined) throw new Error('the tenant has no installation')
  const forge = forgeInstallation('ari:one', 'env')
  const two = await store.save({ ...full, installations: [installation, forge] }, full.version)
  await store.save(tenant({ clientKey: "a&b#%'; drop table x; --\n\u{1f980}", product: 'confluence' }), null)
  await store.save(tenant({ sharedSecret: new Secret('s'.repeat(500)), previousSecret: null }), null)
  const bare = { cloudId: null, displayUrl: null, oauthClientId: null, installTokens: [], possiblySupersededBy: null }
  await store.save(tenant({ ...bare, installations: [] }), null)
  await store.save(tenant({ adoptedBy: two.tenantId }), null)

  const { tenantId, clientKey } = two
  const second = {
    connectId: 'second',
    clientKey: 'second-key',
    product: 'confluence',
    baseUrl: `${two.baseUrl}/wiki`
  } as const
  const installed = {
    ...installation,
    installationId: 'connect:second',
    clientKey: 'second-key',
    products: ['confluence']
  }
  const joined = { ...two, ...second, installations: [...two.installations, installed] }
  await store.save({ ...joined, sharedSecret: new Secret('of the second') }, two.version)
  await store.save({ ...newForgeTenant({ cloudId: 'cloud-of-forge' }), appKey: APP_KEY }, null)
  const token = { token: new Secret('the token of a user'), expiresAtMs: 33_000_000_000_000 }
  await store.tokens?.put({ tenantId, kind: 'user', name: JSON.stringify([clientKey, 'ada']) }, token)

  const deliveries = ['waiting', 'claimed', 'done', 'failed'].map((identifier) => {
    const delivery = newDelivery(two.tenantId, { identifier, payload: `{"of":"${identifier}"}`, dueAtMs: 1 })
    return { ...delivery, deliveryId: `delivery-${identifier}` }
  })
  for (const delivery of deliveries) await store.inbox.add(delivery)
  const claim = (deliveryId: string) => store.inbox.claim({ nowMs: Date.now(), leaseMs: 1000, limit: 1, deliveryId })
  await claim('delivery-claimed')
  await claim('delivery-done')
  await store.inbox.complete('delivery-done', Date.now())
  await claim('delivery-failed')
  await store.inbox.fail('delivery-failed', Date.now())
  await store.close()
  await database.close()
}
