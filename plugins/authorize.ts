import type { FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import fp from 'fastify-plugin'
import type { Authorized } from '../lib/authorize/authorizer.ts'
import type { Subject } from '../lib/authorize/question.ts'
import {
  type ConfluenceRequirements,
  type JiraRequirements,
  parseConfluenceRequirements,
  parseJiraRequirements,
  type Requirements
} from '../lib/authorize/requirements.ts'
import { contextOfExtension } from '../lib/authorize/resource-id.ts'
import type { ConnectApp } from '../lib/connect-app.ts'
import { AtlassianError, AuthenticationError, AuthorizationError, OptionError } from '../lib/errors.ts'
import type { ProductContext } from '../lib/jwt/claims.ts'
import { refuse } from './refuse.ts'
import { requestState } from './request-state.ts'
import { requireAtlassian } from './require-atlassian.ts'
import { policyFromOptions, policyOf } from './route-policy.ts'
import type { AuthorizeHook } from './types.ts'

const authorizedState = Symbol('fastify-atlassian authorized')

declare module 'fastify' {
  interface FastifyRequest {
    [authorizedState]: Authorized | null
  }
}

/** Hooks that were made here, to tell them from others when a route is declared. */
const hooks = new WeakSet<AuthorizeHook>()

/** `request.authorized` and `request.filterAllowed()`. */
export const authorizePlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    app.decorateRequest(authorizedState, null)
    app.decorateRequest('authorized', { getter: authorizedOf })
    app.decorateRequest('filterAllowed', function filterAllowed(this: FastifyRequest, ids, permissions) {
      return core.authorizer.filterAllowed(subjectOf(core, this), ids, permissions)
    })

    app.addHook('onRoute', function checkAuthorizedRoute(route) {
      const used = [route.onRequest, route.preParsing, route.preValidation, route.preHandler].flat()
      if (!used.some((hook) => typeof hook === 'function' && hooks.has(hook as AuthorizeHook))) return
      const policy = policyFromOptions(route, this)
      if (policy === 'none' || policy === 'lifecycle') {
        throw new OptionError(
          `config.atlassian.auth of ${route.url}`,
          policy,
          'no user is known there, so nothing can be authorized: use "page", "context" or "session"'
        )
      }
    })
  },
  { name: 'fastify-atlassian/authorize', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** What `app.atlassian` offers for authorization. */
export function createAuthorizeHooks(core: ConnectApp) {
  return {
    authorizeJira<Route extends RouteGenericInterface>(given: JiraRequirements<FastifyRequest<Route>>) {
      return createHook(core, parseJiraRequirements(given))
    },
    authorizeConfluence<Route extends RouteGenericInterface>(given: ConfluenceRequirements<FastifyRequest<Route>>) {
      return createHook(core, parseConfluenceRequirements(given))
    }
  }
}

function createHook<Route extends RouteGenericInterface>(
  core: ConnectApp,
  requirements: Requirements<FastifyRequest<Route>>
): AuthorizeHook {
  const { errorPage } = core.options

  async function authorize(request: FastifyRequest): Promise<void> {
    request[authorizedState] = null
    const subject = subjectOf(core, request)
    // Requirements were written for the routes that use this hook.
    const routed = request as FastifyRequest<Route>
    request[authorizedState] = await core.authorizer.authorize(requirements, {
      subject,
      context: contextOf(request),
      request: routed
    })
  }

  const hook: AuthorizeHook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    // Hooks of a scope run for addresses that nobody has, too; nobody is verified there, and nothing is served.
    if (request.is404) return done()
    authorize(request).then(
      () => done(),
      (error: unknown) => refuse(request, reply, error, errorPage, done)
    )
  }
  hooks.add(hook)
  return hook
}

/** The verified user of a request of this app. A host that calls for itself is nobody who could be asked about. */
function subjectOf(core: ConnectApp, request: FastifyRequest): Subject {
  const state = request[requestState]
  if (state?.owner !== core) throw new AtlassianError('ATL_NOT_PROTECTED', 'no-context')
  // The token of a form page is in its body: whoever authorizes before that was read has to refuse.
  if (state.stage !== 'verified') throw new AuthenticationError('undecided', { policy: policyOf(request).name })
  const verified = requireAtlassian(request)
  const { principal } = verified
  if (principal.type === 'host') throw new AuthorizationError('no-user')
  const accountId = principal.type === 'user' ? principal.accountId : null
  if (verified.platform === 'connect') return { tenant: verified.tenant, accountId }
  if (core.forgeHost === null) throw new AtlassianError('ATL_NOT_PROTECTED', 'not-forge')
  return { tenant: core.forgeHost.viewOfCall(verified.tenant, verified.forge), accountId }
}

/** Where the user is, as the token says. */
function contextOf(request: FastifyRequest): ProductContext {
  const verified = requireAtlassian(request)
  if (verified.platform === 'connect') return verified.connect.context
  return contextOfExtension(verified.forge.context?.extension ?? {})
}

function authorizedOf(this: FastifyRequest): Authorized | null {
  return this[authorizedState] ?? null
}
