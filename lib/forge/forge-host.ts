import { AtlassianError } from '../errors.ts'
import type { HostClient } from '../host/host-client.ts'
import type { ForgeTarget, ForgeView } from '../host/host-target.ts'
import { createLeasedTokens } from '../host/leased-tokens.ts'
import type { Clock, FetchLike, Log } from '../ports.ts'
import type { ForgeAssociation } from '../tenant/forge-association.ts'
import { hasRegistration, type Installation, isAlive, type Tenant } from '../tenant/tenant.ts'
import type { TenantLookup, TenantStore } from '../tenant/tenant-store.ts'
import { environmentAri, installationAri } from './ari.ts'
import { createConnectKeys } from './connect-key.ts'
import type { ForgeInvocation } from './forge-authenticator.ts'
import type { ResolvedForgeOptions } from './forge-options.ts'
import { createForgeTargets, placesOf } from './forge-target.ts'
import { systemTokenMissing } from './forge-token-error.ts'
import { createOfflineTokens } from './offline-tokens.ts'
import { createSystemTokens } from './system-tokens.ts'
import { isOfForgeItself } from './verify-invocation.ts'

/** Tokens of Forge, and who is called with them. */
export interface ForgeHost {
  /** Keeps the system token that a verified call brought. What cannot be written is logged, and tried again later. */
  arrived(tenant: Tenant, forge: ForgeInvocation): void
  /** The same for a call whose purpose it is. Throws ForgeTokenError without a token, and `ATL_STORE_UNAVAILABLE`. */
  keepAlive(tenant: Tenant, forge: ForgeInvocation): Promise<void>
  /** The call was answered: what it made necessary is done now. Never rejects. */
  answered(tenant: Tenant, forge: ForgeInvocation): Promise<void>
  /** Throws `ATL_HOST_PRODUCT`. */
  targetOfCall(tenant: Tenant, forge: ForgeInvocation, product?: string): ForgeTarget
  /** The same with what tells two answers about permissions apart. */
  viewOfCall(tenant: Tenant, forge: ForgeInvocation): ForgeView
  /**
   * What a job calls that was asked for by these names; `null` if no installation of Forge is meant. Throws
   * `ATL_HOST_PRODUCT`, ForgeTokenError, `ATL_STORE_UNAVAILABLE`.
   */
  targetOfJob(tenant: Tenant, lookup: TenantLookup, product?: string): Promise<ForgeTarget | null>
  /** The lookup with the names of Forge in their long form. */
  normalized(lookup: TenantLookup): TenantLookup
  /** Two tenants became one. Can be repeated. */
  joined(fromTenantId: string, to: Tenant): Promise<void>
  /** This installation is over. */
  ended(tenant: Tenant, name: { readonly installationId: string; readonly environmentId: string }): Promise<void>
  /** Forgets with whose tokens the app may act. */
  forgetUsers(tenantId: string): Promise<void>
}

export interface ForgeHostOptions {
  readonly options: ResolvedForgeOptions
  readonly store: TenantStore
  readonly association: ForgeAssociation
  /** Under which Connect knows the app; `null` for an app that never had a Connect part. */
  readonly connectKey: string | null
  readonly client: (target: ForgeTarget) => HostClient
  readonly userAgent: string
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly log: Log
}

const TOKEN_TIMEOUT_MS = 5000

