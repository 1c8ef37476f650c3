export type ModuleMethod = 'GET' | 'POST'

/** What the host does with one URL of a module. */
export interface UrlUse {
  /** Shown to a person in a frame, signed in the query unless it is cacheable; otherwise the host's server calls it. */
  readonly pageLike: boolean
  readonly methods: readonly ModuleMethod[]
}

const page: UrlUse = { pageLike: true, methods: ['GET'] }
const fetched: UrlUse = { pageLike: false, methods: ['GET'] }
const posted: UrlUse = { pageLike: false, methods: ['POST'] }
const called: UrlUse = { pageLike: false, methods: ['GET', 'POST'] }

/**
 * Members of a module, of whatever type, that hold a URL of the app; `*` stands for any name. Icons, logos and
 * links to documentation are not here: they are plain files and never signed.
 */
export const urlMembers: readonly (readonly [member: string, use: UrlUse])[] = [
  ['url', page],
  ['target.url', page],
  ['editor.url', page],
  ['propertyPanel.url', page],
  ['create.url', page],
  ['edit.url', page],
  ['view.url', page],
  ['dialog.url', page],
  ['configForm.url', page],
  ['routes.*.url', page],
  ['imagePlaceholder.url', fetched],
  ['renderModes.*.url', fetched],
  ['template.url', called],
  ['template.blueprintContext.url', posted],
  ['triggered.url', posted],
  ['webhook.url', posted],
  ['callback.url', posted],
  ['actions.*.templateUrl', called]
]

/** Types whose own `url` is not a page. */
const otherUse: ReadonlyMap<string, UrlUse> = new Map([
  ['staticContentMacros', fetched],
  ['jiraJqlFunctions', posted]
])

/** Types whose own `url` is the home page of a product and not an address that the host opens in a frame. */
const homePageTypes: ReadonlySet<string> = new Set(['jiraDevelopmentTool'])

/** How the host uses the module's own `url`; `null` when it is not an address for the app's routes. */
export function ownUrlUse(type: string, context: unknown, renderingMethod: unknown): UrlUse | null {
  if (homePageTypes.has(type)) return null
  // In these two contexts the URL is the key of another module, or belongs to the host.
  if (type === 'webItems' && (context === 'page' || context === 'product')) return null
  const use = otherUse.get(type) ?? page
  const byForm = typeof renderingMethod === 'string' && renderingMethod.toLowerCase() === 'post'
  return byForm ? { ...use, methods: ['POST'] } : use
}

const keyNameUrl = ['key', 'name', 'url']
const keyUrl = ['key', 'url']
const keyNameTarget = ['key', 'name', 'target.url']

/** What a module of these types cannot do without, after the module schemas of Jira and Confluence. */
export const requiredMembers: ReadonlyMap<string, readonly string[]> = new Map([
  ['generalPages', keyNameUrl],
  ['adminPages', keyNameUrl],
  ['configurePage', keyNameUrl],
  ['postInstallPage', keyNameUrl],
  ['webPanels', keyNameUrl],
  ['jiraProjectPages', keyNameUrl],
  ['jiraProjectAdminTabPanels', keyNameUrl],
  ['jiraProjectTabPanels', keyNameUrl],
  ['jiraIssueTabPanels', keyNameUrl],
  ['jiraReports', keyNameUrl],
  ['jiraSearchRequestViews', keyNameUrl],
  ['jiraDashboardItems', keyNameUrl],
  ['spaceToolsTabs', keyNameUrl],
  ['dynamicContentMacros', keyNameUrl],
  ['staticContentMacros', keyNameUrl],
  ['dialogs', keyUrl],
  ['jiraBackgroundScripts', keyUrl],
  ['jiraIssueContents', keyNameTarget],
  ['jiraIssueGlances', keyNameTarget],
  ['jiraIssueContexts', keyNameTarget]
])
