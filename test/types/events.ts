import type { FastifyInstance } from 'fastify'
import { HostError, type Tenant } from 'fastify-atlassian'

interface IssueBody {
  readonly issue: { readonly key: string }
}

/** Events, tenants and clients for jobs. Checked by the compiler only. */
export async function listen(app: FastifyInstance): Promise<void> {
  const { events, tenants, hostClient } = app.atlassian

  const stop: () => void = events.on('installed', ({ tenant, change }) => [tenant.tenantId, change.length])
  stop()
  events.on('adopted', ({ from, to }) => [from.tenantId, to.tenantId])
  events.on<IssueBody>('jira:issue_updated', ({ body, tenant, retry, identifier }) => {
    const key: string = body.issue.key
    const name: string | null = identifier
    return [key, tenant.tenantId, retry + 1, name]
  })
  events.on('jira:issue_created', ({ body }) => {
    // @ts-expect-error a body that nobody described is unknown
    return body.issue
  })
  events.on('installed', (event) => {
    // @ts-expect-error a life-cycle event has no body
    return event.body
  })
  events.on('adopted', (event) => {
    // @ts-expect-error it has two tenants
    return event.tenant
  })
  events.on('forge:installed', ({ body, tenant, platform, retry }) => {
    const forge: 'forge' = platform
    return [body.id, tenant.clientKey, forge, retry + 1]
  })
  events.on('forge:preUninstall', ({ lastInstallation }) => !lastInstallation)
  events.on('forge:scheduled:nightly', ({ endpoint, trace }) => [endpoint.length, trace['x-b3-traceid']])
  events.on<IssueBody>('avi:jira:updated:issue', ({ body, installationId }) => [body.issue.key, installationId.length])
  events.on('forge:installed', (event) => {
    // @ts-expect-error only what is said before an uninstall tells that
    return event.lastInstallation
  })
  events.on('avi:jira:created:issue', ({ tenant }) => {
    // @ts-expect-error a tenant of Forge may have no Connect registration
    return tenant.clientKey.length
  })
  events.onEither('issue_updated', (event) => {
    const key: string | null = event.ids.issueKey
    // @ts-expect-error webhooks have parameters, events of Forge have none
    event.event.params
    return event.platform === 'connect' ? [key, event.event.params] : [key, event.event.installationId]
  })
  // @ts-expect-error there is no such name in the table
  events.onEither('jira:issue_updated', () => {})

  // @ts-expect-error only the host speaks
  events.emitWebhook({})

  const page: Tenant[] = await tenants.list({ status: 'installed', product: 'jira', after: 'id', limit: 10 })
  await tenants.list()
  // @ts-expect-error there is no such state
  await tenants.list({ status: 'enabled' })
  // @ts-expect-error there is no such product
  await tenants.list({ product: 'trello' })
  const found: Tenant | null = await tenants.find({ baseUrl: 'https://acme.atlassian.net' })
  // @ts-expect-error a tenant may have no Connect registration
  found?.clientKey.length
  // @ts-expect-error there is no such name
  await tenants.find({ host: 'acme.atlassian.net' })
  // @ts-expect-error two tenants are needed
  await tenants.adopt('one')
  await tenants.adopt('one', 'two')

  for (const { tenantId, clientKey } of page) {
    await hostClient({ tenantId }).get('/rest/api/3/myself')
    if (clientKey !== null) await hostClient({ clientKey }).get('/rest/api/3/myself')
  }
  await hostClient({ installationId: 'ari', environmentId: 'production' }).delete('/rest')
  // @ts-expect-error a name is needed
  hostClient({})
  // @ts-expect-error a name is needed, not only its environment
  hostClient({ environmentId: 'production' })

  try {
    await hostClient({ clientKey: 'a' }).get('/rest')
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    const seconds: number | null = error.retryAfterSeconds
    // @ts-expect-error an error keeps no headers
    const headers = error.headers
    app.log.warn({ status: error.status, seconds, headers }, error.message)
  }
}
