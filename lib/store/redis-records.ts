import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { Secret } from '../secret.ts'
import { type Tenant, tenantStatus, timeOfDeath } from '../tenant/tenant.ts'
import type { Delivery, NewDelivery, TenantListQuery, TenantLookup } from '../tenant/tenant-store.ts'
import { installationName } from './record.ts'

/** The record as JSON has it: secrets are sealed. */
type StoredTenant = Omit<Tenant, 'sharedSecret' | 'previousSecret'> & {
  readonly sharedSecret: string
  readonly previousSecret: string | null
}

/** What never changes of a delivery; the rest stands in its state, where scripts reach it. */
type StoredDelivery = Pick<NewDelivery, 'deliveryId' | 'event' | 'payload'>

interface StoredState {
  readonly tenant: string
  readonly kind: NewDelivery['kind']
  readonly identifier?: string
  readonly is: 'pending' | 'done' | 'failed'
  readonly attempts: string
  readonly received: string
  readonly due: string
  readonly lease: string
}

const shared = (tenantId: string) => ({ tenantId, table: 'atl_tenants', column: 'shared_secret' })
const previous = (tenantId: string) => ({ tenantId, table: 'atl_tenants', column: 'previous_secret' })

/** The text that stands in Redis for this tenant. */
export function textFromTenant(tenant: Tenant, cipher: ColumnCipher): string {
  const { tenantId, sharedSecret, previousSecret } = tenant
  const stored: StoredTenant = {
    ...tenant,
    sharedSecret: cipher.seal(sharedSecret.reveal(), shared(tenantId)),
    previousSecret: previousSecret === null ? null : cipher.seal(previousSecret.reveal(), previous(tenantId))
  }
  return JSON.stringify(stored)
}

export function tenantFromText(text: string, cipher: ColumnCipher): Tenant {
  const stored: StoredTenant = JSON.parse(text)
  const { tenantId, sharedSecret, previousSecret } = stored
  return {
    ...stored,
    sharedSecret: new Secret(cipher.open(sharedSecret, shared(tenantId))),
    previousSecret: previousSecret === null ? null : new Secret(cipher.open(previousSecret, previous(tenantId)))
  }
}

/** The text with every secret sealed by the newest key, and how many were not; `null` if all were. */
export function resealed(
  text: string,
  cipher: ColumnCipher
): { text: string; tenantId: string; secrets: number } | null {
  const { tenantId, sharedSecret, previousSecret }: StoredTenant = JSON.parse(text)
  const outdated = [sharedSecret, previousSecret].filter((sealed) => sealed !== null && cipher.isOutdated(sealed))
  if (outdated.length === 0) return null
  return { text: textFromTenant(tenantFromText(text, cipher), cipher), tenantId, secrets: outdated.length }
}

/** The names of a tenant as the scripts keep them: what a later save has to take back. */
export function headOf(tenant: Tenant): string {
  const { tenantId, installations } = tenant
  const status = tenantStatus(tenant)
  const diedAtMs = timeOfDeath(tenant)
  return JSON.stringify({
    version: String(tenant.version),
    client_key: tenant.clientKey,
    base_url: `${tenant.baseUrl}\0${tenantId}`,
    installations: installations.map(installationName),
    installation_ids: installations.map((of) => `${of.installationId}\0${of.environmentId}\0${tenantId}`),
    order: [{}, { status }, { product: tenant.product }, { status, product: tenant.product }].map(
      (query) => `${selectionOf(query)}${tenantId}`
    ),
    ...(diedAtMs === null ? {} : { death: deathMember({ diedAtMs, tenantId }) })
  })
}

/** Where a dead tenant stands among the dead: by time and then by `tenantId`. */
export function deathMember({ diedAtMs, tenantId }: { readonly diedAtMs: number; readonly tenantId: string }): string {
  return `${deathTime(diedAtMs)}\0${tenantId}`
}

/** All of one width, so that the order of the bytes is that of the times. What is before 1970 counts as 1970. */
export function deathTime(diedAtMs: number): string {
  return String(Math.max(0, Math.min(diedAtMs, Number.MAX_SAFE_INTEGER))).padStart(16, '0')
}

/** The start of the members that `list` walks for these filters. */
export function selectionOf({ status, product }: Pick<TenantListQuery, 'status' | 'product'>): string {
  return `${status ?? ''}\0${product ?? ''}\0`
}

/** A lookup as the script of `find` takes it. NUL ends a name, for none contains it. */
export function lookupArguments(lookup: TenantLookup): readonly [kind: string, name: string] {
  if ('tenantId' in lookup) return ['tenant', lookup.tenantId]
  if ('clientKey' in lookup) return ['client', lookup.clientKey]
  const { installationId, environmentId } = lookup
  return ['installation', environmentId === undefined ? `${installationId}\0` : `${installationId}\0${environmentId}\0`]
}

/** Id, record and state of a delivery that was not there before. */
export function deliveryArguments(delivery: NewDelivery): readonly [id: string, record: string, state: string] {
  const { deliveryId, event, payload, tenantId, kind, identifier } = delivery
  const record: StoredDelivery = { deliveryId, event, payload }
  const state: StoredState = {
    tenant: tenantId,
    kind,
    ...(identifier === null ? {} : { identifier }),
    is: 'pending',
    attempts: '0',
    received: String(delivery.receivedAtMs),
    due: String(delivery.dueAtMs),
    lease: '0'
  }
  return [deliveryId, JSON.stringify(record), JSON.stringify(state)]
}

export function deliveryFromTexts(record: string, state: string): Delivery {
  const { deliveryId, event, payload }: StoredDelivery = JSON.parse(record)
  const { tenant, kind, identifier, attempts, received, due }: StoredState = JSON.parse(state)
  return {
    deliveryId,
    tenantId: tenant,
    kind,
    event,
    identifier: identifier ?? null,
    payload,
    receivedAtMs: Number(received),
    dueAtMs: Number(due),
    attempts: Number(attempts)
  }
}
