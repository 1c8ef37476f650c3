// Administration: the installed app, each life-cycle action explained, and the list of its modules.

import { fill, h } from './dom.js'
import { kindLabel } from './modules.js'
import { modulePath } from './paths.js'
import { lifecycleButton, possibleActions } from './strip.js'

const EXPLAINED = {
  install:
    'Reads the descriptor, then posts a new shared secret to the app. The call is signed with the host’s private key (RS256), because both sides share no secret yet. When the app has answered 200 or 204, “enabled” follows.',
  upgrade:
    'What happens when a new version of the app is rolled out: the descriptor is read again and “installed” is sent again, for a tenant that the app already knows. Same client key, same secret.',
  rotate:
    'An “installed” with a new secret. From now on every token is signed with it. The app may accept the old one for a short while, for tokens that are already on their way.',
  disable:
    'An administrator switches the app off. The app is told by a webhook; its modules vanish from the site. Nothing is deleted.',
  enable: 'Switched on again. The webhook is signed with the shared secret (HS256).',
  uninstall:
    'Sends “disabled” and then “uninstalled”, the latter signed RS256 again. A good app marks the tenant and keeps its data for a while: people reinstall.'
}

/** Uninstalling where Forge has a say. */
const UNINSTALL_EXPLAINED = {
  'connect-on-forge':
    'Sends Forge’s “preUninstall” once, with an invocation token, and then “disabled” and “uninstalled” as Connect does. For the app it is one farewell: the tenant ends with the last of them.',
  forge:
    'Sends “preUninstall” once, with an invocation token. Whatever the app answers, the installation ends; Connect’s hooks are silent by now.'
}

function explained(action, { platform }) {
  return (action === 'uninstall' ? UNINSTALL_EXPLAINED[platform] : undefined) ?? EXPLAINED[action]
}

export function drawAdmin(target, view, refresh) {
  const { app, site } = view
  fill(
    target,
    h('p', { class: 'eyebrow' }, `Administration of ${site.name}`),
    h('h1', null, 'Apps and life cycle'),
    app
      ? appCard(view)
      : h('p', { class: 'lead' }, 'No app is installed on this site. Start with Install, and watch the live log.'),
    h('h2', { class: 'section-title' }, 'What the host can do'),
    h(
      'ul',
      { class: 'explained' },
      possibleActions(site).map((action) =>
        h(
          'li',
          { class: 'block boxed' },
          h('p', null, explained(action, site)),
          lifecycleButton(action, refresh, 'button')
        )
      )
    ),
    app ? moduleTable(view) : null
  )
}

function appCard(view) {
  const { app, site } = view
  const rows = [
    ['App key', app.key],
    ['Base URL', app.baseUrl],
    ['Scopes', Array.isArray(app.scopes) ? app.scopes.join(', ') : 'none'],
    ['Client key', site.clientKey],
    ...(site.installationId ? [['Installation', site.installationId]] : []),
    ['Site base URL', site.baseUrl]
  ]
  return h(
    'section',
    { class: 'block boxed', 'data-testid': 'app-card' },
    h('h2', null, app.name),
    app.description ? h('p', null, app.description) : null,
    h(
      'dl',
      { class: 'details wide' },
      rows.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', { class: 'mono' }, value ?? '')))
    )
  )
}

function moduleTable(view) {
  const rows = view.modules.map((module) => {
    // The others have their places on issues and pages.
    const hasPage = !module.forge || module.type.endsWith('Page')
    const name =
      view.site.enabled && hasPage
        ? h('a', { href: modulePath(view, module.key, view.context) }, module.name)
        : module.name
    return h(
      'tr',
      null,
      h('td', null, name),
      h('td', null, kindLabel(module.type)),
      h('td', { class: 'mono' }, module.url),
      h('td', null, module.forge ? 'invocation token' : module.cacheable ? 'context token' : 'page token')
    )
  })
  return [
    h('h2', { class: 'section-title' }, 'Modules with a front end'),
    h(
      'div',
      { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Modules' },
      h(
        'table',
        { class: 'table' },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['Name', 'Kind', 'Address of the front end', 'Identity'].map((text) => h('th', { scope: 'col' }, text))
          )
        ),
        h('tbody', null, rows)
      )
    )
  ]
}
