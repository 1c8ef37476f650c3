import { type Actor, newComment, nextId } from './jira-changes.ts'
import type { SiteEvent } from './site-event.ts'
import type { SiteComment, WikiPage, WikiState } from './site-state.ts'

export function findPage(state: WikiState, id: string): WikiPage | undefined {
  return state.pages.find((page) => page.id === id)
}

export function createPage(
  state: WikiState,
  spaceKey: string,
  title: string,
  body: string,
  actor: Actor
): { page: WikiPage; events: SiteEvent[] } {
  const page: WikiPage = {
    id: nextId(state),
    spaceKey,
    title,
    body,
    version: 1,
    author: actor.accountId,
    createdAtMs: actor.nowMs,
    updatedAtMs: actor.nowMs,
    restrictions: { read: null, update: null },
    comments: [],
    properties: new Map()
  }
  state.pages.push(page)
  return { page, events: [{ event: 'page_created', actor: actor.accountId, page }] }
}

export function updatePage(page: WikiPage, change: { title?: string; body?: string }, actor: Actor): SiteEvent[] {
  page.title = change.title ?? page.title
  page.body = change.body ?? page.body
  page.version += 1
  page.updatedAtMs = actor.nowMs
  return [{ event: 'page_updated', actor: actor.accountId, page }]
}

/** A deleted page goes to the bin first. */
export function deletePage(state: WikiState, page: WikiPage, actor: Actor): SiteEvent[] {
  state.pages.splice(state.pages.indexOf(page), 1)
  return [{ event: 'page_trashed', actor: actor.accountId, page }]
}

export function commentPage(
  state: WikiState,
  page: WikiPage,
  text: string,
  actor: Actor
): { comment: SiteComment; events: SiteEvent[] } {
  const comment = newComment(nextId(state), text, actor)
  page.comments.push(comment)
  return { comment, events: [{ event: 'comment_created', actor: actor.accountId, page, comment }] }
}
