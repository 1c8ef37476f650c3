import { memberOf } from './ask-host.ts'
import type { ChangedResource } from './decision-cache.ts'
import { toResourceId } from './resource-id.ts'

/** Events about one issue or content, and the member of their bodies that says which. */
const aboutOne: Readonly<Record<string, { readonly resource: 'issue' | 'content'; readonly member: string }>> = {
  'jira:issue_updated': { resource: 'issue', member: 'issue' },
  'jira:issue_deleted': { resource: 'issue', member: 'issue' },
  blog_removed: { resource: 'content', member: 'blog' },
  blog_trashed: { resource: 'content', member: 'blog' },
  page_removed: { resource: 'content', member: 'page' },
  page_trashed: { resource: 'content', member: 'page' },
  // Restrictions of a page count for the pages below it, so moving one changes more than that one.
  blog_updated: { resource: 'content', member: 'blog' },
  page_updated: { resource: 'content', member: 'page' }
}

/** Events after which any answer may be another: people, groups, projects, spaces, and whatever speaks of permissions. */
const aboutMany =
  /^(?:user_|group_|project_|space_|content_|jira:permission|page_(?:moved|restored|archived|unarchived)$|blog_(?:moved|restored)$)|permission|restriction/

/**
 * What a webhook may have changed about permissions. An event that is about one thing, and does not say which, counts
 * for everything; others change nothing.
 */
export function changedByWebhook(event: string, body: unknown): ChangedResource | 'everything' | null {
  const one = Object.hasOwn(aboutOne, event) ? aboutOne[event] : undefined
  if (one !== undefined) {
    const id = toResourceId(memberOf(memberOf(body, one.member), 'id'))
    return id === null ? 'everything' : { resource: one.resource, id }
  }
  return event === 'unknown' || aboutMany.test(event) ? 'everything' : null
}
