import type { Product } from 'fastify-atlassian'

/** What has to come of one real descriptor. */
export interface Expected {
  readonly product: Product
  /** Fields of the errors that stop the start; left out when the app boots. */
  readonly errors?: readonly string[]
  /** Placeholders of other tools, to be filled before the app can boot. */
  readonly fill?: Readonly<Record<string, string>>
  /** Members to be completed before the app can boot. */
  readonly complete?: Readonly<Record<string, unknown>>
  /** Module pages that the host opens, at least; how many of them are cacheable. */
  readonly pages: number
  readonly cacheable?: number
  /** Distinct events of its webhooks. */
  readonly events?: number
  /** Authentication `none`: no token anywhere. */
  readonly unsigned?: boolean
}

export const BASE_URL = 'https://app.example.com/base'

const spring = { '${addon.key}': 'spring-app', '${addon.base-url}': BASE_URL }

export const expected: Readonly<Record<string, Expected>> = {
  'ace-own-test.json': { product: 'jira', pages: 0, events: 2 },
  'ai4agile.json': { product: 'jira', pages: 4, unsigned: true },
  'aws-code-suite.json': { product: 'jira', errors: ['key', 'baseUrl'], fill: spring, pages: 0 },
  'bitbucket-pr-version.json': { product: 'jira', pages: 1 },
  'dynatrace-jira.json': { product: 'jira', pages: 4, events: 3 },
  'example-app-java.json': { product: 'jira', pages: 3, events: 3 },
  'facts-43-webhooks.json': { product: 'jira', pages: 1, events: 42 },
  'github-app-web-panel.json': { product: 'jira', pages: 1, unsigned: true },
  'github-for-jira.json': {
    product: 'jira',
    errors: ['key'],
    complete: { key: 'github-app', name: 'GitHub' },
    pages: 12
  },
  'mattermost-jira-go-template.json': {
    product: 'jira',
    errors: [
      'key',
      'baseUrl',
      'lifecycle.installed',
      'lifecycle.uninstalled',
      'modules.generalPages[0].key',
      'modules.generalPages[0].url'
    ],
    fill: {
      '{{ .PluginKey }}': 'mattermost',
      '{{ .BaseURL }}': BASE_URL,
      '{{ .ExternalURL }}': 'https://chat.example.com',
      '{{ .RouteACJSON }}': '/atlassian-connect.json',
      '{{ .RouteACInstalled }}': '/ac/installed',
      '{{ .RouteACUninstalled }}': '/ac/uninstalled',
      '{{ .RouteACUserRedirectWithToken }}': '/ac/user_redirect.html',
      '{{ .UserRedirectPageKey }}': 'user-redirect'
    },
    pages: 1
  },
  'my-reminders.json': { product: 'jira', pages: 4, events: 2 },
  'runtime-bridge-connect-sample.json': { product: 'jira', errors: ['key', 'baseUrl'], fill: spring, pages: 2 },
  'specif-importer.json': { product: 'confluence', pages: 2, unsigned: true },
  'static-empty-base-url.json': {
    product: 'jira',
    errors: ['baseUrl'],
    complete: { baseUrl: BASE_URL },
    pages: 1,
    unsigned: true
  },
  'taxonomies-confluence.json': {
    product: 'confluence',
    errors: ['key', 'baseUrl'],
    fill: spring,
    pages: 9,
    events: 13
  },
  'zenuml-confluence.json': { product: 'confluence', pages: 21, cacheable: 4 }
}
