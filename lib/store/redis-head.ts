import type { ConnectRegistration, Tenant, TenantIdentity, TenantStatus } from '../tenant/tenant.ts'
import { hasRegistration, noRegistration, tenantStatus, timeOfDeath } from '../tenant/tenant.ts'
import { nextNames, type TenantName } from '../tenant/tenant-names.ts'
import type { TenantListQuery, TenantLookup } from '../tenant/tenant-store.ts'
import { installationName } from './record.ts'

/** What searches ask of a registration. It keeps its connectId and its clientKey for good. */
export type HeadConnect = Pick<ConnectRegistration, 'connectId' | 'clientKey' | 'product' | 'baseUrl' | 'displayUrl'>

/**
 * What a save has to know of a tenant: its registrations, its history of names, and every place where it stands and
 * which is taken back when that changes. JSON; the scripts read it too.
 */
export interface TenantHead {
  /** Text, because a script would round a large number. */
  readonly version: string
  /** Oldest first. */
  readonly connects: readonly HeadConnect[]
  readonly names: readonly TenantName[]
  /** Its members of `installations`. */
  readonly installations: readonly string[]
  /** Its members of `places`. */
  readonly places: readonly string[]
  /** Its members of `order`. */
  readonly order: readonly string[]
  /** Its member of `dead`. */
  readonly death?: string
  /** By what others may remember it: `changeNamesOf`. */
  readonly told: readonly string[]
}

/**
 * The head after this record is saved over the stored one. `null` where the registration that it shows cannot be this
 * tenant's: one keeps its clientKey and its id for good.
 */
export function nextHead(stored: TenantHead | null, tenant: Tenant): TenantHead | null {
  const known = stored?.connects ?? []
  const names = nextNames(stored?.names ?? [], tenant)
  if (!hasRegistration(tenant)) return headOf(tenant, known, names)
  const { connectId, clientKey, product, baseUrl, displayUrl } = tenant
  const shown: HeadConnect = { connectId, clientKey, product, baseUrl, displayUrl }
  const same = known.find((one) => one.clientKey === clientKey || one.connectId === connectId)
  if (same === undefined) return headOf(tenant, [...known, shown], names)
  if (same.clientKey !== clientKey || same.connectId !== connectId) return null
  return headOf(
    tenant,
    known.map((one) => (one === same ? shown : one)),
    names
  )
}

export function headOf(
  identity: TenantIdentity,
  connects: readonly HeadConnect[],
  names: readonly TenantName[]
): TenantHead {
  const { tenantId, cloudId, installations } = identity
  const bare = { ...identity, ...noRegistration }
  const status = tenantStatus(bare)
  const diedAtMs = timeOfDeath(bare)
  const places = [
    ...(cloudId === null ? [] : [place('cloudId', cloudId)]),
    ...installations.map((of) => place('installation', of.installationId, of.environmentId)),
    ...connects.map(({ baseUrl }) => place('baseUrl', baseUrl)),
    ...connects.flatMap(({ displayUrl }) => (displayUrl === null ? [] : [place('displayUrl', displayUrl)]))
  ]
  const products = [undefined, ...connects.map(({ product }) => product)]
  const selections = products.flatMap((product) => [selectionOf({ product }), selectionOf({ product, status })])
  const told = [...connects, ...installations].map(({ clientKey }) => clientKey).filter((key) => key !== null)
  if (told.length === 0 || installations.some(({ platform }) => platform === 'forge')) told.push(tenantId)
  return {
    version: String(identity.version),
    connects,
    names,
    installations: installations.map(installationName),
    places: places.map((start) => `${start}${tenantId}`),
    order: selections.map((start) => `${start}${tenantId}`),
    ...(diedAtMs === null ? {} : { death: deathMember({ diedAtMs, tenantId }) }),
    told: [...new Set(told)]
  }
}

/** The start of the members of `places` that stand for a name. NUL ends it, for no name contains it. */
function place(kind: 'cloudId' | 'installation' | 'baseUrl' | 'displayUrl', ...name: readonly string[]): string {
  return [kind, ...name, ''].join('\0')
}

/** A lookup as the script of `find` takes it: an id, a clientKey or the start of the members of `places`. */
export function lookupArguments(lookup: TenantLookup): readonly [kind: 'tenant' | 'client' | 'place', name: string] {
  if ('tenantId' in lookup) return ['tenant', lookup.tenantId]
  if ('clientKey' in lookup) return ['client', lookup.clientKey]
  if ('baseUrl' in lookup) return ['place', place('baseUrl', lookup.baseUrl)]
  if ('displayUrl' in lookup) return ['place', place('displayUrl', lookup.displayUrl)]
  if ('cloudId' in lookup) return ['place', place('cloudId', lookup.cloudId)]
  const { installationId, environmentId } = lookup
  return [
    'place',
    environmentId === undefined
      ? place('installation', installationId)
      : place('installation', installationId, environmentId)
  ]
}

/** The start of the members that `list` walks for these filters. */
export function selectionOf({
  status,
  product
}: {
  readonly status?: TenantStatus | undefined
  readonly product?: TenantListQuery['product']
}): string {
  return `${status ?? ''}\0${product ?? ''}\0`
}

/** Where a dead tenant stands among the dead: by time and then by `tenantId`. */
export function deathMember({ diedAtMs, tenantId }: { readonly diedAtMs: number; readonly tenantId: string }): string {
  return `${deathTime(diedAtMs)}\0${tenantId}`
}

/** All of one width, so that the order of the bytes is that of the times. What is before 1970 counts as 1970. */
export function deathTime(diedAtMs: number): string {
  return String(Math.max(0, Math.min(diedAtMs, Number.MAX_SAFE_INTEGER))).padStart(16, '0')
}
