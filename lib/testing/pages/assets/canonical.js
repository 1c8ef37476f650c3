// The canonical request, taken apart line by line, with its hash computed again in the browser.

import { h, icon } from './dom.js'

/** The section about the hash of an exchange, or null when there is none to speak of. */
export function canonicalSection(exchange) {
  if (exchange.token?.claims?.qsh === 'context-qsh') return fixedText()
  if (!exchange.canonicalRequest) return null
  const [method, path, query] = splitCanonical(exchange.canonicalRequest)
  const pairs = query === '' ? [] : query.split('&')
  return h(
    'section',
    { class: 'x-section', 'data-testid': 'canonical' },
    h('h3', null, 'Canonical request'),
    h(
      'p',
      { class: 'x-help' },
      'Both sides write the request in this one way, joined by “&”, and hash it. That is the “query string hash”, qsh.'
    ),
    h(
      'pre',
      { class: 'x-code canonical', tabindex: 0 },
      h('span', { class: 'c-method' }, method),
      '&',
      h('span', { class: 'c-path' }, path),
      '&',
      h('span', { class: 'c-query' }, query)
    ),
    h(
      'dl',
      { class: 'x-parts' },
      part('c-method', 'Method', method, 'in capital letters'),
      part('c-path', 'Path', path, 'below the base URL, without a slash at its end; an & in it becomes %26'),
      part('c-query', 'Query', pairs.length === 0 ? 'empty' : '', queryHelp(pairs.length))
    ),
    pairs.length > 0
      ? h(
          'ol',
          { class: 'x-pairs' },
          pairs.map((pair) => h('li', null, h('code', null, pair)))
        )
      : null,
    hashRows(exchange)
  )
}

function fixedText() {
  return h(
    'section',
    { class: 'x-section', 'data-testid': 'canonical' },
    h('h3', null, 'No hash'),
    h(
      'p',
      { class: 'x-help' },
      'This token’s qsh is the text “context-qsh”. It says who and where, not which URL. A route that expects a computed hash must refuse it, and a route that expects this text must refuse every computed hash.'
    )
  )
}

function queryHelp(count) {
  if (count === 0) return 'nothing, but the & before it stays'
  return 'percent-encoded, sorted by name, repeated names joined by a comma, without jwt:'
}

function part(className, name, value, help) {
  return h(
    'div',
    null,
    h('dt', null, h('span', { class: `swatch ${className}` }), name),
    h('dd', null, value ? h('code', null, value) : null, ' ', h('span', { class: 'x-help' }, help))
  )
}

function hashRows(exchange) {
  const claimed = exchange.token?.claims?.qsh
  const own = h('code', { class: 'hash' }, 'computing')
  const verdict = h('p', { class: 'hash-verdict' })
  sha256(exchange.canonicalRequest).then((hash) => {
    own.textContent = hash
    const same = hash === claimed
    verdict.replaceChildren(
      icon(same ? 'check' : 'cross'),
      same ? 'Equal: the request is the one that was signed.' : 'Different: this is not the request that was signed.'
    )
    verdict.classList.add(same ? 'good' : 'bad')
  })
  return h(
    'dl',
    { class: 'x-hash' },
    h('div', null, h('dt', null, 'SHA-256 of that line, computed here'), h('dd', null, own)),
    h(
      'div',
      null,
      h('dt', null, 'qsh in the token'),
      h('dd', null, h('code', { class: 'hash' }, claimed ?? 'missing'))
    ),
    claimed ? h('div', null, h('dt', { class: 'visually-hidden' }, 'Comparison'), h('dd', null, verdict)) : null
  )
}

/** Method and query hold no raw `&` at their border, so the first two separate the three parts. */
function splitCanonical(text) {
  const first = text.indexOf('&')
  const second = text.indexOf('&', first + 1)
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)]
}

async function sha256(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
