import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AFTER_BODY, type Verified } from '../lib/authenticator.ts'
import type { ConnectApp } from '../lib/connect-app.ts'
import { lifecyclePaths } from '../lib/descriptor/index.ts'
import { AtlassianError, AuthenticationError, OptionError } from '../lib/errors.ts'
import type { ForgeInvocation, VerifiedInvocation } from '../lib/forge/forge-authenticator.ts'
import { acceptsForge, type PolicyOption } from '../lib/jwt/policy.ts'
import type { LifecycleEventType } from '../lib/tenant/lifecycle-payload.ts'
import { hasRegistration, isConnected } from '../lib/tenant/tenant.ts'
import { redactingSerializer } from './redact.ts'
import { refuse } from './refuse.ts'
import { isVerified, requestState, waitingFor } from './request-state.ts'
import { defaultPolicy, isForgeCall, policyFromOptions, policyOf } from './route-policy.ts'
import { toForgeCall, toSignedRequest, withForm } from './to-signed-request.ts'
import type { AtlassianRequestContext, Principal } from './types.ts'

type Done = (error?: Error) => void

/**
 * The one place that decides who may enter: onRequest decides, or (life-cycle bodies, forms) postpones to
 * preValidation, and nothing undecided gets further than that.
 */
export const authenticatePlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const { errorPage } = core.options
    const signedEvents = eventsByPath(app.prefix, core)
    const serializer = redactingSerializer(app.log)
    const waiting = waitingFor(core)
    const waitingForge = waitingFor(core, true)
    const hasConnect = core.options.descriptor !== undefined

    app.decorateRequest(requestState, null)
    app.decorateRequest('connect', { getter: connectOf })
    app.decorateRequest('forge', { getter: forgeOf })
    app.decorateRequest('tenant', { getter: tenantOf })
    app.decorateRequest('atlassian', { getter: contextOf })
    app.decorateRequest('verifiedInstall', { getter: installOf })

    app.addHook('onRoute', function checkRoute(route) {
      if (!hasConnect) defaultPolicy(route, this, 'forge')
      const policy = policyFromOptions(route, this)
      checkPlatforms(route.url, policy, { connect: hasConnect, forge: core.forge !== null })
      if (policy === 'lifecycle') checkLifecycleRoute(route.url, route.config?.atlassian?.event, signedEvents)
      // The usual log line of a request prints its whole URL, with the token.
      route.logSerializers = { req: serializer, ...route.logSerializers }
    })

    app.addHook('onRequest', function authenticate(request, reply, done) {
      if (request.is404) return done()
      try {
        const policy = policyOf(request)
        if (policy.isPublic) return done()
        if (isForgeCall(request, policy)) {
          request[requestState] = waitingForge
          if (core.forge === null || policy.forge === null) throw new AuthenticationError('forge-not-configured')
          const answer = core.forge.authenticator.authenticate(toForgeCall(request), policy.forge, policy)
          if (answer instanceof Promise) settle(answer, acceptForge, request, reply, done)
          else acceptForge(request, answer, done)
          return
        }
        if (policy.signedByPlatform) {
          settle(core.verifyPlatformCall(toSignedRequest(request)), accept, request, reply, done)
          return
        }
        if (policy.isLifecycle) {
          const installToken = core.installs.read(toSignedRequest(request))
          request[requestState] = { ...waiting, installToken }
          return done()
        }
        if (policy.name === 'webhook') core.events.announce('webhookReceived', Object.freeze({ path: pathOf(request) }))
        const answer = core.authenticator.authenticate(toSignedRequest(request), policy.kinds, policy.acceptEnded)
        if (answer === AFTER_BODY) {
          request[requestState] = waiting
          return done()
        }
        if (answer instanceof Promise) settle(answer, accept, request, reply, done)
        else accept(request, answer, done)
      } catch (error) {
        refuse(request, reply, error, errorPage, done)
      }
    })

    app.addHook('preValidation', function decide(request, reply, done) {
      const state = request[requestState]
      if (state?.stage === 'verified' || request.is404) return done()
      try {
        const policy = policyOf(request)
        if (policy.isPublic) return done()
        if (state?.installToken) {
          verifyLifecycle(request).then(
            () => done(),
            (error: unknown) => refuse(request, reply, error, errorPage, done)
          )
          return
        }
        const answer = core.authenticator.authenticate(withForm(request), policy.kinds, policy.acceptEnded)
        if (answer === AFTER_BODY || state?.isForge) throw new AuthenticationError('undecided')
        if (answer instanceof Promise) settle(answer, accept, request, reply, done)
        else accept(request, answer, done)
      } catch (error) {
        refuse(request, reply, error, errorPage, done)
      }
    })

    function accept(request: FastifyRequest, { connect, tenant }: Verified, done: Done): void {
      const record = core.withSettings(tenant)
      request[requestState] = {
        owner: core,
        stage: 'verified',
        connect,
        forge: null,
        isForge: false,
        tenant: record,
        install: null,
        installToken: null
      }
      if (connect.tokenKind === 'webhook') {
        core.events.announce('webhookVerified', Object.freeze({ path: pathOf(request), tenant: record }))
      }
      done()
    }

    function acceptForge(request: FastifyRequest, { forge, tenant }: VerifiedInvocation, done: Done): void {
      core.forgeHost?.arrived(tenant, forge)
      request[requestState] = {
        owner: core,
        stage: 'verified',
        connect: null,
        forge,
        isForge: true,
        tenant: core.withSettings(tenant),
        install: null,
        installToken: null
      }
      done()
    }

    function settle<Answer>(
      answer: Promise<Answer>,
      accept: (request: FastifyRequest, verified: Answer, done: Done) => void,
      request: FastifyRequest,
      reply: FastifyReply,
      done: Done
    ): void {
      answer.then(
        (verified) => accept(request, verified, done),
        (error: unknown) => refuse(request, reply, error, errorPage, done)
      )
    }

    async function verifyLifecycle(request: FastifyRequest): Promise<void> {
      const { store } = core
      const installToken = request[requestState]?.installToken
      if (!installToken) throw new AuthenticationError('token-missing')
      const { event = signedEvents.get(request.routeOptions.url ?? '') } = policyOf(request)
      const install = await installToken.verify(request.body, event === undefined ? [] : [event])
      const found = await store.find({ clientKey: install.payload.clientKey }).catch((cause: unknown) => {
        throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'tenant-read', {}, { cause })
      })
      const tenant = found !== null && hasRegistration(found) ? core.withSettings(found) : null
      request[requestState] = {
        owner: core,
        stage: 'verified',
        connect: install.connect,
        forge: null,
        isForge: false,
        tenant,
        install,
        installToken: null
      }
    }
  },
  { name: 'fastify-atlassian/authenticate', fastify: '5.x', dependencies: ['fastify-atlassian/tenants'] }
)

