import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { AtlassianError } from '../lib/errors.ts'
import { hasRegistration } from '../lib/tenant/tenant.ts'
import { traceOf } from './trace.ts'

/** `request.hostClient()`: calls the site that sent this request, as the app or as the user who sent it. */
export const hostClientPlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    app.decorateRequest('hostClient', function hostClient(this: FastifyRequest, { product } = {}) {
      const { tenant, forge } = this
      if (tenant === null) throw new AtlassianError('ATL_NOT_PROTECTED', 'no-tenant')
      const principal = this.atlassian?.principal
      const accountId = principal?.type === 'user' ? principal.accountId : null
      const verified = { accountId, headers: traceOf(this) }
      // A call of Forge is answered with tokens of Forge, never with the secret of Connect.
      if (forge !== null && core.forgeHost !== null) {
        return core.hostClient(core.forgeHost.targetOfCall(tenant, forge, product), verified)
      }
      if (forge !== null || !hasRegistration(tenant)) throw new AtlassianError('ATL_NOT_PROTECTED', 'not-connect')
      if (product !== undefined && product !== tenant.product) throw otherProduct(tenant.product, product)
      return core.hostClient(tenant, verified)
    })
  },
  { name: 'fastify-atlassian/host-client', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

function otherProduct(has: string, asked: string): AtlassianError {
  const message = `This request came by the Connect registration of the product "${has}", which cannot call "${asked}"`
  return new AtlassianError('ATL_HOST_PRODUCT', 'product-unknown', {}, { message })
}
