import { toDocument } from './adf.ts'
import type { JiraSite } from './site.ts'
import type { JiraIssue, JiraProject, SiteAttachment, SiteComment } from './site-state.ts'
import type { SimulatedUser } from './types.ts'
import { findUser } from './users.ts'

/** Version 2 writes rich text as plain text, version 3 as an Atlassian document. */
export type ApiVersion = '2' | '3'

const issueTypes = ['Story', 'Task', 'Bug', 'Epic', 'Sub-task']
const statuses = ['To Do', 'In Progress', 'Done']

export function userJson(site: JiraSite, user: SimulatedUser, version: ApiVersion = '3'): object {
  return {
    self: `${site.baseUrl}/rest/api/${version}/user?accountId=${encodeURIComponent(user.accountId)}`,
    accountId: user.accountId,
    accountType: 'atlassian',
    displayName: user.name,
    active: true,
    timeZone: 'Etc/UTC',
    locale: 'en_GB',
    avatarUrls: {}
  }
}

/** The app's own account on the site. */
export function appUserJson(site: JiraSite, version: ApiVersion = '3'): object {
  const accountId = `557058:app-${site.cloudId}`
  return {
    self: `${site.baseUrl}/rest/api/${version}/user?accountId=${encodeURIComponent(accountId)}`,
    accountId,
    accountType: 'app',
    displayName: site.app?.descriptor.name ?? 'App',
    active: true,
    timeZone: 'Etc/UTC',
    avatarUrls: {}
  }
}

export function personJson(site: JiraSite, accountId: string | null, version: ApiVersion = '3'): object {
  const user = findUser(accountId)
  return user === undefined ? appUserJson(site, version) : userJson(site, user, version)
}

export function projectJson(site: JiraSite, project: JiraProject, version: ApiVersion = '3'): object {
  return {
    self: `${site.baseUrl}/rest/api/${version}/project/${project.id}`,
    id: project.id,
    key: project.key,
    name: project.name,
    projectTypeKey: 'software',
    simplified: false,
    avatarUrls: {}
  }
}

export function commentJson(site: JiraSite, issue: JiraIssue, comment: SiteComment, version: ApiVersion = '3'): object {
  const author = personJson(site, comment.author, version)
  return {
    self: `${site.baseUrl}/rest/api/${version}/issue/${issue.id}/comment/${comment.id}`,
    id: comment.id,
    author,
    body: richText(comment.text, version),
    updateAuthor: author,
    created: jiraDate(comment.createdAtMs),
    updated: jiraDate(comment.updatedAtMs),
    jsdPublic: true
  }
}

export function attachmentJson(site: JiraSite, attachment: SiteAttachment): object {
  const { id, author, filename, type, content, createdAtMs } = attachment
  return {
    self: `${site.baseUrl}/rest/api/3/attachment/${id}`,
    id,
    filename,
    author: personJson(site, author),
    created: jiraDate(createdAtMs),
    size: Buffer.byteLength(content),
    mimeType: type,
    content: `${site.baseUrl}/rest/api/3/attachment/content/${id}`
  }
}

/** `wanted` names the fields of the answer; null gives all of them. */
export function issueJson(
  site: JiraSite,
  issue: JiraIssue,
  version: ApiVersion = '3',
  wanted: ReadonlySet<string> | null = null
): object {
  const fields = Object.entries(issueFields(site, issue, version)).filter(
    ([name]) => wanted === null || wanted.has(name)
  )
  return {
    id: issue.id,
    self: `${site.baseUrl}/rest/api/${version}/issue/${issue.id}`,
    key: issue.key,
    fields: Object.fromEntries(fields)
  }
}

function issueFields(site: JiraSite, issue: JiraIssue, version: ApiVersion): Record<string, unknown> {
  const project = site.state.projects.find((each) => each.key === issue.projectKey)
  const comments = issue.comments.map((comment) => commentJson(site, issue, comment, version))
  return {
    ...Object.fromEntries(issue.otherFields),
    summary: issue.summary,
    description: issue.description === '' ? null : richText(issue.description, version),
    issuetype: {
      ...named(site, version, 'issuetype', issueTypes, issue.issueType),
      subtask: issue.issueType === 'Sub-task'
    },
    status: { ...named(site, version, 'status', statuses, issue.status), statusCategory: statusCategory(issue.status) },
    project: project === undefined ? null : projectJson(site, project, version),
    assignee: issue.assignee === null ? null : personJson(site, issue.assignee, version),
    reporter: personJson(site, issue.reporter, version),
    creator: personJson(site, issue.reporter, version),
    created: jiraDate(issue.createdAtMs),
    updated: jiraDate(issue.updatedAtMs),
    labels: [],
    attachment: issue.attachments.map((attachment) => attachmentJson(site, attachment)),
    comment: { comments, maxResults: comments.length, total: comments.length, startAt: 0 }
  }
}

function named(site: JiraSite, version: ApiVersion, kind: string, known: readonly string[], name: string): object {
  const id = String(10_001 + Math.max(0, known.indexOf(name)))
  return { self: `${site.baseUrl}/rest/api/${version}/${kind}/${id}`, id, name }
}

function richText(text: string, version: ApiVersion): unknown {
  return version === '3' ? toDocument(text) : text
}

/** `2026-01-31T10:00:00.000+0000`, as Jira writes dates. */
export function jiraDate(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '+0000')
}

/** The column that a status belongs to: one of three, with the ids that every Jira has. */
function statusCategory(status: string): object {
  if (status === 'Done') return { id: 3, key: 'done', colorName: 'green', name: 'Done' }
  if (status === 'To Do') return { id: 2, key: 'new', colorName: 'blue-gray', name: 'To Do' }
  return { id: 4, key: 'indeterminate', colorName: 'yellow', name: 'In Progress' }
}
