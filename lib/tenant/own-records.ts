import { AtlassianError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { SettingsStore } from './settings-store.ts'

/** One small record of ours for each tenant, beside the settings of the app. It outlives restarts and goes with the tenant. */
export interface OwnRecords<Value> {
  read(tenantId: string): Promise<Value | null>
  /**
   * Writes what `next` makes of what stands there, unless it is the same object, and returns it. `next` may run again,
   * for a record that another process changed in this moment.
   */
  change(tenantId: string, next: (before: Value | null) => Value): Promise<Value>
}

/** No installation has this mark, so that keys of the app never meet these. */
const OWNER = 'fastify-atlassian'
const MAX_TRIES = 10

/** Throws `ATL_STORE_PART` for a store without settings; failures of the storage are thrown as they are. */
export function createOwnRecords<Value extends object>(
  settings: SettingsStore | undefined,
  key: string,
  clock: Clock
): OwnRecords<Value> {
  async function load(tenantId: string) {
    if (settings === undefined) throw new AtlassianError('ATL_STORE_PART', key)
    const setting = await settings.get({ tenantId, installation: OWNER }, key, clock())
    const value: Value | null = setting === null ? null : JSON.parse(setting.value)
    return { settings, value, version: setting?.version ?? null }
  }

  return {
    read: async (tenantId) => (await load(tenantId)).value,

    async change(tenantId, next) {
      for (let tries = 1; ; tries += 1) {
        const stored = await load(tenantId)
        const value = next(stored.value)
        if (value === stored.value) return value
        const setting = { key, value: JSON.stringify(value), expiresAtMs: null, updatedAtMs: clock() }
        try {
          await stored.settings.set({ tenantId, installation: OWNER }, setting, stored.version)
          return value
        } catch (error) {
          const isConflict = error instanceof AtlassianError && error.code === 'ATL_STORE_CONFLICT'
          if (!isConflict || tries === MAX_TRIES) throw error
        }
      }
    }
  }
}
