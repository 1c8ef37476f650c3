import { AtlassianError } from '../lib/errors.ts'
import type { ResolvedOptions } from '../lib/options.ts'
import type { TenantStore } from '../lib/tenant/tenant-store.ts'

/** The store that the options ask for, opened. The adapters are loaded only when an address asks for them. */
export async function openStore(options: ResolvedOptions, appKey: string): Promise<TenantStore> {
  const store = await createStore(options, appKey)
  try {
    await store.open()
  } catch (error) {
    if (error instanceof AtlassianError) throw error
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'open', {}, { cause: error })
  }
  return store
}

async function createStore(options: ResolvedOptions, appKey: string): Promise<TenantStore> {
  const { store, migrate } = options
  if (typeof store === 'function') return store(appKey)
  if (typeof store !== 'string') return store
  const { createKyselyTenantStore } = await import('../lib/store/index.ts')
  return createKyselyTenantStore({ appKey, database: store, ...(migrate === undefined ? {} : { migrate }) })
}
