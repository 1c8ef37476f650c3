import { type AppProperties, createAppProperties } from './app-services/app-properties.ts'
import { createDynamicModules, type DynamicModules, moduleKeys } from './app-services/dynamic-modules.ts'
import type { Descriptor } from './descriptor/descriptor.ts'
import type { HostLookup } from './find-target.ts'
import type { ForgeInvocation } from './forge/forge-authenticator.ts'
import type { ForgeHost } from './forge/forge-host.ts'
import type { HostClient } from './host/host-client.ts'
import type { HostTarget } from './host/host-target.ts'
import { type License, licenseOfHost } from './license/license.ts'
import { createLicenseGuard, type LicenseRules } from './license/license-guard.ts'
import type { ResolvedOptions } from './options.ts'
import { createPersonalData, type PersonalData } from './personal-data/personal-data.ts'
import type { Log } from './ports.ts'
import { createRegions, type Regions } from './residency/regions.ts'
import { createSpeakers } from './speak-for-app.ts'
import { createOwnRecords } from './tenant/own-records.ts'
import { isConnected, type Tenant } from './tenant/tenant.ts'
import type { TenantStore } from './tenant/tenant-store.ts'

/** What an app does to live with the rules of the platform, and its small services on the host. */
export interface AppRules {
  readonly personalData: PersonalData
  readonly appProperties: AppProperties
  readonly dynamicModules: DynamicModules
  readonly regions: Regions
  /** The license by which the app may work for a request. Throws `ATL_LICENSE` without one, `ATL_STORE_UNAVAILABLE`. */
  licenseOf(tenant: Tenant, seen: License | null, rules: LicenseRules, forge: ForgeInvocation | null): Promise<License>
}

export interface AppRulesOptions {
  readonly options: ResolvedOptions
  readonly descriptor: Descriptor
  readonly store: TenantStore
  readonly forgeHost: ForgeHost | null
  readonly findTarget: (lookup: HostLookup) => Promise<HostTarget>
  readonly hostClient: (target: HostTarget) => HostClient
  readonly userAgent: string
  readonly log: Log
}

const REPORT_TIMEOUT_MS = 30_000
const LICENSE_TIMEOUT_MS = 5000

/** Reads, writes and asks nothing yet. */
export function createAppRules(given: AppRulesOptions): AppRules {
  const { options, descriptor, store, forgeHost, findTarget, hostClient, userAgent, log } = given
  const { clock, personalDataServer: server } = options
  const appKey = descriptor.key
  const services = { appKey, findTarget, client: hostClient }
  const licenses = createLicenseGuard({
    records: (scope) => createOwnRecords(store.settings, `license ${scope}`, clock),
    clock,
    log,
    graceDays: options.license.graceDays,
    freshMs: options.license.freshMinutes * 60_000
  })

  return {
    personalData: createPersonalData({
      accounts: store.accounts,
      options: options.personalData,
      authorizations: createSpeakers({ store, forgeHost, server, clock, log }),
      server,
      userAgent,
      fetch: options.fetch,
      clock,
      log,
      timeoutMs: REPORT_TIMEOUT_MS,
      handlerTimeoutMs: options.webhooks.handlerTimeoutMs
    }),
    appProperties: createAppProperties(services),
    dynamicModules: createDynamicModules({ ...services, staticKeys: moduleKeys(descriptor.modules) }),
    regions: createRegions(createOwnRecords(store.settings, 'region', clock), descriptor),
    licenseOf(tenant, seen, rules, forge) {
      // Told by the token for Forge; a Connect installation is the developer's where the whole app is not in production.
      const development = forge === null ? !options.production : forge.environment.type !== 'PRODUCTION'
      const product = forge === null ? (tenant.product ?? '') : forge.product
      const path = `/rest/atlassian-connect/1/addons/${encodeURIComponent(appKey)}`
      const bounds = { timeoutMs: LICENSE_TIMEOUT_MS, maxTotalMs: LICENSE_TIMEOUT_MS }
      const ask =
        forge === null && isConnected(tenant)
          ? async () => licenseOfHost(await hostClient(tenant).get(path, bounds), clock())
          : null
      const scope = forge !== null && development ? `${product} ${forge.environment.id}` : product
      return licenses.decide({ tenantId: tenant.tenantId, scope, seen, development, ask }, rules)
    }
  }
}
