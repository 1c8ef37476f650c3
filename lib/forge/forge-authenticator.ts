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
import {
  type InvocationRules,
  isOfForgeItself,
  type VerifiedForge,
  verifyInvocationToken
} from './verify-invocation.ts'

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

/** What a route does about installations that end. */
export interface EndingRules {
  /** It listens to those that have ended. */
  readonly acceptEnded?: boolean
  /** It hears of the end. */
  readonly hearsFarewells?: boolean
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
    endings?: EndingRules
  ): VerifiedInvocation | Promise<VerifiedInvocation>
}

interface Remembered {
  /** The whole header that was verified. */
  readonly header: string
  readonly token: string
  /** As a call without API tokens is given it. */
  readonly forge: ForgeInvocation
  readonly arrival: ForgeArrival
}

const MAX_REMEMBERED = 5000
/** A map reads the whole of a key, so it is a piece of the signature; the whole header is compared afterwards. */
const TAIL = 48

export function createForgeAuthenticator(rules: InvocationRules, tenants: ForgeTenants): ForgeAuthenticator {
  // A front end sends one token many times until it ends.
  const remembered = new BoundedMap<string, Remembered>(MAX_REMEMBERED)

  function recall([header, ...others]: readonly string[]): Remembered | null {
    if (header === undefined || others.length > 0) return null
    const known = remembered.peek(header.slice(-TAIL))
    // Near its end it takes the long way.
    return known?.header === header && rules.clock() / 1000 < known.forge.expiresAtSeconds ? known : null
  }

  function remember(header: string, token: string, forge: VerifiedForge): Remembered {
    const plain = Object.freeze({ ...forge, tokens: NO_TOKENS })
    const verified = { header, token, forge: plain, arrival: arrivalOf(forge) }
    remembered.set(header.slice(-TAIL), verified)
    return verified
  }

  return {
    authenticate(call, policy, { acceptEnded = false, hearsFarewells = false } = {}) {
      const known = recall(call.authorization)
      const token = known === null ? readBearer(call.authorization) : known.token
      refuseSecondToken(call.url)
      const tokens = readTokens(call, token)

      function admit(verified: Remembered): VerifiedInvocation | Promise<VerifiedInvocation> {
        checkForgeRoute(verified.forge, policy)
        const { arrival } = verified
        const tenant = tenants.of(hearsFarewells ? { ...arrival, isFarewell: true } : arrival)
        return tenant instanceof Promise ? tenant.then((found) => pass(verified, found)) : pass(verified, tenant)
      }

      function pass({ forge }: Remembered, tenant: Tenant): VerifiedInvocation {
        if (!acceptEnded && !isAlive(tenant)) throw new AuthorizationError('installation-ended')
        return { forge: tokens === NO_TOKENS ? forge : Object.freeze({ ...forge, tokens }), tenant }
      }

      if (known !== null) return admit(known)
      const [header = ''] = call.authorization
      const forge = verifyInvocationToken(token, rules)
      return forge instanceof Promise
        ? forge.then((verified) => admit(remember(header, token, verified)))
        : admit(remember(header, token, forge))
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
    isEvent: isOfForgeItself(forge)
  })
}

/** Whoever sends two tokens wants us to check one and use the other, as at the Connect side. */
function refuseSecondToken(url: string): void {
  if (!MAY_NAME_A_TOKEN.test(url)) return
  try {
    if (parseSignedUrl(url).tokens.length === 0) return
  } catch (error) {
    // Nothing here depends on a query that cannot be decoded.
    if (error instanceof MalformedUrlError) return
    throw error
  }
  throw new AuthenticationError('several-tokens')
}

/** Of a parameter whose name is `jwt` in whatever spelling. */
const MAY_NAME_A_TOKEN = /[?&](?:j|%6a)/i

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
