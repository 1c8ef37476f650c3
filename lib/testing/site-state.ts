/** What a simulated site remembers. Plain data: pages read it, `rest-*` and actions change it. */

/**
 * Who may: everybody, everybody who is logged in, or a list of account ids, `group:NAME` and, in a project of Jira,
 * `role:NAME`. Administrators always may.
 */
export type Audience = readonly string[] | 'users' | 'everyone'

/** A group of people on one site. Members are account ids. */
export interface SiteGroup {
  readonly id: string
  readonly name: string
  readonly members: Set<string>
}

export interface SiteComment {
  readonly id: string
  /** Null: written by the app. */
  readonly author: string | null
  text: string
  readonly createdAtMs: number
  updatedAtMs: number
}

/** A file on an issue. Its bytes are kept as UTF-8 text. */
export interface SiteAttachment {
  readonly id: string
  /** Null: attached by the app. */
  readonly author: string | null
  readonly filename: string
  /** Media type. */
  readonly type: string
  readonly content: string
  readonly createdAtMs: number
}

export interface JiraProject {
  readonly id: string
  readonly key: string
  readonly name: string
  canBrowse: Audience
  canEdit: Audience
  /** Roles by name: account ids and `group:NAME`. */
  readonly roles: Map<string, Set<string>>
  /** Who has a project permission beside what `canBrowse` and `canEdit` say, by its name; also an app's own ones. */
  readonly permissions: Map<string, Audience>
}

export interface JiraIssue {
  readonly id: string
  readonly key: string
  readonly projectKey: string
  readonly issueType: string
  summary: string
  description: string
  status: string
  assignee: string | null
  readonly reporter: string | null
  readonly createdAtMs: number
  updatedAtMs: number
  /** Null: whoever may browse the project. Else nobody but these has any permission for this issue. */
  restrictedTo: Audience | null
  readonly comments: SiteComment[]
  readonly attachments: SiteAttachment[]
  readonly properties: Map<string, unknown>
  /** Fields that the simulator keeps without knowing what they mean. */
  readonly otherFields: Map<string, unknown>
}

/** A webhook that the app registered at run time. */
export interface SiteDynamicWebhook {
  readonly id: number
  /** Below the app's base URL. */
  readonly path: string
  readonly events: readonly string[]
  readonly jqlFilter: string
  /** Null: any. */
  readonly fieldIdsFilter: readonly string[] | null
  readonly issuePropertyKeysFilter: readonly string[] | null
  expiresAtMs: number
}

/** Projects, issues and app properties of a simulated Jira. */
export interface JiraState {
  readonly projects: JiraProject[]
  readonly issues: JiraIssue[]
  readonly groups: SiteGroup[]
  /** Who has a global permission, by its name; also an app's own ones. */
  readonly globalPermissions: Map<string, Audience>
  /** The app's own properties on this site. */
  readonly appProperties: Map<string, unknown>
  readonly dynamicWebhooks: SiteDynamicWebhook[]
  nextId: number
}

export interface WikiSpace {
  readonly id: string
  readonly key: string
  readonly name: string
  canRead: Audience
  canEdit: Audience
  /** Who may do more than reading and editing, by `operation:target`, for example `administer:space`. */
  readonly permissions: Map<string, Audience>
}

export interface WikiPage {
  readonly id: string
  readonly spaceKey: string
  title: string
  /** Storage format. */
  body: string
  version: number
  readonly author: string | null
  readonly createdAtMs: number
  updatedAtMs: number
  /** Null: whoever may read, or edit, the space. Else nobody but these, who have to be allowed by the space too. */
  readonly restrictions: { read: Audience | null; update: Audience | null }
  readonly comments: SiteComment[]
  readonly properties: Map<string, { id: string; value: unknown; version: number }>
}

/** Spaces, pages and app properties of a simulated Confluence. */
export interface WikiState {
  readonly spaces: WikiSpace[]
  readonly pages: WikiPage[]
  readonly groups: SiteGroup[]
  /** Who may do what on the whole site: `use`, `administer`, `create_space`. */
  readonly applicationPermissions: Map<string, Audience>
  readonly appProperties: Map<string, unknown>
  nextId: number
}

/** What a simulated site remembers. */
export type SiteState = JiraState | WikiState
