import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createQueryStringHash, encodeSymmetric, fromMethodAndUrl } from 'atlassian-jwt'
import { createKyselyTenantStore } from 'fastify-atlassian/store'
import { createAuthenticator } from '../../lib/authenticator.ts'
import { silentLog } from '../../lib/ports.ts'
import type { ConnectTenant } from '../../lib/tenant/tenant.ts'
import { createTenantDirectory } from '../../lib/tenant/tenant-directory.ts'
import { newTenant } from '../../lib/testing/store-contract-fixtures.ts'
import { APP_KEY, encryption } from './store-bases.ts'

/** What is timed, each in microseconds for one operation. */
export const kinds = ['warm', 'cold', 'save', 'install'] as const
export type Kind = (typeof kinds)[number]

/** One database with tenants that can be looked up, and a process-side cache as large as it would be. */
export interface Measured {
  /** One round of this kind, in microseconds per operation. */
  time(kind: Kind): Promise<number>
  /** Heap per cached tenant, in bytes, and how many are cached. */
  readonly cache: { readonly tenants: number; readonly bytesPerTenant: number }
  close(): Promise<void>
}

const MAX_CACHED = 10_000
/** A warm request is so short that one pass measures the scheduler. */
const WARM_PASSES = 20
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

export async function measured(url: string, count: number, wanted: number): Promise<Measured> {
  const store = createKyselyTenantStore({ appKey: APP_KEY, database: url, encryption, coherence: 'poll' })
  await store.open()
  const tenants: ConnectTenant[] = []
  for (let i = 0; i < wanted; i++) tenants.push(await store.save(newTenant({ appKey: APP_KEY }), null))

  collectGarbage()
  const heapBefore = process.memoryUsage().heapUsed
  const clock = Date.now
  const directory = createTenantDirectory({ store, clock, log: silentLog, freshMs: 3_600_000, maxTenants: MAX_CACHED })
  const cached = Math.min(count, MAX_CACHED)
  for (let i = 0; i < cached - wanted; i++) directory.put(newTenant({ appKey: APP_KEY, version: 1 }))
  for (const { clientKey } of tenants) await directory.load(clientKey)
  collectGarbage()
  const bytesPerTenant = (process.memoryUsage().heapUsed - heapBefore) / cached

  const authenticator = createAuthenticator({ rules, basePaths: [], needsBasePath: false, directory })
  const requests = tenants.map(({ clientKey, sharedSecret }) => {
    const iat = Math.floor(Date.now() / 1000)
    const qsh = createQueryStringHash(fromMethodAndUrl('get', '/page'))
    const token = encodeSymmetric({ iss: clientKey, iat, exp: iat + 86_000, qsh }, sharedSecret.reveal())
    return { method: 'GET', url: '/page', authorization: [`JWT ${token}`], contentType: undefined }
  })

  const rounds: Record<Kind, () => Promise<number>> = {
    async warm() {
      for (let pass = 0; pass < WARM_PASSES; pass++) {
        for (const request of requests) {
          if (authenticator.authenticate(request, ['page']) instanceof Promise) throw new Error('it was not warm')
        }
      }
      return WARM_PASSES * requests.length
    },
    async cold() {
      for (const { clientKey } of tenants) if ((await store.find({ clientKey })) === null) throw new Error('lost')
      return tenants.length
    },
    async save() {
      const some = Math.min(200, tenants.length)
      for (let i = 0; i < some; i++) {
        const tenant = tenants[i]
        if (tenant !== undefined) tenants[i] = await store.save(tenant, tenant.version)
      }
      return some
    },
    async install() {
      for (let i = 0; i < 25; i++) await store.save(newTenant({ appKey: APP_KEY }), null)
      return 25
    }
  }
  return {
    cache: { tenants: cached, bytesPerTenant },
    async time(kind) {
      const startedAt = process.hrtime.bigint()
      const operations = await rounds[kind]()
      return Number(process.hrtime.bigint() - startedAt) / 1000 / operations
    },
    close: () => store.close()
  }
}

const rules = {
  appKey: APP_KEY,
  clock: Date.now,
  leewaySeconds: 30,
  maxLifetimeSeconds: 86_400,
  previousSecretSeconds: 900,
  sessionMaxHours: 12
}
