import { type Actor, commentIssue, createIssue, deleteIssue, findIssue, updateIssue } from './jira-changes.ts'
import { hasIssuePermission, hasProjectPermission, mayOnPage, mayOnSpace } from './permissions.ts'
import type { JiraSite, Site, WikiSite } from './site.ts'
import type { SiteEvent } from './site-event.ts'
import type { JiraIssue, WikiPage } from './site-state.ts'
import type { SimulatedUser, SiteAction } from './types.ts'
import { commentPage, createPage, deletePage, findPage, updatePage } from './wiki-changes.ts'

/** Changes the site as this user. Throws a sentence when there is no such thing, or they may not. */
export function performAction(site: Site, action: SiteAction, user: SimulatedUser | null, nowMs: number): SiteEvent[] {
  const actor = { accountId: user?.accountId ?? null, nowMs }
  if (user === null) throw new Error('An anonymous visitor changes nothing.')
  if (site.product === 'jira') return actOnJira(site, action, user, actor)
  return actOnWiki(site, action, user, actor)
}

function actOnJira(site: JiraSite, action: SiteAction, user: SimulatedUser, actor: Actor): SiteEvent[] {
  switch (action.type) {
    case 'createIssue': {
      const project = site.state.projects.find((each) => each.key === action.project)
      if (project === undefined) throw new Error(`There is no project "${action.project}".`)
      if (!hasProjectPermission(site.state, user, project, 'CREATE_ISSUES'))
        throw mayNot(user, `create issues in ${project.key}`)
      return createIssue(site.state, project.key, action, actor).events
    }
    case 'updateIssue':
      return updateIssue(issueFor(site, action.issue, user, 'EDIT_ISSUES'), action, new Map(), actor)
    case 'deleteIssue':
      return deleteIssue(site.state, issueFor(site, action.issue, user, 'DELETE_ISSUES'), actor)
    case 'commentIssue':
      return commentIssue(site.state, issueFor(site, action.issue, user, 'ADD_COMMENTS'), action.text, actor).events
    default:
      throw new Error(`"${action.type}" is nothing that is done in Jira.`)
  }
}

function issueFor(site: JiraSite, key: string, user: SimulatedUser, permission: string): JiraIssue {
  const issue = findIssue(site.state, key)
  if (issue === undefined || !hasIssuePermission(site.state, user, issue, 'BROWSE_PROJECTS')) {
    throw new Error(`There is no issue "${key}", or ${user.name} may not see it.`)
  }
  if (!hasIssuePermission(site.state, user, issue, permission)) throw mayNot(user, `change ${key}`)
  return issue
}

function actOnWiki(site: WikiSite, action: SiteAction, user: SimulatedUser, actor: Actor): SiteEvent[] {
  switch (action.type) {
    case 'createPage': {
      const space = site.state.spaces.find((each) => each.key === action.space)
      if (space === undefined) throw new Error(`There is no space "${action.space}".`)
      if (!mayOnSpace(site.state, user, space, 'update')) throw mayNot(user, `create pages in ${space.key}`)
      return createPage(site.state, space.key, action.title, action.body ?? '', actor).events
    }
    case 'updatePage':
      return updatePage(pageFor(site, action.page, user, 'update'), action, actor)
    case 'deletePage':
      return deletePage(site.state, pageFor(site, action.page, user, 'delete'), actor)
    case 'commentPage':
      return commentPage(site.state, pageFor(site, action.page, user, 'read'), action.text, actor).events
    default:
      throw new Error(`"${action.type}" is nothing that is done in Confluence.`)
  }
}

function pageFor(site: WikiSite, id: string, user: SimulatedUser, operation: 'read' | 'update' | 'delete'): WikiPage {
  const page = findPage(site.state, id)
  if (page === undefined || !mayOnPage(site.state, user, page, 'read')) {
    throw new Error(`There is no page "${id}", or ${user.name} may not see it.`)
  }
  if (!mayOnPage(site.state, user, page, operation)) throw mayNot(user, `change "${page.title}"`)
  return page
}

function mayNot(user: SimulatedUser, what: string): Error {
  return new Error(`${user.name} may not ${what}.`)
}
