import { appUserJson, commentJson, issueJson, personJson, projectJson } from './jira-json.ts'
import type { JiraSite, Site, WikiSite } from './site.ts'
import type { ChangedField, SiteEvent } from './site-event.ts'
import type { JiraIssue } from './site-state.ts'
import { hookPageJson } from './wiki-json.ts'

/** The body that the host sends for an event; events that the simulator knows nothing about get a plausible one. */
export function webhookPayload(site: Site, happened: SiteEvent, nowMs: number): object {
  return site.product === 'jira' ? jiraPayload(site, happened, nowMs) : wikiPayload(site, happened, nowMs)
}

function jiraPayload(site: JiraSite, happened: SiteEvent, nowMs: number): object {
  const { event, actor } = happened
  const issue = happened.issue ?? site.state.issues[0]
  const base = { timestamp: nowMs, webhookEvent: event }
  const user = actor === null ? appUserJson(site, '2') : personJson(site, actor, '2')
  if (issue !== undefined && /^(jira:)?issue_(created|updated|deleted)$/.test(event)) {
    const kind = event.endsWith('updated') ? 'issue_generic' : event.replace('jira:', '')
    return {
      ...base,
      issue_event_type_name: kind,
      user,
      issue: issueJson(site, issue, '2'),
      ...(event.endsWith('updated') ? { changelog: changelog(happened.changes, nowMs) } : {})
    }
  }
  const subject = /^(?:jira:)?([a-z]+)/.exec(event)?.[1] ?? ''
  return { ...base, ...jiraSubject(site, happened, subject, issue, user, nowMs) }
}

/** Comments, worklogs and links have no `user` of their own in life: their author says who it was. */
function jiraSubject(
  site: JiraSite,
  happened: SiteEvent,
  subject: string,
  issue: JiraIssue | undefined,
  user: object,
  nowMs: number
): object {
  const issueId = issue?.id ?? '10001'
  switch (subject) {
    case 'comment': {
      if (issue === undefined) return {}
      const comment = happened.comment ??
        issue.comments[0] ?? {
          id: '10199',
          author: happened.actor,
          text: 'A comment.',
          createdAtMs: nowMs,
          updatedAtMs: nowMs
        }
      const brief = new Set(['summary', 'issuetype', 'project', 'assignee', 'status'])
      return { comment: commentJson(site, issue, comment, '2'), issue: issueJson(site, issue, '2', brief) }
    }
    case 'issue':
      return {
        user,
        property: happened.property ?? { key: 'simulated', value: {} },
        ...(issue === undefined ? {} : { issue: issueJson(site, issue, '2') })
      }
    case 'worklog':
      return {
        worklog: { id: '10301', issueId, author: user, updateAuthor: user, timeSpent: '10m', timeSpentSeconds: 600 }
      }
    case 'attachment':
      return { attachment: { id: '10302', filename: 'menu.txt', author: user, size: 12, mimeType: 'text/plain' } }
    case 'issuelink':
      return { issueLink: { id: 10_303, sourceIssueId: Number(issueId), destinationIssueId: Number(issueId) + 1 } }
    case 'project':
      return { project: site.state.projects[0] === undefined ? {} : projectJson(site, site.state.projects[0], '2') }
    case 'version':
      return { version: { id: '10304', name: 'Spring menu', projectId: 10_000, archived: false, released: false } }
    case 'user':
      return { user }
    case 'sprint':
      return { sprint: { id: 7, name: 'First flush', state: 'active', originBoardId: 3 } }
    case 'board':
      return { board: { id: 3, name: 'Tea board', type: 'scrum' } }
    case 'option':
      return { property: { key: happened.event.replace(/_changed$/, ''), value: 'true' } }
    default:
      return { user }
  }
}

function changelog(changes: readonly ChangedField[] | undefined, nowMs: number): object {
  const items = changes ?? [{ field: 'summary', from: 'Before', to: 'After' }]
  return {
    id: String(nowMs % 100_000),
    items: items.map((change) => ({
      field: change.field,
      fieldtype: 'jira',
      fieldId: change.field,
      from: null,
      fromString: change.from,
      to: null,
      toString: change.to
    }))
  }
}

function wikiPayload(site: WikiSite, happened: SiteEvent, nowMs: number): object {
  const page = happened.page ?? site.state.pages[0]
  const base = {
    timestamp: nowMs,
    ...(happened.actor === null ? {} : { userAccountId: happened.actor }),
    accountType: happened.actor === null ? 'app' : 'customer'
  }
  const subject = happened.event.split('_')[0] ?? ''
  const pageJson = page === undefined ? {} : hookPageJson(site, page)
  switch (subject) {
    case 'page':
    case 'content':
      return {
        ...base,
        [subject]: pageJson,
        ...(happened.event.endsWith('updated') ? { updateTrigger: 'edit_page' } : {})
      }
    case 'blog':
      return { ...base, blog: { ...pageJson, contentType: 'blogpost' } }
    case 'comment':
      return {
        ...base,
        comment: {
          id: Number(happened.comment?.id ?? 131_199),
          contentType: 'comment',
          creatorAccountId: happened.actor,
          creationDate: happened.comment?.createdAtMs ?? nowMs,
          parent: pageJson
        }
      }
    case 'space':
      return { ...base, space: { id: Number(site.state.spaces[0]?.id ?? 1), key: site.state.spaces[0]?.key } }
    case 'attachment':
      return {
        ...base,
        attachments: [{ id: 131_198, fileName: 'menu.txt', contentType: 'attachment' }],
        attachedTo: pageJson
      }
    case 'label':
      return { ...base, label: { name: 'tea', prefix: 'global' }, labeled: pageJson }
    default:
      return base
  }
}
