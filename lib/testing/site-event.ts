import type { JiraIssue, SiteComment, WikiPage } from './site-state.ts'

export interface ChangedField {
  readonly field: string
  readonly from: string | null
  readonly to: string | null
}

/** Something happened on a site; a webhook with this event name tells the app. */
export interface SiteEvent {
  readonly event: string
  /** Null: the app itself did it, or nobody who is logged in. */
  readonly actor: string | null
  readonly issue?: JiraIssue | undefined
  readonly page?: WikiPage | undefined
  readonly comment?: SiteComment
  readonly changes?: readonly ChangedField[]
  readonly property?: { readonly key: string; readonly value: unknown }
}
