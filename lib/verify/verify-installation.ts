import { compileAllowedHosts, productionHosts } from '../allowed-hosts.ts'
import { AuthenticationError, OptionError } from '../errors.ts'
import type { TokenSource } from '../jwt/extract-token.ts'
import type { InstallKeySource } from '../jwt/install-keys.ts'
import {
  type InstallRules,
  readInstallToken,
  type UnverifiedInstallToken,
  type VerifiedInstall,
  verifyInstall
} from '../jwt/verify-install.ts'
import type { SignedRequest } from '../ports.ts'
import { type PayloadRules, parseLifecyclePayload } from '../tenant/lifecycle-payload.ts'
import { type CredentialsLoader, loadCredentials } from './credentials.ts'
import { createInstallReplays, type InstallReplays, refuseReplay } from './install-replays.ts'
import { rulesOf, tokenSourceOf, type VerifyOptions } from './shared.ts'

/** One life-cycle call. */
export interface VerifyInstallationOptions<Entity> extends VerifyOptions {
  /** The parsed JSON body of this very request. */
  readonly body: unknown
  /** What the route is for. Default `installed`. */
  readonly event?: 'installed' | 'uninstalled'
  readonly credentialsLoader: CredentialsLoader<Entity>
  /** From `createInstallKeySource` or `createProvidedKeySource`, one for the life of the process. */
  readonly keys: InstallKeySource
  /** Sites that may install. Default `*.atlassian.net` and `*.jira.com`. */
  readonly allowedHosts?: readonly string[]
  /** Shared by all processes of the app. Default: the memory of this one. */
  readonly replays?: InstallReplays
}

/** A call that Atlassian signed. Keep `install.payload`, not the body: its members are checked and known. */
export type VerifiedInstallation<Entity> =
  | { readonly type: 'newInstallation'; readonly clientKey: string; readonly install: VerifiedInstall }
  | {
      readonly type: 'update'
      readonly clientKey: string
      readonly install: VerifiedInstall
      /** What the loader gave for this tenant. */
      readonly storedEntity: Entity
    }

const ownReplays = createInstallReplays()

/**
 * Resolves only if Atlassian signed this call for this app by RS256: new for a tenant that the loader does not know, an
 * update otherwise. The body is about this app, this event and an allowed site, and its `clientKey` is the issuer; the
 * token was not used with another body. Throws AuthenticationError, `ATL_LIFECYCLE_BODY`, `ATL_HOST_NOT_ALLOWED`,
 * `ATL_KEYS_UNAVAILABLE`, `ATL_STORE_UNAVAILABLE`, OptionError. Rules: connect.md 2.4.
 */
export async function verifyInstallation<Entity>(
  options: VerifyInstallationOptions<Entity>
): Promise<VerifiedInstallation<Entity>> {
  return await verifySigned(options, readInstallToken)
}

/** The same with another way to read the token. */
export async function verifySigned<Entity>(
  options: VerifyInstallationOptions<Entity>,
  read: (request: SignedRequest, rules: InstallRules, source: TokenSource) => UnverifiedInstallToken
): Promise<VerifiedInstallation<Entity>> {
  const { request, body, keys } = options
  if (typeof keys?.get !== 'function') throw new OptionError('keys', keys, 'it must be a source of install keys')
  const rules = rulesOf(options)
  const events = [eventOf(options.event)]
  const unverified = read({ ...request, form: undefined }, rules, tokenSourceOf(options))
  const payload = parseLifecyclePayload(body, events, payloadRules(options, productionHosts))
  const install = await verifyInstall(unverified, payload, body, keys, rules)
  const credentials = await loadCredentials(options.credentialsLoader, payload.clientKey)
  return await accepted(options, install, credentials)
}

/** The result for a call that is proved, unless its token came with another body before. Throws AuthenticationError. */
export async function accepted<Entity>(
  { replays = ownReplays }: { readonly replays?: InstallReplays },
  install: VerifiedInstall,
  credentials: { readonly storedEntity: Entity } | null
): Promise<VerifiedInstallation<Entity>> {
  const { clientKey, eventType } = install.payload
  if (credentials === null && eventType === 'uninstalled')
    throw new AuthenticationError('tenant-unknown', { clientKey })
  await refuseReplay(replays, install.mark)
  if (credentials === null) return Object.freeze({ type: 'newInstallation', clientKey, install })
  return Object.freeze({ type: 'update' as const, clientKey, install, storedEntity: credentials.storedEntity })
}

/** Throws OptionError. */
export function eventOf(event: 'installed' | 'uninstalled' = 'installed'): 'installed' | 'uninstalled' {
  if (event === 'installed' || event === 'uninstalled') return event
  throw new OptionError('event', event, 'it must be "installed" or "uninstalled"; others carry a webhook token')
}

/** What the body has to be about. */
export function payloadRules(
  { appKey, allowedHosts }: { readonly appKey: string; readonly allowedHosts?: readonly string[] },
  usual: readonly string[]
): PayloadRules {
  if (allowedHosts !== undefined && !Array.isArray(allowedHosts)) {
    throw new OptionError('allowedHosts', allowedHosts, 'it must be a list of hosts')
  }
  return { appKey, siteUrl: compileAllowedHosts(allowedHosts ?? usual).siteUrl }
}
