import t from 'tap'
import { AtlassianError } from '../../../lib/errors.ts'
import { silentLog } from '../../../lib/ports.ts'
import { Secret } from '../../../lib/secret.ts'
import { createMemoryTenantStore } from '../../../lib/store/memory-tenant-store.ts'
import type { LifecycleEvent } from '../../../lib/tenant/lifecycle.ts'
import { adoptTenant, createLifecycleService } from '../../../lib/tenant/lifecycle-service.ts'
import { type ConnectTenant, hasRegistration, isAlive } from '../../../lib/tenant/tenant.ts'
import { createTenantDirectory } from '../../../lib/tenant/tenant-directory.ts'
import type { TenantStore } from '../../../lib/tenant/tenant-store.ts'
import { APP_KEY, makeTenant } from './make-tenant.ts'

const NOW = 1_790_000_000_000

interface Options {
  readonly watch?: (store: TenantStore) => Partial<TenantStore>
  readonly beforeInstall?: (tenant: ConnectTenant) => unknown
}

function setUp({ watch, beforeInstall }: Options = {}) {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const store: TenantStore = { ...memory, ...watch?.(memory) }
  const warnings: object[] = []
  const log = { ...silentLog, warn: (details: object) => void warnings.push(details) }
  const clock = () => NOW
  const directory = createTenantDirectory({ store, clock, log, freshMs: 5000, maxTenants: 100 })
  const service = createLifecycleService({
    store,
    directory,
    clock,
    log,
    joined() {},
    beforeInstall,
    beforeInstallMs: 50
  })
  return { memory, directory, service, warnings }
}

function signed(type: 'installed' | 'uninstalled', at: number, changes: { clientKey?: string; secret?: string } = {}) {
  const { clientKey = 'acme-client', secret = 'first' } = changes
  const event: LifecycleEvent = {
    type,
    payload: {
      eventType: type,
      key: APP_KEY,
      clientKey,
      baseUrl: 'https://acme.atlassian.net',
      product: 'jira',
      sharedSecret: type === 'installed' ? new Secret(secret) : null,
      displayUrl: null,
      displayUrlServicedeskHelpCenter: null,
      oauthClientId: null,
      entitlementId: null,
      entitlementNumber: null,
      installationId: null
    },
    mark: { token: `${type} ${at} ${secret}`, body: 'body', expSeconds: NOW / 1000 + 900 },
    iatSeconds: at
  }
  return event
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof AtlassianError ? error.code : String(error))
  )

t.test('an accepted event is written together with its hook and is in memory at once', async (t) => {
  const { memory, directory, service } = setUp()
  const result = await service.apply('acme-client', signed('installed', 10))
  t.equal(result.change, 'first-install')
  t.equal(directory.peek('acme-client'), result.tenant)
  const [delivery] = await memory.inbox.claim({ nowMs: NOW, leaseMs: 1, limit: 9 })
  t.match(delivery, { deliveryId: result.deliveryId, kind: 'lifecycle', event: 'installed', identifier: null })
  t.same(JSON.parse(delivery?.payload ?? ''), {
    change: 'first-install',
    tenantId: delivery?.tenantId,
    clientKey: 'acme-client'
  })
  t.notMatch(JSON.stringify(delivery), 'first"', 'the secret is not in it')
})

t.test('what changes nothing is written nowhere', async (t) => {
  let saves = 0
  const { service } = setUp({
    watch: (store) => ({
      save(...given) {
        saves++
        return store.save(...given)
      }
    })
  })
  t.match(await service.apply('acme-client', signed('uninstalled', 10)), {
    change: 'none',
    tenant: null,
    deliveryId: null
  })
  await service.apply('acme-client', signed('installed', 20))
  t.match(await service.apply('acme-client', signed('installed', 20)), { change: 'none', deliveryId: null })
  t.equal(await codeOf(service.apply('acme-client', signed('installed', 5))), 'ATL_UNAUTHENTICATED')
  t.equal(saves, 1)
})

t.test('many events of one tenant at once end in one whole record', async (t) => {
  const { memory, service } = setUp()
  const events = Array.from({ length: 50 }, (_, index) =>
    signed('installed', 100 + index, { secret: `secret ${index}` })
  )
  const codes = await Promise.all(events.map((event) => codeOf(service.apply('acme-client', event))))
  t.ok(codes.every((code) => code === 'done' || code === 'ATL_UNAUTHENTICATED'))
  const tenant = await memory.find({ clientKey: 'acme-client' })
  t.equal(tenant?.sharedSecret?.reveal(), 'secret 49')
  t.equal(tenant?.lastInstallIatSeconds, 149)
  t.equal((await memory.list({ limit: 10 })).length, 1)
})

t.test('a writer that was slower reads and decides again', async (t) => {
  let disturbed = 0
  const { memory, service } = setUp({
    watch: (store) => ({
      async find(lookup) {
        const found = await store.find(lookup)
        // Another process writes between our reading and our writing.
        if (found !== null && hasRegistration(found) && disturbed++ < 3)
          await store.save({ ...found, entitlementId: `e${disturbed}` }, found.version)
        return found
      }
    })
  })
  await service.apply('acme-client', signed('installed', 10))
  const { change, tenant } = await service.apply('acme-client', signed('installed', 20, { secret: 'second' }))
  t.equal(change, 'rotation')
  t.equal(tenant?.version, 5)
  t.equal((await memory.find({ clientKey: 'acme-client' }))?.sharedSecret?.reveal(), 'second')
})

