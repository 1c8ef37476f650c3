import type { ChangedField, SiteEvent } from './site-event.ts'
import type { JiraIssue, JiraState, SiteComment } from './site-state.ts'

/** Who changes a site, and when. `accountId` null: the app. */
export interface Actor {
  readonly accountId: string | null
  readonly nowMs: number
}

export interface IssueFields {
  readonly summary?: string
  readonly description?: string
  readonly status?: string
  readonly assignee?: string | null
}

export function findIssue(state: JiraState, keyOrId: string): JiraIssue | undefined {
  return state.issues.find((issue) => issue.key === keyOrId || issue.id === keyOrId)
}

export function createIssue(
  state: JiraState,
  projectKey: string,
  fields: IssueFields & { readonly issueType?: string },
  actor: Actor
): { issue: JiraIssue; events: SiteEvent[] } {
  const numbers = state.issues
    .filter((issue) => issue.projectKey === projectKey)
    .map((issue) => Number(issue.key.slice(projectKey.length + 1)))
  const issue: JiraIssue = {
    id: nextId(state),
    key: `${projectKey}-${Math.max(0, ...numbers) + 1}`,
    projectKey,
    issueType: fields.issueType ?? 'Task',
    summary: fields.summary ?? '',
    description: fields.description ?? '',
    status: 'To Do',
    assignee: fields.assignee ?? null,
    reporter: actor.accountId,
    createdAtMs: actor.nowMs,
    updatedAtMs: actor.nowMs,
    restrictedTo: null,
    comments: [],
    attachments: [],
    properties: new Map(),
    otherFields: new Map()
  }
  state.issues.push(issue)
  return { issue, events: [{ event: 'jira:issue_created', actor: actor.accountId, issue }] }
}

/** Nothing changed: no event, as in Jira. */
export function updateIssue(
  issue: JiraIssue,
  fields: IssueFields,
  otherFields: ReadonlyMap<string, unknown>,
  actor: Actor
): SiteEvent[] {
  const changes: ChangedField[] = []
  for (const field of ['summary', 'description', 'status'] as const) {
    const value = fields[field]
    if (value === undefined || value === issue[field]) continue
    changes.push({ field, from: issue[field], to: value })
    issue[field] = value
  }
  if (fields.assignee !== undefined && fields.assignee !== issue.assignee) {
    changes.push({ field: 'assignee', from: issue.assignee, to: fields.assignee })
    issue.assignee = fields.assignee
  }
  for (const [field, value] of otherFields) {
    changes.push({ field, from: null, to: JSON.stringify(value) ?? null })
    issue.otherFields.set(field, value)
  }
  if (changes.length === 0) return []
  issue.updatedAtMs = actor.nowMs
  return [{ event: 'jira:issue_updated', actor: actor.accountId, issue, changes }]
}

export function deleteIssue(state: JiraState, issue: JiraIssue, actor: Actor): SiteEvent[] {
  state.issues.splice(state.issues.indexOf(issue), 1)
  return [{ event: 'jira:issue_deleted', actor: actor.accountId, issue }]
}

export function commentIssue(
  state: JiraState,
  issue: JiraIssue,
  text: string,
  actor: Actor
): { comment: SiteComment; events: SiteEvent[] } {
  const comment = newComment(nextId(state), text, actor)
  issue.comments.push(comment)
  issue.updatedAtMs = actor.nowMs
  return { comment, events: [{ event: 'comment_created', actor: actor.accountId, issue, comment }] }
}

export function setIssueProperty(issue: JiraIssue, key: string, value: unknown, actor: Actor): SiteEvent[] {
  issue.properties.set(key, value)
  return [{ event: 'issue_property_set', actor: actor.accountId, issue, property: { key, value } }]
}

export function deleteIssueProperty(issue: JiraIssue, key: string, actor: Actor): SiteEvent[] {
  const value = issue.properties.get(key)
  issue.properties.delete(key)
  return [{ event: 'issue_property_deleted', actor: actor.accountId, issue, property: { key, value } }]
}

export function newComment(id: string, text: string, actor: Actor): SiteComment {
  return { id, author: actor.accountId, text, createdAtMs: actor.nowMs, updatedAtMs: actor.nowMs }
}

export function nextId(state: { nextId: number }): string {
  state.nextId += 1
  return String(state.nextId)
}
