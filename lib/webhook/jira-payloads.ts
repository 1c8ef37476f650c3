/**
 * What Jira's webhooks hold: members that every recorded delivery of the event has are required, the rest is optional.
 * Bodies are hints: nothing checks them when they arrive, and sites add members of their own.
 */

/** Somebody. Which members are told depends on the site and on what the person lets others see. */
export interface JiraWebhookUser {
  readonly self: string
  /** Who it is, in Cloud. Some recorded deliveries have none: the verified one is `event.accountId`. */
  readonly accountId?: string
  /** `atlassian`, `app` or `customer`. */
  readonly accountType?: string
  readonly displayName: string
  readonly active: boolean
  readonly timeZone?: string
  readonly avatarUrls?: Readonly<Record<string, string>>
  readonly emailAddress?: string
  /** Older sites told it; Cloud does no more. */
  readonly name?: string
  /** The same. */
  readonly key?: string
}

/** Something with an id and a name, such as a priority or a component. */
export interface JiraWebhookNamed {
  readonly self?: string
  readonly id: string
  readonly name: string
  readonly description?: string
  readonly iconUrl?: string
}

/** The status of an issue, with the column that it belongs to. */
export interface JiraWebhookStatus extends JiraWebhookNamed {
  readonly statusCategory: {
    readonly id: number
    /** `new`, `indeterminate` or `done`. */
    readonly key: string
    readonly name: string
    readonly colorName?: string
  }
}

/** What kind of issue it is. */
export interface JiraWebhookIssueType extends JiraWebhookNamed {
  readonly subtask: boolean
  readonly avatarId?: number
}

/** The project of an issue. */
export interface JiraWebhookProject {
  readonly self?: string
  readonly id: string
  readonly key: string
  readonly name: string
  readonly projectTypeKey?: string
  readonly simplified?: boolean
  readonly avatarUrls?: Readonly<Record<string, string>>
}

/** A version that an issue is fixed in, or affects. */
export interface JiraWebhookVersion extends JiraWebhookNamed {
  readonly archived?: boolean
  readonly released?: boolean
  /** A day: `2026-03-31`. */
  readonly releaseDate?: string
}

/** Fields by their ids. Events of comments tell fewer of them. Custom fields are `customfield_10010` and the like. */
export interface JiraWebhookFields {
  readonly summary: string
  readonly status: JiraWebhookStatus
  readonly issuetype: JiraWebhookIssueType
  readonly project: JiraWebhookProject
  readonly priority?: JiraWebhookNamed | null
  readonly assignee?: JiraWebhookUser | null
  readonly reporter?: JiraWebhookUser | null
  readonly creator?: JiraWebhookUser | null
  /** Wiki markup. */
  readonly description?: string | null
  readonly resolution?: JiraWebhookNamed | null
  readonly labels?: readonly string[]
  readonly components?: readonly JiraWebhookNamed[]
  readonly fixVersions?: readonly JiraWebhookVersion[]
  readonly versions?: readonly JiraWebhookVersion[]
  /** With an offset: `2026-03-01T10:00:00.000+0000`. */
  readonly created?: string
  readonly updated?: string
  /** A day. */
  readonly duedate?: string | null
  readonly [field: string]: unknown
}

/** The issue that an event is about. */
export interface JiraWebhookIssue {
  readonly id: string
  readonly key: string
  readonly self: string
  readonly fields: JiraWebhookFields
}

/** One field that changed. `from` and `to` are ids, `fromString` and `toString` what people read. */
export interface JiraWebhookChange {
  readonly field: string
  /** `jira` or `custom`. */
  readonly fieldtype: string
  readonly fieldId?: string
  readonly from: string | null
  readonly fromString: string | null
  readonly to: string | null
  readonly toString: string | null
}

/** What changed at once. */
export interface JiraWebhookChangelog {
  readonly id: string
  readonly items: readonly JiraWebhookChange[]
}

/** A comment of an issue. */
export interface JiraWebhookComment {
  readonly self: string
  readonly id: string
  readonly author: JiraWebhookUser
  readonly updateAuthor?: JiraWebhookUser
  /** Wiki markup. */
  readonly body: string
  readonly created: string
  readonly updated: string
  /** `false` for an internal comment of a service project. */
  readonly jsdPublic?: boolean
}

/** Time that was spent on an issue. */
export interface JiraWebhookWorklog {
  readonly self?: string
  readonly id: string
  readonly issueId: string
  readonly author: JiraWebhookUser
  readonly updateAuthor: JiraWebhookUser
  readonly comment?: string
  /** As people write it: `1h 30m`. */
  readonly timeSpent: string
  readonly timeSpentSeconds: number
  readonly started?: string
  readonly created?: string
  readonly updated?: string
}

/** What every body of Jira has. */
export interface JiraWebhookBody {
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly webhookEvent: string
  /** Which of the app's dynamic webhooks it fits. */
  readonly matchedWebhookIds?: readonly number[]
}

/** An issue was created, changed or deleted. */
export interface JiraIssueBody extends JiraWebhookBody {
  /** What kind of change it was, such as `issue_assigned`. */
  readonly issue_event_type_name?: string
  readonly user: JiraWebhookUser
  readonly issue: JiraWebhookIssue
  /** Left out where nothing but a comment changed. */
  readonly changelog?: JiraWebhookChangelog
  /** With changes of comments. */
  readonly comment?: JiraWebhookComment
}

/** A comment was written, changed or deleted. */
export interface JiraCommentBody extends JiraWebhookBody {
  readonly comment: JiraWebhookComment
  /** In Cloud, with its most important fields only. */
  readonly issue?: JiraWebhookIssue
  readonly user?: JiraWebhookUser
}

/** Spent time was written down, changed or deleted. It names its issue by `issueId` only. */
export interface JiraWorklogBody extends JiraWebhookBody {
  readonly worklog: JiraWebhookWorklog
}

/** A property of an issue was set or deleted. No delivery of it was recorded: all members may be missing. */
export interface JiraPropertyBody extends JiraWebhookBody {
  readonly property?: { readonly key?: string; readonly value?: unknown }
  readonly issue?: JiraWebhookIssue
  readonly user?: JiraWebhookUser
}

/** Something that is known by few members. No delivery of it was recorded: all members may be missing. */
export interface JiraWebhookThing {
  readonly id?: string | number
  readonly key?: string
  readonly name?: string
  readonly self?: string
  readonly [member: string]: unknown
}

/** An event about one thing, in the member of that name. */
export type JiraThingBody<Member extends string> = JiraWebhookBody & {
  readonly [Name in Member]?: JiraWebhookThing
}