t.test('a conflict that never ends is given up', async (t) => {
  let tries = 0
  const { service } = setUp({
    watch: () => ({
      async save() {
        tries++
        throw new AtlassianError('ATL_STORE_CONFLICT', 'test')
      }
    })
  })
  t.equal(await codeOf(service.apply('acme-client', signed('installed', 10))), 'ATL_STORE_CONFLICT')
  t.ok(tries > 1 && tries < 100)
})

t.test('one failed event does not hold up the next one of its tenant', async (t) => {
  let failing = true
  const { service } = setUp({
    watch: (store) => ({
      async save(...given) {
        if (failing) throw new Error('disk is full')
        return await store.save(...given)
      }
    })
  })
  const first = codeOf(service.apply('acme-client', signed('installed', 10)))
  const second = codeOf(service.apply('acme-client', signed('installed', 20)))
  t.equal(await first, 'Error: disk is full')
  await second
  failing = false
  t.equal(await codeOf(service.apply('acme-client', signed('installed', 30))), 'done')
})

t.test('beforeInstall is asked for a first install only, and refuses by throwing', async (t) => {
  const asked: string[] = []
  let refusing = true
  const { memory, service } = setUp({
    async beforeInstall(tenant) {
      asked.push(tenant.clientKey)
      if (refusing) throw new Error('not here')
    }
  })
  t.equal(await codeOf(service.apply('acme-client', signed('installed', 10))), 'ATL_INSTALL_REFUSED')
  t.equal(await memory.find({ clientKey: 'acme-client' }), null)
  refusing = false
  await service.apply('acme-client', signed('installed', 20))
  refusing = true
  await service.apply('acme-client', signed('installed', 30))
  t.equal(asked.length, 2)
})

t.test('a stranger on a known address is another tenant, and the earlier one is only marked', async (t) => {
  const { memory, directory, service } = setUp()
  const { tenant: earlier } = await service.apply('acme-client', signed('installed', 10))
  const { tenant: newcomer } = await service.apply('new-client', signed('installed', 20, { clientKey: 'new-client' }))
  t.not(newcomer?.tenantId, earlier?.tenantId)
  const marked = await memory.find({ clientKey: 'acme-client' })
  t.equal(marked?.possiblySupersededBy, newcomer?.tenantId)
  t.equal(directory.peek('acme-client')?.possiblySupersededBy, newcomer?.tenantId)
  t.ok(marked !== null && isAlive(marked), 'it still lives')
  await service.apply('acme-client', signed('installed', 30))
  t.equal(
    (await memory.find({ clientKey: 'acme-client' }))?.possiblySupersededBy,
    null,
    'its own install ends the doubt'
  )
})

t.test('an install stands even if the earlier tenant cannot be marked', async (t) => {
  const { memory, service, warnings } = setUp({
    watch: () => ({
      async findByBaseUrl() {
        throw new Error('database is away')
      }
    })
  })
  t.equal((await service.apply('acme-client', signed('installed', 10))).change, 'first-install')
  t.ok(await memory.find({ clientKey: 'acme-client' }))
  t.match(warnings, [{ reason: 'database is away' }])
})

t.test('a tenant is adopted by a living one, once and for good', async (t) => {
  const { memory, service } = setUp()
  const old = (await service.apply('acme-client', signed('installed', 10))).tenant!
  const heir = (await service.apply('new-client', signed('installed', 20, { clientKey: 'new-client' }))).tenant!
  const other = (await service.apply('other', signed('installed', 30, { clientKey: 'other' }))).tenant!
  const adopt = (from: string, to: string) => codeOf(adoptTenant(memory, from, to, NOW))

  t.equal(await adopt(old.tenantId, 'nobody'), 'ATL_NO_TENANT')
  t.equal(await adopt('nobody', heir.tenantId), 'ATL_NO_TENANT')
  t.equal(await adopt(heir.tenantId, heir.tenantId), 'ATL_ADOPT_REFUSED', 'by itself')
  t.equal(await adopt(old.tenantId, heir.tenantId), 'done')
  const ended = await memory.find({ tenantId: old.tenantId })
  t.match(ended, { adoptedBy: heir.tenantId, previousSecret: null, secretVersion: old.secretVersion + 1 })
  t.notOk(ended !== null && isAlive(ended))
  t.equal(await adopt(old.tenantId, heir.tenantId), 'done', 'again by the same')
  t.equal(await adopt(old.tenantId, other.tenantId), 'ATL_ADOPT_REFUSED', 'by another')
  t.equal(await adopt(other.tenantId, old.tenantId), 'ATL_ADOPT_REFUSED', 'by a dead one')
  const waiting = await memory.inbox.claim({ nowMs: NOW, leaseMs: 1, limit: 99 })
  t.notOk(
    waiting.some(({ tenantId }) => tenantId === old.tenantId),
    'what waited goes to the heir'
  )
})

t.test('a tenant record of a test is what a store accepts', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  t.equal((await store.save(makeTenant(), null)).version, 1)
})

t.test('a beforeInstall that never ends is a refusal, and does not hold up the next try', async (t) => {
  let hanging = true
  const { service, memory } = setUp({ beforeInstall: () => (hanging ? new Promise(() => {}) : undefined) })
  const first = service.apply('acme-client', signed('installed', 10))
  t.equal(await codeOf(first), 'ATL_INSTALL_REFUSED')
  t.equal(await memory.find({ clientKey: 'acme-client' }), null)
  hanging = false
  t.equal(await codeOf(service.apply('acme-client', signed('installed', 11))), 'done')
})
