import type { FastifyInstance } from 'fastify'
import {
  type HostClient,
  requireAtlassian,
  requireConnect,
  requireForge,
  requireTenant,
  type Secret,
  type Tenant
} from 'fastify-atlassian'

/** What a handler may write about a request, and what it may not. Checked by the compiler only. */
export function handlers(app: FastifyInstance): void {
  app.get('/helpers', async (request) => {
    const { connect, tenant, principal, platform } = requireConnect(request)
    const accountId: string | null = connect.accountId
    const clientKey: string = tenant.clientKey
    const same: Tenant = requireTenant(request)
    const only: 'connect' = platform
    if (principal.type === 'user') return principal.accountId
    // @ts-expect-error an anonymous visitor and the host have no account
    return [accountId, clientKey, same, only, principal.accountId]
  })

  app.get('/unchecked', async (request) => {
    // @ts-expect-error it is null on public routes
    const tenant = request.tenant.clientKey
    // @ts-expect-error it is null on public routes
    const account = request.connect.accountId
    // @ts-expect-error it is null on public routes
    const principal = request.atlassian.principal
    // @ts-expect-error it is null but on life-cycle routes
    const payload = request.verifiedInstall.payload
    return [tenant, account, principal, payload]
  })

  app.get('/checked', async (request) => {
    if (request.connect === null || request.tenant === null || request.atlassian === null) return null
    return [request.connect.accountId, request.tenant.baseUrl, request.atlassian.principal]
  })

  app.get('/platforms', async (request) => {
    const context = requireAtlassian(request)
    switch (context.platform) {
      case 'connect':
        return [context.connect.context.jira?.issue?.key, context.tenant.baseUrl.length]
      case 'forge':
        return [context.forge.context?.extension.issue, context.tenant.tenantId]
    }
  })

  app.get('/both', async (request) => {
    const tenant = requireTenant(request)
    // @ts-expect-error a tenant that came by Forge may have no Connect registration
    tenant.baseUrl.length
    if (tenant.clientKey !== null) return tenant.baseUrl.length
    const none: null = tenant.baseUrl
    return [none, tenant.settings, tenant.cloudId]
  })

  app.get('/forge', async (request) => {
    const { forge, platform } = requireForge(request)
    const only: 'forge' = platform
    const token: Secret | null = forge.tokens.system
    // @ts-expect-error it is null for requests of Connect
    const id = request.forge.installation.id
    // @ts-expect-error a verified call is what it is
    forge.accountId = 'someone-else'
    // @ts-expect-error what the token says beside the known claims is unknown
    forge.claims.another.member
    return [only, token, id]
  })

  app.get('/no-platform', async (request) => {
    // @ts-expect-error there is no such platform
    return requireAtlassian(request).platform === 'server'
  })

  app.get('/read-only', async (request) => {
    // @ts-expect-error nobody sets who is asking
    request.tenant = null
    // @ts-expect-error nobody sets who is asking
    request.connect = null
    const { connect, tenant } = requireConnect(request)
    // @ts-expect-error a verified token is what it is
    connect.accountId = 'someone-else'
    // @ts-expect-error a record is changed by saving another one
    tenant.baseUrl = 'https://evil.example.com'
    // @ts-expect-error so are its installations
    tenant.installations.push()
  })

  app.get('/secret', async (request) => {
    const { sharedSecret } = requireConnect(request).tenant
    const revealed: string = sharedSecret.reveal()
    // @ts-expect-error a secret is no text
    const text: string = sharedSecret
    return [revealed, text]
  })

  app.get('/client', async (request) => {
    const client: HostClient = request.hostClient()
    const me = await client.get<{ accountId: string }>('/rest/api/3/myself')
    const unknown = await client.get('/rest/api/3/myself')
    // @ts-expect-error a body that nobody described is unknown
    unknown.accountId
    // @ts-expect-error a GET has no body
    await client.get('/rest', { body: {} })
    await client.asApp().post('/rest', { a: 1 }, { query: { ids: [1, 2], none: undefined }, timeoutMs: 5 })
    // @ts-expect-error a query holds values, not objects
    await client.get('/rest', { query: { nested: { a: 1 } } })
    await client.asUser().get('/rest')
    await client
      .asUser('someone', { impersonate: true, scopes: ['READ'] })
      .anonymous()
      .get('/rest')
    // @ts-expect-error scopes are a list
    client.asUser('someone', { scopes: 'READ' })
    return me.accountId
  })
}
