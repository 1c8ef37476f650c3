import type { ForgeHost } from './forge/forge-host.ts'
import { signHostRequest } from './jwt/sign-host-request.ts'
import { REPORT_PATH } from './personal-data/report-accounts.ts'
import type { Clock, Log } from './ports.ts'
import { isAlive, isConnected, type Tenant } from './tenant/tenant.ts'
import type { TenantStore } from './tenant/tenant-store.ts'

export interface SpeakerOptions {
  readonly store: TenantStore
  readonly forgeHost: ForgeHost | null
  readonly server: string
  readonly clock: Clock
  readonly log: Log
}

const PAGE = 20

/**
 * `Authorization` headers for reports of personal data, by which any site may speak for all (connect.md 7.7): those of
 * the given tenants first. Connect signs; an installation of Forge lends its system token.
 */
export function createSpeakers({ store, forgeHost, server, clock, log }: SpeakerOptions) {
  async function authorizationOf(tenant: Tenant): Promise<string | null> {
    // Bitbucket signs by other rules, and no such report of its apps is documented.
    if (tenant.product === 'bitbucket') return null
    // The address is not the site's, so no path of the site is left out of the hash.
    if (isConnected(tenant)) {
      const url = new URL(`${server}${REPORT_PATH}`)
      return `JWT ${signHostRequest({ ...tenant, baseUrl: url.origin }, 'POST', url, Math.floor(clock() / 1000))}`
    }
    if (forgeHost === null || !isAlive(tenant)) return null
    try {
      const target = await forgeHost.targetOfJob(tenant, { tenantId: tenant.tenantId })
      return (await target?.credentials({ type: 'app' }))?.authorization ?? null
    } catch {
      log.debug({ tenantId: tenant.tenantId }, 'this tenant has no token to report personal data with')
      return null
    }
  }

  async function* tenantsOf(tenantIds: readonly string[]): AsyncIterable<Tenant> {
    const first = new Set(tenantIds.slice(0, PAGE))
    for (const tenantId of first) {
      const tenant = await store.find({ tenantId })
      if (tenant !== null) yield tenant
    }
    let after: string | undefined
    for (;;) {
      const page = await store.list({ status: 'installed', after, limit: PAGE })
      // Whoever was refused a moment ago is refused again.
      yield* page.filter(({ tenantId }) => !first.has(tenantId))
      after = page.at(-1)?.tenantId
      if (page.length < PAGE) return
    }
  }

  return async function* speakers(tenantIds: readonly string[]): AsyncIterable<string> {
    for await (const tenant of tenantsOf(tenantIds)) {
      const authorization = await authorizationOf(tenant)
      if (authorization !== null) yield authorization
    }
  }
}
