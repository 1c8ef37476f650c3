/** The names that we know, for completion, and room for every other: apps define their own. */
type Named<Known extends string> = Known | (string & Record<never, never>)

/** A global permission of Jira, or `{appKey}__{moduleKey}` of an app. */
export type JiraGlobalPermission = Named<
  | 'ADMINISTER'
  | 'SYSTEM_ADMIN'
  | 'BULK_CHANGE'
  | 'CREATE_SHARED_OBJECTS'
  | 'USER_PICKER'
  | 'MANAGE_GROUP_FILTER_SUBSCRIPTIONS'
>

/** A project permission of Jira, or `{appKey}__{moduleKey}` of an app. It is asked of projects and of issues. */
export type JiraProjectPermission = Named<
  | 'ADMINISTER_PROJECTS'
  | 'BROWSE_PROJECTS'
  | 'CREATE_ISSUES'
  | 'EDIT_ISSUES'
  | 'ASSIGN_ISSUES'
  | 'TRANSITION_ISSUES'
  | 'RESOLVE_ISSUES'
  | 'CLOSE_ISSUES'
  | 'SCHEDULE_ISSUES'
  | 'MOVE_ISSUES'
  | 'LINK_ISSUES'
  | 'DELETE_ISSUES'
  | 'ADD_COMMENTS'
  | 'CREATE_ATTACHMENTS'
  | 'WORK_ON_ISSUES'
>

/** What a user may do on the whole Confluence site. */
export type ConfluenceApplicationPermission = Named<'use' | 'administer' | 'create_space'>

/** What a user may do with one content: a page, a blog post, an attachment and so on. */
export type ConfluenceContentPermission = 'read' | 'update' | 'delete'

/** What a user may do with a space, or, as `operation:target`, with everything of one kind in it. */
export type ConfluenceSpacePermission = Named<
  | 'read'
  | 'administer'
  | 'delete'
  | 'export'
  | 'restrict_content'
  | 'create:page'
  | 'create:blogpost'
  | 'create:comment'
  | 'create:attachment'
  | 'delete:page'
  | 'archive:page'
>
