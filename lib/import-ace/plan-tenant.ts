import { randomUUID } from 'node:crypto'
import type { AceSource } from '../store/ace/ace-source.ts'
import { isFurtherProduct } from '../tenant/association.ts'
import { applyLifecycleEvent, type LifecycleEvent } from '../tenant/lifecycle.ts'
import type { LifecyclePayload, PayloadRules } from '../tenant/lifecycle-payload.ts'
import { type ConnectTenant, hasRegistration, type Installation, isConnected, type Tenant } from '../tenant/tenant.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import { isRefused, type RefusedClientInfo, readClientInfo } from './client-info.ts'

/** Something that a person may want to look at; the tenant was taken all the same. */
export interface AceNote {
  /** `two-secrets`: rows of one tenant disagree. `shared-installation`: the id belongs to another tenant as well. */
  readonly reason: 'two-secrets' | 'shared-installation'
  readonly detail: string
}

export type AcePlan =
  /** ACE has no row of that name. */
  | { readonly action: 'absent' }
  | { readonly action: 'refuse'; readonly refusal: RefusedClientInfo; readonly rows: number }
  /** `keep`: ours was written by an install that we verified, or ended here. `same`: ours says what ACE says. */
  | {
      readonly action: 'keep' | 'same'
      readonly tenant: ConnectTenant
      readonly rows: number
      readonly notes: readonly AceNote[]
    }
  /** `tenant` is to be saved against `expectedVersion`. A created one may join a tenant that is there already. */
  | {
      readonly action: 'create' | 'update'
      readonly expectedVersion: number | null
      readonly tenant: ConnectTenant
      readonly rows: number
      readonly notes: readonly AceNote[]
    }

export interface AcePlanner {
  readonly source: AceSource
  /** Where our tenants are; `null` plans as if there were none. */
  readonly store: TenantStore | null
  readonly rules: PayloadRules
  readonly clock: () => number
}

/**
 * What ACE's rows of this name mean for our tenant of that name. A tenant that no install verified by us has written
 * yet follows ACE; from the first such install on, and once it ended here, ACE's rows are old news.
 */
export async function planTenant(planner: AcePlanner, clientKey: string, found: Tenant | null): Promise<AcePlan> {
  const current = found !== null && hasRegistration(found) ? found : null
  const values = await planner.source.clientInfos(clientKey)
  if (values.length === 0) return { action: 'absent' }
  const read = values.map((value) => readClientInfo(value, clientKey, planner.rules))
  const rows = values.length
  const payloads = read.flatMap((one) => (isRefused(one) ? [] : [one]))
  const [payload] = payloads
  if (payload === undefined) {
    const [refusal = { reason: 'not-an-object', detail: '' }] = read.filter(isRefused)
    return { action: 'refuse', refusal, rows }
  }
  if (current !== null && isOurs(current)) return { action: 'keep', tenant: current, rows, notes: [] }

  const other = payloads.find((one) => !sameSecret(one, payload))
  const { ids, notes, joins } = await usableInstallations(planner, payload, current)
  if (other !== undefined) notes.unshift({ reason: 'two-secrets', detail: `${rows} rows` })
  const next = installed(current, { ...payload, installationId: ids[0] ?? null }, joins, planner.clock())
  const tenant: ConnectTenant = {
    ...next,
    installations: [...next.installations, ...earlier(ids, next, planner.clock())],
    // For a short while both secrets verify: one of them is the one that the host has.
    ...(current === null && other?.sharedSecret
      ? { previousSecret: other.sharedSecret, previousSecretRetiredAtMs: planner.clock() }
      : {})
  }
  if (current !== null && isSame(current, tenant)) return { action: 'same', tenant: current, rows, notes }
  const action = current === null ? 'create' : 'update'
  return { action, expectedVersion: (current ?? joins)?.version ?? null, tenant, rows, notes }
}

/** Whether our record has the last word, whatever ACE says. */
export function isOurs(tenant: ConnectTenant): boolean {
  return tenant.lastInstallIatSeconds > 0 || !isConnected(tenant)
}

