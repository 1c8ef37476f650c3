// One exchange, opened: what it is for, its token, its canonical request, its headers and bodies.

import { canonicalSection } from './canonical.js'
import { h } from './dom.js'
import { explainKind, explainMember, explainToken } from './explain.js'

/** The inside of a log entry. */
export function exchangeDetails(exchange) {
  return [
    h('p', { class: 'x-explain' }, explainKind(exchange.kind).text),
    h(
      'p',
      { class: 'x-line' },
      h('code', null, exchange.kind === 'context' ? exchange.line : `${exchange.method} ${exchange.url}`)
    ),
    tokenSection(exchange),
    canonicalSection(exchange),
    headers('Request headers', exchange.requestHeaders),
    body('Request body', exchange.requestBody),
    headers('Response headers', exchange.responseHeaders),
    body('Response body', exchange.responseBody)
  ]
}

function tokenSection(exchange) {
  if (!exchange.token) {
    return h(
      'section',
      { class: 'x-section' },
      h('h3', null, 'Token'),
      h('p', { class: 'x-help' }, 'None: this request is not signed.')
    )
  }
  const { header, claims } = exchange.token
  return h(
    'section',
    { class: 'x-section', 'data-testid': 'token' },
    h('h3', null, 'Token'),
    h(
      'p',
      { class: 'x-help' },
      `${explainToken(exchange.tokenKind) ?? 'a token'}. Shown decoded and without its signature.`
    ),
    members('Header', header, exchange),
    members('Claims', claims, exchange)
  )
}

function members(title, object, exchange) {
  const rows = Object.entries(object).map(([name, value]) => {
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value, null, 1)
    return h(
      'tr',
      null,
      h('th', { scope: 'row' }, name),
      h('td', null, h('code', null, text), h('span', { class: 'x-gloss' }, explainMember(name, value, exchange)))
    )
  })
  return h('table', { class: 'x-members' }, h('caption', null, title), h('tbody', null, rows))
}

function headers(title, all) {
  const entries = Object.entries(all ?? {})
  if (entries.length === 0) return null
  const text = entries.map(([name, value]) => `${name}: ${value}`).join('\n')
  return folded(title, String(entries.length), text)
}

function body(title, text) {
  if (text === null || text === undefined || text === '') return null
  return folded(title, `${text.length} characters`, pretty(text), title === 'Request body')
}

function folded(title, note, text, open = false) {
  return h(
    'details',
    { class: 'x-fold', open },
    h('summary', null, title, h('span', { class: 'muted' }, ` ${note}`)),
    h('pre', { class: 'x-code', tabindex: 0 }, text)
  )
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
