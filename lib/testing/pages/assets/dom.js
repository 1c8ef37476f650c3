// Builds elements. Text stays text: there is no way through this file from a string to HTML.

/** An element with attributes, `on…` listeners and children (strings become text; null, false and '' are left out). */
export function h(tag, props, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  fill(element, children)
  return element
}

/** Puts children (as `h` takes them) in the place of whatever was there. */
export function fill(element, ...children) {
  const wanted = children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== '')
  element.replaceChildren(...wanted.map((child) => (child instanceof Node ? child : String(child))))
}

const PATHS = {
  reload: 'M13 3.5V7H9.5 M12.6 7A5 5 0 1 0 13 9.5',
  close: 'M4 4l8 8 M12 4l-8 8',
  pencil: 'M3 13l.6-2.8 7-7a1.2 1.2 0 0 1 1.7 0l.5.5a1.2 1.2 0 0 1 0 1.7l-7 7L3 13z',
  chevron: 'M6 4l4 4-4 4',
  right: 'M3 8h9.5 M9 4.5L12.5 8 9 11.5',
  left: 'M13 8H3.5 M7 4.5L3.5 8 7 11.5',
  bolt: 'M9 2L4 9h3.5L7 14l5-7H8.5L9 2z',
  puzzle: 'M3 6h3V4.8a1.6 1.6 0 1 1 3.2 0V6H13v3.2h-1a1.6 1.6 0 1 0 0 3.2h1V14H3V6z',
  page: 'M4 2.5h5.5L12 5v8.5H4z M9.5 2.5V5H12 M6 8h4 M6 10.5h4',
  card: 'M2.5 4h11v8h-11z M5 7h6 M5 9.5h4',
  board: 'M3 3h3v10H3z M7 3h3v6.500H7z M11 3h2.500v8H11z',
  gear: 'M8 5.700a2.300 2.300 0 1 0 0 4.600 2.300 2.300 0 0 0 0-4.600z M8 1.800v2 M8 12.200v2 M1.800 8h2 M12.200 8h2 M3.600 3.600L5 5 M11 11l1.400 1.400 M12.400 3.600L11 5 M5 11l-1.400 1.400',
  widen: 'M6.500 3.500L2.500 8l4 4.500 M9.500 3.500l4 4.500-4 4.500',
  check: 'M3.500 8.500l3 3 6-7',
  cross: 'M4.500 4.500l7 7 M11.500 4.500l-7 7'
}

/** A small line drawing, hidden from screen readers: the text beside it says the same. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('class', `icon icon-${name}`)
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', PATHS[name])
  svg.append(path)
  return svg
}

/** A round badge with initials; the colour comes from the host's state. */
export function avatar(user, size = '') {
  const badge = h('span', { class: `avatar ${size}`, 'aria-hidden': 'true' }, user ? user.initials : '?')
  if (user?.colour) badge.style.backgroundColor = user.colour
  return badge
}

let announcer = null
/** Says a result to screen readers, in the page's one live region. */
export function announce(text) {
  announcer ??= document.getElementById('announcer')
  announcer.textContent = ''
  requestAnimationFrame(() => {
    announcer.textContent = text
  })
}

/** A date as people say it: today by the clock, else by the day. */
export function when(ms) {
  const date = new Date(ms)
  const sameDay = date.toDateString() === new Date().toDateString()
  return sameDay
    ? `today at ${date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}`
    : date.toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' })
}

/** The right words for a count. */
export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`
}
