// The page view of the simulated Confluence, with the app's macros in the text.

import { openDialog, showModal } from './dialogs.js'
import { avatar, fill, h, icon, when } from './dom.js'
import { act, actionButtons, commentSection, editableTitle, noModules } from './facts.js'
import { moduleCard } from './frames.js'
import { modulesAt } from './modules.js'
import { spacePath } from './paths.js'
import { renderStorage } from './storage-format.js'

/** Draws the page; gives the function that brings its facts up to date. */
export function drawWikiPage(target, view) {
  const { page, space } = view
  const place = { context: view.context }
  const save = (name) => act({ type: 'updatePage', page: page.id, title: name }, 'Title saved.')
  const title = editableTitle(page.title, 'title', view.mayEdit, save)
  const byline = h('p', { class: 'byline' })
  const comments = commentSection(view, page.comments, (text) =>
    act({ type: 'commentPage', page: page.id, text }, 'Comment added.')
  )
  const placed = new Set()
  const macros = modulesAt(view, 'macro')
  const body = renderStorage(page.body, (name, parameters) => {
    const module = macros.find((each) => each.key === name)
    placed.add(name)
    return module
      ? macroBlock(module, place, parameters)
      : h('p', { class: 'empty' }, `The macro “${name}” belongs to no installed app.`)
  })
  const rest = macros.filter((module) => !placed.has(module.key))
  const panels = modulesAt(view, 'page-panel')
  const open = (module) => openDialog({ module, options: {}, ...place, tell: () => {} })

  fill(
    target,
    h('nav', { class: 'breadcrumbs', 'aria-label': 'Breadcrumbs' }, h('a', { href: spacePath(space.key) }, space.name)),
    h(
      'article',
      { class: 'wiki-page' },
      title,
      byline,
      actionButtons([...modulesAt(view, 'page-byline'), ...modulesAt(view, 'page-action')], open),
      h('div', { class: 'wiki-body' }, body),
      rest.map((module) => macroBlock(module, place, {})),
      macros.length + panels.length > 0 ? null : noModules(view, 'pages'),
      panels.map((module) => moduleCard(module, place)),
      h('section', { class: 'block' }, h('h2', null, 'Comments'), comments)
    )
  )
  const update = (current) => {
    const author = current.users.find((user) => user.accountId === current.page.author)
    title.update(current.page.title)
    byline.replaceChildren(
      avatar(author ?? { initials: '?' }, 'small'),
      `${author?.name ?? 'The app'}, version ${current.page.version}, changed ${when(current.page.updatedAtMs)}`
    )
    comments.update(current, current.page.comments)
  }
  update(view)
  return update
}

/** A macro with its parameters; changing them loads it again, as saving the page would. */
function macroBlock(module, place, given) {
  const declared = Object.fromEntries(module.parameters.map((each) => [each.identifier, each.value]))
  let params = { ...declared, ...given }
  const holder = h('div', { class: 'macro' })
  const draw = () => holder.replaceChildren(moduleCard(module, { ...place, params }), edit ?? '')
  const edit =
    module.parameters.length === 0
      ? null
      : h(
          'button',
          {
            type: 'button',
            class: 'button small',
            'data-testid': `edit-macro-${module.key}`,
            onclick: () => editMacro(module, params, apply)
          },
          icon('pencil'),
          'Edit macro'
        )
  const apply = (changed) => {
    params = changed
    draw()
  }
  draw()
  return holder
}

function editMacro(module, params, apply) {
  const inputs = module.parameters.map((each) => {
    const input = h('input', { id: `macro-${each.identifier}`, name: each.identifier })
    input.value = params[each.identifier] ?? ''
    return input
  })
  const save = (close) => {
    close()
    apply(Object.fromEntries(inputs.map((input) => [input.name, input.value])))
  }
  showModal({
    title: `Edit ${module.name}`,
    content: module.parameters.map((each, index) =>
      h(
        'div',
        { class: 'field' },
        h('label', { for: inputs[index].id, class: 'field-label' }, each.label),
        inputs[index]
      )
    ),
    footer: (close) => [
      h('button', { type: 'button', class: 'button', onclick: () => close() }, 'Cancel'),
      h('button', { type: 'button', class: 'button primary', onclick: () => save(close) }, 'Save')
    ]
  })
}
