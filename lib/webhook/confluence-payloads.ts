/**
 * What Confluence's webhooks are known to hold. No delivery of them was recorded, so that every member may be missing;
 * what matters is read again by REST.
 */

/** A page, a blog post or a comment. Its id is a number here, and a text in REST: `idAsString` is there too. */
export interface ConfluenceWebhookContent {
  readonly id?: number | string
  readonly idAsString?: string
  readonly title?: string
  readonly spaceKey?: string
  /** `page`, `blogpost` or `comment`. */
  readonly contentType?: string
  readonly version?: number
  readonly creatorAccountId?: string | null
  readonly lastModifierAccountId?: string | null
  /** Milliseconds since 1970. */
  readonly creationDate?: number
  readonly modificationDate?: number
  readonly self?: string
  readonly [member: string]: unknown
}

/** What every body of Confluence may have. It does not say which event it is: `webhookEvent` is Jira's. */
export interface ConfluenceWebhookBody {
  readonly webhookEvent?: undefined
  /** Milliseconds since 1970. */
  readonly timestamp?: number
  /** Who did it. The verified one is `event.accountId`. */
  readonly userAccountId?: string
  readonly accountType?: string
}

/** A page was created, changed, moved or removed, or somebody has seen it. */
export interface ConfluencePageBody extends ConfluenceWebhookBody {
  readonly page?: ConfluenceWebhookContent
  /** Why a page was updated, such as `edit_page`. */
  readonly updateTrigger?: string
}

/** The same of a blog post. */
export interface ConfluenceBlogBody extends ConfluenceWebhookBody {
  readonly blog?: ConfluenceWebhookContent
  readonly updateTrigger?: string
}

/** The same of any content, such as an app's own. */
export interface ConfluenceContentBody extends ConfluenceWebhookBody {
  readonly content?: ConfluenceWebhookContent
  readonly updateTrigger?: string
}

/** A comment was written, changed or removed. */
export interface ConfluenceCommentBody extends ConfluenceWebhookBody {
  readonly comment?: ConfluenceWebhookContent & {
    /** What was commented. */
    readonly parent?: ConfluenceWebhookContent
  }
}

/** Files were attached to content, changed or removed. */
export interface ConfluenceAttachmentBody extends ConfluenceWebhookBody {
  readonly attachments?: readonly (ConfluenceWebhookContent & { readonly fileName?: string })[]
  readonly attachedTo?: ConfluenceWebhookContent
}

/** A label was made, added or removed. */
export interface ConfluenceLabelBody extends ConfluenceWebhookBody {
  readonly label?: { readonly name?: string; readonly prefix?: string; readonly [member: string]: unknown }
  readonly labeled?: ConfluenceWebhookContent
}

/** A space was created, changed or removed. */
export interface ConfluenceSpaceBody extends ConfluenceWebhookBody {
  readonly space?: { readonly id?: number | string; readonly key?: string; readonly [member: string]: unknown }
}
