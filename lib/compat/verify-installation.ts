import { productionHosts } from '../allowed-hosts.ts'
import { type BitbucketOptions, bitbucketHosts, resolveBitbucket } from '../bitbucket/bitbucket-options.ts'
import { parseBitbucketPayload } from '../bitbucket/bitbucket-payload.ts'
import type { InstallProver } from '../bitbucket/prove-install.ts'
import { provedInstall, readSymmetricInstall, verifySymmetricInstall } from '../bitbucket/symmetric-install.ts'
import { OptionError } from '../errors.ts'
import { parseCompactToken } from '../jwt/compact-token.ts'
import type { InstallKeySource } from '../jwt/install-keys.ts'
import { parseRequestUrl } from '../jwt/request-url.ts'
import { readInstallClaims, readInstallToken } from '../jwt/verify-install.ts'
import type { Log } from '../ports.ts'
import { type LifecyclePayload, parseLifecyclePayload } from '../tenant/lifecycle-payload.ts'
import { loadCredentials } from '../verify/credentials.ts'
import { rulesOf, tokenSourceOf } from '../verify/shared.ts'
import {
  accepted,
  eventOf,
  payloadRules,
  type VerifiedInstallation,
  type VerifyInstallationOptions,
  verifySigned
} from '../verify/verify-installation.ts'
import { isLiterallyTrue, warnOfLooseMode } from './loose-mode.ts'

/**
 * How a life-cycle call is proved: by Atlassian's keys alone, by the secret of the tenant alone, or by whichever of both
 * the token names.
 */
export type AuthorizationMethod = 'publicKey' | 'sharedSecret' | 'any'

/** As in the core, and the ways of Bitbucket and of hosts before signed installs. */
export interface CompatInstallationOptions<Entity> extends Omit<VerifyInstallationOptions<Entity>, 'keys'> {
  /** Default `publicKey`. */
  readonly authorizationMethod?: AuthorizationMethod
  /** Needed unless the method is `sharedSecret`. */
  readonly keys?: InstallKeySource
  /** Opens `sharedSecret` and `any`: the app is one of Bitbucket and of nothing else. */
  readonly product?: 'bitbucket'
  /** Opens them for Jira and Confluence: anybody may then register a tenant that the app does not know. */
  readonly unsafeLegacyInstalls?: true
  /** Proves the first install of a tenant of Bitbucket; from `createInstallProver`, one for the process. */
  readonly prove?: InstallProver
  /** Where Bitbucket is. Default: production. */
  readonly bitbucket?: BitbucketOptions
  /** `skip` accepts an install token for another address; with `publicKey` only. Default `computed`. */
  readonly queryStringHashType?: 'computed' | 'skip'
  /** Has to be written beside `skip`. */
  readonly unsafeSkipQueryStringHash?: true
  /** Needed for every loose mode, which warns once. */
  readonly log?: Log
}

/** What vouches for a call. `none`: nothing, and anybody may have sent it. */
export type InstallProof = 'publicKey' | 'sharedSecret' | 'bitbucket' | 'none'

/** As in the core, with what vouches for it. */
export type CompatInstallation<Entity> = VerifiedInstallation<Entity> & { readonly proof: InstallProof }

/**
 * As `verifyInstallation` of the core, for Bitbucket and for hosts that sign installs with shared secrets. A known tenant
 * has to sign with the secret of its last install. The first install of a tenant is unsigned: for Bitbucket `prove` asks
 * Bitbucket itself, with `unsafeLegacyInstalls` nothing does. Throws as the core does, and what `prove` throws.
 */
export async function verifyInstallation<Entity>(
  options: CompatInstallationOptions<Entity>
): Promise<CompatInstallation<Entity>> {
  const { authorizationMethod: method = 'publicKey', product } = options
  checkMethod(options, method)
  const skips = checkSkip(options, method)
  const bySignature = method === 'publicKey' || (method === 'any' && product === undefined && isSignedByKey(options))
  if (!bySignature) return await verifySymmetric(options)
  const { keys, ...rest } = options
  if (keys === undefined) throw new OptionError('keys', keys, `"${method}" needs a source of install keys`)
  const verified = await verifySigned({ ...rest, keys }, skips ? readInstallClaims : readInstallToken)
  return Object.freeze({ ...verified, proof: 'publicKey' as const })
}

