import { type KeyObject, verify } from 'node:crypto'
import { AuthenticationError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { ApiPlace } from './api-base-url.ts'
import { environmentAri, installationAri } from './ari.ts'
import {
  type ForgeContext,
  type ForgeInstallationContext,
  type ForgeLicense,
  freezeDeep,
  isMembers,
  optionalObject,
  readContext,
  readLicense,
  requiredNumber,
  requiredObject,
  requiredText,
  textOrNull
} from './forge-claims.ts'
import type { ResolvedForgeOptions } from './forge-options.ts'
import { readInvocationToken, type UnverifiedInvocation } from './invocation-token.ts'
import type { KeySet } from './key-set.ts'

/** A Forge call that Atlassian signed for this app, in an environment that it accepts. Frozen all the way down. */
export interface VerifiedForge {
  readonly app: { readonly id: string; readonly version: string | null }
  readonly installation: { readonly id: string; readonly contexts: readonly ForgeInstallationContext[] }
  /** `id` in its long form. */
  readonly environment: { readonly id: string; readonly type: string }
  /** The module of a UI call; `core:endpoint` and the endpoint's key for everything else. */
  readonly module: { readonly type: string; readonly key: string }
  /** Where the product of this call is called, checked against the allowed hosts. */
  readonly apiBaseUrl: string
  /** The product of this call, from `apiBaseUrl`. */
  readonly product: string
  /** The site, from the installation; `null` where its contexts name none, or several. */
  readonly cloudId: string | null
  /** The user who acts; `null` for anonymous visitors and for events. */
  readonly accountId: string | null
  readonly context: ForgeContext | null
  readonly license: ForgeLicense | null
  /** The label of an isolated cloud. */
  readonly icLabel: string | null
  readonly tokenId: string
  readonly issuedAtSeconds: number
  readonly expiresAtSeconds: number
  /** Everything that the token says. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** What tokens are verified with. */
export interface InvocationRules {
  readonly options: ResolvedForgeOptions
  readonly clock: Clock
  /** The keys of the commercial cloud (`null`), or of an isolated one that the options list. */
  keysOf(icLabel: string | null): KeySet
}

/**
 * Only for a token that passes forge.md 2.5, rules 2 to 11, in that order; at once where its key is held. Throws or
 * rejects with AuthenticationError, and AtlassianError `ATL_KEYS_UNAVAILABLE` while the keys cannot be asked for.
 */
export function verifyInvocationToken(token: string, rules: InvocationRules): VerifiedForge | Promise<VerifiedForge> {
  const unverified = readInvocationToken(token, rules.options.appId)
  const icLabel = readLabel(unverified.claims, rules.options)
  const key = rules.keysOf(icLabel).get(unverified.kid)
  return key instanceof Promise
    ? key.then((fetched) => verifyWith(fetched, unverified, icLabel, rules))
    : verifyWith(key, unverified, icLabel, rules)
}

function verifyWith(
  key: KeyObject,
  { claims, signingInput, signature }: UnverifiedInvocation,
  icLabel: string | null,
  rules: InvocationRules
): VerifiedForge {
  const { options } = rules
  // RS256: the key is an RSA key by the way it was read, and the padding that of PKCS #1.
  if (!verify('sha256', Buffer.from(signingInput, 'latin1'), key, signature)) throw new AuthenticationError('signature')
  const times = checkTimes(claims, rules.clock() / 1000, options)
  const app = requiredObject(claims, 'app')
  if (app.id !== options.appId) throw new AuthenticationError('app')
  const installation = readInstallation(app, options)
  const environment = readEnvironment(app, options)
  const place = options.readApiBaseUrl(app.apiBaseUrl)
  if (place === null) throw new AuthenticationError('api-base-url')
  const module = requiredObject(app, 'module')
  freezeDeep(claims)
  return Object.freeze({
    app: Object.freeze({ id: options.appId, version: textOrNull(app, 'appVersion') }),
    installation,
    environment,
    module: Object.freeze({ type: requiredText(module, 'type'), key: requiredText(module, 'key') }),
    apiBaseUrl: place.url,
    product: place.product,
    cloudId: cloudIdOf(installation.contexts, place),
    accountId: readPrincipal(claims),
    context: readContext(claims),
    license: readLicense(app),
    icLabel,
    tokenId: requiredText(claims, 'jti'),
    ...times,
    claims
  })
}

/** Whether Forge sent this by itself: an event or a schedule. Whatever has a user, or a module, may come from a browser. */
export function isOfForgeItself({ module, accountId }: Pick<VerifiedForge, 'module' | 'accountId'>): boolean {
  return module.type === ENDPOINT && accountId === null
}

/** The module by which Forge calls an endpoint itself; pages call by their own. */
export const ENDPOINT = 'core:endpoint'

/** A label may only choose among the clouds that the app lists (forge.md 9, 17 and 18). */
function readLabel(claims: Readonly<Record<string, unknown>>, options: ResolvedForgeOptions): string | null {
  const label = claims.icLabel
  if (label === undefined || label === null) return null
  if (typeof label === 'string' && options.isolatedClouds?.labels.has(label) === true) return label
  throw new AuthenticationError('isolated-cloud')
}

function checkTimes(
  claims: Readonly<Record<string, unknown>>,
  nowSeconds: number,
  { leewaySeconds, maxLifetimeSeconds }: ResolvedForgeOptions
): { issuedAtSeconds: number; expiresAtSeconds: number } {
  const exp = requiredNumber(claims, 'exp')
  const nbf = requiredNumber(claims, 'nbf')
  const iat = requiredNumber(claims, 'iat')
  if (nowSeconds - leewaySeconds >= exp) throw new AuthenticationError('expired')
  if (nowSeconds + leewaySeconds < nbf || nowSeconds + leewaySeconds < iat) throw new AuthenticationError('not-yet')
  if (exp <= iat || exp - iat > maxLifetimeSeconds) throw new AuthenticationError('lifetime')
  return { issuedAtSeconds: iat, expiresAtSeconds: exp }
}

function readInstallation(
  app: Readonly<Record<string, unknown>>,
  options: ResolvedForgeOptions
): VerifiedForge['installation'] {
  const id = app.installationId
  // The long form only: one installation must not have two names.
  if (typeof id !== 'string' || installationAri(id) !== id) throw new AuthenticationError('installation')
  const installation = optionalObject(app, 'installation')
  if (installation !== null && installation.id !== undefined && installation.id !== id) {
    throw new AuthenticationError('installation')
  }
  const listed = installation?.contexts ?? []
  if (!Array.isArray(listed)) throw new AuthenticationError('claim', { claim: 'contexts' })
  return Object.freeze({ id, contexts: Object.freeze(listed.map((context) => readInstalled(context, options))) })
}

function readInstalled(context: unknown, options: ResolvedForgeOptions): ForgeInstallationContext {
  if (!isMembers(context)) throw new AuthenticationError('claim', { claim: 'contexts' })
  const place = options.readApiBaseUrl(context.apiBaseUrl)
  return Object.freeze({
    name: requiredText(context, 'name'),
    apiBaseUrl: place?.url ?? null,
    cloudId: textOrNull(context, 'cloudId') ?? place?.cloudId ?? null,
    workspaceId: textOrNull(context, 'workspaceId')
  })
}

function readEnvironment(
  app: Readonly<Record<string, unknown>>,
  { appId, environments }: ResolvedForgeOptions
): VerifiedForge['environment'] {
  const environment = requiredObject(app, 'environment')
  const type = requiredText(environment, 'type')
  const id = environmentAri(appId, environment.id)
  if (id === null || !(environments.has(type) || environments.has(id))) throw new AuthenticationError('environment')
  return Object.freeze({ id, type })
}

/** Whoever has several sites under one installation is known by the installation alone. */
function cloudIdOf(contexts: readonly ForgeInstallationContext[], place: ApiPlace): string | null {
  const named = new Set(contexts.map(({ cloudId }) => cloudId).filter((cloudId) => cloudId !== null))
  if (named.size > 1) return null
  const [only = place.cloudId] = named
  return only
}

function readPrincipal(claims: Readonly<Record<string, unknown>>): string | null {
  const { principal } = claims
  if (principal === undefined || principal === null || principal === '') return null
  if (typeof principal !== 'string') throw new AuthenticationError('claim', { claim: 'principal' })
  return principal
}
