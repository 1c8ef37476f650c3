import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { signSessionToken } from '../lib/jwt/session-token.ts'
import { useErrorHandlerOfApp } from './refuse.ts'
import { requireConnect } from './require-atlassian.ts'

/** Where a page's front end changes a context token, or a session token that is not too old, for a new session token. */
export const sessionPlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const { path } = core.options.session
    if (path === false) return
    for (const mountPath of core.options.mountPaths) {
      app.post(
        `${mountPath}${path}`,
        { config: { atlassian: { auth: ['context', 'session'] } }, errorHandler: useErrorHandlerOfApp },
        async (request, reply) => {
          reply.header('cache-control', 'no-store')
          return createSessionToken(core, request)
        }
      )
    }
  },
  { name: 'fastify-atlassian/session', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** A token for the user of this verified request. Throws `ATL_NOT_PROTECTED` on a public route. */
export function createSessionToken(
  core: ConnectApp,
  request: FastifyRequest
): { token: string; expiresAtSeconds: number } {
  const { tenant, connect } = requireConnect(request)
  const { session, sessionMaxHours } = core.options
  const nowSeconds = Math.floor(core.options.clock() / 1000)
  const { accountId, context, authTimeSeconds } = connect
  // No token outlives the session it belongs to.
  const lifetime = Math.min(
    session.minutes * 60,
    Math.max(1, Math.floor(authTimeSeconds + sessionMaxHours * 3600 - nowSeconds))
  )
  const token = signSessionToken({ tenant, accountId, context, authTimeSeconds }, nowSeconds, lifetime)
  return { token, expiresAtSeconds: nowSeconds + lifetime }
}
