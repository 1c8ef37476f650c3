import { createKyselyTenantStore, openDatabase } from 'fastify-atlassian/store'
import { type ChecklistTables, createChecklistStore, migrateChecklists } from '../../example-app/checklist-store.ts'
import type { EncryptionOptions } from '../../lib/encryption/encryption-options.ts'
import { clientKeysOf } from '../../lib/tenant/tenant.ts'
import { createSettingsGiver } from '../../lib/tenant/tenant-settings.ts'

interface FoundTenant {
  readonly tenantId: string
  readonly [member: string]: unknown
}

/** What a store finds in a database, by its public methods only. */
export interface Found {
  readonly tenants: readonly FoundTenant[]
  /** The checklists of each tenant, with their items. */
  readonly checklists: readonly object[]
  readonly settings: readonly object[]
  /** Deliveries that are still to be handled. */
  readonly waiting: readonly string[]
}

const FAR_FUTURE_MS = 32_000_000_000_000

/** Opens the database as the app would, migrates what is older, and reads all of it. */
export async function readAll(url: string, encryption: EncryptionOptions | undefined): Promise<Found> {
  const database = await openDatabase<ChecklistTables>(url)
  try {
    await migrateChecklists(database)
    const given = encryption === undefined ? {} : { encryption }
    const store = createKyselyTenantStore({ appKey: 'checklist-example', database, ...given })
    await store.open()
    const withSettings = createSettingsGiver({ store, clock: Date.now, maxValueBytes: 1_000_000 })
    const checklistStore = createChecklistStore(database)
    const tenants: FoundTenant[] = []
    const checklists: object[] = []
    const settings: object[] = []
    for (const tenant of await store.list({ limit: 1000 })) {
      const { tenantId } = tenant
      // A tenant with several registrations is seen by its first; the others have secrets and addresses of their own.
      for (const clientKey of clientKeysOf(tenant).filter((one) => one !== tenant.clientKey)) {
        const other = await store.find({ clientKey })
        const { product, baseUrl, sharedSecret } = other ?? {}
        if (other?.clientKey === clientKey) {
          tenants.push({ tenantId, clientKey, product, baseUrl, secret: sharedSecret?.reveal() ?? null })
        }
      }
      const secrets = 'sharedSecret' in tenant ? [tenant.sharedSecret, tenant.previousSecret] : []
      tenants.push({
        tenantId,
        clientKey: tenant.clientKey,
        product: tenant.product,
        baseUrl: tenant.baseUrl,
        cloudId: tenant.cloudId,
        secrets: secrets.map((secret) => secret?.reveal() ?? null),
        adoptedBy: tenant.adoptedBy,
        possiblySupersededBy: tenant.possiblySupersededBy,
        installations: tenant.installations.map(({ installationId, state, enabled }) => [
          installationId,
          state,
          enabled
        ])
      })
      for (const { subject, title } of await checklistStore.summaries(tenantId)) {
        const items = await checklistStore.list({ tenantId, subject })
        checklists.push({ tenantId, subject, title, items: items.map(({ text, done }) => [text, done]) })
      }
      const { settings: own } = withSettings(tenant)
      for (const { key, value } of await own.list()) settings.push({ tenantId, key, value })
      for (const { installationId, environmentId } of tenant.installations) {
        const ofInstallation = await own.ofInstallation(installationId, environmentId).list()
        for (const { key, value } of ofInstallation) settings.push({ tenantId, installationId, key, value })
      }
    }
    const claimed = await store.inbox.claim({ nowMs: FAR_FUTURE_MS, leaseMs: 1000, limit: 1000 })
    const waiting = claimed.map(({ event, identifier, payload }) => `${event} ${identifier} ${payload}`).sort()
    return { tenants, checklists, settings, waiting }
  } finally {
    await database.close()
  }
}
