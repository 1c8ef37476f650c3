// Addresses inside a site, as Jira and Confluence spell them.

export const issuePath = (key) => `/browse/${encodeURIComponent(key)}`
export const projectPath = (key) => `/projects/${encodeURIComponent(key)}`
export const spacePath = (key) => `/wiki/spaces/${encodeURIComponent(key)}`
export const pagePath = (spaceKey, id) => `${spacePath(spaceKey)}/pages/${encodeURIComponent(id)}`
export const adminPath = (product) => (product === 'confluence' ? '/wiki/admin' : '/admin')

/** The address of one of the app's pages; what it is about and its custom data travel in the query. */
export function modulePath(view, moduleKey, context = {}, customData = {}) {
  const prefix = view.site.product === 'confluence' ? '/wiki' : ''
  const query = new URLSearchParams()
  const names = { issue: 'issue.key', project: 'project.key', page: 'page.id', space: 'space.key' }
  for (const [name, parameter] of Object.entries(names)) if (context[name]) query.set(parameter, context[name])
  for (const [name, value] of Object.entries(customData)) query.set(`ac.${name}`, value)
  const tail = query.size > 0 ? `?${query}` : ''
  return `${prefix}/plugins/servlet/ac/${encodeURIComponent(view.app.key)}/${encodeURIComponent(moduleKey)}${tail}`
}

/** Where AP.navigator.go leads, or null for a target that this host does not know. */
export function navigatorPath(view, target, context) {
  const known = {
    issue: () => context.issueKey && issuePath(context.issueKey),
    addonmodule: () =>
      context.moduleKey &&
      modulePath(view, context.moduleKey, { ...view.context, ...named(context.context) }, context.customData),
    contentview: () => context.contentId && pagePath(view.context.space ?? view.spaces[0]?.key, context.contentId),
    spaceview: () => context.spaceKey && spacePath(context.spaceKey),
    projectview: () => context.projectKey && projectPath(context.projectKey),
    dashboard: () => '/',
    site: () => sitePath(context.relativeUrl)
  }
  return known[String(target).toLowerCase()]?.() || null
}

function named(context = {}) {
  const names = { issueKey: 'issue', projectKey: 'project', contentId: 'page', spaceKey: 'space' }
  const pairs = Object.entries(context).map(([name, value]) => [names[name] ?? name, String(value)])
  return Object.fromEntries(pairs)
}

/** Only a path of this very site; `//elsewhere` and `javascript:` are nothing. */
function sitePath(relativeUrl) {
  if (typeof relativeUrl !== 'string') return null
  const url = new URL(relativeUrl, location.origin)
  return url.origin === location.origin ? url.pathname + url.search + url.hash : null
}