async function verifySymmetric<Entity>(
  options: CompatInstallationOptions<Entity>
): Promise<CompatInstallation<Entity>> {
  const { request, body, credentialsLoader } = options
  const rules = rulesOf(options)
  const unverified = readSymmetricInstall({ ...request, form: undefined }, rules, tokenSourceOf(options))
  const { payload, proveFirst } = readPayload(options)
  const credentials = await loadCredentials(credentialsLoader, payload.clientKey)
  const signed = verifySymmetricInstall(unverified, payload, body, credentials?.secrets ?? null, rules)
  if (signed !== null) {
    return Object.freeze({ ...(await accepted(options, signed, credentials)), proof: 'sharedSecret' as const })
  }
  const proof = await proveFirst()
  const install = provedInstall(payload, body, rules)
  return Object.freeze({ type: 'newInstallation', clientKey: payload.clientKey, install, proof })
}

/** The body, and what has to vouch for it if it is the first of a tenant and nothing is signed. */
function readPayload<Entity>(options: CompatInstallationOptions<Entity>): {
  readonly payload: LifecyclePayload
  readonly proveFirst: () => Promise<InstallProof>
} {
  const { body, product, prove } = options
  const events = [eventOf(options.event)]
  if (product === undefined) {
    const payload = parseLifecyclePayload(body, events, payloadRules(options, productionHosts))
    return { payload, proveFirst: async () => 'none' }
  }
  if (prove === undefined) throw new OptionError('prove', prove, 'it must be given for product "bitbucket"')
  const bitbucket = resolveBitbucket(options.bitbucket)
  const payload = parseBitbucketPayload(body, events, payloadRules(options, bitbucketHosts(bitbucket)), bitbucket)
  return {
    payload,
    async proveFirst() {
      await prove(payload)
      return 'bitbucket'
    }
  }
}

function checkMethod(options: CompatInstallationOptions<unknown>, method: unknown): void {
  const { product, unsafeLegacyInstalls, log } = options
  if (method !== 'publicKey' && method !== 'sharedSecret' && method !== 'any') {
    throw new OptionError('authorizationMethod', method, 'it must be publicKey, sharedSecret or any')
  }
  if (product !== undefined && product !== 'bitbucket') {
    throw new OptionError('product', product, 'it must be "bitbucket" or left out')
  }
  if (method === 'publicKey') {
    if (product === undefined) return
    throw new OptionError(
      'authorizationMethod',
      method,
      'Bitbucket signs with shared secrets: it must be "sharedSecret"'
    )
  }
  if (product === 'bitbucket') {
    warnOfLooseMode(log, 'product "bitbucket"', 'first installs are unsigned and stand on the word of Bitbucket')
    return
  }
  if (!isLiterallyTrue(unsafeLegacyInstalls)) {
    throw new OptionError(
      'unsafeLegacyInstalls',
      unsafeLegacyInstalls,
      `it must be true for "${method}", or "product" must be "bitbucket"`
    )
  }
  warnOfLooseMode(log, `authorizationMethod "${method}"`, 'anybody can register a tenant that the app does not know')
}

function checkSkip(options: CompatInstallationOptions<unknown>, method: AuthorizationMethod): boolean {
  const { queryStringHashType: hashType = 'computed', unsafeSkipQueryStringHash, log } = options
  if (hashType === 'computed') return false
  if (hashType !== 'skip') throw new OptionError('queryStringHashType', hashType, 'it must be computed or skip')
  if (method !== 'publicKey') {
    // Any viewer of a page holds a token of that secret, and would replace it (CVE-2021-26073).
    throw new OptionError('queryStringHashType', hashType, 'it must be computed where shared secrets are accepted')
  }
  if (!isLiterallyTrue(unsafeSkipQueryStringHash)) {
    throw new OptionError('unsafeSkipQueryStringHash', unsafeSkipQueryStringHash, 'it must be true for "skip"')
  }
  warnOfLooseMode(log, 'queryStringHashType "skip" of installs', 'a token for one address opens the other')
  return true
}

/** Only ever asked under the method `any`, which says that the token may choose. */
function isSignedByKey(options: CompatInstallationOptions<unknown>): boolean {
  const { request } = options
  const found = tokenSourceOf(options)({ ...request, form: undefined }, parseRequestUrl(request.url))
  return found !== null && parseCompactToken(found.token).header.alg === 'RS256'
}
