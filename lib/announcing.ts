import type { AppEmitter } from './app-events.ts'
import { AtlassianError } from './errors.ts'
import type { LifecycleService } from './tenant/lifecycle-service.ts'
import type { SettingsGiver } from './tenant/tenant-settings.ts'

/** The same life cycle, which tells listeners of `tenantSaved` and `tenantNotSaved` what became of each call. */
export function announcing(
  lifecycle: LifecycleService,
  events: AppEmitter,
  withSettings: SettingsGiver
): LifecycleService {
  return {
    async apply(clientKey, event) {
      try {
        const result = await lifecycle.apply(clientKey, event)
        const { change, tenant } = result
        if (tenant !== null && change !== 'none') {
          events.announce('tenantSaved', Object.freeze({ tenant: withSettings(tenant), change }))
        }
        return result
      } catch (error) {
        // The error itself may quote the address of a database, or what was to be written.
        const code = error instanceof AtlassianError ? error.code : null
        events.announce('tenantNotSaved', Object.freeze({ clientKey, change: event.type, code }))
        throw error
      }
    }
  }
}
