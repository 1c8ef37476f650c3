import { ended } from './lifecycle.ts'
import type { LifecyclePayload } from './lifecycle-payload.ts'
import {
  type ConnectTenant,
  type ForgeTenant,
  hasRegistration,
  type Installation,
  isAlive,
  type Tenant
} from './tenant.ts'

/**
 * What a verified `installed` means for the tenant that already has its installation id. `join`: the new registration
 * belongs to it. `merge`: it came by Forge before anybody knew that it is this registration's tenant. `conflict`: the
 * name stays where it is, and a person has to look.
 */
export type Meeting =
  | { readonly how: 'alone' }
  | { readonly how: 'join'; readonly owner: Tenant }
  | { readonly how: 'merge'; readonly owner: ForgeTenant }
  /** The installation came to that tenant only because it is on the same site; now its clientKey is known. */
  | { readonly how: 'take'; readonly owner: ConnectTenant }
  | { readonly how: 'conflict'; readonly owner: Tenant }

/** `current` is the registration's record so far, `owner` the tenant that has the payload's installation id. */
export function meet(current: ConnectTenant | null, owner: Tenant | null, payload: LifecyclePayload): Meeting {
  if (owner === null || owner.tenantId === current?.tenantId) return { how: 'alone' }
  // Its names were given away by a person, or went to another tenant: nobody inherits them by the way.
  if (owner.adoptedBy !== null) return { how: 'conflict', owner }
  if (!hasRegistration(owner)) return current === null ? { how: 'join', owner } : { how: 'merge', owner }
  if (current === null && isFurtherProduct(owner, payload)) return { how: 'join', owner }
  const named = owner.installations.some(
    ({ installationId, clientKey }) => clientKey !== null && installationId === payload.installationId
  )
  return named ? { how: 'conflict', owner } : { how: 'take', owner }
}

/** The installation goes to the registration that the host named for it. Data stays where it was written. */
export function taken(
  owner: ConnectTenant,
  next: ConnectTenant,
  installationId: string,
  nowMs: number
): { readonly from: ConnectTenant; readonly to: ConnectTenant } {
  const isIt = (one: Installation) => one.platform === 'forge' && one.installationId === installationId
  return {
    from: { ...owner, installations: owner.installations.filter((one) => !isIt(one)), updatedAtMs: nowMs },
    to: { ...next, installations: [...next.installations, ...owner.installations.filter(isIt)], updatedAtMs: nowMs }
  }
}

/** One Forge installation spans several products of one site, each with a clientKey of its own (forge.md 0, 9). */
export function isFurtherProduct(
  owner: ConnectTenant,
  { product, baseUrl }: Pick<LifecyclePayload, 'product' | 'baseUrl'>
): boolean {
  const known = owner.installations.filter(({ clientKey }) => clientKey !== null).flatMap(({ products }) => products)
  return owner.product !== product && !known.includes(product) && originOf(owner.baseUrl) === originOf(baseUrl)
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null
}

/** A verified Forge call, by the claims of its invocation token. */
export interface ForgeArrival {
  readonly installationId: string
  readonly environmentId: string
  readonly cloudId: string | null
  /** Of the installation's contexts: `jira`, `confluence` and so on. */
  readonly products: readonly string[]
  readonly issuedAtMs: number
  /** Sent by Forge itself, with no user: such a call may still come after the end, and brings nothing back. */
  readonly isEvent?: boolean
  /** Perhaps the last call of an installation: if nobody knew it, it is none that came in the place of another. */
  readonly isFarewell?: boolean
}

/** The tenant as this call shows it; the same object if it tells nothing new. */
export function withArrival<Known extends Tenant>(tenant: Known, arrival: ForgeArrival, nowMs: number): Known {
  // The first one stays: an installation that came from another site by adoption must not rename this one.
  const cloudId = tenant.cloudId ?? arrival.cloudId
  const installations = withForgeInstallation(tenant.installations, arrival, nowMs)
  if (installations === tenant.installations && cloudId === tenant.cloudId) return tenant
  return { ...tenant, cloudId, installations, updatedAtMs: nowMs }
}

function withForgeInstallation(
  installations: readonly Installation[],
  arrival: ForgeArrival,
  nowMs: number
): readonly Installation[] {
  const { installationId, environmentId, products } = arrival
  const known = installations.find((one) => isForge(one, arrival))
  if (known === undefined) {
    const next: Installation = {
      platform: 'forge',
      installationId,
      environmentId,
      clientKey: null,
      products: [...products],
      state: 'installed',
      enabled: true,
      installedAtMs: nowMs,
      endedAtMs: null
    }
    const supersedes = (one: Installation) => arrival.isFarewell !== true && isSupersededBy(one, next)
    return [...installations.map((one) => (supersedes(one) ? ended(one, nowMs) : one)), next]
  }
  // A call that was on its way when the installation ended does not bring it back.
  const isLater = arrival.isEvent !== true && arrival.issuedAtMs > (known.endedAtMs ?? nowMs)
  const revives = known.state === 'uninstalled' && isLater
  const spans = [...new Set([...known.products, ...products])]
  if (!revives && (known.state === 'uninstalled' || spans.length === known.products.length)) return installations
  const again: Installation = {
    ...known,
    products: spans,
    ...(revives ? { state: 'installed', enabled: true, installedAtMs: nowMs, endedAtMs: null } : {})
  }
  return installations.map((one) => (one === known ? again : one))
}

function isForge(one: Installation, { installationId, environmentId }: ForgeArrival): boolean {
  return one.platform === 'forge' && one.installationId === installationId && one.environmentId === environmentId
}

/**
 * Whether a new Forge installation on its site is this tenant come back. One that Connect ended last is not, until a
 * hook says so: the site may have been imported, and the hook that is on its way may name another clientKey.
 */
export function mayReturn(tenant: Tenant): boolean {
  if (isAlive(tenant)) return true
  const last = tenant.installations.reduce<Installation | null>(
    (latest, one) => (latest === null || (one.endedAtMs ?? 0) >= (latest.endedAtMs ?? 0) ? one : latest),
    null
  )
  return last?.platform === 'forge'
}

/** A reinstall brings a new id for the same product in the same environment; the former one is over (forge.md 6.5). */
export function isSupersededBy(one: Installation, next: Installation): boolean {
  const sameEnvironment = one.platform === 'forge' && one.environmentId === next.environmentId
  return sameEnvironment && one.products.some((product) => next.products.includes(product))
}

/**
 * Two records that turned out to be one tenant: the Forge installations of the first become names of the second, and
 * the first, which is over, only says where its data went. `cloudId` is what the second learns of its site by it.
 */
export function merged<From extends Tenant, To extends Tenant>(
  from: From,
  to: To,
  nowMs: number,
  cloudId: string | null = from.cloudId
): { readonly from: From; readonly to: To } {
  const coming = from.installations.filter(({ platform }) => platform === 'forge')
  const staying = from.installations.filter(({ platform }) => platform !== 'forge').map((one) => ended(one, nowMs))
  const known = to.installations.map((one) =>
    coming.some((next) => next.state === 'installed' && isSupersededBy(one, next)) ? ended(one, nowMs) : one
  )
  return {
    from: { ...from, installations: staying, adoptedBy: to.tenantId, updatedAtMs: nowMs },
    to: {
      ...to,
      cloudId: to.cloudId ?? cloudId,
      installations: [...known, ...coming],
      updatedAtMs: nowMs
    }
  }
}
