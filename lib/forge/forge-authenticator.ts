import { BoundedMap } from '../bounded-map.ts'
import { AuthenticationError, AuthorizationError } from '../errors.ts'
import { MalformedUrlError, parseSignedUrl } from '../jwt/signed-url.ts'
import type { SignedRequest } from '../ports.ts'
import { Secret } from '../secret.ts'
import type { ForgeArrival } from '../tenant/association.ts'
import { isAlive, type Tenant } from '../tenant/tenant.ts'
import type { ForgeTenants } from './forge-tenants.ts'
import { MAX_INVOCATION_LENGTH, readBearer } from './invocation-token.ts'
import { checkForgeRoute, type ForgeRoutePolicy } from './route-rules.ts'
import { type InvocationRules, type VerifiedForge, verifyInvocationToken } from './verify-invocation.ts'

/** The API tokens that came with a call. Nothing binds them to it but the connection (forge.md 1.2). */
export interface ForgeTokens {
  /** Acts as the app in this installation. */
  readonly system: Secret | null
  /** Acts as the user of this call. */
  readonly user: Secret | null
}

/** A verified call with what it brought. */
export interface ForgeInvocation extends VerifiedForge {
  readonly tokens: ForgeTokens
}

/** A Forge call as it arrived. */
export interface ForgeCall extends Pick<SignedRequest, 'authorization' | 'url'> {
  /** The headers `x-forge-oauth-system` and `x-forge-oauth-user`, lists joined by commas. */
  readonly systemToken: string | undefined
  readonly userToken: string | undefined
}

/** A call that may pass, and whose it is. */
export interface VerifiedInvocation {
  readonly forge: ForgeInvocation
  readonly tenant: Tenant
}

export interface ForgeAuthenticator {
  /**
   * Who sent this call. Answers at once for a token that repeats and a tenant in memory. Throws or rejects with
   * AuthenticationError (the token), AuthorizationError (a good token that this route is not for, or an installation
   * that has ended), `ATL_KEYS_UNAVAILABLE`, or `ATL_STORE_UNAVAILABLE`.
   */
  authenticate(
    call: ForgeCall,
    policy: ForgeRoutePolicy,
    acceptEnded?: boolean
  ): VerifiedInvocation | Promise<VerifiedInvocation>
}

interface Remembered {
  readonly forge: VerifiedForge
  readonly arrival: ForgeArrival
}

const MAX_REMEMBERED = 5000
const ENDPOINT = 'core:endpoint'

export function createForgeAuthenticator(rules: InvocationRules, tenants: ForgeTenants): ForgeAuthenticator {
  // A front end sends one token many times until it ends; by the whole token, signature included.
  const remembered = new BoundedMap<string, Remembered>(MAX_REMEMBERED)

  function recall(token: string): Remembered | null {
    const known = remembered.peek(token)
    // Near its end it takes the long way.
    return known !== undefined && rules.clock() / 1000 < known.forge.expiresAtSeconds ? known : null
  }

  async function verifyAnew(token: string): Promise<Remembered> {
    const forge = await verifyInvocationToken(token, rules)
    const verified = { forge, arrival: arrivalOf(forge) }
    remembered.set(token, verified)
    return verified
  }

  return {
    authenticate(call, policy, acceptEnded = false) {
      const token = readBearer(call.authorization)
      refuseSecondToken(call.url)
      const tokens = readTokens(call, token)

      function admit({ forge, arrival }: Remembered): VerifiedInvocation | Promise<VerifiedInvocation> {
        checkForgeRoute(forge, policy)
        const tenant = tenants.of(arrival)
        return tenant instanceof Promise ? tenant.then((found) => pass(forge, found)) : pass(forge, tenant)
      }

      function pass(forge: VerifiedForge, tenant: Tenant): VerifiedInvocation {
        if (!acceptEnded && !isAlive(tenant)) throw new AuthorizationError('installation-ended')
        return { forge: Object.freeze({ ...forge, tokens }), tenant }
      }

      const known = recall(token)
      return known === null ? verifyAnew(token).then(admit) : admit(known)
    }
  }
}

/** What the token says about whose call it is, for the association. */
export function arrivalOf(forge: VerifiedForge): ForgeArrival {
  const { installation, environment, cloudId, product, issuedAtSeconds } = forge
  const products = installation.contexts.map(({ name }) => name)
  return Object.freeze({
    installationId: installation.id,
    environmentId: environment.id,
    cloudId,
    products: Object.freeze(products.length === 0 ? [product] : [...new Set(products)]),
    issuedAtMs: issuedAtSeconds * 1000,
    isEvent: forge.module.type === ENDPOINT && forge.accountId === null
  })
}

/** Whoever sends two tokens wants us to check one and use the other, as at the Connect side. */
function refuseSecondToken(url: string): void {
  if (!url.includes('?')) return
  try {
    if (parseSignedUrl(url).tokens.length === 0) return
  } catch (error) {
    // Nothing here depends on a query that cannot be decoded.
    if (error instanceof MalformedUrlError) return
    throw error
  }
  throw new AuthenticationError('several-tokens')
}

function readTokens({ systemToken, userToken }: ForgeCall, invocationToken: string): ForgeTokens {
  if (!systemToken && !userToken) return NO_TOKENS
  return Object.freeze({
    system: toSecret(systemToken, invocationToken),
    user: toSecret(userToken, invocationToken)
  })
}

const NO_TOKENS: ForgeTokens = Object.freeze({ system: null, user: null })

/** The invocation token proves who calls and is never an API credential (forge.md 9, 10). */
function toSecret(value: string | undefined, invocationToken: string): Secret | null {
  if (!value) return null
  if (value === invocationToken) throw new AuthenticationError('token-in-two-places')
  if (value.length > MAX_INVOCATION_LENGTH || /[\s,]/.test(value)) throw new AuthenticationError('oauth-token-shape')
  return new Secret(value)
}
