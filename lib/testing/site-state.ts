/** What a simulated site remembers. Plain data: pages read it, `rest-*` and actions change it. */

/** Account ids, or everybody who is logged in, or everybody. */
export type Audience = readonly string[] | 'users' | 'everyone'

export interface SiteComment {
  readonly id: string
  /** Null: written by the app. */
  readonly author: string | null
  text: string
  readonly createdAtMs: number
  updatedAtMs: number
}

export interface JiraProject {
  readonly id: string
  readonly key: string
  readonly name: string
  readonly canBrowse: Audience
  readonly canEdit: Audience
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
  readonly comments: SiteComment[]
  readonly properties: Map<string, unknown>
  /** Fields that the simulator keeps without knowing what they mean. */
  readonly otherFields: Map<string, unknown>
}

/** Projects, issues and app properties of a simulated Jira. */
export interface JiraState {
  readonly projects: JiraProject[]
  readonly issues: JiraIssue[]
  /** The app's own properties on this site. */
  readonly appProperties: Map<string, unknown>
  nextId: number
}

export interface WikiSpace {
  readonly id: string
  readonly key: string
  readonly name: string
  readonly canRead: Audience
  readonly canEdit: Audience
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
  readonly comments: SiteComment[]
  readonly properties: Map<string, { id: string; value: unknown; version: number }>
}

/** Spaces, pages and app properties of a simulated Confluence. */
export interface WikiState {
  readonly spaces: WikiSpace[]
  readonly pages: WikiPage[]
  readonly appProperties: Map<string, unknown>
  nextId: number
}

/** What a simulated site remembers. */
export type SiteState = JiraState | WikiState