/** Puts the tokens of one app together. Reads and fetches nothing yet. */
export function createForgeHost(given: ForgeHostOptions): ForgeHost {
  const { options, store, association, connectKey, client, clock, log } = given
  const { readApiBaseUrl } = options
  const systemTokens = createSystemTokens({ store, readApiBaseUrl, clock, log })
  const leased = createLeasedTokens({ store, clock, log, timeoutMs: 2 * TOKEN_TIMEOUT_MS, maxTokens: 10_000 })
  const offlineTokens = createOfflineTokens({ ...given, timeoutMs: TOKEN_TIMEOUT_MS, leased, systemTokens })
  const targets = createForgeTargets({ systemTokens, offlineTokens, readApiBaseUrl })
  const connectKeys =
    connectKey === null
      ? null
      : createConnectKeys({
          appKey: connectKey,
          store,
          association,
          targetOf: (of, product) => targets.ofInstallation(of, product),
          client,
          clock,
          log
        })

  function offer(tenant: Tenant, forge: ForgeInvocation, mustBeKept = false): Promise<void> | null {
    const { system } = forge.tokens
    // The last call of an installation that is over brings a token that must not stay.
    if (system === null || !isInstalled(tenant, forge)) return null
    const fromPage = !isOfForgeItself(forge)
    return systemTokens.offer(nameOf(tenant, forge), system, placesOf(forge), { mustBeKept, fromPage })
  }

  return {
    arrived(tenant, forge) {
      offer(tenant, forge)?.catch((error: unknown) => {
        const { tenantId } = tenant
        log.warn({ tenantId, reason: reasonOf(error) }, 'a system token could not be written')
      })
    },
    async keepAlive(tenant, forge) {
      if (forge.tokens.system === null) throw systemTokenMissing()
      await offer(tenant, forge, true)
    },
    async answered(tenant, forge) {
      if (connectKeys === null || hasRegistration(tenant) || !isAlive(tenant)) return
      const others = [...placesOf(forge).keys()].filter((product) => product !== forge.product)
      await connectKeys.wanted(nameOf(tenant, forge), [forge.product, ...others])
    },
    targetOfCall: (tenant, forge, product) => targets.ofCall(tenant.tenantId, forge, product),
    viewOfCall(tenant, forge) {
      const { installationId, environmentId } = nameOf(tenant, forge)
      return {
        ...targets.ofCall(tenant.tenantId, forge),
        version: tenant.version,
        product: forge.product,
        installation: JSON.stringify([installationId, environmentId])
      }
    },
    async targetOfJob(tenant, lookup, product) {
      const installation = installationFor(tenant, lookup, product)
      return installation === null ? null : await targets.ofInstallation(nameIn(tenant, installation), product)
    },
    normalized(lookup) {
      if ('installationId' in lookup) {
        const { installationId, environmentId } = lookup
        const name = { installationId: installationAri(installationId) ?? installationId }
        return environmentId === undefined ? name : { ...name, environmentId: longEnvironment(environmentId) }
      }
      if (!('cloudId' in lookup) || lookup.environmentId === undefined) return lookup
      return { ...lookup, environmentId: longEnvironment(lookup.environmentId) }
    },
    async joined(fromTenantId, to) {
      await systemTokens.move(
        fromTenantId,
        to.installations.filter(isLivingForge).map((installation) => nameIn(to, installation))
      )
    },
    async ended({ tenantId }, { installationId, environmentId }) {
      await systemTokens.drop({ tenantId, installationId, environmentId })
      await leased.forget(tenantId)
    },
    forgetUsers: (tenantId) => leased.forget(tenantId)
  }

  function longEnvironment(environmentId: string): string {
    return environmentAri(options.appId, environmentId) ?? environmentId
  }
}

/** The living installation of Forge that is meant: the named one, else the newest that has the product. */
function installationFor(tenant: Tenant, lookup: TenantLookup, product: string | undefined): Installation | null {
  if (!isAlive(tenant)) return null
  const environmentId = 'environmentId' in lookup ? lookup.environmentId : undefined
  const named = tenant.installations
    .filter(isLivingForge)
    .filter((one) => !('installationId' in lookup) || one.installationId === lookup.installationId)
    .filter((one) => environmentId === undefined || one.environmentId === environmentId)
    .toSorted((one, other) => other.installedAtMs - one.installedAtMs)
  return named.find(({ products }) => product === undefined || products.includes(product)) ?? named[0] ?? null
}

function isLivingForge({ platform, state }: Installation): boolean {
  return platform === 'forge' && state === 'installed'
}

function isInstalled(tenant: Tenant, { installation, environment }: ForgeInvocation): boolean {
  const isIt = (one: Installation) => one.installationId === installation.id && one.environmentId === environment.id
  return isAlive(tenant) && tenant.installations.some((one) => isLivingForge(one) && isIt(one))
}

function nameOf({ tenantId }: Tenant, { installation, environment }: ForgeInvocation) {
  return { tenantId, installationId: installation.id, environmentId: environment.id }
}

function nameIn({ tenantId }: Tenant, { installationId, environmentId }: Installation) {
  return { tenantId, installationId, environmentId }
}

function reasonOf(error: unknown): string {
  return error instanceof AtlassianError ? error.reason : 'unknown'
}

/** What an installation let the app do ends with it. */
export function endingTokens(association: ForgeAssociation, host: Pick<ForgeHost, 'ended'>): ForgeAssociation {
  return {
    ...association,
    async end(name) {
      const tenant = await association.end(name)
      if (tenant !== null) await host.ended(tenant, name)
      return tenant
    }
  }
}
