// The live log: every exchange between host and app, newest first, fed by server-sent events.

import { get } from './api.js'
import { h, icon, plural } from './dom.js'
import { exchangeDetails } from './exchange.js'
import { explainKind } from './explain.js'
import { drawTour } from './tour.js'

const LIFECYCLE = ['descriptor', 'installed', 'uninstalled', 'enabled', 'disabled', 'key', 'pre-uninstall']
const CALLS = ['api', 'rest', 'token', 'context', 'as-user', 'invoke', 'browser', 'preflight', 'graphql']

const FILTERS = {
  all: ['Everything', () => true],
  life: ['Life cycle', (entry) => LIFECYCLE.includes(entry.kind)],
  page: ['Pages', (entry) => ['page', 'frame'].includes(entry.kind)],
  webhook: ['Webhooks', (entry) => ['webhook', 'event', 'scheduled'].includes(entry.kind)],
  calls: ['API and REST', (entry) => CALLS.includes(entry.kind)],
  refused: ['Refused', (entry) => isBad(entry)]
}

/** What happened before this page was opened does not flash. */
const openedAtMs = Date.now()

const isBad = (entry) => entry.status !== null && (entry.status === 0 || entry.status >= 400)

/** Fills the log and keeps it alive; `onState` is called when something changed on a site. */
export function startLog(target, { onState }) {
  let filter = 'all'
  let hiddenBefore = 0
  const entries = new Map()
  const list = h('ol', { class: 'log-list', 'data-testid': 'log-list', reversed: true })
  const count = h('span', { class: 'log-count', 'data-testid': 'log-count' })
  const empty = h(
    'p',
    { class: 'log-empty' },
    'Nothing yet. Each signed request between a site and the app appears here, newest first, and can be opened.'
  )

  const tour = drawTour()

  const show = () => {
    let shown = 0
    for (const [id, entry] of entries) {
      entry.item.hidden = id <= hiddenBefore || !FILTERS[filter][1](entry.data)
      if (!entry.item.hidden) shown += 1
    }
    empty.hidden = shown > 0
    tour.update([...entries.values()].map((entry) => entry.data))
    count.textContent = plural(shown, 'exchange')
  }

  const select = h(
    'select',
    { id: 'log-filter', 'data-testid': 'log-filter' },
    Object.entries(FILTERS).map(([value, [label]]) => h('option', { value }, label))
  )
  select.addEventListener('change', () => {
    filter = select.value
    show()
  })
  const clear = h(
    'button',
    {
      type: 'button',
      class: 'button small',
      'data-testid': 'clear-log',
      onclick: () => {
        hiddenBefore = Math.max(0, ...entries.keys())
        show()
      }
    },
    'Clear'
  )
  const body = h('div', { class: 'log-body', id: 'log-body' }, tour, empty, list)

  target.append(
    h(
      'header',
      { class: 'log-head' },
      h('h2', null, foldButton(target), 'Live log'),
      count,
      h('label', { for: 'log-filter', class: 'visually-hidden' }, 'Show'),
      select,
      clear,
      widenButton()
    ),
    body
  )
  show()

  const source = new EventSource('/sim/api/events')
  source.addEventListener('exchange', (event) => {
    const data = JSON.parse(event.data)
    if (entries.has(data.id)) return
    const item = logItem(data, () => {
      data.opened = true
      show()
    })
    entries.set(data.id, { data, item })
    list.prepend(item)
    show()
  })
  source.addEventListener('state', onState)
  addEventListener('pagehide', () => source.close())
}

/** Below the wide layout the log is a drawer; this opens and closes it. */
function foldButton(target) {
  const button = h(
    'button',
    {
      type: 'button',
      class: 'icon-button log-fold',
      'aria-label': 'Open or close the log',
      'aria-expanded': 'false',
      'data-testid': 'log-fold',
      onclick: () => button.setAttribute('aria-expanded', String(target.classList.toggle('open')))
    },
    icon('chevron')
  )
  return button
}

function widenButton() {
  return h(
    'button',
    {
      type: 'button',
      class: 'icon-button log-widen',
      'aria-label': 'Wide log',
      'aria-pressed': 'false',
      'data-testid': 'log-widen',
      onclick: (event) => {
        const wide = document.body.classList.toggle('wide-log')
        event.currentTarget.setAttribute('aria-pressed', String(wide))
      }
    },
    icon('widen')
  )
}

function directionText({ kind, direction }) {
  if (kind === 'as-user') return 'page to host'
  if (kind === 'frame' || kind === 'context') return 'host to page'
  return direction === 'to-app' ? 'host to app' : 'app to host'
}

function statusBadge(data) {
  if (data.status === null) return h('span', { class: 'status-code' }, 'to the browser')
  return h(
    'span',
    { class: `status-code ${isBad(data) ? 'bad' : 'good'}` },
    data.status === 0 ? 'lost' : String(data.status)
  )
}

function logItem(data, onOpen) {
  const { label } = explainKind(data.kind)
  const toApp = data.direction === 'to-app'
  const details = h('div', { class: 'log-details', id: `exchange-${data.id}`, hidden: true })
  const button = h(
    'button',
    {
      type: 'button',
      class: 'log-row',
      'aria-expanded': 'false',
      'aria-controls': details.id,
      'data-testid': `exchange-${data.kind}`,
      onclick: () => toggle()
    },
    h(
      'span',
      { class: 'log-top' },
      h('span', { class: `direction ${data.direction}` }, icon(toApp ? 'right' : 'left'), directionText(data)),
      h('strong', null, label),
      statusBadge(data),
      h(
        'span',
        { class: 'log-time' },
        `${new Date(data.atMs).toLocaleTimeString([], { hour12: false })}${data.status === null ? '' : `, ${Math.round(data.durationMs)} ms`}`
      )
    ),
    h('span', { class: 'log-path' }, data.line),
    h('span', { class: 'log-verdict' }, data.site && h('span', { class: 'log-site' }, data.site), data.verdict)
  )
  const toggle = async () => {
    details.hidden = !details.hidden
    button.setAttribute('aria-expanded', String(!details.hidden))
    if (details.hidden || details.childNodes.length > 0) return
    onOpen()
    details.append(h('p', { class: 'muted' }, 'Loading'))
    try {
      const exchange = await get(`exchanges/${data.id}`)
      details.replaceChildren(...exchangeDetails(exchange).filter(Boolean))
    } catch (error) {
      details.replaceChildren(h('p', { class: 'muted' }, error.message))
    }
  }
  return h(
    'li',
    {
      class: `log-item ${isBad(data) ? 'bad' : ''} ${data.atMs > openedAtMs ? 'fresh' : ''}`,
      'data-kind': data.kind,
      'data-id': data.id
    },
    button,
    details
  )
}
