import type { FastifyInstance } from 'fastify'
import type { ChecklistStore } from './checklist-store.ts'

/** How many checklists of a tenant have something left to do, and when that was counted. */
export interface OpenCount {
  readonly open: number
  readonly atMs: number
}

/** Name of the setting. */
export const OPEN_COUNT = 'open-checklists'

/** A job of Forge: its schedule calls for each installation once an hour (`manifest.yml`, `scheduledTrigger`). */
export function countOpenHourly(app: FastifyInstance, checklists: ChecklistStore): void {
  // The second call for one hour, if there is one, counts again and is right too.
  app.atlassian.events.on('forge:scheduled', async ({ tenant }) => {
    const all = await checklists.summaries(tenant.tenantId)
    const count: OpenCount = { open: all.filter(({ done, total }) => done < total).length, atMs: Date.now() }
    await tenant.settings.set(OPEN_COUNT, { ...count })
  })
}
