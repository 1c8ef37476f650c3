import type { SimulatedSite, SimulatedUser, SiteAction } from '../types.ts'
import { belongs } from '../users.ts'

/** Whether this user may do that on the site, as the product would decide: who sees may comment, who edits may change. */
export function mayAct(site: SimulatedSite, user: SimulatedUser | null, action: SiteAction): boolean {
  if (user === null) return false
  const audience = audiencesOf(site, action)
  if (audience === null) return false
  const comments = action.type === 'commentIssue' || action.type === 'commentPage'
  return belongs(audience.see, user) && (comments || belongs(audience.edit, user))
}

/** Who sees and who edits the project or space that the action is about; null when there is none. */
function audiencesOf(site: SimulatedSite, action: SiteAction) {
  if (site.product === 'jira') {
    const key = 'project' in action ? action.project : issueProject(site, 'issue' in action ? action.issue : '')
    const project = site.state.projects.find((each) => each.key === key)
    return project === undefined ? null : { see: project.canBrowse, edit: project.canEdit }
  }
  const key = 'space' in action ? action.space : pageSpace(site, 'page' in action ? action.page : '')
  const space = site.state.spaces.find((each) => each.key === key)
  return space === undefined ? null : { see: space.canRead, edit: space.canEdit }
}

function issueProject(site: SimulatedSite & { product: 'jira' }, issueKey: string): string | undefined {
  return site.state.issues.find((issue) => issue.key === issueKey)?.projectKey
}

function pageSpace(site: SimulatedSite & { product: 'confluence' }, pageId: string): string | undefined {
  return site.state.pages.find((page) => page.id === pageId)?.spaceKey
}
