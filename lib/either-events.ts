import type { ForgeEvent } from './forge/events/forge-event.ts'
import type { Product } from './tenant/tenant.ts'
import type { TenantWithSettings } from './tenant/tenant-settings.ts'
import type { WebhookEvent } from './webhook/webhook-event.ts'

/** What one thing that happens is called by each platform. */
interface EitherNames {
  readonly product: Product
  readonly connect: readonly string[]
  readonly forge: readonly string[]
}

const jira = (connect: string | readonly string[], forge: string): EitherNames => ({
  product: 'jira',
  connect: [connect].flat(),
  forge: [`avi:jira:${forge}`]
})
const wiki = (connect: string, forge: string): EitherNames => ({
  product: 'confluence',
  connect: [connect],
  forge: [`avi:confluence:${forge}`]
})

/** Events that both platforms tell, by one name each; the table of docs/forge-events.md. */
export const eitherEvents = Object.freeze({
  issue_created: jira('jira:issue_created', 'created:issue'),
  issue_updated: jira('jira:issue_updated', 'updated:issue'),
  issue_deleted: jira('jira:issue_deleted', 'deleted:issue'),
  // Forge does not tell a new comment from a changed one.
  issue_commented: jira(['comment_created', 'comment_updated'], 'commented:issue'),
  issue_comment_deleted: jira('comment_deleted', 'deleted:comment'),
  issue_attachment_created: jira('attachment_created', 'created:attachment'),
  issue_attachment_deleted: jira('attachment_deleted', 'deleted:attachment'),
  issuelink_created: jira('issuelink_created', 'created:issuelink'),
  issuelink_deleted: jira('issuelink_deleted', 'deleted:issuelink'),
  worklog_created: jira('worklog_created', 'created:worklog'),
  worklog_updated: jira('worklog_updated', 'updated:worklog'),
  worklog_deleted: jira('worklog_deleted', 'deleted:worklog'),
  project_created: jira('project_created', 'created:project'),
  project_updated: jira('project_updated', 'updated:project'),
  project_deleted: jira('project_deleted', 'deleted:project'),
  version_created: jira('jira:version_created', 'created:version'),
  version_updated: jira('jira:version_updated', 'updated:version'),
  version_deleted: jira('jira:version_deleted', 'deleted:version'),
  version_released: jira('jira:version_released', 'released:version'),
  version_unreleased: jira('jira:version_unreleased', 'unreleased:version'),
  page_created: wiki('page_created', 'created:page'),
  page_updated: wiki('page_updated', 'updated:page'),
  page_viewed: wiki('page_viewed', 'viewed:page'),
  page_moved: wiki('page_moved', 'moved:page'),
  page_copied: wiki('page_copied', 'copied:page'),
  page_archived: wiki('page_archived', 'archived:page'),
  page_unarchived: wiki('page_unarchived', 'unarchived:page'),
  page_trashed: wiki('page_trashed', 'trashed:page'),
  page_restored: wiki('page_restored', 'restored:page'),
  page_deleted: wiki('page_removed', 'deleted:page'),
  blog_created: wiki('blog_created', 'created:blogpost'),
  blog_updated: wiki('blog_updated', 'updated:blogpost'),
  blog_viewed: wiki('blog_viewed', 'viewed:blogpost'),
  blog_trashed: wiki('blog_trashed', 'trashed:blogpost'),
  blog_restored: wiki('blog_restored', 'restored:blogpost'),
  blog_deleted: wiki('blog_removed', 'deleted:blogpost'),
  content_comment_created: wiki('comment_created', 'created:comment'),
  content_comment_updated: wiki('comment_updated', 'updated:comment'),
  content_comment_deleted: wiki('comment_removed', 'deleted:comment')
})

/** The name of an event that both platforms tell. */
export type EitherEventName = keyof typeof eitherEvents

