// The dark strip at the top: what belongs to the simulator and not to the product under it.

import { post } from './api.js'
import { showFlag, showModal } from './dialogs.js'
import { announce, fill, h, icon } from './dom.js'
import { platformSwitch } from './platform.js'
import { openWebhooks } from './webhooks.js'

const ACTIONS = {
  install: { label: 'Install', past: 'Install' },
  upgrade: { label: 'Upgrade', past: 'Upgrade' },
  rotate: { label: 'Rotate secret', past: 'Rotation' },
  enable: { label: 'Enable', past: 'Enable' },
  disable: { label: 'Disable', past: 'Disable' },
  uninstall: { label: 'Uninstall', past: 'Uninstall' }
}

/** The actions that make sense now, in their order. */
export function possibleActions(site) {
  if (!site.installed) return ['install']
  if (site.platform === 'forge') return ['uninstall']
  return ['upgrade', 'rotate', site.enabled ? 'disable' : 'enable', 'uninstall']
}

let drawnFor = null

/** Draws the strip, unless it would be the same: a list that somebody has open must not close. */
export function drawStrip(target, view, { refresh, chooseUser }) {
  const key = JSON.stringify([view.site, view.sites, view.user, view.webhooks])
  if (key === drawnFor) return
  drawnFor = key
  const focused = document.activeElement?.closest?.('.strip') ? document.activeElement.dataset.testid : null
  fill(
    target,
    h(
      'a',
      { class: 'wordmark', href: view.controlUrl },
      h('img', { src: '/sim/assets/icon.svg', alt: '', width: 22, height: 22 }),
      'Host simulator'
    ),
    siteSwitch(view),
    h(
      'div',
      { class: 'strip-group', role: 'group', 'aria-label': 'Life cycle of the app on this site' },
      h('span', { class: `state ${stateOf(view.site)}`, 'data-testid': 'app-state' }, stateText(view.site)),
      possibleActions(view.site).map((action) => lifecycleButton(action, refresh))
    ),
    platformSwitch(view, refresh),
    h(
      'div',
      { class: 'strip-group', role: 'group', 'aria-label': 'Try things' },
      h(
        'button',
        {
          type: 'button',
          class: 'strip-button',
          'data-testid': 'open-webhooks',
          disabled: !view.site.installed || view.site.platform === 'forge',
          onclick: () => openWebhooks(view)
        },
        icon('bolt'),
        'Send a webhook'
      ),
      h(
        'button',
        { type: 'button', class: 'strip-button', 'data-testid': 'open-trouble', onclick: openTrouble },
        'Cause trouble'
      )
    ),
    userSwitch(view, chooseUser)
  )
  if (focused)
    (target.querySelector(`[data-testid="${focused}"]`) ?? target.querySelector('.strip-group button'))?.focus()
}

function stateOf(site) {
  if (!site.installed) return 'off'
  return site.enabled ? 'on' : 'paused'
}

function stateText(site) {
  return { off: 'Not installed', on: 'Installed', paused: 'Disabled' }[stateOf(site)]
}

function siteSwitch(view) {
  const links = view.sites.map((site) =>
    h(
      'a',
      {
        href: site.home,
        'aria-current': site.name === view.site.name ? 'true' : null,
        'data-testid': `site-${site.name}`
      },
      h('span', { class: `dot ${stateOf(site)}`, 'aria-hidden': 'true' }),
      site.name,
      h('span', { class: 'visually-hidden' }, `, ${site.product}, ${stateText(site)}`)
    )
  )
  return h('nav', { class: 'site-switch', 'aria-label': 'Sites' }, links)
}

function userSwitch(view, chooseUser) {
  const options = [
    ...view.users.map((user) =>
      h('option', { value: user.accountId }, user.admin ? `${user.name} (admin)` : user.name)
    ),
    h('option', { value: '' }, 'Anonymous')
  ]
  const select = h(
    'select',
    { id: 'user', 'data-testid': 'user-switch', onchange: (event) => chooseUser(event.target.value || null) },
    options
  )
  select.value = view.user ?? ''
  return h('div', { class: 'user-switch' }, h('label', { for: 'user' }, 'Looking as'), select)
}

