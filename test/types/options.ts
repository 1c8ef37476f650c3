import Fastify from 'fastify'
import plugin, { type ConnectOptions, connectPlugin, type TenantStore } from 'fastify-atlassian'
import { createKyselyTenantStore, createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator, tenantStoreContract } from 'fastify-atlassian/testing'

const baseUrl = 'https://app.example.com'
const descriptor = { key: 'my-app', authentication: { type: 'jwt' } }

/** Options that are right, and options that are not. Checked by the compiler only. */
export async function register(): Promise<void> {
  const app = Fastify()
  await app.register(connectPlugin, { descriptor: './atlassian-connect.json', baseUrl })
  await app.register(plugin, { descriptor: async () => descriptor, baseUrl, store: 'sqlite:my.sqlite' })
  await app.register(connectPlugin, {
    descriptor,
    baseUrl,
    allowedBaseUrls: ['https://eu.example.com'],
    store: (appKey) => createMemoryTenantStore({ appKey }),
    hooks: {
      awaitMs: 5000,
      beforeInstall: (tenant) => {
        if (tenant.product !== 'jira') throw new Error('for Jira only')
      },
      onInstalled: async ({ tenant, change }) => [tenant.tenantId, change.length]
    },
    session: { path: false, minutes: 5 },
    sessionMaxHours: 8,
    webhooks: { mode: 'await' },
    errorPage: { template: 'error.hbs', data: { help: 'https://example.com' } },
    lifecycle: { enabled: false },
    clock: () => 0
  })
  await app.register(connectPlugin, { descriptor, baseUrl, ...(await createHostSimulator()).connectOptions() })

  // @ts-expect-error a base URL is needed
  await app.register(connectPlugin, { descriptor })
  await app.register(connectPlugin, { baseUrl, forge: { appId: 'the-id', environments: ['PRODUCTION'] } })
  // @ts-expect-error a Forge part needs the id of its app
  await app.register(connectPlugin, { baseUrl, forge: { environments: ['PRODUCTION'] } })
  // @ts-expect-error there is no such option
  await app.register(connectPlugin, { descriptor, baseUrl, noAuth: true })
  // @ts-expect-error an address is text
  await app.register(connectPlugin, { descriptor, baseUrl: 80 })
  // @ts-expect-error there is no such mode
  await app.register(connectPlugin, { descriptor, baseUrl, webhooks: { mode: 'queue' } })
  // @ts-expect-error there is no such hook
  await app.register(connectPlugin, { descriptor, baseUrl, hooks: { onRenamed() {} } })
  // @ts-expect-error hosts are a list
  await app.register(connectPlugin, { descriptor, baseUrl, allowedHosts: '*.atlassian.net' })
  // @ts-expect-error a page is a template or false
  await app.register(connectPlugin, { descriptor, baseUrl, errorPage: true })
  // @ts-expect-error an event of the life cycle
  await app.register(connectPlugin, { descriptor, baseUrl, lifecycle: { renamed: false } })
}

export function readOnly(options: ConnectOptions): void {
  // @ts-expect-error options become facts at start
  options.baseUrl = 'https://other.example.com'
}

export const stores: TenantStore[] = [
  createMemoryTenantStore({ appKey: 'my-app' }),
  createKyselyTenantStore({ appKey: 'my-app', database: 'sqlite::memory:' })
]

// @ts-expect-error a store serves one app
createMemoryTenantStore()

// @ts-expect-error half a store is none
export const half: TenantStore = { find: async () => null }

export const contract: (...args: never[]) => unknown = tenantStoreContract
