// What stands above the page: modal dialogs (ours and the app's) and flags.
// The browser's own modal dialog makes the rest of the page inert, keeps the focus inside and closes on Escape.

import { announce, h, icon } from './dom.js'
import { moduleFrame } from './frames.js'

const SIZES = { small: [400, 300], medium: [600, 420], large: [800, 560], 'x-large': [980, 680], xlarge: [980, 680] }
const open = []

/** A modal dialog with a heading and content; resolves nothing, calls `onclose(data)` once. Returns its `close(data)`. */
export function showModal({ title, content, footer, testid, onclose, closeOnEscape = true, className = '' }) {
  const before = document.activeElement
  const headingId = `dialog-${Math.random().toString(36).slice(2)}`
  let data
  const close = (given) => {
    data = given
    dialog.close()
  }
  const closeButton = h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => close() },
    icon('close')
  )
  const dialog = h(
    'dialog',
    { class: `modal ${className}`, 'aria-modal': 'true', 'aria-labelledby': headingId, 'data-testid': testid },
    h('div', { class: 'modal-head' }, h('h2', { id: headingId }, title), closeButton),
    h('div', { class: 'modal-body' }, content),
    footer ? h('div', { class: 'modal-foot' }, footer(close)) : null
  )
  dialog.addEventListener('cancel', (event) => {
    if (!closeOnEscape) event.preventDefault()
  })
  dialog.addEventListener('close', () => {
    dialog.remove()
    focusAgain(before)
    onclose?.(data)
  })
  document.body.append(dialog)
  dialog.showModal()
  return { dialog, close }
}

/** The element itself, or the one that was drawn in its place. */
function focusAgain(element) {
  const { testid } = element?.dataset ?? {}
  const target = element?.isConnected ? element : testid && document.querySelector(`[data-testid="${testid}"]`)
  const fallback = document.getElementById('content')
  ;(target || fallback).focus()
}

/** Shows a module of the app in a dialog; `tell(name, args)` reports to the frame that opened it. */
export function openDialog({ module, options: asked, context, objectId, tell }) {
  const options = { ...module.options, ...asked }
  const [width, height] = SIZES[options.size] ?? [options.width, options.height]
  const dialogState = { objectId, closeOnEscape: options.closeOnEscape !== false, fixedHeight: pixels(height) !== null }
  const frame = moduleFrame(module, {
    context,
    customData: texts(options.customData),
    dialogData: options.customData,
    dialog: dialogState
  })
  const shown = showModal({
    title: String(options.header ?? module.name),
    content: frame,
    testid: 'app-dialog',
    className: 'app-dialog',
    closeOnEscape: dialogState.closeOnEscape,
    footer: options.chrome ? (close) => chromeButtons(options, close, tell) : null,
    onclose: (data) => {
      open.splice(open.indexOf(entry), 1)
      tell('close', [data])
    }
  })
  const entry = { objectId, close: shown.close }
  open.push(entry)
  if (pixels(width)) shown.dialog.style.width = `min(${pixels(width)}px, calc(100vw - 32px))`
  if (pixels(height)) frame.style.height = `min(${pixels(height)}px, calc(100vh - 160px))`
}

function chromeButtons(options, close, tell) {
  return [
    h('button', { type: 'button', class: 'button', onclick: () => close() }, String(options.cancelText ?? 'Cancel')),
    h(
      'button',
      { type: 'button', class: 'button primary', onclick: () => tell('submit', []) },
      String(options.submitText ?? 'Submit')
    )
  ]
}

/** Closes that dialog, or the topmost one; false when there is none. */
export function closeDialog(objectId, data) {
  const entry = objectId ? open.find((each) => each.objectId === objectId) : open.at(-1)
  entry?.close(data)
  return entry !== undefined
}

function pixels(value) {
  const match = /^(\d{2,4})(px)?$/.exec(String(value ?? ''))
  return match ? Number(match[1]) : null
}

function texts(customData) {
  if (customData === null || typeof customData !== 'object') return {}
  return Object.fromEntries(
    Object.entries(customData).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
  )
}

const flags = new Map()
const FLAG_TYPES = ['info', 'success', 'warning', 'error']

/** A flag in the corner: `{ title, body?, type?, close?, actions?, objectId?, tell?, onAction? }`. All of it is text. */
export function showFlag({ title, body, type, close, actions, objectId = Math.random(), tell, onAction }) {
  const kind = FLAG_TYPES.includes(type) ? type : 'info'
  const remove = () => {
    if (flags.get(objectId) !== remove) return
    flags.delete(objectId)
    flag.remove()
    tell?.('close', [])
  }
  const buttons = Object.entries(actions ?? {}).map(([identifier, text]) =>
    h(
      'button',
      {
        type: 'button',
        class: 'link',
        onclick: () => onAction?.({ flagIdentifier: objectId, actionIdentifier: identifier })
      },
      String(text)
    )
  )
  const flag = h(
    'div',
    { class: `flag flag-${kind}`, 'data-testid': 'flag' },
    h(
      'div',
      { class: 'flag-text' },
      h('strong', null, String(title ?? '')),
      body ? h('p', null, String(body)) : null,
      buttons.length > 0 ? h('p', null, buttons) : null
    ),
    h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: remove }, icon('close'))
  )
  showFlag.close(objectId)
  flags.set(objectId, remove)
  document.getElementById('flags').append(flag)
  announce(`${title ?? ''}. ${body ?? ''}`)
  if (close !== 'manual') setTimeout(remove, 8000)
}
showFlag.close = (objectId) => flags.get(objectId)?.()
