import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { OptionError } from '../lib/errors.ts'
import { hasBearerScheme } from '../lib/forge/invocation-token.ts'
import { type ForgeRoutePolicy, parseForgeRouteRules } from '../lib/forge/route-rules.ts'
import { acceptedKinds, acceptsForge, type PolicyOption, policyProblem, type TokenKind } from '../lib/jwt/policy.ts'
import type { LifecycleEventType } from '../lib/tenant/lifecycle-payload.ts'
import { authorizationHeaders } from './to-signed-request.ts'
import type { AtlassianRouteConfig, AuthenticateHook } from './types.ts'

/** What is decided for one route, worked out once. */
export interface RoutePolicy {
  /** The policy as text, a list joined by commas. */
  readonly name: string
  readonly isPublic: boolean
  readonly isLifecycle: boolean
  readonly kinds: readonly TokenKind[]
  /** What the route demands of a Forge call; `null` if it accepts none. */
  readonly forge: ForgeRoutePolicy | null
  readonly event: LifecycleEventType | undefined
  /** Our own routes for `enabled` and `disabled`, which arrive after an uninstall too. */
  readonly acceptEnded: boolean
  /** Our own route for what Forge says before it uninstalls. */
  readonly hearsFarewells: boolean
  /** Our own routes for moves of data, which Atlassian signs with either of its keys. */
  readonly signedByPlatform: boolean
}

/** Marks a scope whose routes are public unless they say otherwise. */
export const publicScope = Symbol('fastify-atlassian public scope')
/** Marks a route of ours that listens to ended tenants. */
export const acceptEnded = Symbol('fastify-atlassian accept ended')
/** Marks a route of ours that hears of ends. */
export const hearsFarewells = Symbol('fastify-atlassian hears farewells')

/** Marks a route of ours whose calls Atlassian signs with either of its keys. */
export const signedByPlatform = Symbol('fastify-atlassian signed by platform')

declare module 'fastify' {
  interface FastifyInstance {
    [publicScope]?: boolean
  }
  interface FastifyContextConfig {
    readonly [acceptEnded]?: boolean
    readonly [hearsFarewells]?: boolean
    readonly [signedByPlatform]?: boolean
  }
}

const hookPolicies = new WeakMap<AuthenticateHook, PolicyOption>()

/** Remembers which policy a hook made by `authenticate` stands for. */
export function markHook(hook: AuthenticateHook, policy: PolicyOption): AuthenticateHook {
  hookPolicies.set(hook, policy)
  return hook
}

const policies = new WeakMap<object, RoutePolicy>()

/** The policy of the route that this request matched. A route that says nothing is protected as `page`. */
export function policyOf(request: FastifyRequest): RoutePolicy {
  const { config } = request.routeOptions
  let policy = policies.get(config)
  if (policy === undefined) {
    policy = toPolicy(config, request.routeOptions.url ?? '')
    policies.set(config, policy)
  }
  return policy
}

function toPolicy(config: FastifyRequest['routeOptions']['config'], url: string): RoutePolicy {
  const option = config.atlassian?.auth ?? 'page'
  checkPolicy(option, url)
  return Object.freeze({
    name: String(option),
    isPublic: option === 'none',
    isLifecycle: option === 'lifecycle',
    kinds: Object.freeze([...acceptedKinds(option)]),
    forge: acceptsForge(option)
      ? parseForgeRouteRules(config.atlassian?.forge, `config.atlassian.forge of ${url}`)
      : null,
    event: config.atlassian?.event,
    acceptEnded: config[acceptEnded] === true,
    hearsFarewells: config[hearsFarewells] === true,
    signedByPlatform: config[signedByPlatform] === true
  })
}

/**
 * Whether the invocation token decides about this request. Told by the route and by the scheme of the one
 * `Authorization` header, before anything is checked; what was chosen has the last word (forge.md 9, 11).
 */
export function isForgeCall(request: FastifyRequest, policy: RoutePolicy): boolean {
  if (policy.forge === null) return false
  return policy.kinds.length === 0 || hasBearerScheme(authorizationHeaders(request))
}

/** Gives a route that names no policy, in a scope that is not public, this one instead of `page`. */
export function defaultPolicy(route: RouteOptions, scope: FastifyInstance, policy: PolicyOption): void {
  adoptHookPolicy(route)
  if (route.config?.atlassian?.auth !== undefined || scope[publicScope] === true) return
  route.config = { ...route.config, atlassian: { ...route.config?.atlassian, auth: policy } }
}

/** The policy a route will have, told from its options at start. Throws OptionError for one that cannot be. */
export function policyFromOptions(route: RouteOptions, scope: FastifyInstance): PolicyOption {
  adoptHookPolicy(route)
  checkMembers(route.config?.atlassian, route.url)
  // Written down now: a scope that is opened later does not open the routes that it has already.
  if (route.config?.atlassian?.auth === undefined && scope[publicScope] === true) {
    route.config = { ...route.config, atlassian: { ...route.config?.atlassian, auth: 'none' } }
  }
  const option = route.config?.atlassian?.auth ?? 'page'
  checkPolicy(option, route.url)
  checkForgeRules(route.config?.atlassian?.forge, option, route.url)
  return option
}

/** A hook made by `authenticate` counts as the policy of its route, so that there is one place that decides. */
function adoptHookPolicy(route: RouteOptions): void {
  const hooks = [route.onRequest, route.preParsing, route.preValidation, route.preHandler].flat()
  const found = hooks.flatMap((hook) => {
    const policy = typeof hook === 'function' ? hookPolicies.get(hook as AuthenticateHook) : undefined
    return policy === undefined ? [] : [policy]
  })
  const [policy, ...others] = found
  if (policy === undefined) return
  const stated = route.config?.atlassian?.auth
  if (others.length > 0 || (stated !== undefined && String(stated) !== String(policy))) {
    throw new OptionError(`config.atlassian.auth of ${route.url}`, stated ?? policy, 'a route may have one policy only')
  }
  route.config = { ...route.config, atlassian: { ...route.config?.atlassian, auth: policy } }
}

const KNOWN_MEMBERS: readonly string[] = ['auth', 'cors', 'event', 'forge']

/** A misspelt member would leave the route with a policy that its author did not mean. */
function checkMembers(config: object | undefined, url: string): void {
  for (const [name, value] of Object.entries(config ?? {})) {
    if (!KNOWN_MEMBERS.includes(name)) {
      throw new OptionError(
        `config.atlassian.${name} of ${url}`,
        value,
        `there is no such member; known are ${KNOWN_MEMBERS.join(', ')}`
      )
    }
  }
}

function checkForgeRules(rules: AtlassianRouteConfig['forge'], policy: PolicyOption, url: string): void {
  if (rules === undefined) return
  const option = `config.atlassian.forge of ${url}`
  if (!acceptsForge(policy)) throw new OptionError(option, rules, 'the policy of the route has to accept "forge"')
  parseForgeRouteRules(rules, option)
}

export function checkPolicy(option: PolicyOption, url: string): void {
  const problem = policyProblem(option)
  if (problem !== null) throw new OptionError(`config.atlassian.auth of ${url}`, option, problem)
}
