// Puts one module of the app on the page: a real frame of another origin, or the body of a static macro.

import { post } from './api.js'
import { addFrame } from './bridge.js'
import { h, icon } from './dom.js'
import { forgePanel } from './forge-panel.js'

const SANDBOX =
  'allow-scripts allow-same-origin allow-forms allow-modals allow-downloads allow-popups allow-popups-to-escape-sandbox'

/**
 * A frame for `module`, loading at once. `place`: `{ context, customData?, params?, dialog?, fills? }`.
 * Every load asks the site for a freshly signed URL, as the real host does.
 */
export function moduleFrame(module, place) {
  const box = h('div', {
    class: `frame-box ${place.fills ? 'frame-box-fills' : ''}`,
    'data-testid': `module-${module.key}`
  })
  const load = async () => {
    box.replaceChildren(h('p', { class: 'frame-note' }, 'Loading from the app'))
    try {
      if (module.forge && !module.frontEnd) box.replaceChildren(forgePanel(module, place))
      else if (module.type === 'staticContentMacros') await showMacro(box, module, place)
      else await showFrame(box, module, place)
    } catch (error) {
      box.replaceChildren(failure(error, load))
    }
  }
  box.reload = load
  load()
  return box
}

function failure(error, load) {
  return h(
    'div',
    { class: 'frame-failed', role: 'alert' },
    h('p', null, error.message),
    h('button', { type: 'button', class: 'button small', onclick: load }, 'Try again')
  )
}

async function showFrame(box, module, place) {
  const { context, customData, params } = place
  // A front end of Forge is the same files for everybody: no token is in its address.
  const { url } = module.forge
    ? { url: module.frontEnd }
    : await post('page-url', { moduleKey: module.key, context, customData, params })
  const iframe = h('iframe', {
    title: `${module.name} (from the app)`,
    sandbox: SANDBOX,
    class: place.fills ? 'fills' : ''
  })
  iframe.addEventListener('load', () => box.querySelector('.frame-note')?.remove())
  addFrame({ iframe, origin: new URL(url).origin, module, context, customData: place.dialogData, dialog: place.dialog })
  iframe.src = url
  box.append(iframe)
}

/** The app's HTML goes into a frame without scripts, forms or navigation; we keep access only to read its height. */
async function showMacro(box, module, place) {
  const { body } = await post('macro', { moduleKey: module.key, context: place.context, params: place.params })
  const iframe = h('iframe', { title: `${module.name} (macro body from the app)`, sandbox: 'allow-same-origin' })
  const style = new URL('/sim/assets/macro.css', location.origin)
  iframe.srcdoc = `<!doctype html><link rel="stylesheet" href="${style}"><body>${body}</body>`
  iframe.addEventListener('load', () => {
    box.querySelector('.frame-note')?.remove()
    iframe.style.height = `${Math.ceil(iframe.contentDocument.documentElement.getBoundingClientRect().height)}px`
  })
  box.append(iframe)
}

/** A titled card around a module, with a button that loads it again. */
export function moduleCard(module, place, level = 'h2') {
  const frame = moduleFrame(module, place)
  const reload = h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': `Reload ${module.name}`,
      title: 'Load again with a new token',
      onclick: () => frame.reload()
    },
    icon('reload')
  )
  return h(
    'section',
    { class: 'module-card', 'aria-label': `${module.name}, ${module.typeLabel}`, 'data-module-type': module.type },
    h(
      'header',
      { class: 'module-head' },
      h(level, null, icon('puzzle'), module.name),
      h('span', { class: 'module-type' }, module.typeLabel),
      reload
    ),
    frame
  )
}
