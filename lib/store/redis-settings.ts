import { randomInt } from 'node:crypto'
import { AtlassianError } from '../errors.ts'
import {
  canBeSettingKey,
  type SettingsOwner,
  type SettingsStore,
  type StoredSetting
} from '../tenant/settings-store.ts'
import { canBeName } from './record.ts'
import { numberReply, type RunScript, textReply, textsReply } from './redis-script.ts'
import {
  deleteSettingScript,
  getSettingScript,
  listSettingsScript,
  moveSettingsScript,
  SETTINGS_BATCH,
  setSettingScript,
  sweepSettingsScript
} from './redis-setting-scripts.ts'
import { FIRST_VERSION_LIMIT, settingConflict, settingRecord } from './setting-record.ts'

/** Settings in Redis. Each method is one script (`sweep` and `move` are some), and Redis runs one at a time. */
export function createRedisSettings(run: RunScript): SettingsStore {
  return {
    async get(owner, key, nowMs) {
      if (!canOwn(owner) || !canBeSettingKey(key)) return null
      const text = await run(getSettingScript, nameOf(owner, key), String(nowMs))
      return text === null ? null : settingFromText(key, textReply(text))
    },

    async set(owner, given, ifVersion) {
      const { key, value, expiresAtMs, updatedAtMs } = settingRecord(owner, given)
      const outcome = canOwn(owner)
        ? textReply(
            await run(
              setSettingScript,
              owner.tenantId,
              nameOf(owner, key),
              String(updatedAtMs),
              String(expiresAtMs ?? ''),
              value,
              ifVersion === undefined ? 'any' : String(ifVersion ?? ''),
              String(randomInt(FIRST_VERSION_LIMIT))
            )
          )
        : 'no-tenant'
      if (outcome === 'no-tenant') throw new AtlassianError('ATL_NO_TENANT', 'settings', { tenantId: owner.tenantId })
      if (outcome === 'conflict') throw settingConflict(owner)
      return Number(outcome)
    },

    async delete(owner, key, ifVersion, nowMs) {
      if (!canOwn(owner) || !canBeSettingKey(key)) return false
      const deleted = numberReply(
        await run(deleteSettingScript, nameOf(owner, key), String(nowMs), String(ifVersion ?? 'any'))
      )
      if (deleted < 0) throw settingConflict(owner)
      return deleted === 1
    },

    async list(owner, { prefix, after, limit, nowMs }) {
      if (!canOwn(owner) || !`${prefix}${after}`.isWellFormed()) return []
      const start = nameOf(owner, prefix)
      const isPast = Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0
      const first = isPast ? `(${nameOf(owner, after)}` : `[${start}`
      const texts = textsReply(await run(listSettingsScript, first, start, String(limit), String(nowMs)))
      const skipped = nameOf(owner, '').length
      return Array.from({ length: texts.length / 2 }, (_, n) =>
        settingFromText((texts[2 * n] ?? '').slice(skipped), texts[2 * n + 1] ?? '')
      )
    },

    async sweep(nowMs) {
      let swept = 0
      for (let batch = SETTINGS_BATCH; batch === SETTINGS_BATCH; swept += batch) {
        batch = numberReply(await run(sweepSettingsScript, String(nowMs)))
      }
      return swept
    },

    async move(fromTenantId, toTenantId, installations = []) {
      if (fromTenantId === toTenantId) return 0
      let moved = 0
      for (const installation of new Set(['', ...installations])) {
        if (canBeName(installation)) moved += await moveOwned(fromTenantId, toTenantId, installation)
      }
      return moved
    }
  }

  async function moveOwned(fromTenantId: string, toTenantId: string, installation: string): Promise<number> {
    const source = nameOf({ tenantId: fromTenantId, installation }, '')
    const target = nameOf({ tenantId: toTenantId, installation }, '')
    let moved = 0
    for (let first: string | undefined = `[${source}`; first !== undefined; ) {
      const reply = await run(moveSettingsScript, toTenantId, source, target, first)
      if (!Array.isArray(reply) || reply.length === 0) {
        throw new Error('The tenant that shall receive the settings does not exist')
      }
      moved += numberReply(reply[0])
      first = reply.length === 1 ? undefined : `(${textReply(reply[1])}`
    }
    return moved
  }
}

/** Sent to Redis, a lone surrogate would become another character, and NUL ends a name. */
function canOwn({ tenantId, installation }: SettingsOwner): boolean {
  return canBeName(tenantId) && canBeName(installation)
}

function nameOf({ tenantId, installation }: SettingsOwner, key: string): string {
  return `${tenantId}\0${installation}\0${key}`
}

function settingFromText(key: string, text: string): StoredSetting {
  const [version, expires, updated] = text.split(' ', 3)
  const headerLength = [version, expires, updated].join(' ').length + 1
  return {
    key,
    value: text.slice(headerLength),
    version: Number(version),
    expiresAtMs: expires === '' ? null : Number(expires),
    updatedAtMs: Number(updated)
  }
}
