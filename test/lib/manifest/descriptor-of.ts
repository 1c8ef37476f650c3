import { type Descriptor, loadDescriptor } from 'fastify-atlassian/core'

/** A descriptor with one module of each kind that a manifest treats in its own way. */
export function descriptorOf(members: Readonly<Record<string, unknown>> = {}): Promise<Descriptor> {
  const descriptor = {
    key: 'an-app',
    name: 'An app',
    vendor: { name: 'Someone' },
    authentication: { type: 'jwt' },
    scopes: ['READ', 'act_as_user', 'none'],
    enableLicensing: true,
    lifecycle: {
      installed: '/installed',
      uninstalled: '/uninstalled',
      disabled: '/disabled',
      'dare-migration': '/dare'
    },
    dataResidency: { maxMigrationDurationHours: 2.5 },
    translations: { paths: { 'de-DE': '/de.json' } },
    cloudAppMigration: { migrationWebhookPath: '/migrate' },
    modules: {
      generalPages: [{ key: 'page', name: { value: 'Page' }, url: '/page?issue={issue.key}' }],
      configurePage: { key: 'configure', name: { value: 'Configure' }, url: '/configure' },
      webhooks: [
        { event: 'jira:issue_updated', url: '/hook' },
        { event: 'comment_created', url: '/hook' }
      ],
      jiraGlobalPermissions: [{ key: 'manage', name: { value: 'Manage', i18n: 'manage' } }]
    },
    ...members
  }
  return loadDescriptor(JSON.parse(JSON.stringify(descriptor)), { baseUrl: 'https://app.example.com/base' })
}
