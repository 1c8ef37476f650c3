import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { AtlassianError } from '../errors.ts'
import { Secret } from '../secret.ts'
import {
  type ConnectTenant,
  hasRegistration,
  type Installation,
  noRegistration,
  type Tenant
} from '../tenant/tenant.ts'
import type { NewDelivery, TenantListQuery, TenantLookup, TenantStore } from '../tenant/tenant-store.ts'

/** The app whose tenants the contract stores. */
export const APP_KEY = 'contract-app'

/** A fresh, opened store on empty storage. */
export interface ContractStore {
  readonly store: TenantStore
  /**
   * One more opened store on the same storage, as another process or a restart would have it. The contract closes
   * it. Left out by a store whose data ends with it; the promises about several processes are then not tested.
   */
  connect?(options: { readonly appKey: string }): Promise<TenantStore>
  /** Closes `store` if it is still open, and removes the storage. */
  dispose(): Promise<void>
}

/** A test runner and a way to make the store that is judged. */
export interface StoreContract {
  /** `test` of node:test, tap or vitest: runs the function under this name. */
  test(name: string, run: () => Promise<void>): unknown
  /** Called once per test. */
  createStore(options: { readonly appKey: string }): Promise<ContractStore>
}

/** Runs each body on a store of its own and removes the store whatever happens. */
export function contractTests(contract: StoreContract) {
  function test(name: string, body: (store: TenantStore) => Promise<void>): void {
    contract.test(name, () => using(contract, ({ store }) => body(store)))
  }

  /** A test that needs a second store on the same storage. */
  function testShared(name: string, body: (store: TenantStore, connect: Connect) => Promise<void>): void {
    contract.test(name, () =>
      using(contract, async ({ store, connect }) => {
        if (connect === undefined) return
        const connected: TenantStore[] = []
        try {
          await body(store, async (appKey = APP_KEY) => {
            const other = await connect({ appKey })
            connected.push(other)
            return other
          })
        } finally {
          await Promise.all(connected.map((other) => other.close()))
        }
      })
    )
  }

  return { test, testShared }
}

type Connect = (appKey?: string) => Promise<TenantStore>

async function using(contract: StoreContract, body: (created: ContractStore) => Promise<void>): Promise<void> {
  const created = await contract.createStore({ appKey: APP_KEY })
  try {
    await body(created)
  } finally {
    await created.dispose()
  }
}

/** A tenant that was never saved, with a value in every field that can have one. */
export function newTenant(changes: Partial<ConnectTenant> = {}): ConnectTenant {
  const tenantId = changes.tenantId ?? randomUUID()
  const clientKey = changes.clientKey ?? `client-${tenantId}`
  return {
    tenantId,
    connectId: tenantId,
    appKey: APP_KEY,
    clientKey,
    cloudId: `cloud-${tenantId}`,
    product: 'jira',
    baseUrl: `https://${tenantId}.atlassian.net`,
    displayUrl: 'https://jira.example.com',
    displayUrlServicedeskHelpCenter: 'https://help.example.com',
    oauthClientId: 'oauth-client',
    entitlementId: 'entitlement',
    entitlementNumber: 'E-123-456',
    sharedSecret: new Secret(`secret-of-${tenantId}`),
    previousSecret: new Secret(`previous-secret-of-${tenantId}`),
    previousSecretRetiredAtMs: 1_700_000_001_000,
    secretVersion: 2,
    installations: [connectInstallation(tenantId, { clientKey })],
    lastInstallIatSeconds: 1_700_000_000,
    installTokens: [installTokenMark('token')],
    possiblySupersededBy: 'another-tenant',
    adoptedBy: null,
    createdAtMs: 1_700_000_000_000,
    updatedAtMs: 1_700_000_002_000,
    version: 0,
    ...changes
  }
}

/** A tenant that came by Forge alone, never saved. */
export function newForgeTenant(changes: Partial<Pick<Tenant, 'tenantId' | 'cloudId' | 'installations'>> = {}): Tenant {
  const { tenantId, appKey, cloudId, createdAtMs, updatedAtMs } = newTenant()
  const installations = [forgeInstallation(`ari-${tenantId}`, 'production')]
  return {
    ...noRegistration,
    tenantId,
    appKey,
    cloudId,
    installations,
    adoptedBy: null,
    createdAtMs,
    updatedAtMs,
    version: 0,
    ...changes
  }
}

export function connectInstallation(tenantId: string, changes: Partial<Installation> = {}): Installation {
  return {
    platform: 'connect',
    installationId: `connect:${tenantId}`,
    environmentId: '',
    clientKey: `client-${tenantId}`,
    products: ['jira'],
    state: 'installed',
    enabled: true,
    installedAtMs: 1_700_000_000_000,
    endedAtMs: null,
    ...changes
  }
}

export function forgeInstallation(installationId: string, environmentId: string): Installation {
  return connectInstallation('', { platform: 'forge', installationId, environmentId, clientKey: null })
}

export function installTokenMark(token: string) {
  return { token: sha256(token), body: sha256(`body of ${token}`), expSeconds: 1_700_000_180 }
}

export function newDelivery(tenantId: string, changes: Partial<NewDelivery> = {}): NewDelivery {
  return {
    deliveryId: randomUUID(),
    tenantId,
    kind: 'webhook',
    event: 'jira:issue_updated',
    identifier: randomUUID(),
    payload: '{"webhookEvent":"jira:issue_updated"}',
    receivedAtMs: 1_700_000_000_000,
    dueAtMs: 1_700_000_000_000,
    ...changes
  }
}

/** Compares every field; secrets by what they hold, for they look equal to everything else. */
export function assertSameTenant(actual: Tenant | null, expected: Tenant): void {
  assert.ok(actual !== null, 'the tenant is not found')
  assert.deepEqual(comparable(actual), comparable(expected))
}

function comparable({ sharedSecret, previousSecret, ...fields }: Tenant): object {
  return { ...fields, sharedSecret: sharedSecret?.reveal() ?? null, previousSecret: previousSecret?.reveal() ?? null }
}

/** The tenant as the registration sees it that the lookup means; fails if it has none. */
export async function findConnect(store: TenantStore, lookup: TenantLookup): Promise<ConnectTenant> {
  const found = await store.find(lookup)
  assert.ok(found !== null && hasRegistration(found), 'the tenant has no Connect registration')
  return found
}

/** The `tenantId` of every tenant that the query selects, walked by pages. */
export async function listIds(
  store: TenantStore,
  query: Omit<TenantListQuery, 'limit' | 'after'>,
  limit = 2
): Promise<string[]> {
  const found: string[] = []
  for (let after: string | undefined; ; after = found.at(-1)) {
    const page = await store.list({ ...query, limit, ...(after === undefined ? {} : { after }) })
    found.push(...page.map(({ tenantId }) => tenantId))
    if (page.length < limit) return found
  }
}

/** Resolves if the promise is rejected with `ATL_STORE_CONFLICT`. */
export async function assertConflict(attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, isConflict)
}

export function isConflict(error: unknown): boolean {
  return error instanceof AtlassianError && error.code === 'ATL_STORE_CONFLICT'
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
