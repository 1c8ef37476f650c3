import { hasIssuePermission, hasProjectPermission, mayOnPage, mayOnSpace, projectOf } from '../permissions.ts'
import type { SimulatedSite, SimulatedUser, SiteAction } from '../types.ts'

/** Whether this user may do that on the site, as the product would decide: who sees may comment, who edits may change. */
export function mayAct(site: SimulatedSite, user: SimulatedUser | null, action: SiteAction): boolean {
  if (user === null) return false
  if (site.product === 'jira') {
    const { state } = site
    if (action.type === 'createIssue') {
      const project = projectOf(state, action.project)
      return project !== undefined && hasProjectPermission(state, user, project, 'CREATE_ISSUES')
    }
    const issue = 'issue' in action ? state.issues.find(({ key }) => key === action.issue) : undefined
    if (issue === undefined || !hasIssuePermission(state, user, issue, 'BROWSE_PROJECTS')) return false
    return action.type === 'commentIssue' || hasIssuePermission(state, user, issue, 'EDIT_ISSUES')
  }
  const { state } = site
  if (action.type === 'createPage') {
    const space = state.spaces.find(({ key }) => key === action.space)
    return space !== undefined && mayOnSpace(state, user, space, 'update')
  }
  const page = 'page' in action ? state.pages.find(({ id }) => id === action.page) : undefined
  if (page === undefined || !mayOnPage(state, user, page, 'read')) return false
  return action.type === 'commentPage' || mayOnPage(state, user, page, 'update')
}
