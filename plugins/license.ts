import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { AtlassianError, AuthenticationError, OptionError } from '../lib/errors.ts'
import { type License, licenseOfInvocation, licenseOfPage } from '../lib/license/license.ts'
import type { LicenseRules } from '../lib/license/license-guard.ts'
import * as check from '../lib/option-checks.ts'
import { refuse } from './refuse.ts'
import { requestState } from './request-state.ts'
import { requireAtlassian } from './require-atlassian.ts'
import { policyFromOptions, policyOf } from './route-policy.ts'
import type { AuthorizeHook } from './types.ts'

const licenseState = Symbol('fastify-atlassian license')

declare module 'fastify' {
  interface FastifyRequest {
    [licenseState]: License | null
  }
}

/** Hooks that were made here, to tell them from others when a route is declared. */
const hooks = new WeakSet<AuthorizeHook>()

/** `request.license`, and a look at the routes that a guard stands on. */
export const licensePlugin = fp<{ core: ConnectApp }>(
  async (app) => {
    app.decorateRequest(licenseState, null)
    app.decorateRequest('license', {
      getter(this: FastifyRequest) {
        return this[licenseState] ?? seenBy(this)
      }
    })

    app.addHook('onRoute', function checkLicensedRoute(route) {
      const used = [route.onRequest, route.preParsing, route.preValidation, route.preHandler].flat()
      if (!used.some((hook) => typeof hook === 'function' && hooks.has(hook as AuthorizeHook))) return
      const policy = policyFromOptions(route, this)
      if (policy !== 'none' && policy !== 'lifecycle') return
      throw new OptionError(`config.atlassian.auth of ${route.url}`, policy, 'no license can be asked for there')
    })
  },
  { name: 'fastify-atlassian/license', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** What `app.atlassian.requireLicense` gives. Throws `ATL_OPTION` for rules that cannot be. */
export function createLicenseHook(core: ConnectApp, rules: LicenseRules = {}): AuthorizeHook {
  check.object(rules, 'requireLicense')
  check.noUnknown(rules, 'requireLicense.', ['graceDays', 'evaluation'])
  check.number(rules.graceDays, 'requireLicense.graceDays', 0, { min: 0, max: 365 })
  check.flag(rules.evaluation, 'requireLicense.evaluation', true)
  const { errorPage } = core.options

  async function decide(request: FastifyRequest): Promise<void> {
    request[licenseState] = null
    const state = request[requestState]
    if (state?.owner !== core) throw new AtlassianError('ATL_NOT_PROTECTED', 'no-context')
    // The token of a form page is in its body: whoever decides before that was read has to refuse.
    if (state.stage !== 'verified') throw new AuthenticationError('undecided', { policy: policyOf(request).name })
    request[licenseState] = await core.licenseOf(requireAtlassian(request).tenant, seenBy(request), rules, state.forge)
  }

  const hook: AuthorizeHook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    // Hooks of a scope run for addresses that nobody has, too; nobody is verified there, and nothing is served.
    if (request.is404) return done()
    decide(request).then(
      () => done(),
      (error: unknown) => refuse(request, reply, error, errorPage, done)
    )
  }
  hooks.add(hook)
  return hook
}

/** What the request's own token says; `null` where it says nothing, and before it was verified. */
function seenBy(request: FastifyRequest): License | null {
  const state = request[requestState]
  if (state?.stage !== 'verified') return null
  const { connect, forge } = state
  if (forge !== null) return licenseOfInvocation(forge.license, forge.issuedAtSeconds)
  return connect === null ? null : licenseOfPage(connect, request.originalUrl)
}
