import { AtlassianError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { AceSource } from '../store/ace/ace-source.ts'
import type { Tenant } from '../tenant/tenant.ts'
import { createSettingsGiver } from '../tenant/tenant-settings.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'

/** A row of ACE's that an app kept for a tenant, and the tenant of ours that it belongs to. */
export interface AceOwnSetting {
  readonly tenant: Tenant
  /** Set for a row of ACE's ForgeSettings, `null` for one of its settings by clientKey. */
  readonly installationId: string | null
  readonly key: string
  readonly value: unknown
}

/** Why a setting stays behind: we have no such tenant, or its key or value does not fit into a setting. */
export type SettingRefusal = 'setting-of-nobody' | 'setting-too-large'

export interface FoundSetting {
  readonly clientKey: string | null
  readonly installationId: string | null
  readonly key: string
  readonly value: unknown
}

/** As JSON, in bytes. Whatever an app sets later has the limit of its own options. */
const MAX_VALUE_BYTES = 262_144

/** Everything that an app kept beside its tenants. */
export async function* ownSettings(source: AceSource): AsyncIterable<FoundSetting> {
  for await (const setting of source.settings()) yield { ...setting, installationId: null }
  for await (const setting of source.forgeSettings()) yield { ...setting, clientKey: null }
}

/** `left`: there is one of that key already, which is newer, or this store keeps no settings. */
export async function takeSetting(
  found: FoundSetting,
  to: {
    readonly store: TenantStore | null
    readonly clock: Clock
    readonly onSetting: ((setting: AceOwnSetting) => unknown) | undefined
  }
): Promise<'taken' | 'left' | SettingRefusal> {
  const { store, clock, onSetting } = to
  const { clientKey, installationId, key, value } = found
  if (store === null || (onSetting === undefined && store.settings === undefined)) return 'left'
  const tenant = await store.find(clientKey === null ? { installationId: installationId ?? '' } : { clientKey })
  if (tenant === null) return 'setting-of-nobody'
  if (onSetting !== undefined) {
    await onSetting({ tenant, installationId, key, value })
    return 'taken'
  }
  const { settings } = createSettingsGiver({ store, clock, maxValueBytes: MAX_VALUE_BYTES })(tenant)
  const owner = installationId === null ? settings : settings.ofInstallation(installationId)
  try {
    await owner.set(key, value ?? null, { ifVersion: null })
    return 'taken'
  } catch (error) {
    if (error instanceof AtlassianError && error.code === 'ATL_STORE_CONFLICT') return 'left'
    if (error instanceof TypeError || error instanceof RangeError) return 'setting-too-large'
    throw error
  }
}
