// Where each kind of module belongs in the two products, and what people call it.

const KINDS = {
  webPanels: 'Web panel',
  webItems: 'Web item',
  dialogs: 'Dialog',
  generalPages: 'General page',
  adminPages: 'Admin page',
  configurePage: 'Configure page',
  postInstallPage: 'Welcome page',
  jiraIssueContents: 'Issue content',
  jiraIssueGlances: 'Issue glance',
  jiraIssueTabPanels: 'Activity tab',
  jiraProjectPages: 'Project page',
  jiraProjectTabPanels: 'Project tab',
  jiraProjectAdminTabPanels: 'Project settings tab',
  jiraReports: 'Report',
  jiraDashboardItems: 'Dashboard item',
  jiraSearchRequestViews: 'Search view',
  jiraIssueBackgroundScripts: 'Issue background script',
  dynamicContentMacros: 'Dynamic macro',
  staticContentMacros: 'Static macro',
  spaceToolsTabs: 'Space settings tab',
  contentBylineItems: 'Byline item',
  customContent: 'Custom content',
  profilePages: 'Profile page',
  confluenceContentProperties: 'Content property',
  'jira:issuePanel': 'Forge issue panel',
  'jira:issueContext': 'Forge issue context',
  'jira:projectPage': 'Forge project page',
  'jira:globalPage': 'Forge global page',
  'jira:adminPage': 'Forge admin page',
  macro: 'Forge macro',
  'confluence:spacePage': 'Forge space page',
  'confluence:globalPage': 'Forge global page'
}

const PLACES = {
  'issue-main': (m) =>
    m.type === 'jiraIssueContents' ||
    m.type === 'jira:issuePanel' ||
    (m.type === 'webPanels' && /left\.context|bottom|activity/.test(at(m))),
  'issue-side': (m) =>
    m.type === 'jira:issueContext' || (m.type === 'webPanels' && /^$|view\.issue\.(right|top)/.test(at(m))),
  'issue-glance': (m) => m.type === 'jiraIssueGlances',
  'issue-tab': (m) => m.type === 'jiraIssueTabPanels',
  'issue-action': (m) => m.type === 'webItems' && /jira\.issue|operations|opsbar/.test(at(m)),
  project: (m) =>
    [
      'jira:projectPage',
      'jiraProjectPages',
      'jiraProjectTabPanels',
      'jiraProjectAdminTabPanels',
      'jiraReports'
    ].includes(m.type),
  general: (m) =>
    /:globalPage$/.test(m.type) ||
    m.type === 'generalPages' ||
    (m.type === 'webItems' && /system\.(top|header)/.test(at(m))),
  admin: (m) => ['jira:adminPage', 'adminPages', 'configurePage', 'postInstallPage'].includes(m.type),
  'page-byline': (m) => m.type === 'contentBylineItems',
  'page-action': (m) => m.type === 'webItems' && /content\.(action|button)/.test(at(m)),
  'page-panel': (m) => m.type === 'webPanels' && !/jira/.test(at(m)),
  macro: (m) => m.type === 'macro' || m.type === 'dynamicContentMacros' || m.type === 'staticContentMacros',
  space: (m) => m.type === 'spaceToolsTabs' || m.type === 'confluence:spacePage'
}

const at = (module) => module.location ?? ''

/** The modules for one place of the page, in the order of their weights. Members of a module (editors) never stand alone. */
export function modulesAt(view, place) {
  if (!view.site.enabled) return []
  return view.modules
    .filter((module) => !module.key.includes('/') && PLACES[place](module))
    .map((module) => ({ ...module, typeLabel: kindLabel(module.type) }))
    .sort((one, other) => one.weight - other.weight)
}

/** The module with that key, also when the app is disabled. */
export function findModule(view, key) {
  const found = view.modules.find((module) => module.key === key)
  return found && { ...found, typeLabel: kindLabel(found.type) }
}

/** `jiraProjectPages` as people say it. */
export function kindLabel(type) {
  return (
    KINDS[type] ??
    type
      .replace(/^(jira|confluence)/, '')
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
  )
}
