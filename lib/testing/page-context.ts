import { contextPath, type JiraSite, licenseOf, type Site, type WikiSite } from './site.ts'
import type { JiraIssue, JiraProject, WikiPage, WikiSpace } from './site-state.ts'
import type { PageModule, PageOptions } from './types.ts'

/** What a page, webhook or token is about. */
export interface PageContext {
  readonly issue?: JiraIssue | undefined
  readonly project?: JiraProject | undefined
  readonly page?: WikiPage | undefined
  readonly space?: WikiSpace | undefined
}

/** Resolves keys and ids. Throws for one that the site does not have. */
export function findContext(site: Site, options: PageOptions): PageContext {
  return site.product === 'jira' ? findJiraContext(site, options) : findWikiContext(site, options)
}

/** A module that lives on an issue, a project, a page or a space is opened on the first one, when none is named. */
export function defaultContext(site: Site, module: PageModule, options: PageOptions): PageOptions {
  const named = options.issue ?? options.project ?? options.page ?? options.space
  if (named !== undefined) return options
  const location = module.location ?? ''
  if (site.product === 'jira') {
    if (/^jiraIssue/.test(module.type) || /jira\.view\.issue|jira\.issue/.test(location)) {
      return { ...options, issue: site.state.issues[0]?.key }
    }
    const onProject = /^jira(Project|Reports)/.test(module.type) || /jira\.proj/.test(location)
    return onProject ? { ...options, project: site.state.projects[0]?.key } : options
  }
  if (/^(dynamic|static)ContentMacros$|^contentByline/.test(module.type) || /page|content|atl\.editor/.test(location)) {
    return { ...options, page: site.state.pages[0]?.id }
  }
  return /space/.test(module.type + location) ? { ...options, space: site.state.spaces[0]?.key } : options
}

function findJiraContext(site: JiraSite, options: PageOptions): PageContext {
  const { issues, projects } = site.state
  const issue =
    options.issue === undefined
      ? undefined
      : needed(
          issues.find((each) => each.key === options.issue || each.id === options.issue),
          site,
          'issue',
          options.issue
        )
  const wanted = options.project ?? issue?.projectKey
  if (wanted === undefined) return { issue }
  const project = projects.find((each) => each.key === wanted || each.id === wanted)
  return { issue, project: needed(project, site, 'project', wanted) }
}

function findWikiContext(site: WikiSite, options: PageOptions): PageContext {
  const { pages, spaces } = site.state
  const page =
    options.page === undefined
      ? undefined
      : needed(
          pages.find((each) => each.id === options.page),
          site,
          'page',
          options.page
        )
  const wanted = options.space ?? page?.spaceKey
  if (wanted === undefined) return { page }
  const space = spaces.find((each) => each.key === wanted || each.id === wanted)
  return { page, space: needed(space, site, 'space', wanted) }
}

function needed<Value>(value: Value | undefined, site: Site, kind: string, name: string): Value {
  if (value === undefined) throw new Error(`The simulated site "${site.name}" has no ${kind} "${name}".`)
  return value
}

/** The same for an issue or page that is at hand, and perhaps no longer on the site. */
export function contextOf(site: Site, subject: { readonly issue?: JiraIssue; readonly page?: WikiPage }): PageContext {
  const { issue, page } = subject
  if (site.product === 'jira') {
    return { issue, project: site.state.projects.find((project) => project.key === issue?.projectKey) }
  }
  return { page, space: site.state.spaces.find((space) => space.key === page?.spaceKey) }
}

/** The `context` claim: ids are strings here, as in Jira's and Confluence's tokens. */
export function contextClaim(site: Site, context: PageContext): object {
  const { issue, project, page, space } = context
  if (site.product === 'jira') {
    if (project === undefined) return {}
    return {
      jira: {
        project: { id: project.id, key: project.key },
        ...(issue === undefined ? {} : { issue: { id: issue.id, key: issue.key } })
      }
    }
  }
  if (space === undefined) return {}
  return {
    confluence: {
      space: { id: space.id, key: space.key },
      ...(page === undefined ? {} : { content: { id: page.id, type: 'page', version: String(page.version) } })
    }
  }
}

/** Values of the `{name}` variables of module and webhook URLs; a name that is not here becomes empty. */
export function urlVariables(context: PageContext, options: PageOptions): Map<string, string> {
  const { issue, project, page, space } = context
  const values = new Map<string, string>()
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) values.set(name, value)
  }
  put('issue.id', issue?.id)
  put('issue.key', issue?.key)
  put('issuetype.id', issue === undefined ? undefined : '10001')
  put('project.id', project?.id)
  put('project.key', project?.key)
  put('space.id', space?.id)
  put('space.key', space?.key)
  for (const kind of ['page', 'content']) {
    put(`${kind}.id`, page?.id)
    put(`${kind}.version`, page === undefined ? undefined : String(page.version))
    put(`${kind}.type`, page === undefined ? undefined : 'page')
  }
  put('output.type', page === undefined ? undefined : 'display')
  for (const [name, value] of Object.entries(options.customData ?? {})) values.set(`ac.${name}`, value)
  for (const [name, value] of Object.entries(options.params ?? {})) values.set(name, value)
  return values
}

/** The parameters that a host adds to every page that is not cacheable. */
export function hostParameters(site: Site, module: PageModule): Record<string, string> {
  const appKey = site.app?.descriptor.key ?? ''
  return {
    xdm_e: site.origin,
    xdm_c: `channel-${appKey}__${module.key}`,
    cp: contextPath(site),
    xdm_deprecated_addon_key_do_not_use: appKey,
    lic: licenseOf(site)?.active === true ? 'active' : 'none',
    cv: '1001.0.0-SNAPSHOT'
  }
}
