import { randomBytes } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { contentSecurityPolicy, frameAncestors, verifiedHeaders } from '../lib/frame/page-headers.ts'
import { publicVariables, verifiedVariables } from '../lib/frame/page-variables.ts'
import { type ConnectTenant, hasRegistration } from '../lib/tenant/tenant.ts'
import { createSessionToken } from './session.ts'

const nonceOfReply = Symbol('fastify-atlassian nonce')
const localsOfReply = Symbol('fastify-atlassian locals')

/** What a browser shows as a document with scripts of its own. */
const FRAMEABLE = /^(?:text\/html|application\/xhtml\+xml|image\/svg\+xml)\b/i

declare module 'fastify' {
  interface FastifyReply {
    [nonceOfReply]: string | null
    [localsOfReply]: object | null
  }
}

/** Fills `reply.locals` for templates and sets the headers of pages that live in a host's frame. */
export const framePlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const scriptOrigin = new URL(core.options.hostScriptUrl).origin
    const ancestorsOf = new WeakMap<ConnectTenant, string>()

    app.decorateReply(nonceOfReply, null)
    app.decorateReply(localsOfReply, null)
    app.decorateReply('scriptNonce', {
      getter(this: FastifyReply) {
        this[nonceOfReply] ??= randomBytes(16).toString('base64')
        return this[nonceOfReply]
      }
    })
    // Made when a template asks, so that an API call does not pay for it.
    const locals = {
      getter(this: FastifyReply) {
        this[localsOfReply] ??= variablesOf(core, this)
        return this[localsOfReply]
      }
    }
    if (app.hasReplyDecorator('locals')) {
      // The view plugin was first and sets an empty object in its own onRequest hook.
      app.addHook('preHandler', async (request, reply) => {
        if (!request.is404)
          Object.assign(reply, { locals: { ...Reflect.get(reply, 'locals'), ...variablesOf(core, reply) } })
      })
    } else app.decorateReply('locals', locals as never)

    app.addHook('onSend', function frame(request, reply, _payload, done) {
      const { tenant, forge } = request
      if (tenant === null) return done()
      for (const name in verifiedHeaders) if (!reply.hasHeader(name)) reply.header(name, verifiedHeaders[name])
      // What Forge calls is no page.
      if (forge !== null || !hasRegistration(tenant)) return done()
      // Its place is taken by frame-ancestors; another plugin's value would blank the page in the host.
      reply.removeHeader('x-frame-options')
      const type = reply.getHeader('content-type')
      if (typeof type === 'string' && FRAMEABLE.test(type) && !reply.hasHeader('content-security-policy')) {
        reply.header(
          'content-security-policy',
          contentSecurityPolicy(ancestors(tenant), scriptOrigin, reply.scriptNonce)
        )
      }
      done()
    })

    function ancestors(tenant: ConnectTenant): string {
      let value = ancestorsOf.get(tenant)
      if (value === undefined) {
        value = frameAncestors(tenant, core.options.hosts, app.log)
        ancestorsOf.set(tenant, value)
      }
      return value
    }
  },
  { name: 'fastify-atlassian/frame', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

function variablesOf(core: ConnectApp, reply: FastifyReply): object {
  const { request } = reply
  const { atlassian } = request
  if (atlassian?.platform !== 'connect') return { ...publicVariables(core) }
  const { tenant, connect } = atlassian
  const { token } = createSessionToken(core, request)
  return { ...verifiedVariables(core, { tenant, connect, url: request.originalUrl, sessionToken: token }) }
}
