import {
  AtlassianError,
  hasRegistration,
  OptionError,
  type Settings,
  type Tenant,
  type Tenants,
  type TenantWithSettings
} from '../plugins/index.ts'

/** What ACE kept of an install, without the shared secret: nothing that could be logged or sent signs in anybody's name. */
export interface ClientInfo {
  readonly key: string
  readonly clientKey: string
  readonly baseUrl: string
  readonly displayUrl?: string
  readonly productType: string
  readonly oauthClientId?: string
  readonly eventType: 'installed' | 'uninstalled'
}

/** Values by key, without a tenant's name. */
export interface AceKeyValueStore {
  get<T = unknown>(key: string): Promise<T | null>
  set<T = unknown>(key: string, value: T): Promise<T>
  del(key: string): Promise<void>
}

/** ACE's store of settings on ours: see docs/settings.md for what it does beside. */
export interface AceSettings {
  /** `null` if there is none. The key `clientInfo` gives what is known of the tenant. */
  get<T = unknown>(key: string, clientKey: string): Promise<T | null>
  /** Rejects with `ATL_NO_TENANT` if no such site ever installed the app, and `ATL_OPTION` for the key `clientInfo`. */
  set<T = unknown>(key: string, value: T, clientKey: string): Promise<T>
  del(key: string, clientKey: string): Promise<void>
  /** Every tenant that is installed by Connect now. */
  getAllClientInfos(): Promise<ClientInfo[]>
  getClientSettingsForForgeInstallation(installationId: string): Promise<ClientInfo | null>
  forForgeInstallation(installationId: string): AceKeyValueStore
}

const CLIENT_INFO = 'clientInfo'
const PAGE = 500

/** ACE's settings over the tenants of the app. */
export function createAceSettings(tenants: Tenants): AceSettings {
  async function infoOf(lookup: Parameters<Tenants['find']>[0]): Promise<ClientInfo | null> {
    const tenant = await tenants.find(lookup)
    return tenant === null ? null : clientInfo(tenant)
  }

  return Object.freeze({
    async get<T>(key: string, clientKey: string) {
      if (key === CLIENT_INFO) return (await infoOf({ clientKey })) as T | null
      const tenant = await tenants.find({ clientKey })
      return tenant === null ? null : ((await tenant.settings.get<T>(key)) ?? null)
    },
    async set<T>(key: string, value: T, clientKey: string) {
      refuseClientInfo(key)
      await write(await need(tenants, { clientKey }), key, value)
      return value
    },
    async del(key: string, clientKey: string) {
      if (clientKey === undefined) {
        throw new OptionError(
          'addon.settings.del',
          undefined,
          'it needs a key and a clientKey; tenants are removed by tenants.purge()'
        )
      }
      refuseClientInfo(key)
      const tenant = await tenants.find({ clientKey })
      await tenant?.settings.delete(key)
    },
    async getAllClientInfos() {
      const infos: ClientInfo[] = []
      let after: string | undefined
      for (;;) {
        const page: TenantWithSettings[] = await tenants.list({ status: 'installed', limit: PAGE, after })
        for (const tenant of page) {
          const info = clientInfo(tenant)
          if (info?.eventType === 'installed') infos.push(info)
        }
        after = page.at(-1)?.tenantId
        if (page.length < PAGE || after === undefined) return infos
      }
    },
    getClientSettingsForForgeInstallation: (installationId: string) => infoOf({ installationId }),
    forForgeInstallation(installationId: string): AceKeyValueStore {
      const settings = async (): Promise<Settings> =>
        (await need(tenants, { installationId })).ofInstallation(installationId)
      return Object.freeze({
        get: async <T>(key: string) => (await (await settings()).get<T>(key)) ?? null,
        async set<T>(key: string, value: T) {
          await write(await settings(), key, value)
          return value
        },
        async del(key: string) {
          await (await settings()).delete(key)
        }
      })
    }
  })
}

/** What ACE would have stored of this tenant; `null` for one that Connect never knew. */
export function clientInfo(tenant: Tenant): ClientInfo | null {
  if (!hasRegistration(tenant)) return null
  const { appKey, clientKey, baseUrl, displayUrl, product, oauthClientId } = tenant
  const lives = tenant.installations.some((one) => one.clientKey === clientKey && one.state === 'installed')
  return Object.freeze({
    key: appKey,
    clientKey,
    baseUrl,
    ...(displayUrl === null ? {} : { displayUrl }),
    productType: product,
    ...(oauthClientId === null ? {} : { oauthClientId }),
    eventType: lives && tenant.adoptedBy === null ? 'installed' : 'uninstalled'
  })
}

async function need(tenants: Tenants, lookup: Parameters<Tenants['find']>[0]) {
  const tenant = await tenants.find(lookup)
  if (tenant === null) throw new AtlassianError('ATL_NO_TENANT', 'no-tenant')
  return tenant.settings
}

async function write(settings: Settings, key: string, value: unknown): Promise<void> {
  if (value === undefined) throw new OptionError('addon.settings.set', value, 'a value has to be JSON')
  await settings.set(key, value)
}

function refuseClientInfo(key: string): void {
  if (key === CLIENT_INFO) {
    throw new OptionError('addon.settings', key, 'tenants are written by life-cycle calls alone, see docs/lifecycle.md')
  }
}
