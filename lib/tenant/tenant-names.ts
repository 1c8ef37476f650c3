import type { Tenant } from './tenant.ts'

/** One name of a tenant, and when it had it. */
export interface TenantName {
  readonly kind: 'clientKey' | 'baseUrl' | 'displayUrl' | 'cloudId'
  readonly value: string
  /** The Connect registration that it names; `null` for the cloudId, which names the site. */
  readonly connectId: string | null
  readonly sinceMs: number
  /** `null` while it is the present one. */
  readonly untilMs: number | null
}

type NameScope = Pick<TenantName, 'kind' | 'connectId'>

/**
 * The history of a tenant's names after this record is saved: names that it no longer has end, new ones begin, and
 * nothing is ever taken out. A record speaks of the site and of the one registration that it shows.
 */
export function nextNames(known: readonly TenantName[], tenant: Tenant): TenantName[] {
  const atMs = tenant.updatedAtMs
  const present = presentNames(tenant)
  const kept = known.map((name) => {
    const now = present.find((scope) => isSameScope(scope, name))
    return name.untilMs !== null || now === undefined || now.value === name.value ? name : { ...name, untilMs: atMs }
  })
  const open = kept.filter(({ untilMs }) => untilMs === null)
  const begun = present.flatMap(({ kind, connectId, value }) =>
    value === null || open.some((name) => isSameScope(name, { kind, connectId }))
      ? []
      : [{ kind, connectId, value, sinceMs: atMs, untilMs: null }]
  )
  return [...kept, ...begun]
}

function presentNames(tenant: Tenant): (NameScope & { readonly value: string | null })[] {
  const { cloudId, connectId, clientKey, baseUrl, displayUrl } = tenant
  const ofSite = [{ kind: 'cloudId' as const, connectId: null, value: cloudId }]
  if (connectId === null) return ofSite
  return [
    ...ofSite,
    { kind: 'clientKey', connectId, value: clientKey },
    { kind: 'baseUrl', connectId, value: baseUrl },
    { kind: 'displayUrl', connectId, value: displayUrl }
  ]
}

function isSameScope(one: NameScope, two: NameScope): boolean {
  return one.kind === two.kind && one.connectId === two.connectId
}

/** Oldest first; of one moment in order of kind and value. */
export function inOrderOfNames(names: readonly TenantName[]): TenantName[] {
  const key = ({ kind, value, connectId }: TenantName) => JSON.stringify([kind, value, connectId])
  return [...names].sort((a, b) => a.sinceMs - b.sinceMs || (key(a) < key(b) ? -1 : 1))
}
