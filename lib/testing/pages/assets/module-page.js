// A full page of the app inside the product: general, project, space, admin and configure pages.

import { fill, h, icon } from './dom.js'
import { noModules } from './facts.js'
import { moduleFrame } from './frames.js'
import { findModule } from './modules.js'
import { adminPath } from './paths.js'

export function drawModulePage(target, view) {
  const module = findModule(view, view.route.moduleKey)
  if (!module || !view.site.enabled) {
    fill(target, h('h1', null, module?.name ?? 'No such module'), noModules(view, 'this address'))
    return
  }
  const frame = moduleFrame(module, { context: view.context, customData: view.route.customData, fills: true })
  fill(
    target,
    h(
      'nav',
      { class: 'breadcrumbs', 'aria-label': 'Breadcrumbs' },
      h('a', { href: adminPath(view.site.product) }, view.app.name),
      h('span', { 'aria-hidden': 'true' }, '/'),
      h('span', null, module.typeLabel)
    ),
    h(
      'div',
      { class: 'title-row' },
      h('h1', null, module.name),
      h(
        'button',
        { type: 'button', class: 'icon-button', 'aria-label': `Reload ${module.name}`, onclick: () => frame.reload() },
        icon('reload')
      )
    ),
    h(
      'p',
      { class: 'muted small' },
      module.forge
        ? 'The files of the page are the same for everybody; each call that they make carries an invocation token.'
        : module.cacheable
          ? 'Cacheable: the frame’s URL is the descriptor’s own, with no token in it. The page asks for a context token instead.'
          : 'The frame’s URL carries a token whose hash covers this very path and query.'
    ),
    frame
  )
}
