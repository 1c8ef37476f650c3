import t from 'tap'
import { createConnectApp } from '../../lib/connect-app.ts'
import type { UserTokenRequest } from '../../lib/host/user-tokens.ts'
import { silentLog } from '../../lib/ports.ts'
import { resolveOptions } from '../../lib/resolve-options.ts'
import { Secret } from '../../lib/secret.ts'
import { createMemoryTenantStore } from '../../lib/store/memory-tenant-store.ts'
import type { LifecycleEvent } from '../../lib/tenant/lifecycle.ts'
import type { TenantStore } from '../../lib/tenant/tenant-store.ts'

const NOW = 1_790_000_000_000
const APP_KEY = 'com.example.tea'
const descriptor = {
  key: APP_KEY,
  baseUrl: 'https://tea.example.com',
  authentication: { type: 'jwt' },
  scopes: ['READ', 'ACT_AS_USER']
}

/** Two processes of one app on one store, and an authorization server that counts. */
function setUp() {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  let asked = 0
  const fetch = async () => {
    asked += 1
    return Response.json({ access_token: `token-${asked}`, expires_in: 900, token_type: 'Bearer' })
  }
  const options = resolveOptions({ descriptor, baseUrl: descriptor.baseUrl, store, fetch, clock: () => NOW }, 'test')
  const start = () => createConnectApp(options, descriptor, store, silentLog)
  return { store, a: start(), b: start(), asked: () => asked }
}

function lifecycle(
  type: 'installed' | 'uninstalled',
  at: number,
  clientKey = 'acme',
  secret = 'first'
): LifecycleEvent {
  return {
    type,
    payload: {
      eventType: type,
      key: APP_KEY,
      clientKey,
      baseUrl: `https://${clientKey}.atlassian.net`,
      product: 'jira',
      sharedSecret: type === 'installed' ? new Secret(secret) : null,
      displayUrl: null,
      displayUrlServicedeskHelpCenter: null,
      oauthClientId: `client-of-${clientKey}`,
      entitlementId: null,
      entitlementNumber: null,
      installationId: null
    },
    mark: { token: `${type} ${at}`, body: 'body', expSeconds: NOW / 1000 + 900 },
    iatSeconds: at
  }
}

async function tenantOf(store: TenantStore, clientKey = 'acme'): Promise<UserTokenRequest['tenant']> {
  const tenant = await store.find({ clientKey })
  if (tenant === null || tenant.clientKey === null) throw new Error('not installed')
  return tenant
}

t.test('an install, a rotation and an uninstall end every token of the tenant, in all processes', async (t) => {
  const { store, a, b, asked } = setUp()
  const get = async (core: typeof a) => {
    const token = await core.userTokens.get({ tenant: await tenantOf(store), accountId: 'ada' })
    return token.reveal()
  }
  await a.lifecycle.apply('acme', lifecycle('installed', 1))
  t.strictSame([await get(a), await get(b)], ['token-1', 'token-1'])

  await a.lifecycle.apply('acme', lifecycle('installed', 2))
  t.strictSame([await get(b), await get(a)], ['token-2', 'token-2'], 'the app was upgraded')

  await a.lifecycle.apply('acme', lifecycle('installed', 3, 'acme', 'second'))
  t.strictSame([await get(b), await get(a)], ['token-3', 'token-3'], 'the secret was rotated')

  await a.lifecycle.apply('acme', lifecycle('uninstalled', 4))
  for (const core of [a, b]) await t.rejects(get(core), { code: 'ATL_NO_TENANT' })

  await a.lifecycle.apply('acme', lifecycle('installed', 5, 'acme', 'second'))
  t.strictSame([await get(b), await get(a)], ['token-4', 'token-4'], 'the app was installed again')
  t.equal(asked(), 4)
})

t.test('nothing of the tenant stands in the store after an uninstall, and neighbours keep theirs', async (t) => {
  const { store, a } = setUp()
  for (const clientKey of ['acme', 'other']) {
    await a.lifecycle.apply(clientKey, lifecycle('installed', 1, clientKey))
    await a.userTokens.get({ tenant: await tenantOf(store, clientKey), accountId: 'ada' })
  }
  const { tenantId } = await tenantOf(store)
  await a.lifecycle.apply('acme', lifecycle('uninstalled', 2))
  t.equal(await store.tokens?.deleteAll(tenantId), 0)
  t.equal(await store.tokens?.deleteAll((await tenantOf(store, 'other')).tenantId), 1)
})

t.test('switching the app off and on leaves the tokens', async (t) => {
  const { store, a, asked } = setUp()
  await a.lifecycle.apply('acme', lifecycle('installed', 1))
  const request = { tenant: await tenantOf(store), accountId: 'ada' }
  await a.userTokens.get(request)
  await a.lifecycle.apply('acme', { type: 'disabled' })
  await a.lifecycle.apply('acme', { type: 'enabled' })
  await a.userTokens.get(request)
  t.equal(asked(), 1)
})

t.test('a tenant whose data another one adopted has no tokens left, the other keeps its own', async (t) => {
  const { store, a } = setUp()
  for (const clientKey of ['acme', 'other']) {
    await a.lifecycle.apply(clientKey, lifecycle('installed', 1, clientKey))
    await a.userTokens.get({ tenant: await tenantOf(store, clientKey), accountId: 'ada' })
  }
  const [from, to] = [await tenantOf(store), await tenantOf(store, 'other')]
  const system = { tenantId: from.tenantId, kind: 'system', name: 'forge' } as const
  await store.tokens?.put(system, { token: new Secret('system'), expiresAtMs: NOW + 1 })
  await a.tenants.adopt(from.tenantId, to.tenantId)
  t.equal(await store.tokens?.deleteAll(from.tenantId), 0)
  t.equal(await store.tokens?.deleteAll(to.tenantId), 1)
  await t.rejects(a.userTokens.get({ tenant: await tenantOf(store), accountId: 'ada' }), { code: 'ATL_NO_TENANT' })
})