/** What an event is about: the identifiers that both platforms tell, as texts; `null` where the body has none. */
export interface EventIds {
  readonly issueId: string | null
  readonly issueKey: string | null
  readonly projectId: string | null
  readonly projectKey: string | null
  readonly commentId: string | null
  readonly worklogId: string | null
  readonly attachmentId: string | null
  readonly versionId: string | null
  /** Of a page or a blog post. */
  readonly contentId: string | null
  readonly spaceId: string | null
  readonly spaceKey: string | null
}

interface EitherMembers {
  readonly name: EitherEventName
  readonly tenant: TenantWithSettings
  /** As in the event itself. */
  readonly deliveryId: string
  readonly retry: number
  /** Who did it: signed by the host in Connect, a hint of the body in Forge. */
  readonly accountId: string | null
  /** Hints of the body. */
  readonly ids: EventIds
  /** As it came: its shape differs between the platforms. */
  readonly body: unknown
}

/** An event by whichever platform it came. */
export type EitherEvent =
  | (EitherMembers & { readonly platform: 'connect'; readonly event: WebhookEvent })
  | (EitherMembers & { readonly platform: 'forge'; readonly event: ForgeEvent })

/** The same for listeners of a webhook; `null` for one that Forge does not have. */
export function fromWebhook(event: WebhookEvent): EitherEvent | null {
  const { tenant, deliveryId, retry, accountId, body } = event
  const name = byName.get(`${tenant.product} ${event.event}`)
  if (name === undefined) return null
  return Object.freeze({
    platform: 'connect',
    name,
    event,
    tenant,
    deliveryId,
    retry,
    accountId: accountId ?? text(member(body, 'userAccountId')) ?? text(member(member(body, 'user'), 'accountId')),
    ids: idsOf(body),
    body
  })
}

/** The same for listeners of an event of Forge. */
export function fromForge(event: ForgeEvent): EitherEvent | null {
  const { tenant, deliveryId, retry, accountId, body } = event
  const name = byName.get(event.event)
  if (name === undefined) return null
  return Object.freeze({
    platform: 'forge',
    name,
    event,
    tenant,
    deliveryId,
    retry,
    accountId,
    ids: idsOf(body),
    body
  })
}

const byName = new Map(
  (Object.entries(eitherEvents) as [EitherEventName, EitherNames][]).flatMap(([name, { product, connect, forge }]) => [
    ...connect.map((event): [string, EitherEventName] => [`${product} ${event}`, name]),
    ...forge.map((event): [string, EitherEventName] => [event, name])
  ])
)

function idsOf(body: unknown): EventIds {
  const issue = member(body, 'issue')
  const project = member(member(issue, 'fields'), 'project') ?? member(body, 'project')
  const worklog = member(body, 'worklog')
  const comment = member(body, 'comment')
  const content = ['page', 'blog', 'content'].map((name) => member(body, name)).find((value) => value !== undefined)
  // Confluence's own comments say below which content they are, and are the content of Forge's events.
  const parent = member(comment, 'parent') ?? member(content, 'container')
  const isComment = text(member(content, 'type')) === 'comment'
  const place = parent ?? content
  const space = member(place, 'space') ?? member(content, 'space') ?? member(body, 'space')
  return Object.freeze({
    issueId: text(member(issue, 'id')) ?? text(member(worklog, 'issueId')),
    issueKey: text(member(issue, 'key')),
    projectId: text(member(project, 'id')),
    projectKey: text(member(project, 'key')),
    commentId: text(member(comment, 'id')) ?? (isComment ? text(member(content, 'id')) : null),
    worklogId: text(member(worklog, 'id')),
    attachmentId: text(member(member(body, 'attachment'), 'id')),
    versionId: text(member(member(body, 'version'), 'id')),
    contentId: isComment ? text(member(parent, 'id')) : text(member(place, 'id')),
    spaceId: text(member(space, 'id')) ?? text(member(place, 'spaceId')),
    spaceKey: text(member(space, 'key')) ?? text(member(place, 'spaceKey'))
  })
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** Products write one id as a number and the next as a text. */
function text(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}
