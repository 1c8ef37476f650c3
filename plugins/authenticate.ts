import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AFTER_BODY, type Verified } from '../lib/authenticator.ts'
import type { ConnectApp } from '../lib/connect-app.ts'
import { lifecyclePaths } from '../lib/descriptor/index.ts'
import { AtlassianError, AuthenticationError, OptionError } from '../lib/errors.ts'
import { readInstallToken, verifyInstall } from '../lib/jwt/verify-install.ts'
import { type LifecycleEventType, parseLifecyclePayload } from '../lib/tenant/lifecycle-payload.ts'
import { hasRegistration, isConnected } from '../lib/tenant/tenant.ts'
import { redactingSerializer } from './redact.ts'
import { refuse } from './refuse.ts'
import { isVerified, requestState, waitingFor } from './request-state.ts'
import { policyFromOptions, policyOf } from './route-policy.ts'
import { toSignedRequest, withForm } from './to-signed-request.ts'
import type { ConnectRequestContext, Principal } from './types.ts'

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

    app.decorateRequest(requestState, null)
    app.decorateRequest('connect', { getter: connectOf })
    app.decorateRequest('tenant', { getter: tenantOf })
    app.decorateRequest('atlassian', { getter: contextOf })
    app.decorateRequest('verifiedInstall', { getter: installOf })

    app.addHook('onRoute', function checkRoute(route) {
      const policy = policyFromOptions(route, this)
      if (policy === 'lifecycle') checkLifecycleRoute(route.url, route.config?.atlassian?.event, signedEvents)
      // The usual log line of a request prints its whole URL, with the token.
      route.logSerializers = { req: serializer, ...route.logSerializers }
    })

    app.addHook('onRequest', function authenticate(request, reply, done) {
      if (request.is404) return done()
      try {
        const policy = policyOf(request)
        if (policy.isPublic) return done()
        if (policy.isLifecycle) {
          const installToken = readInstallToken(toSignedRequest(request), core.installRules)
          request[requestState] = { ...waiting, installToken }
          return done()
        }
        const answer = core.authenticator.authenticate(toSignedRequest(request), policy.kinds, policy.acceptEnded)
        if (answer === AFTER_BODY) {
          request[requestState] = waiting
          return done()
        }
        if (answer instanceof Promise) settle(answer, request, reply, done)
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
        if (answer === AFTER_BODY) throw new AuthenticationError('undecided')
        if (answer instanceof Promise) settle(answer, request, reply, done)
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
        tenant: record,
        install: null,
        installToken: null
      }
      done()
    }

    function settle(answer: Promise<Verified>, request: FastifyRequest, reply: FastifyReply, done: Done): void {
      answer.then(
        (verified) => accept(request, verified, done),
        (error: unknown) => refuse(request, reply, error, errorPage, done)
      )
    }

    async function verifyLifecycle(request: FastifyRequest): Promise<void> {
      const { installRules, installKeys, descriptor, options, store } = core
      const installToken = request[requestState]?.installToken
      if (!installToken) throw new AuthenticationError('token-missing')
      const { event = signedEvents.get(request.routeOptions.url ?? '') } = policyOf(request)
      const rules = { appKey: descriptor.key, siteUrl: options.hosts.siteUrl }
      const payload = parseLifecyclePayload(request.body, event === undefined ? [] : [event], rules)
      const install = await verifyInstall(installToken, payload, request.body, installKeys, installRules)
      const found = await store.find({ clientKey: payload.clientKey }).catch((cause: unknown) => {
        throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'tenant-read', {}, { cause })
      })
      const tenant = found !== null && hasRegistration(found) ? core.withSettings(found) : null
      request[requestState] = {
        owner: core,
        stage: 'verified',
        connect: install.connect,
        tenant,
        install,
        installToken: null
      }
    }
  },
  { name: 'fastify-atlassian/authenticate', fastify: '5.x', dependencies: ['fastify-atlassian/tenants'] }
)

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

function tenantOf(this: FastifyRequest) {
  return isVerified(this) ? (this[requestState]?.tenant ?? null) : null
}

function installOf(this: FastifyRequest) {
  return this[requestState]?.install ?? null
}

function contextOf(this: FastifyRequest): ConnectRequestContext | null {
  const state = this[requestState]
  if (state?.stage !== 'verified' || state.tenant === null || state.connect === null) return null
  // An install token proves the site before the tenant is alive; what it opens is `verifiedInstall`.
  if (state.connect.tokenKind === 'lifecycle' && !isConnected(state.tenant)) return null
  const { connect, tenant } = state
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
