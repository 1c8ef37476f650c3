import { AtlassianError, OptionError } from '../lib/errors.ts'
import type { ResolvedOptions } from '../lib/options.ts'
import type { Log } from '../lib/ports.ts'
import type { TenantStore } from '../lib/tenant/tenant-store.ts'

/** The store that the options ask for, opened. The adapters are loaded only when an address asks for them. */
export async function openStore(options: ResolvedOptions, appKey: string, log: Log): Promise<TenantStore> {
  const store = await createStore(options, appKey, log)
  try {
    await store.open()
  } catch (error) {
    if (error instanceof AtlassianError) throw error
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'open', {}, { cause: error })
  }
  await checkDevelopmentKey(store, options, log)
  return store
}

/** A key that lies beside the data protects it from nobody who can read both. */
async function checkDevelopmentKey(store: TenantStore, { production }: ResolvedOptions, log: Log): Promise<void> {
  const file = 'developmentKeyFile' in store ? store.developmentKeyFile : null
  if (typeof file !== 'string') return
  if (production) {
    await store.close()
    throw new OptionError(
      'encryption',
      undefined,
      'in production the secrets need keys: "encryption: { keys: [{ id, key }] }", 32 random bytes as base64'
    )
  }
  log.warn(
    { file },
    'secrets are encrypted with a development key beside the database; set "encryption" before production'
  )
}

async function createStore(options: ResolvedOptions, appKey: string, log: Log): Promise<TenantStore> {
  const { store, migrate, encryption, coherence, listenUrl, database } = options
  if (typeof store === 'function') return store(appKey)
  if (typeof store !== 'string') return store
  if (/^rediss?:/i.test(store)) return createRedisStore(store, options, appKey, log)
  const { createKyselyTenantStore, openDatabase } = await import('../lib/store/index.ts')
  return createKyselyTenantStore({
    appKey,
    database: database === undefined ? store : await openDatabase(store, database),
    ownsDatabase: true,
    log,
    ...(migrate === undefined ? {} : { migrate }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(coherence === undefined ? {} : { coherence }),
    ...(listenUrl === undefined ? {} : { listenUrl })
  })
}

async function createRedisStore(url: string, options: ResolvedOptions, appKey: string, log: Log): Promise<TenantStore> {
  const { encryption, coherence } = options
  for (const name of ['database', 'listenUrl', 'migrate'] as const) {
    if (options[name] !== undefined) throw new OptionError(name, options[name], 'there is nothing like it with Redis')
  }
  if (encryption === undefined) throw new OptionError('encryption', undefined, 'Redis needs keys for the secrets')
  const { createRedisTenantStore } = await import('../lib/store/index.ts')
  return createRedisTenantStore({ appKey, url, encryption, log, ...(coherence === undefined ? {} : { coherence }) })
}
