import { contextPath } from '../site.ts'
import type { SimulatedSite } from '../types.ts'

/** What a page of a site is about. */
export type Route =
  | { kind: 'issue'; issue: string }
  | { kind: 'project'; project: string }
  | { kind: 'page'; space: string; page: string }
  | { kind: 'space'; space: string }
  | { kind: 'admin' }
  | { kind: 'module'; moduleKey: string; customData: Record<string, string>; about: Record<string, string> }
  | { kind: 'missing' }

/** The first page to see on a site: its first issue or page. */
export function homePath(site: SimulatedSite): string {
  if (site.product === 'jira') return `/browse/${site.state.issues[0]?.key ?? ''}`
  const page = site.state.pages[0]
  return page ? `/wiki/spaces/${page.spaceKey}/pages/${page.id}` : '/wiki/admin'
}

/** Reads path and query of a site's page; `missing` for every address that the product does not have. */
export function parseRoute(site: SimulatedSite, url: URL): Route {
  const prefix = contextPath(site)
  if (!url.pathname.startsWith(`${prefix}/`)) return { kind: 'missing' }
  const parts = segmentsOf(url.pathname.slice(prefix.length))
  if (parts === null) return { kind: 'missing' }
  const [first, second, third, fourth, fifth] = parts
  if (first === 'admin' && parts.length === 1) return { kind: 'admin' }
  if (first === 'plugins' && second === 'servlet' && third === 'ac' && fourth && fifth) {
    return moduleRoute(parts.slice(4).join('/'), url.searchParams)
  }
  return site.product === 'jira' ? jiraRoute(parts) : wikiRoute(parts)
}

function jiraRoute([first, second, third]: string[]): Route {
  if (!second || third) return { kind: 'missing' }
  if (first === 'browse') return { kind: 'issue', issue: second }
  if (first === 'projects') return { kind: 'project', project: second }
  return { kind: 'missing' }
}

function wikiRoute([first, space, third, page, more]: string[]): Route {
  if (first !== 'spaces' || !space || more) return { kind: 'missing' }
  if (third === undefined) return { kind: 'space', space }
  return third === 'pages' && page ? { kind: 'page', space, page } : { kind: 'missing' }
}

function moduleRoute(moduleKey: string, query: URLSearchParams): Route {
  const names: Readonly<Record<string, string>> = {
    'issue.key': 'issue',
    'project.key': 'project',
    'page.id': 'page',
    'space.key': 'space'
  }
  const customData: [string, string][] = []
  const about: [string, string][] = []
  for (const [name, value] of query) {
    const aboutName = names[name]
    if (name.startsWith('ac.')) customData.push([name.slice(3), value])
    else if (aboutName !== undefined) about.push([aboutName, value])
  }
  return { kind: 'module', moduleKey, customData: Object.fromEntries(customData), about: Object.fromEntries(about) }
}

function segmentsOf(path: string): string[] | null {
  try {
    return path.split('/').slice(1).map(decodeURIComponent)
  } catch {
    return null
  }
}
