import { type ConnectTenant, hasRegistration, type Tenant } from '../../lib/tenant/tenant.ts'
import type { TenantLookup, TenantStore } from '../../lib/tenant/tenant-store.ts'

/** The tenant as the Connect registration sees it that the lookup means; throws where there is none. */
export async function findConnect(store: Pick<TenantStore, 'find'>, lookup: TenantLookup): Promise<ConnectTenant> {
  return connectOnly(await store.find(lookup))
}

/** The same record, known to show a Connect registration; throws where it shows none. */
export function connectOnly(tenant: Tenant | null | undefined): ConnectTenant {
  if (tenant && hasRegistration(tenant)) return tenant
  throw new Error('the tenant has no Connect registration')
}
