import type { SiteEvent } from '../site-event.ts'

/** Names of Forge's events by those of Connect's webhooks, where the simulator lets something happen. */
const names: Readonly<Record<string, string>> = {
  'jira:issue_created': 'avi:jira:created:issue',
  'jira:issue_updated': 'avi:jira:updated:issue',
  'jira:issue_deleted': 'avi:jira:deleted:issue',
  page_created: 'avi:confluence:created:page',
  page_updated: 'avi:confluence:updated:page',
  page_trashed: 'avi:confluence:trashed:page'
}

/** Null for what has no event in Forge. */
export function forgeEventName({ event, page }: SiteEvent): string | null {
  if (event === 'comment_created') {
    return page === undefined ? 'avi:jira:commented:issue' : 'avi:confluence:created:comment'
  }
  return Object.hasOwn(names, event) ? (names[event] ?? null) : null
}