/** A button that does one life-cycle action and says how it went. */
export function lifecycleButton(action, refresh, className = 'strip-button') {
  const { label } = ACTIONS[action]
  const prefix = className === 'strip-button' ? '' : 'explained-'
  return h(
    'button',
    {
      type: 'button',
      class: className,
      'data-testid': `${prefix}${action}`,
      onclick: (event) => run(action, event.currentTarget, refresh)
    },
    label
  )
}

async function run(action, button, refresh, app) {
  if (button.getAttribute('aria-busy') === 'true') return
  button.setAttribute('aria-busy', 'true')
  try {
    const { exchange } = await post('lifecycle', { action, app })
    tell(ACTIONS[action].past, exchange)
  } catch (error) {
    if (action === 'install' && app === undefined) askForApp(error.message, button, refresh)
    else showFlag({ title: `${ACTIONS[action].past} failed`, body: error.message, type: 'error' })
  } finally {
    button.removeAttribute('aria-busy')
    await refresh()
  }
}

/** The result of an exchange as a flag: the sentence of the log. */
export function tell(what, exchange) {
  const good = exchange.status >= 200 && exchange.status < 300
  showFlag({
    objectId: 'result',
    title: good ? `${what}: accepted` : `${what}: refused`,
    body: exchange.verdict,
    type: good ? 'success' : 'error'
  })
}

function askForApp(reason, button, refresh) {
  const input = h('input', {
    id: 'app-url',
    type: 'url',
    placeholder: 'http://127.0.0.1:3000',
    required: true,
    'data-testid': 'app-url'
  })
  const go = (close) => {
    if (!input.reportValidity()) return
    close()
    run('install', button, refresh, input.value)
  }
  const { dialog, close } = showModal({
    title: 'Which app?',
    content: [h('p', null, reason), h('label', { for: 'app-url', class: 'field-label' }, 'Base URL of the app'), input],
    footer: (closeIt) => h('button', { type: 'button', class: 'button primary', onclick: () => go(closeIt) }, 'Install')
  })
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target === input) go(close)
  })
  input.focus()
}

const TARGETS = {
  rest: "The host's REST API (the app calls it)",
  app: 'The way to the app (the host calls it)',
  keys: 'The key server (the app fetches public keys)'
}
const TROUBLES = {
  503: '503: out of order',
  429: '429: too many requests, retry after 2 s',
  slow: 'slow: three seconds late',
  lost: 'lost: the connection breaks'
}

function openTrouble() {
  const choose = (id, label, options) => {
    const select = h(
      'select',
      { id, 'data-testid': id },
      Object.entries(options).map(([value, text]) => h('option', { value }, text))
    )
    return [select, h('div', { class: 'field' }, h('label', { for: id, class: 'field-label' }, label), select)]
  }
  const [target, targetField] = choose('trouble-target', 'Where', TARGETS)
  const [trouble, troubleField] = choose('trouble-kind', 'What happens', TROUBLES)
  const go = async (close) => {
    await post('fail', { target: target.value, trouble: trouble.value })
    close()
    announce('The next such request will go wrong.')
    showFlag({ title: 'Trouble is waiting', body: `The next request: ${TROUBLES[trouble.value]}`, type: 'warning' })
  }
  showModal({
    title: 'Make the next request go wrong',
    testid: 'trouble-dialog',
    content: [
      h(
        'p',
        null,
        'Real sites are slow, busy and sometimes gone. See what the app does about it, and read the log afterwards.'
      ),
      targetField,
      troubleField
    ],
    footer: (close) => [
      h('button', { type: 'button', class: 'button', onclick: () => close() }, 'Cancel'),
      h(
        'button',
        { type: 'button', class: 'button primary', 'data-testid': 'cause-trouble', onclick: () => go(close) },
        'Do it'
      )
    ]
  })
}
