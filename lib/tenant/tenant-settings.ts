import { AtlassianError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { settingText } from './setting-text.ts'
import {
  canBeSettingKey,
  installationMark,
  MAX_SETTING_KEY_LENGTH,
  type SettingsOwner,
  type StoredSetting
} from './settings-store.ts'
import type { ConnectTenant, Tenant } from './tenant.ts'
import type { TenantStore } from './tenant-store.ts'

/** One setting with what is known about it. */
export interface Setting<Value = unknown> {
  readonly key: string
  readonly value: Value
  /** For `ifVersion`. Only equality means something. */
  readonly version: number
  readonly expiresAtMs: number | null
  readonly updatedAtMs: number
}

/** How a setting is written. */
export interface SetSettingOptions {
  /** Write only if the setting still has this version; `null`: only if there is none. */
  readonly ifVersion?: number | null
  /** Gone from this time on, in milliseconds since 1970. Without it and `ttlSeconds` the setting stays. */
  readonly expiresAtMs?: number
  /** Gone after so many seconds; more than 0. Not together with `expiresAtMs`. */
  readonly ttlSeconds?: number
}

/** Which settings a list gives. */
export interface ListSettingsQuery {
  readonly prefix?: string
  /** The key after which the page starts. */
  readonly after?: string
  /** At most this many, 1 to 1000. Default 100. */
  readonly limit?: number
}

/**
 * Small JSON values by key, for apps that need no tables of their own. Nothing is cached: each call asks the store.
 * Keys have 1 to 255 characters. Methods reject with TypeError or RangeError for what cannot be stored,
 * `ATL_STORE_UNAVAILABLE`, and `ATL_STORE_PART` if the store of this app keeps no settings. Values are not encrypted.
 */
export interface Settings {
  /** The value, or `undefined` if there is none. Its type is what the app says it is. */
  get<Value = unknown>(key: string): Promise<Value | undefined>
  /** The value with its version and times, or `undefined`. */
  entry<Value = unknown>(key: string): Promise<Setting<Value> | undefined>
  /**
   * Writes a value that JSON can hold, and returns its new version. An earlier expiry ends. Rejects with
   * `ATL_STORE_CONFLICT` if `ifVersion` does not fit, and `ATL_NO_TENANT` if the tenant was purged.
   */
  set(key: string, value: NonNullable<unknown> | null, options?: SetSettingOptions): Promise<number>
  /** Whether there was one. Rejects with `ATL_STORE_CONFLICT` if it has another version than `ifVersion`. */
  delete(key: string, options?: { readonly ifVersion?: number }): Promise<boolean>
  /** A page in order of the keys' bytes; go on with `after`. */
  list<Value = unknown>(query?: ListSettingsQuery): Promise<Setting<Value>[]>
}

/** Settings of a tenant. They live as long as its record, through uninstall and reinstall until the purge. */
export interface TenantSettings extends Settings {
  /**
   * Settings of one installation of this tenant, apart from the tenant's own. A new installation of the same site
   * starts empty. Throws `ATL_NO_TENANT` for one that this tenant does not have. Without `environmentId` the
   * installation must have only one.
   */
  ofInstallation(installationId: string, environmentId?: string): Settings
}

/** The record of a tenant, as handlers get it. `settings` is not enumerable: a copy or JSON of the record is a plain Tenant. */
export type TenantWithSettings = Tenant & { readonly settings: TenantSettings }

/** The same, as one of its Connect registrations sees the tenant. */
export interface ConnectTenantWithSettings extends ConnectTenant {
  readonly settings: TenantSettings
}

/** Gives a record its `settings`. One record is always given the same object. */
export type SettingsGiver = <Given extends Tenant>(tenant: Given) => Given & { readonly settings: TenantSettings }

export interface TenantSettingsOptions {
  readonly store: TenantStore
  readonly clock: Clock
  /** Longest JSON text of a value, in bytes of UTF-8. */
  readonly maxValueBytes: number
}

/** Makes the function that gives records their `settings`. */
export function createSettingsGiver(options: TenantSettingsOptions): SettingsGiver {
  const given = new WeakMap<Tenant, TenantWithSettings>()

  function give<Given extends Tenant>(tenant: Given): Given & { readonly settings: TenantSettings }
  function give(tenant: Tenant): TenantWithSettings {
    const known = given.get(tenant)
    if (known !== undefined) return known
    const settings = createTenantSettings(options, tenant)
    const record = Object.freeze(Object.defineProperty({ ...tenant, settings }, 'settings', { enumerable: false }))
    given.set(tenant, record)
    // Whoever has the record with settings may hand it in again.
    given.set(record, record)
    return record
  }

  return give
}

function createTenantSettings(options: TenantSettingsOptions, { tenantId, installations }: Tenant): TenantSettings {
  return Object.freeze({
    ...createSettings(options, { tenantId, installation: '' }),
    ofInstallation(installationId: string, environmentId?: string) {
      const found = installations.filter(
        (one) => one.installationId === installationId && (environmentId ?? one.environmentId) === one.environmentId
      )
      const [name] = found
      if (found.length !== 1 || name === undefined) {
        throw new AtlassianError('ATL_NO_TENANT', 'no-such-installation', { tenantId })
      }
      return createSettings(options, { tenantId, installation: installationMark(name) })
    }
  })
}

function createSettings({ store, clock, maxValueBytes }: TenantSettingsOptions, owner: SettingsOwner): Settings {
  async function ask<Answer>(
    work: (settings: NonNullable<TenantStore['settings']>) => Promise<Answer>
  ): Promise<Answer> {
    if (store.settings === undefined) throw new AtlassianError('ATL_STORE_PART', 'settings')
    try {
      return await work(store.settings)
    } catch (cause) {
      if (cause instanceof AtlassianError || cause instanceof TypeError || cause instanceof RangeError) throw cause
      throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'settings', { tenantId: owner.tenantId }, { cause })
    }
  }

  async function find<Value>(key: string): Promise<Setting<Value> | undefined> {
    const stored = await ask((settings) => settings.get(owner, checkKey(key), clock()))
    return stored === null ? undefined : parsed<Value>(stored)
  }

  return Object.freeze({
    entry: find,

    async get<Value>(key: string): Promise<Value | undefined> {
      return (await find<Value>(key))?.value
    },

    async set(key: string, value: NonNullable<unknown> | null, options: SetSettingOptions = {}): Promise<number> {
      const nowMs = clock()
      const setting = {
        key: checkKey(key),
        value: settingText(value, maxValueBytes),
        expiresAtMs: expiry(options, nowMs),
        updatedAtMs: nowMs
      }
      return ask((settings) => settings.set(owner, setting, checkVersion(options.ifVersion)))
    },

    async delete(key: string, { ifVersion }: { readonly ifVersion?: number } = {}): Promise<boolean> {
      checkVersion(ifVersion)
      return ask((settings) => settings.delete(owner, checkKey(key), ifVersion, clock()))
    },

    async list<Value>(query: ListSettingsQuery = {}): Promise<Setting<Value>[]> {
      const { prefix = '', after = '', limit = 100 } = query
      if (prefix !== '') checkKey(prefix)
      if (after !== '') checkKey(after)
      if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
        throw new RangeError('"limit" of a list of settings must be a whole number from 1 to 1000')
      }
      const stored = await ask((settings) => settings.list(owner, { prefix, after, limit, nowMs: clock() }))
      return stored.map(parsed<Value>)
    }
  })
}

