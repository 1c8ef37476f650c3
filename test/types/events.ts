import type { FastifyInstance } from 'fastify'
import { type ErrorCode, HostError, type Tenant } from 'fastify-atlassian'

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
  events.on('jira:issue_updated', ({ body, tenant }) => {
    const points: unknown = body.issue.fields.customfield_10016
    const before: string | null | undefined = body.changelog?.items[0]?.fromString
    return [body.issue.key.length, body.issue.fields.summary, points, before, tenant.clientKey.length]
  })
  events.on('jira:issue_created', ({ body }) => {
    // @ts-expect-error an issue may have nobody who works on it
    return body.issue.fields.assignee.accountId
  })
  events.on('worklog_created', ({ body }) => {
    // @ts-expect-error it names its issue by an id only
    return [body.worklog.issueId, body.issue]
  })
  events.on('comment_created', ({ body }) => {
    // @ts-expect-error both products have an event of this name
    body.issue
    return body.webhookEvent === undefined ? body.comment?.parent?.title : body.comment.body
  })
  events.on('page_updated', ({ body }) => [body.page?.title, body.updateTrigger])
  events.on('page_created', ({ body }) => {
    // @ts-expect-error nobody recorded one, so nothing in it is sure
    return body.page.title
  })
  events.on('jira:something_new', ({ body }) => {
    // @ts-expect-error a body that nobody described is unknown
    return body.issue
  })
  events.on('avi:confluence:created:page', ({ body }) => body.content.title.length)
  events.on('avi:confluence:added:label', ({ body }) => {
    // @ts-expect-error a space can have labels too
    return body.content.title
  })
  events.on('avi:jira:something:new', ({ body }) => {
    // @ts-expect-error the same for Forge
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
  events.on('tenantSaved', ({ tenant, change }) => [tenant.clientKey.length, change.length])
  events.on('tenantNotSaved', (event) => {
    const code: ErrorCode | null = event.code
    // @ts-expect-error an error may quote what was to be written
    return [code, event.err]
  })
  events.on('webhookReceived', (event) => {
    // @ts-expect-error whose it is is not known yet
    return [event.path, event.tenant]
  })
  events.on('webhookVerified', ({ path, tenant }) => [path, tenant.tenantId])

  const { dynamicWebhooks } = app.atlassian
  const one = { clientKey: 'a' }
  const [result] = await dynamicWebhooks.register(one, [{ events: ['comment_created'], jqlFilter: 'project = TEA' }])
  const id: number | null | undefined = result?.id
  // @ts-expect-error Jira has no dynamic webhooks for projects
  await dynamicWebhooks.register(one, [{ events: ['project_created'], jqlFilter: 'project = TEA' }])
  // @ts-expect-error Jira wants a filter
  await dynamicWebhooks.register(one, [{ events: ['comment_created'] }])
  // @ts-expect-error a refused one has no id
  await dynamicWebhooks.remove(one, [id])
  for await (const webhook of dynamicWebhooks.list(one)) await dynamicWebhooks.refresh(one, [webhook.id])
  await dynamicWebhooks.refreshExpiring({ withinDays: 5 })

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
