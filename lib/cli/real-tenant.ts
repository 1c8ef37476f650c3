import type { ConnectTenant } from '../tenant/tenant.ts'
import { type Audit, createAudit } from './audit.ts'
import { findTenant, type TenantValues, tenantOptions, withTenantStore } from './tenant-source.ts'
import { type CliWorld, required, UsageError } from './world.ts'

/** Options of commands that act for a tenant of the app's own database, for `parseArgs`. */
export const realTenantOptions = {
  ...tenantOptions,
  yes: { type: 'boolean' },
  'audit-file': { type: 'string' },
  'base-url': { type: 'string' }
} as const

export interface RealTenantValues extends TenantValues {
  readonly tenant?: string
  readonly yes?: boolean
  readonly 'audit-file'?: string
  readonly 'base-url'?: string
}

/** Acts for a real tenant, once the caller has said that it is meant. Throws UsageError. */
export async function withRealTenant<Result>(
  values: RealTenantValues & { readonly tenant: string },
  world: CliWorld,
  work: (tenant: ConnectTenant, audit: Audit) => Promise<Result>
): Promise<Result> {
  if (values.yes !== true) {
    throw new UsageError('With --tenant this acts as a real site, with its secret: say --yes if that is meant')
  }
  return withTenantStore(values, world, async (store) => {
    const tenant = await findTenant(store, values.tenant)
    return work(tenant, createAudit(tenant, values['audit-file'], world))
  })
}

/** Options that mean nothing without a real tenant would otherwise be passed over in silence. Throws UsageError. */
export function refuseTenantOptions(values: RealTenantValues): void {
  for (const option of ['database', 'key-file', 'app-key', 'yes', 'audit-file', 'base-url'] as const) {
    if (values[option] !== undefined) throw new UsageError(`--${option} is for --tenant, which was not given`)
  }
}

/** The public address of the app. Throws UsageError. */
export function appBaseUrl(values: RealTenantValues, world: CliWorld): string {
  const url = required(values['base-url'] ?? world.appOptions?.().baseUrl, 'base-url')
  if (!/^https?:/i.test(url) || !URL.canParse(url)) throw new UsageError('--base-url is an http(s) address')
  return url.replace(/\/+$/, '')
}

/** A path below an address. Throws UsageError. */
export function pathBelow(path: string): string {
  if (!/^\/(?!\/)[^\s#\\]*$/.test(path)) throw new UsageError('A path begins with one "/" and has no spaces and no "#"')
  if (/[?&]jwt=/.test(path)) throw new UsageError('The path has a token already: take its parameter "jwt" away')
  return path
}