function parsed<Value>({ value, ...rest }: StoredSetting): Setting<Value> {
  return { ...rest, value: JSON.parse(value) }
}

function checkKey(key: string): string {
  if (canBeSettingKey(key)) return key
  throw new TypeError(
    `The key of a setting must be 1 to ${MAX_SETTING_KEY_LENGTH} characters of well-formed text without NUL`
  )
}

function checkVersion(version: number | null | undefined): number | null | undefined {
  if (version === undefined || version === null || Number.isSafeInteger(version)) return version
  throw new TypeError('"ifVersion" must be a version that "set" or "entry" returned, or null')
}

function expiry({ expiresAtMs, ttlSeconds }: SetSettingOptions, nowMs: number): number | null {
  if (ttlSeconds !== undefined && expiresAtMs !== undefined) {
    throw new TypeError('Give a setting "expiresAtMs" or "ttlSeconds", not both')
  }
  if (expiresAtMs !== undefined) {
    if (!Number.isSafeInteger(expiresAtMs)) throw new RangeError('"expiresAtMs" must be a whole number')
    return expiresAtMs
  }
  if (ttlSeconds === undefined) return null
  const endMs = Math.ceil(nowMs + ttlSeconds * 1000)
  if (!(ttlSeconds > 0) || !Number.isSafeInteger(endMs)) throw new RangeError('"ttlSeconds" must be more than 0')
  return endMs
}
