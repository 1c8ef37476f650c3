// Shows a page's body (Confluence storage format) without ever trusting it as HTML: it is parsed in an inert document
// and rebuilt from a short list of elements, without any attribute.

import { h } from './dom.js'

const ALLOWED = new Set(
  'p h2 h3 h4 h5 h6 ul ol li strong em b i u s code pre blockquote table thead tbody tr th td br hr span div'.split(' ')
)

/** Nodes for the body; `macro(name, parameters)` gives what stands in a macro's place. */
export function renderStorage(body, macro) {
  const parsed = new DOMParser().parseFromString(body, 'text/html')
  return [...parsed.body.childNodes].flatMap((node) => copy(node, macro))
}

function copy(node, macro) {
  if (node.nodeType === Node.TEXT_NODE) return [node.textContent]
  if (node.nodeType !== Node.ELEMENT_NODE) return []
  const name = node.localName
  if (name === 'ac:structured-macro') return [macro(node.getAttribute('ac:name') ?? '', parametersOf(node))]
  if (['script', 'style', 'template', 'iframe', 'object'].includes(name)) return []
  const children = [...node.childNodes].flatMap((child) => copy(child, macro))
  if (name === 'h1') return [h('h2', null, children)]
  return ALLOWED.has(name) ? [h(name, null, children)] : children
}

function parametersOf(node) {
  const parameters = [...node.children].filter((child) => child.localName === 'ac:parameter')
  return Object.fromEntries(parameters.map((child) => [child.getAttribute('ac:name') ?? '', child.textContent]))
}
