import { AtlassianError } from '../errors.ts'
import type { Actor, Credentials } from '../host/credentials.ts'
import type { ForgeTarget } from '../host/host-target.ts'
import { UserTokenError } from '../host/user-token-error.ts'
import type { Secret } from '../secret.ts'
import type { ApiBaseUrlReader, ApiPlace } from './api-base-url.ts'
import type { ForgeInvocation } from './forge-authenticator.ts'
import { userTokenMissing } from './forge-token-error.ts'
import type { OfflineTokens } from './offline-tokens.ts'
import type { ForgePlaces } from './system-token.ts'
import type { ForgeInstallationOf, SystemTokens } from './system-tokens.ts'
import type { VerifiedForge } from './verify-invocation.ts'

/** Makes what a host client calls for an installation of Forge. */
export interface ForgeTargets {
  /** For a verified call. Without a product: the one that called. Throws `ATL_HOST_PRODUCT`. */
  ofCall(tenantId: string, forge: ForgeInvocation, product?: string): ForgeTarget
  /** For a job, by the stored system token. Throws `ATL_HOST_PRODUCT`, ForgeTokenError, `ATL_STORE_UNAVAILABLE`. */
  ofInstallation(of: ForgeInstallationOf, product?: string): Promise<ForgeTarget>
}

export interface ForgeTargetsOptions {
  readonly systemTokens: SystemTokens
  readonly offlineTokens: OfflineTokens
  readonly readApiBaseUrl: ApiBaseUrlReader
}

/** What a call brought beside its names; a job has none of it. */
interface Brought {
  readonly system: Secret | null
  readonly user: Secret | null
  readonly accountId: string | null
}

const NOTHING: Brought = Object.freeze({ system: null, user: null, accountId: null })

/** Confluence is the one product whose paths have something of the site in front (forge.md 4.1). */
const CONTEXT_PATHS: ReadonlyMap<string, string> = new Map([['confluence', '/wiki']])

export function createForgeTargets({ systemTokens, offlineTokens, readApiBaseUrl }: ForgeTargetsOptions): ForgeTargets {
  function placeOf(places: ForgePlaces, product: string): ApiPlace {
    const place = readApiBaseUrl(places.get(product))
    if (place !== null) return place
    throw new AtlassianError(
      'ATL_HOST_PRODUCT',
      'product-unknown',
      {},
      { message: `This installation has no product "${product}"; it has ${[...places.keys()].join(', ') || 'none'}` }
    )
  }

  function target(of: ForgeInstallationOf, place: ApiPlace, brought: Brought): ForgeTarget {
    async function asApp(): Promise<Credentials> {
      const token = await systemTokens.pick(of, brought.system)
      return { authorization: bearer(token), refused: () => systemTokens.refused(of, token) }
    }

    async function asUser({ accountId, scopes, impersonate }: Actor & { type: 'user' }): Promise<Credentials> {
      if (scopes !== undefined) throw scopesRefused()
      if (accountId === brought.accountId) {
        if (brought.user !== null) return { authorization: bearer(brought.user) }
        if (impersonate !== true) throw userTokenMissing()
      }
      const request = { of, place, accountId }
      const token = await offlineTokens.get(request)
      return {
        authorization: bearer(token),
        refused: async () => {
          await offlineTokens.drop(request, token)
          return true
        }
      }
    }

    const contextPath = CONTEXT_PATHS.get(place.product) ?? ''
    return {
      platform: 'forge',
      tenantId: of.tenantId,
      clientKey: null,
      baseUrl: `${place.url}${contextPath}`,
      contextPath,
      async credentials(actor) {
        if (actor.type === 'user') return await asUser(actor)
        return actor.type === 'app' ? await asApp() : { authorization: null }
      }
    }
  }

  return {
    ofCall(tenantId, forge, product = forge.product) {
      const { installation, environment, tokens, accountId } = forge
      const of = { tenantId, installationId: installation.id, environmentId: environment.id }
      return target(of, placeOf(placesOf(forge), product), { ...tokens, accountId })
    },
    async ofInstallation(of, product) {
      const { places } = await systemTokens.get(of)
      const [only, ...others] = places.keys()
      const named = product ?? (others.length === 0 ? only : undefined)
      if (named === undefined) throw severalProducts(places)
      return target(of, placeOf(places, named), NOTHING)
    }
  }
}

const known = new WeakMap<VerifiedForge['installation'], ForgePlaces>()

/** Every product of the installation that can be called, the one that called among them. */
export function placesOf({ installation, product, apiBaseUrl }: VerifiedForge): ForgePlaces {
  let places = known.get(installation)
  if (places === undefined) {
    const listed = installation.contexts.flatMap(({ name, apiBaseUrl }): [string, string][] =>
      apiBaseUrl === null ? [] : [[name, apiBaseUrl]]
    )
    places = new Map([...listed, [product, apiBaseUrl]])
    known.set(installation, places)
  }
  return places
}

function bearer(token: Secret): string {
  return `Bearer ${token.reveal()}`
}

function severalProducts(places: ForgePlaces): AtlassianError {
  const names = [...places.keys()].join(', ') || 'none'
  return new AtlassianError(
    'ATL_HOST_PRODUCT',
    'product-unnamed',
    {},
    { message: `This installation spans several products (${names}): say which one with "product"` }
  )
}

function scopesRefused(): UserTokenError {
  return new UserTokenError('ATL_USER_TOKEN_SETUP', 'scopes', {
    message: 'Tokens of Forge have the scopes of the manifest and cannot be narrowed: leave "scopes" out'
  })
}