/** Without the query, which may hold a token. */
function pathOf(request: FastifyRequest): string {
  return request.originalUrl.replace(/[?#].*$/s, '').slice(0, 1000)
}

/** Which event the descriptor expects at which of our mounted paths. */
function eventsByPath(prefix: string, core: ConnectApp): ReadonlyMap<string, LifecycleEventType> {
  const events = new Map<string, LifecycleEventType>()
  const paths = lifecyclePaths(core.descriptor)
  for (const mountPath of core.options.mountPaths) {
    for (const event of ['installed', 'uninstalled'] as const) {
      const path = paths[event]
      if (path !== undefined) events.set(`${prefix}${mountPath}${path.routePath}`, event)
    }
  }
  return events
}

/** A policy of a platform that the app does not have would refuse everything. */
function checkPlatforms(url: string, policy: PolicyOption, has: { connect: boolean; forge: boolean }): void {
  const option = `config.atlassian.auth of ${url}`
  if (acceptsForge(policy) && !has.forge) throw new OptionError(option, policy, 'it needs the option "forge"')
  const forConnect = policy !== 'none' && policy !== 'forge'
  if (forConnect && !has.connect) throw new OptionError(option, policy, 'it needs the option "descriptor"')
}

function checkLifecycleRoute(
  url: string,
  event: LifecycleEventType | undefined,
  known: ReadonlyMap<string, LifecycleEventType>
): void {
  if (event === 'enabled' || event === 'disabled') {
    throw new OptionError(
      `config.atlassian.event of ${url}`,
      event,
      'these events carry a webhook token: use the policy "webhook"'
    )
  }
  const isSigned = event === 'installed' || event === 'uninstalled'
  if (event === undefined ? !known.has(url) : !isSigned) {
    throw new OptionError(
      `config.atlassian.event of ${url}`,
      event,
      'it must be "installed" or "uninstalled", or the path must be in the descriptor'
    )
  }
}

function connectOf(this: FastifyRequest) {
  return this[requestState]?.connect ?? null
}

function forgeOf(this: FastifyRequest) {
  return this[requestState]?.forge ?? null
}

function tenantOf(this: FastifyRequest) {
  return isVerified(this) ? (this[requestState]?.tenant ?? null) : null
}

function installOf(this: FastifyRequest) {
  return this[requestState]?.install ?? null
}

function contextOf(this: FastifyRequest): AtlassianRequestContext | null {
  const state = this[requestState]
  if (state?.stage !== 'verified' || state.tenant === null) return null
  const { connect, forge, tenant } = state
  if (forge !== null) return Object.freeze({ platform: 'forge', tenant, forge, principal: forgePrincipal(forge) })
  if (connect === null || !hasRegistration(tenant)) return null
  // An install token proves the site before the tenant is alive; what it opens is `verifiedInstall`.
  if (connect.tokenKind === 'lifecycle' && !isConnected(tenant)) return null
  return Object.freeze({
    platform: 'connect',
    tenant,
    connect,
    principal: principalOf(connect.accountId, connect.tokenKind)
  })
}

function principalOf(accountId: string | null, tokenKind: string): Principal {
  if (accountId !== null) return { type: 'user', accountId }
  return { type: tokenKind === 'webhook' || tokenKind === 'lifecycle' ? 'host' : 'anonymous' }
}

/** Calls of a page come by its module; those of the host itself by an endpoint, and have no user. */
function forgePrincipal({ accountId, module }: ForgeInvocation): Principal {
  if (accountId !== null) return { type: 'user', accountId }
  return { type: module.type === 'core:endpoint' ? 'host' : 'anonymous' }
}
