/**
 * What products tell through Forge, by the examples that Atlassian publishes. Members that every example of an event
 * has are required. Bodies are hints: nothing checks them when they arrive.
 */

/** Somebody in Confluence. */
export interface ForgeConfluenceUser {
  readonly type: string
  readonly accountId: string
  readonly accountType: string
  readonly publicName: string
  readonly displayName?: string
  readonly email?: string
  readonly username?: string
  readonly isExternalCollaborator?: boolean
}

/** A space, with a number for an id. */
export interface ForgeConfluenceSpace {
  readonly id: number
  readonly key: string
  readonly name: string
  readonly alias?: string
  readonly type?: string
  readonly status?: string
}

/** A page, a blog post, a comment, a file or an app's own content. */
export interface ForgeConfluenceContent {
  readonly id: string
  /** `page`, `blogpost`, `comment`, `attachment`, or `forge:` and what the app calls it. */
  readonly type: string
  readonly status: string
  readonly title: string
  readonly subType?: string
  readonly space?: ForgeConfluenceSpace
  readonly history?: {
    readonly latest?: boolean
    readonly createdBy: ForgeConfluenceUser
    readonly createdDate: string
    readonly ownedBy?: ForgeConfluenceUser
  }
  readonly version?: { readonly by?: ForgeConfluenceUser; readonly when: string; readonly number: number }
  /** What it belongs to: the page of a comment or of a file. */
  readonly container?: ForgeConfluenceContent
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** A label. */
export interface ForgeConfluenceLabel {
  readonly id: string
  readonly name: string
  readonly prefix: string
}

/** A task in a page. */
export interface ForgeConfluenceTask {
  readonly id: number
  readonly uuid: string
  readonly status: string
  readonly assignee?: string
  readonly dueDate?: string
}

interface Event {
  readonly eventType: string
}

interface ConfluenceEvent extends Event {
  readonly eventCreatedDate: string
  /** Who did it. A hint. */
  readonly atlassianId?: string
}

/** An event about content. */
export interface ForgeContentBody extends ConfluenceEvent {
  readonly content: ForgeConfluenceContent
  readonly suppressNotifications?: boolean
  readonly selfGenerated?: boolean
}

/** An event about a file of a page. */
export interface ForgeAttachmentBody extends ConfluenceEvent {
  readonly attachment: ForgeConfluenceContent
}

/** A label came to content, to a space or to a template: one of them is there. */
export interface ForgeLabelBody extends ConfluenceEvent {
  readonly label: ForgeConfluenceLabel
  readonly content?: ForgeConfluenceContent
  readonly space?: ForgeConfluenceSpace
  readonly template?: { readonly templateId: string; readonly name: string }
}

/** Something in Confluence was tied to something, such as a page to its favourites. */
export interface ForgeRelationBody extends ConfluenceEvent {
  readonly relationName: string
  readonly source: ForgeRelationEnd
  readonly target: ForgeRelationEnd
}

/** One end of a relation: one of these. */
export interface ForgeRelationEnd {
  readonly user?: ForgeConfluenceUser
  readonly content?: ForgeConfluenceContent
  readonly space?: ForgeConfluenceSpace
}

/** An event about an issue. No example of it is published: all members but the name may be missing. */
export interface ForgeIssueBody extends Event {
  readonly issue?: {
    readonly id?: string
    readonly key?: string
    readonly fields?: Readonly<Record<string, unknown>>
  }
  readonly atlassianId?: string
  readonly changelog?: { readonly items?: readonly unknown[] }
  readonly comment?: { readonly id?: string; readonly [member: string]: unknown }
}

/** A board of Jira. */
export interface ForgeBoard {
  readonly id: number
  readonly name: string
  readonly type: string
}

/** A sprint of Jira; its ids are texts. */
export interface ForgeSprint {
  readonly id: string
  readonly originBoardId: string
  readonly name: string
  readonly goal?: string
  readonly state: string
  readonly createDate?: string
  readonly startDate?: string
  readonly endDate?: string
}

interface JiraSoftwareEvent extends Event {
  readonly atlassianId?: string
}

interface PolicyEvent<Data> {
  readonly type: string
  readonly id: string
  readonly time: string
  readonly data: { readonly workspace: { readonly cloudId: string } } & Data
}

/** An event of Bitbucket. Names of everything are UUIDs in braces. */
export interface ForgeBitbucketBody extends Event {
  readonly timestamp: string
  readonly actor: { readonly type: string; readonly accountId?: string; readonly uuid?: string }
  readonly repository: { readonly uuid: string; readonly slug?: string }
  readonly project: { readonly uuid: string }
  readonly workspace: { readonly uuid: string }
}

type Content = 'page' | 'blogpost' | 'comment' | 'custom_content'
type Change = 'created' | 'updated' | 'deleted'

/** Bodies of what products tell, by the names of Forge. Other names stay possible, with a body that is unknown. */
export type ForgeProductMap = {
  readonly [Name in `avi:confluence:${Change | 'trashed' | 'restored'}:${Content}`]: ForgeContentBody
} & {
  readonly [Name in `avi:confluence:${Change | 'trashed' | 'restored'}:attachment`]: ForgeAttachmentBody
} & {
  readonly [Name in `avi:confluence:${'created' | 'deleted'}:relation`]: ForgeRelationBody
} & {
  readonly [Name in `avi:confluence:${'added' | 'removed'}:label`]: ForgeLabelBody
} & {
  readonly [Name in `avi:jira:${Change | 'commented'}:issue`]: ForgeIssueBody
} & {
  readonly [Name in `avi:bitbucket:${Change}:repository`]: ForgeBitbucketBody
} & {
  readonly [Name in `avi:bitbucket:${'created' | 'updated'}:build-status`]: ForgeBitbucketBody & {
    readonly buildStatus: {
      readonly key: string
      readonly state: string
      readonly url?: string
      readonly commit: { readonly hash: string }
    }
  }
} & {
  readonly 'avi:confluence:created:space:V2': ConfluenceEvent & { readonly space: ForgeConfluenceSpace }
  readonly 'avi:confluence:updated:task': ConfluenceEvent & {
    readonly task: ForgeConfluenceTask
    readonly oldTask?: ForgeConfluenceTask
    readonly content: ForgeConfluenceContent
  }
  readonly 'avi:confluence:created:user': ConfluenceEvent & { readonly user: ForgeConfluenceUser }
  readonly 'avi:confluence:created:group': ConfluenceEvent & {
    readonly group: { readonly id: string; readonly name: string }
  }
  readonly 'avi:confluence:performed:search': ConfluenceEvent & { readonly query: string; readonly results: number }
  readonly 'avi:jira-software:created:board': JiraSoftwareEvent & { readonly board: ForgeBoard }
  readonly 'avi:jira-software:configuration-changed:board': JiraSoftwareEvent & { readonly configuration: ForgeBoard }
  readonly 'avi:jira-software:updated:sprint': JiraSoftwareEvent & {
    readonly sprint: ForgeSprint
    readonly oldValue?: Partial<ForgeSprint>
  }
  readonly 'avi:jsm-entity:created:request-type': Event & { readonly entityId: string; readonly entityType: string }
  readonly 'avi:ecosystem.app_policy:blocked:app_access_to_objects.v2': PolicyEvent<{
    readonly objects: readonly { readonly product: string; readonly type: string; readonly ids: readonly string[] }[]
  }>
  readonly 'avi:ecosystem.app_policy:blocked:app_access_to_objects_in_container.v2': PolicyEvent<{
    readonly container: { readonly product: string; readonly id: string }
  }>
  readonly 'avi:bitbucket:push:repository': ForgeBitbucketBody & {
    readonly push: { readonly ref: string; readonly after: string; readonly created: boolean; readonly forced: boolean }
  }
  readonly 'avi:bitbucket:created:commit-comment': ForgeBitbucketBody & {
    readonly commit: { readonly hash: string }
    readonly comment: { readonly id: number }
  }
}
