import { randomInt } from 'node:crypto'
import { AtlassianError } from '../errors.ts'
import type { SettingsOwner, SettingsStore, StoredSetting } from '../tenant/settings-store.ts'
import { FIRST_VERSION_LIMIT, settingConflict, settingRecord } from './setting-record.ts'

export interface MemorySettings extends SettingsStore {
  /** Removes everything of this tenant. */
  forget(tenantId: string): void
}

/** The settings of the memory store. Every method does its work in one synchronous step, so none can interleave. */
export function createMemorySettings(
  knowsTenant: (tenantId: string) => boolean,
  /** Whether the tenant is there and did not give its settings to another one. */
  ownsSettings: (tenantId: string) => boolean
): MemorySettings {
  /** By tenant, then by installation, then by key. */
  const tenants = new Map<string, Map<string, Map<string, StoredSetting>>>()

  function settingsOf({ tenantId, installation }: SettingsOwner): Map<string, StoredSetting> {
    const ofTenant = tenants.get(tenantId) ?? new Map<string, Map<string, StoredSetting>>()
    tenants.set(tenantId, ofTenant)
    const ofOwner = ofTenant.get(installation) ?? new Map<string, StoredSetting>()
    ofTenant.set(installation, ofOwner)
    return ofOwner
  }

  function find(owner: SettingsOwner, key: string, nowMs: number): StoredSetting | null {
    const setting = tenants.get(owner.tenantId)?.get(owner.installation)?.get(key)
    return setting !== undefined && isLive(setting, nowMs) ? setting : null
  }

  return {
    forget: (tenantId) => void tenants.delete(tenantId),

    async get(owner, key, nowMs) {
      return find(owner, key, nowMs)
    },

    async set(owner, given, ifVersion) {
      const setting = settingRecord(owner, given)
      if (!ownsSettings(owner.tenantId)) {
        throw new AtlassianError('ATL_NO_TENANT', 'settings', { tenantId: owner.tenantId })
      }
      const live = find(owner, setting.key, setting.updatedAtMs)
      if (ifVersion !== undefined && ifVersion !== (live?.version ?? null)) throw settingConflict(owner)
      const stored = settingsOf(owner).get(setting.key)
      const version = stored === undefined ? randomInt(FIRST_VERSION_LIMIT) : stored.version + 1
      settingsOf(owner).set(setting.key, Object.freeze({ ...setting, version }))
      return version
    },

    async delete(owner, key, ifVersion, nowMs) {
      const live = find(owner, key, nowMs)
      if (live === null) return false
      if (ifVersion !== undefined && ifVersion !== live.version) throw settingConflict(owner)
      return settingsOf(owner).delete(key)
    },

    async list(owner, { prefix, after, limit, nowMs }) {
      return [...(tenants.get(owner.tenantId)?.get(owner.installation)?.values() ?? [])]
        .filter(
          (setting) => isLive(setting, nowMs) && setting.key.startsWith(prefix) && compareBytes(setting.key, after) > 0
        )
        .sort((a, b) => compareBytes(a.key, b.key))
        .slice(0, limit)
    },

    async sweep(nowMs) {
      let swept = 0
      for (const settings of [...tenants.values()].flatMap((ofTenant) => [...ofTenant.values()])) {
        for (const setting of settings.values()) {
          if (isLive(setting, nowMs)) continue
          settings.delete(setting.key)
          swept += 1
        }
      }
      return swept
    },

    async move(fromTenantId, toTenantId, installations = []) {
      if (fromTenantId === toTenantId) return 0
      if (!knowsTenant(toTenantId)) throw new Error('The tenant that shall receive the settings does not exist')
      let moved = 0
      for (const installation of ['', ...installations]) {
        const from = settingsOf({ tenantId: fromTenantId, installation })
        const to = settingsOf({ tenantId: toTenantId, installation })
        for (const setting of from.values()) {
          if (to.has(setting.key)) continue
          to.set(setting.key, setting)
          from.delete(setting.key)
          moved += 1
        }
      }
      return moved
    }
  }
}

function isLive({ expiresAtMs }: StoredSetting, nowMs: number): boolean {
  return expiresAtMs === null || expiresAtMs > nowMs
}

/** As a database compares: JavaScript's own order differs where a character has two halves. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
