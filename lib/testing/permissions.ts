import type { Caller } from './rest-routes.ts'
import type { JiraProject, JiraState, WikiPage, WikiSpace, WikiState } from './site-state.ts'
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
  'WORK_ON_ISSUES'
])

export const projectPermissions = new Set([
  'BROWSE_PROJECTS',
  'ADD_COMMENTS',
  'ADMINISTER_PROJECTS',
  ...editPermissions
])

/** The app's own account works on content and administers nothing. */
export function hasGlobalPermission(caller: Caller, permission: string): boolean {
  if (caller === null || caller === 'app') return false
  return caller.admin || permission === 'CREATE_SHARED_OBJECTS' || permission === 'USER_PICKER'
}

export function hasProjectPermission(caller: Caller, project: JiraProject, permission: string): boolean {
  if (permission === 'BROWSE_PROJECTS') return caller === 'app' || belongs(project.canBrowse, caller)
  // Everybody who is logged in and sees an issue may comment on it.
  if (permission === 'ADD_COMMENTS') return caller === 'app' || (caller !== null && belongs(project.canBrowse, caller))
  if (permission === 'ADMINISTER_PROJECTS') return caller !== 'app' && caller !== null && caller.admin
  return editPermissions.has(permission) && (caller === 'app' || belongs(project.canEdit, caller))
}

export function projectOf(state: JiraState, key: string): JiraProject | undefined {
  return state.projects.find((project) => project.key === key)
}

export function mayOnSpace(caller: Caller, space: WikiSpace, operation: 'read' | 'update' | 'delete'): boolean {
  if (caller === 'app') return true
  return belongs(operation === 'read' ? space.canRead : space.canEdit, caller)
}

export function spaceOf(state: WikiState, page: WikiPage): WikiSpace | undefined {
  return state.spaces.find((space) => space.key === page.spaceKey)
}