/** As an install does it, but at time 0 and with no token to remember: whatever the host signs later is newer. */
function installed(
  current: ConnectTenant | null,
  payload: LifecyclePayload,
  joins: Tenant | null,
  nowMs: number
): ConnectTenant {
  const event: LifecycleEvent = {
    type: 'installed',
    payload,
    mark: { token: '', body: '', expSeconds: 0 },
    iatSeconds: 0
  }
  const decision = applyLifecycleEvent(current, event, {
    nowMs,
    newTenantId: randomUUID(),
    newConnectId: randomUUID(),
    joins
  })
  if (decision.outcome !== 'save') throw new Error('an install at time 0 applies to a tenant without verified installs')
  return { ...decision.tenant, installTokens: [] }
}

/**
 * Ids that may name this tenant, the newest first, and the tenant that it belongs to by one of them: a further product
 * of the same site under the same installation. Any other name of two tenants would give one's data to the other.
 */
async function usableInstallations(planner: AcePlanner, payload: LifecyclePayload, current: ConnectTenant | null) {
  const { source, store } = planner
  const { clientKey } = payload
  const named = payload.installationId === null ? [] : [payload.installationId]
  const ids: string[] = []
  const notes: AceNote[] = []
  let joins: Tenant | null = null
  for (const installationId of new Set([...named, ...(await source.installationIds(clientKey))])) {
    const linked = (await source.clientKeysOf(installationId)).filter((other) => other !== clientKey)
    const holder = (await store?.find({ installationId })) ?? null
    const isOwn = holder === null || holder.tenantId === current?.tenantId
    const joinable = current === null && holder !== null && suits(holder, joins, payload)
    if ((await areFurtherProducts(planner, linked, payload)) && (isOwn || joinable)) {
      ids.push(installationId)
      if (!isOwn) joins ??= holder
    } else notes.push({ reason: 'shared-installation', detail: installationId })
  }
  return { ids, notes, joins }
}

function suits(holder: Tenant, joins: Tenant | null, payload: LifecyclePayload): boolean {
  if (holder.adoptedBy !== null || (joins !== null && joins.tenantId !== holder.tenantId)) return false
  return !hasRegistration(holder) || isFurtherProduct(holder, payload)
}

/** Whether every other clientKey that ACE has for an installation is another product of the same site. */
async function areFurtherProducts(planner: AcePlanner, others: readonly string[], payload: LifecyclePayload) {
  for (const other of others) {
    const values = await planner.source.clientInfos(other)
    const [info] = values
      .map((value) => readClientInfo(value, other, planner.rules))
      .flatMap((one) => (isRefused(one) ? [] : [one]))
    if (info === undefined || info.product === payload.product) return false
    if (new URL(info.baseUrl).origin !== new URL(payload.baseUrl).origin) return false
  }
  return true
}

/** Installations before the present one: their ids still lead here, but they are over. */
function earlier(ids: readonly string[], tenant: ConnectTenant, nowMs: number): Installation[] {
  return ids
    .slice(1)
    .filter((id) => !tenant.installations.some(({ installationId }) => installationId === id))
    .map((installationId) => ({
      platform: 'connect',
      installationId,
      environmentId: '',
      clientKey: tenant.clientKey,
      products: [tenant.product],
      state: 'uninstalled',
      enabled: false,
      installedAtMs: nowMs,
      endedAtMs: nowMs
    }))
}

function sameSecret(one: LifecyclePayload, two: LifecyclePayload): boolean {
  return one.sharedSecret !== null && two.sharedSecret !== null && one.sharedSecret.equals(two.sharedSecret)
}

const NAMES = [
  'product',
  'baseUrl',
  'displayUrl',
  'displayUrlServicedeskHelpCenter',
  'oauthClientId',
  'entitlementId',
  'entitlementNumber'
] as const

function isSame(current: ConnectTenant, next: ConnectTenant): boolean {
  return (
    current.sharedSecret.equals(next.sharedSecret) &&
    NAMES.every((name) => current[name] === next[name]) &&
    inOrder(current.installations) === inOrder(next.installations)
  )
}

function inOrder(installations: readonly Installation[]): string {
  return JSON.stringify([...installations].sort((a, b) => (a.installationId < b.installationId ? -1 : 1)))
}
