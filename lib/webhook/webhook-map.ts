import type {
  ConfluenceAttachmentBody,
  ConfluenceBlogBody,
  ConfluenceCommentBody,
  ConfluenceContentBody,
  ConfluenceLabelBody,
  ConfluencePageBody,
  ConfluenceSpaceBody,
  ConfluenceWebhookBody
} from './confluence-payloads.ts'
import type {
  JiraCommentBody,
  JiraIssueBody,
  JiraPropertyBody,
  JiraThingBody,
  JiraWebhookBody,
  JiraWorklogBody
} from './jira-payloads.ts'

type Names<Prefix extends string, Ends extends string, Body> = { readonly [End in Ends as `${Prefix}_${End}`]: Body }
type Changes = 'created' | 'updated' | 'deleted'

/** Bodies of Jira's webhooks by the names of their events (connect.md 7.1). */
export type JiraWebhookMap = Names<'jira:issue', Changes, JiraIssueBody> &
  Names<'comment', Changes, JiraCommentBody> &
  Names<'worklog', Changes, JiraWorklogBody> &
  Names<'issue_property', 'set' | 'deleted', JiraPropertyBody> &
  Names<'attachment', 'created' | 'deleted', JiraThingBody<'attachment'>> &
  Names<'issuelink', 'created' | 'deleted', JiraThingBody<'issueLink'>> &
  Names<'project', Changes, JiraThingBody<'project'>> &
  Names<'jira:version', Changes | 'released' | 'unreleased' | 'moved', JiraThingBody<'version'>> &
  Names<'user', Changes, JiraThingBody<'user'>> &
  Names<'sprint', Changes | 'started' | 'closed', JiraThingBody<'sprint'>> &
  Names<'board', Changes | 'configuration_changed', JiraThingBody<'board'>> & {
    /** Beside `worklog_updated`: the issue whose worklog changed. */
    readonly 'jira:worklog_updated': JiraIssueBody
  } & {
    readonly [Option in JiraOption as `option_${Option}_changed`]: JiraWebhookBody & {
      readonly property?: { readonly key?: string; readonly value?: unknown }
    }
  }

type JiraOption =
  | 'voting'
  | 'watching'
  | 'unassigned_issues'
  | 'subtasks'
  | 'attachments'
  | 'issuelinks'
  | 'timetracking'

type Kept = 'created' | 'updated' | 'removed' | 'trashed' | 'restored' | 'viewed'

/** Bodies of Confluence's webhooks by the names of their events (connect.md 7.1). */
export type ConfluenceWebhookMap = Names<
  'page',
  Kept | 'moved' | 'copied' | 'archived' | 'unarchived',
  ConfluencePageBody
> &
  Names<'blog', Kept, ConfluenceBlogBody> &
  Names<'content', 'created' | 'updated' | 'removed' | 'trashed' | 'restored', ConfluenceContentBody> &
  Names<'comment', 'created' | 'updated' | 'removed', ConfluenceCommentBody> &
  Names<'attachment', Kept, ConfluenceAttachmentBody> &
  Names<'label', 'created' | 'added' | 'removed' | 'deleted', ConfluenceLabelBody> &
  Names<'space', 'created' | 'updated' | 'removed', ConfluenceSpaceBody> &
  Names<'search', 'performed', ConfluenceWebhookBody & { readonly query?: string; readonly results?: number }> &
  Names<'user', 'created' | 'deactivated' | 'reactivated' | 'removed', ConfluenceWebhookBody> &
  Names<'group', 'created' | 'removed', ConfluenceWebhookBody>

type BodyIn<Map, Name> = Name extends keyof Map ? Map[Name] : never

/**
 * Bodies by the names of events. A name that both products use, such as `comment_created`, has either body: only
 * Jira's has a `webhookEvent`.
 */
export type WebhookMap = {
  readonly [Name in keyof JiraWebhookMap | keyof ConfluenceWebhookMap]:
    | BodyIn<JiraWebhookMap, Name>
    | BodyIn<ConfluenceWebhookMap, Name>
}
