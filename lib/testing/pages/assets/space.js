// A space: its pages, a form for a new one, and the app's tabs for spaces.

import { fill, h, icon } from './dom.js'
import { act } from './facts.js'
import { modulesAt } from './modules.js'
import { modulePath, pagePath } from './paths.js'

/** Draws the space; gives the function that brings the list up to date. */
export function drawSpace(target, view) {
  const { space } = view
  const list = h('ul', { class: 'page-list', 'data-testid': 'pages' })
  const tabs = modulesAt(view, 'space')
  const input = h('input', { id: 'new-page', required: true, maxlength: 200, 'data-testid': 'new-page' })
  const create = async (event) => {
    event.preventDefault()
    if (await act({ type: 'createPage', space: space.key, title: input.value }, 'Page created.')) input.value = ''
  }
  fill(
    target,
    h('p', { class: 'eyebrow' }, `Space ${space.key}`),
    h('h1', null, space.name),
    tabs.length > 0
      ? h(
          'ul',
          { class: 'app-links', 'aria-label': 'Pages of the app in this space' },
          tabs.map((module) =>
            h(
              'li',
              null,
              h(
                'a',
                { class: 'button', href: modulePath(view, module.key, { space: space.key }) },
                icon('puzzle'),
                module.name
              )
            )
          )
        )
      : null,
    list,
    view.mayEdit &&
      h(
        'form',
        { class: 'inline-form', onsubmit: create },
        h('label', { for: 'new-page', class: 'field-label' }, 'New page'),
        input,
        h('button', { class: 'button' }, 'Create')
      )
  )
  const update = (current) => {
    const pages = current.pages.filter((page) => page.spaceKey === space.key)
    list.replaceChildren(
      ...pages.map((page) => h('li', null, h('a', { href: pagePath(space.key, page.id) }, icon('page'), page.title)))
    )
  }
  update(view)
  return update
}
