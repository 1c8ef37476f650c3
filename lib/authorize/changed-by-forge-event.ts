import { memberOf } from './ask-host.ts'
import type { ChangedResource } from './decision-cache.ts'
import { toResourceId } from './resource-id.ts'

/** `avi:jira:updated:issue`, `avi:confluence:permissions_updated:space:V2`: what happened, and to what kind of thing. */
const NAME = /^avi:[a-z]+:([a-z_]+):([a-z_]+)/i

const changesNothing = new Set(['viewed', 'liked', 'mentioned'])

/** What happens to one thing and may change who sees it; the member of the body that says which. */
const aboutOne: Readonly<Record<string, { readonly resource: 'issue' | 'content'; readonly happened: RegExp }>> = {
  issue: { resource: 'issue', happened: /^(?:updated|assigned|deleted)$/ },
  page: { resource: 'content', happened: /^(?:updated|trashed|deleted)$/ },
  blogpost: { resource: 'content', happened: /^(?:updated|trashed|deleted)$/ }
}

/** Restrictions of a page count for the pages below it, so moving one changes more than that one. */
const MOVES = /^(?:moved|restored|archived|unarchived)$/
/** Things that hold others, or hold people. */
const aboutMany = new Set(['user', 'group', 'project', 'space'])

/**
 * What an event of Forge may have changed about permissions. One that is about one thing, and does not say which, and
 * one that does not say what happened, count for everything; others change nothing.
 */
export function changedByForgeEvent(event: string, body: unknown): ChangedResource | 'everything' | null {
  if (event === 'forge:unknown') return 'everything'
  const [, happened, kind] = NAME.exec(event) ?? []
  if (happened === undefined || kind === undefined || changesNothing.has(happened)) return null
  if (/permission|restriction/.test(event) || aboutMany.has(kind)) return 'everything'
  const one = Object.hasOwn(aboutOne, kind) ? aboutOne[kind] : undefined
  if (one === undefined) return null
  if (one.resource === 'content' && MOVES.test(happened)) return 'everything'
  if (!one.happened.test(happened)) return null
  const id = toResourceId(memberOf(memberOf(body, one.resource), 'id'))
  return id === null ? 'everything' : { resource: one.resource, id }
}
