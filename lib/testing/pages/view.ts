import { isObject } from '../descriptor-reader.ts'
import { hasIssuePermission, hasProjectPermission, mayOnPage, mayOnSpace } from '../permissions.ts'
import { contextPath } from '../site.ts'
import type { JiraIssue, JiraState, WikiPage, WikiState } from '../site-state.ts'
import type { HostSimulator, SimulatedSite, SimulatedUser } from '../types.ts'
import { forgeModulesOf, hasDescriptor, installationOn, type Platform, platformOf } from './platform.ts'
import { homePath, type Route } from './routes.ts'
import type { ShownLog } from './shown-log.ts'

export interface Visit {
  readonly host: HostSimulator
  readonly site: SimulatedSite
  readonly user: SimulatedUser | null
  readonly log: ShownLog
}

export interface View {
  readonly title: string
  readonly status: number
  /** Plain data for the browser: everything that the page shows. */
  readonly data: Record<string, unknown>
}

/** Everything the page at `route` shows to this user. What they may not see is not in it. */
export function buildView(visit: Visit, route: Route): View {
  const { host, site, user } = visit
  const content = site.product === 'jira' ? jiraContent(site.state, user, route) : wikiContent(site.state, user, route)
  const shown: Route = content.found ? route : { kind: 'missing' }
  const platform = platformOf(host, site)
  const app = platform === 'none' ? null : appOf(visit, platform)
  return {
    title: `${content.found ? titleOf(content, app, route) : 'Not found'} - ${site.name}`,
    status: content.found ? 200 : 404,
    data: {
      route: shown,
      site: publicSite(host, site),
      sites: host.sites.map((each) => ({ ...publicSite(host, each), home: each.origin + homePath(each) })),
      users: host.users,
      user: user?.accountId ?? null,
      app,
      modules: platform === 'none' ? [] : platform === 'forge' ? forgeModulesOf(host, site) : modulesOf(visit),
      webhooks: site.installed ? webhooksOf(visit) : [],
      controlUrl: host.url,
      ...content
    }
  }
}

/** For a site that has left Connect, installed and enabled are what Forge says. */
function publicSite(host: HostSimulator, site: SimulatedSite): Record<string, unknown> {
  const { name, product, origin, baseUrl, clientKey, cloudId } = site
  const platform = platformOf(host, site)
  const onForge = platform === 'forge'
  const installed = onForge || site.installed
  const enabled = onForge || site.enabled
  return {
    name,
    product,
    origin,
    baseUrl,
    clientKey,
    cloudId,
    installed,
    enabled,
    platform,
    installationId: installationOn(host, site)?.id ?? null,
    // A move needs a manifest: without one the app has nothing to show on Forge.
    mayMove: site.installed || onForge ? host.forge.modules.length > 0 : false,
    prefix: contextPath(site)
  }
}

interface Content extends Record<string, unknown> {
  readonly found: boolean
  /** What the frames of the page are about. */
  readonly context: Record<string, string>
  readonly issue?: JiraIssue
  readonly page?: WikiPage
}

function jiraContent(state: JiraState, user: SimulatedUser | null, route: Route): Content {
  const projects = state.projects.filter((project) => hasProjectPermission(state, user, project, 'BROWSE_PROJECTS'))
  const visible = state.issues.filter((issue) => hasIssuePermission(state, user, issue, 'BROWSE_PROJECTS'))
  const about: Record<string, string> = route.kind === 'module' ? route.about : { ...route }
  const issue = visible.find((each) => each.key === about.issue)
  const project = projects.find((each) => each.key === (issue?.projectKey ?? about.project))
  return {
    found: isFound(route, { issue, project }),
    context: contextOf({ issue: issue?.key, project: project?.key ?? projects[0]?.key }),
    projects: projects.map(({ id, key, name }) => ({ id, key, name })),
    issues: visible.map(({ key, summary, status, issueType, projectKey }) => ({
      key,
      summary,
      status,
      issueType,
      projectKey
    })),
    issue,
    project: project && { id: project.id, key: project.key, name: project.name },
    mayEdit:
      issue === undefined
        ? project !== undefined && hasProjectPermission(state, user, project, 'EDIT_ISSUES')
        : hasIssuePermission(state, user, issue, 'EDIT_ISSUES')
  }
}

