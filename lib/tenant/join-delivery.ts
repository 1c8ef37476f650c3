import { randomUUID } from 'node:crypto'
import { installationMark } from './settings-store.ts'
import type { Tenant } from './tenant.ts'
import type { Delivery, NewDelivery, TenantStore } from './tenant-store.ts'

/** The name under which a join waits in the inbox. */
export const JOINED = 'joined'

interface JoinContent {
  readonly fromTenantId: string
  readonly installations: readonly string[]
}

/**
 * What is left to do after two records became one tenant: written together with them, so that no crash loses it.
 * `from` is the record before its installations went over. Whoever does it at once lets it be due after `waitMs`.
 */
export function joinDelivery(from: Tenant, toTenantId: string, nowMs: number, waitMs = 0): NewDelivery {
  const content: JoinContent = {
    fromTenantId: from.tenantId,
    installations: from.installations.filter(({ platform }) => platform === 'forge').map(installationMark)
  }
  return {
    deliveryId: randomUUID(),
    tenantId: toTenantId,
    kind: 'lifecycle',
    event: JOINED,
    identifier: null,
    payload: JSON.stringify(content),
    receivedAtMs: nowMs,
    dueAtMs: nowMs + waitMs
  }
}

/** Moves what waits and what was set from one record to the other. Can be repeated. Returns whose data moved. */
export async function finishJoin(
  store: TenantStore,
  { tenantId: toTenantId, payload }: Pick<Delivery, 'tenantId' | 'payload'>
): Promise<{ from: Tenant | null }> {
  // Not the heir that was written down: what waited may have gone on to another one since.
  const { fromTenantId, installations }: JoinContent = JSON.parse(payload)
  await store.inbox.move(fromTenantId, toTenantId)
  await store.settings?.move(fromTenantId, toTenantId, installations)
  await store.accounts?.move(fromTenantId, toTenantId)
  // Those of users only: a token of an installation goes where the installation went.
  await store.tokens?.deleteAll(fromTenantId, 'user')
  return { from: await store.find({ tenantId: fromTenantId }) }
}
