import { UNREGISTERED_APP } from '../../manifest/manifest.ts'
import { type Choice, hasConnect, hasForge, lines, type NewFile } from './choice.ts'

/** What the platforms are told: the descriptor of Connect, the manifest of Forge. */
export function platformFiles(choice: Choice): NewFile[] {
  return [
    ...(hasConnect(choice)
      ? [{ path: 'atlassian-connect.json', text: `${JSON.stringify(descriptor(choice), null, 2)}\n` }]
      : []),
    ...(hasForge(choice) ? [{ path: 'manifest.yml', text: manifest(choice) }] : [])
  ]
}

function descriptor(choice: Choice): object {
  const { name, key, product, frontEnd } = choice
  const jira = product === 'jira'
  const panel = {
    key: 'notes-panel',
    name: { value: 'Notes' },
    ...(jira ? { location: 'atl.jira.view.issue.right', url: '/panel?issue={issue.id}' } : {})
  }
  const macro = {
    key: 'notes-panel',
    name: { value: 'Notes' },
    description: { value: 'A note on this page' },
    bodyType: 'none',
    outputType: 'block',
    url: '/panel?page={page.id}'
  }
  return {
    key,
    name,
    description: 'A note for each issue or page',
    vendor: { name, url: 'https://example.com' },
    baseUrl: '{{localBaseUrl}}',
    authentication: { type: 'jwt' },
    apiMigrations: { 'signed-install': true },
    scopes: ['READ', 'WRITE'],
    lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
    modules: {
      ...(frontEnd ? (jira ? { webPanels: [panel] } : { dynamicContentMacros: [macro] }) : {}),
      webhooks: [{ event: jira ? 'jira:issue_updated' : 'page_updated', url: '/webhooks/changed' }]
    }
  }
}

function manifest(choice: Choice): string {
  const { name, key, product, frontEnd } = choice
  const jira = product === 'jira'
  const connect = hasConnect(choice)
  const system = ['      auth:', '        appSystemToken:', '          enabled: true']
  const endpoint = (of: string, path: string) => [
    `    - key: ${of}`,
    '      remote: backend',
    '      route:',
    `        path: ${path}`,
    ...system
  ]
  return lines(
    `# ${name}. The app id is a placeholder: \`forge register\` gives you one.`,
    'app:',
    `  id: ${UNREGISTERED_APP}`,
    '  runtime:',
    '    name: nodejs24.x',
    connect && ['  connect:', `    key: ${key}`, '    remote: backend'],
    'remotes:',
    '  - key: backend',
    '    baseUrl: https://app.example.com',
    '    operations:',
    '      - compute',
    '      - fetch',
    '      - storage',
    '    storage:',
    '      inScopeEUD: true',
    connect && [
      'connectModules:',
      `  ${product}:lifecycle:`,
      '    - key: lifecycle-events',
      '      installed: /installed',
      '      uninstalled: /uninstalled',
      `  ${product}:webhooks:`,
      '    - key: changed',
      `      event: ${jira ? 'jira:issue_updated' : 'page_updated'}`,
      '      url: /webhooks/changed'
    ],
    'modules:',
    frontEnd && [
      jira ? '  jira:issuePanel:' : '  macro:',
      '    - key: notes-panel',
      '      title: Notes',
      jira ? '      icon: https://app.example.com/public/icon.svg' : '      description: A note on this page',
      '      resource: notes-ui',
      '      resolver:',
      '        endpoint: calls'
    ],
    '  endpoint:',
    frontEnd && ['    - key: calls', '      remote: backend', ...system],
    endpoint('installed-endpoint', '/forge/lifecycle/installed'),
    endpoint('upgraded-endpoint', '/forge/lifecycle/upgraded'),
    endpoint('events-endpoint', '/forge/events'),
    endpoint('keep-alive-endpoint', '/forge/heartbeat'),
    endpoint('pre-uninstall-endpoint', '/forge/lifecycle/pre-uninstall'),
    '  trigger:',
    '    - key: installed',
    '      endpoint: installed-endpoint',
    '      events:',
    '        - avi:forge:installed:app',
    '    - key: upgraded',
    '      endpoint: upgraded-endpoint',
    '      events:',
    '        - avi:forge:upgraded:app',
    '    - key: changed-trigger',
    '      endpoint: events-endpoint',
    '      events:',
    jira ? '        - avi:jira:updated:issue' : '        - avi:confluence:updated:page',
    '  scheduledTrigger:',
    '    - key: keep-alive',
    '      endpoint: keep-alive-endpoint',
    '      interval: hour',
    '  preUninstall:',
    '    - key: pre-uninstall',
    '      endpoint: pre-uninstall-endpoint',
    frontEnd && ['resources:', '  - key: notes-ui', '    path: ui/build'],
    'permissions:',
    '  scopes:',
    connect && [`    - read:connect-${product}`, `    - write:connect-${product}`],
    jira
      ? ['    - read:jira-work', '    - read:jira-user']
      : ['    - read:page:confluence', '    - read:confluence-content.permission', '    - read:confluence-content.all'],
    '    - read:app-system-token'
  )
}
