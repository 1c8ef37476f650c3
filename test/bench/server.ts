import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { Secret } from 'fastify-atlassian/core'
import { createKyselyTenantStore } from 'fastify-atlassian/store'
import type { ConnectTenant } from '../../lib/tenant/tenant.ts'
import { appBaseUrl, isCase, site } from './cases.ts'

/** One case as a process of its own: `node server.ts <case> <folder>`. Prints its port; ends with its standard input. */

const [name, directory = '.'] = process.argv.slice(2)
if (!isCase(name)) throw new Error(`no such case: ${name}`)

const answer = { ok: true }
const encryption = { keys: [{ id: 'bench', key: Buffer.alloc(32, 1).toString('base64') }] }

async function createApp(): Promise<FastifyInstance> {
  const app = fastify({ logger: false })
  if (name === 'bare') return app.get('/panel', async () => answer) && app
  const database = `sqlite:${join(directory, `${name}.sqlite`)}`
  await installed(database)
  await app.register(connectPlugin, {
    descriptor: {
      key: site.appKey,
      name: 'Bench',
      baseUrl: appBaseUrl,
      authentication: { type: 'jwt' },
      lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
      scopes: ['READ'],
      apiMigrations: { gdpr: true, 'signed-install': true }
    },
    baseUrl: appBaseUrl,
    store: database,
    encryption
  })
  const auth = name === 'context' || name === 'session' ? name : 'page'
  app.get('/panel', { config: { atlassian: { auth } } }, async () => answer)
  return app
}

/** Writes the tenant as an install would have left it. */
async function installed(database: string): Promise<void> {
  const store = createKyselyTenantStore({ appKey: site.appKey, database, encryption })
  await store.open()
  const nowMs = Date.now()
  const tenantId = randomUUID()
  const tenant: ConnectTenant = {
    tenantId,
    connectId: tenantId,
    appKey: site.appKey,
    clientKey: site.clientKey,
    cloudId: null,
    product: 'jira',
    baseUrl: site.baseUrl,
    displayUrl: null,
    displayUrlServicedeskHelpCenter: null,
    oauthClientId: null,
    entitlementId: null,
    entitlementNumber: null,
    sharedSecret: new Secret(site.sharedSecret),
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    secretVersion: 1,
    installations: [
      {
        platform: 'connect',
        installationId: `connect:${tenantId}`,
        environmentId: '',
        clientKey: site.clientKey,
        products: ['jira'],
        state: 'installed',
        enabled: true,
        installedAtMs: nowMs,
        endedAtMs: null
      }
    ],
    lastInstallIatSeconds: Math.floor(nowMs / 1000),
    installTokens: [],
    possiblySupersededBy: null,
    adoptedBy: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 1
  }
  await store.save(tenant, null)
  await store.close()
}

const app = await createApp()
const address = await app.listen({ port: 0, host: '127.0.0.1' })
console.log(`port ${new URL(address).port}`)
process.stdin.resume().once('end', async () => {
  await app.close()
  process.exit(0)
})