function wikiContent(state: WikiState, user: SimulatedUser | null, route: Route): Content {
  const spaces = state.spaces.filter((space) => mayOnSpace(state, user, space, 'read'))
  const visible = state.pages.filter((page) => mayOnPage(state, user, page, 'read'))
  const about: Record<string, string> = route.kind === 'module' ? route.about : { ...route }
  const page = visible.find((each) => each.id === about.page)
  const space = spaces.find((each) => each.key === (page?.spaceKey ?? about.space))
  return {
    found: isFound(route, { page, space }),
    context: contextOf({ page: page?.id, space: space?.key ?? spaces[0]?.key }),
    spaces: spaces.map(({ id, key, name }) => ({ id, key, name })),
    pages: visible.map(({ id, title, spaceKey }) => ({ id, title, spaceKey })),
    page,
    space: space && { id: space.id, key: space.key, name: space.name },
    mayEdit:
      page === undefined
        ? space !== undefined && mayOnSpace(state, user, space, 'update')
        : mayOnPage(state, user, page, 'update')
  }
}

function isFound(route: Route, things: Readonly<Record<string, unknown>>): boolean {
  if (route.kind === 'missing') return false
  return route.kind === 'admin' || route.kind === 'module' || things[route.kind] !== undefined
}

function contextOf(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function titleOf(content: Content, app: Record<string, unknown> | null, route: Route): string {
  if (route.kind === 'issue') return `${content.issue?.key} ${content.issue?.summary}`
  if (route.kind === 'page') return content.page?.title ?? ''
  if (route.kind === 'project') return route.project
  if (route.kind === 'space') return route.space
  return route.kind === 'module' ? String(app?.name ?? 'App') : 'Apps'
}

function appOf({ host, site }: Visit, platform: Platform): Record<string, unknown> {
  if (platform === 'forge' && !hasDescriptor(host, site)) {
    return { key: host.forge.appId, name: 'The app', description: null, baseUrl: null, scopes: [], vendor: null }
  }
  const raw = host.descriptor({ site: site.name })
  const vendor = isObject(raw.vendor) ? raw.vendor.name : null
  const { key, name, description, baseUrl, scopes } = raw
  return { key, name: name ?? key, description, baseUrl, scopes, vendor }
}

/** The modules with a page, and beside them what only their descriptor entry says: weight, macro parameters. */
function modulesOf({ host, site }: Visit): Record<string, unknown>[] {
  const raw = host.descriptor({ site: site.name })
  const declared = isObject(raw.modules) ? raw.modules : {}
  return host.modules({ site: site.name }).map((module) => {
    const list = declared[module.type]
    const entry = (Array.isArray(list) ? list : [list]).filter(isObject).find((each) => each.key === module.key) ?? {}
    const { weight, parameters, options } = entry
    return {
      ...module,
      weight: typeof weight === 'number' ? weight : 100,
      parameters: Array.isArray(parameters) ? parameters.filter(isObject).map(parameterOf) : [],
      options: isObject(options) ? options : {}
    }
  })
}

function parameterOf(parameter: Record<string, unknown>): Record<string, string> {
  const label = isObject(parameter.name) ? parameter.name.value : parameter.identifier
  return {
    identifier: String(parameter.identifier),
    label: String(label),
    value: typeof parameter.defaultValue === 'string' ? parameter.defaultValue : ''
  }
}

function webhooksOf({ host, site }: Visit): string[] {
  const raw = host.descriptor({ site: site.name })
  const webhooks = isObject(raw.modules) ? raw.modules.webhooks : []
  const events = (Array.isArray(webhooks) ? webhooks : [webhooks])
    .filter(isObject)
    .map((webhook) => String(webhook.event))
  return [...new Set(events)]
}
