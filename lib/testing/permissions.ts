import type { Caller } from './rest-routes.ts'
import type { Audience, JiraIssue, JiraProject, JiraState, WikiPage, WikiSpace, WikiState } from './site-state.ts'
import { belongs } from './users.ts'

export const globalPermissions = new Set([
  'ADMINISTER',
  'SYSTEM_ADMIN',
  'BULK_CHANGE',
  'CREATE_SHARED_OBJECTS',
  'USER_PICKER',
  'MANAGE_GROUP_FILTER_SUBSCRIPTIONS'
])

const editPermissions = new Set([
  'CREATE_ISSUES',
  'EDIT_ISSUES',
  'ASSIGN_ISSUES',
  'TRANSITION_ISSUES',
  'DELETE_ISSUES',
  'LINK_ISSUES',
  'CREATE_ATTACHMENTS',
  'WORK_ON_ISSUES'
])

export const projectPermissions = new Set([
  'BROWSE_PROJECTS',
  'ADD_COMMENTS',
  'ADMINISTER_PROJECTS',
  ...editPermissions
])

/** The app's own account works on content and administers nothing. */
export function hasGlobalPermission(state: JiraState, caller: Caller, permission: string): boolean {
  if (caller === 'app') return false
  const audience = state.globalPermissions.get(permission)
  return audience === undefined ? caller?.admin === true : belongs(audience, caller, state)
}

export function hasProjectPermission(
  state: JiraState,
  caller: Caller,
  project: JiraProject,
  permission: string
): boolean {
  const inAudience = (audience: Audience) =>
    caller === 'app' || belongs(audience, caller, { groups: state.groups, roles: project.roles })
  const audience = project.permissions.get(permission)
  if (audience !== undefined && caller !== 'app' && inAudience(audience)) return true
  if (permission === 'BROWSE_PROJECTS') return inAudience(project.canBrowse)
  // Everybody who is logged in and sees an issue may comment on it.
  if (permission === 'ADD_COMMENTS') return caller !== null && inAudience(project.canBrowse)
  if (editPermissions.has(permission)) return inAudience(project.canEdit)
  return caller !== 'app' && caller?.admin === true
}

/** A restricted issue is for those it names, and they need the permission in the project too. */
export function hasIssuePermission(state: JiraState, caller: Caller, issue: JiraIssue, permission: string): boolean {
  const project = projectOf(state, issue.projectKey)
  if (project === undefined || !hasProjectPermission(state, caller, project, permission)) return false
  if (issue.restrictedTo === null || caller === 'app') return true
  return belongs(issue.restrictedTo, caller, { groups: state.groups, roles: project.roles })
}

export function projectOf(state: JiraState, key: string): JiraProject | undefined {
  return state.projects.find((project) => project.key === key)
}

export type ContentOperation = 'read' | 'update' | 'delete'

export function mayOnSpace(state: WikiState, caller: Caller, space: WikiSpace, operation: ContentOperation): boolean {
  if (caller === 'app') return true
  return belongs(operation === 'read' ? space.canRead : space.canEdit, caller, state)
}

/** The space has to allow it, and the page's own restrictions. */
export function mayOnPage(state: WikiState, caller: Caller, page: WikiPage, operation: ContentOperation): boolean {
  const space = spaceOf(state, page)
  if (space === undefined || !mayOnSpace(state, caller, space, operation)) return false
  if (caller === 'app') return true
  const { read, update } = page.restrictions
  if (read !== null && !belongs(read, caller, state)) return false
  return operation === 'read' || update === null || belongs(update, caller, state)
}

export function spaceOf(state: WikiState, page: WikiPage): WikiSpace | undefined {
  return state.spaces.find((space) => space.key === page.spaceKey)
}
