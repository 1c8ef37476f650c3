import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { AtlassianError } from '../lib/errors.ts'
import { hasRegistration } from '../lib/tenant/tenant.ts'
import { traceOf } from './trace.ts'

/** `request.hostClient()`: calls the site that sent this request, as the app or as the user who sent it. */
export const hostClientPlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    app.decorateRequest('hostClient', function hostClient(this: FastifyRequest) {
      if (this.tenant === null) throw new AtlassianError('ATL_NOT_PROTECTED', 'no-tenant')
      // A call of Forge is answered with tokens of Forge, never with the secret of Connect.
      if (this.forge !== null || !hasRegistration(this.tenant))
        throw new AtlassianError('ATL_NOT_PROTECTED', 'not-connect')
      const principal = this.atlassian?.principal
      const accountId = principal?.type === 'user' ? principal.accountId : null
      return core.hostClient(this.tenant, { accountId, headers: traceOf(this) })
    })
  },
  { name: 'fastify-atlassian/host-client', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)
