// Pieces that issues and pages share: a title that can be edited, comments, and the hint where the app would be.

import { post } from './api.js'
import { showFlag } from './dialogs.js'
import { announce, avatar, h, icon, when } from './dom.js'
import { renderStorage } from './storage-format.js'

/** Does something as the current user; the host fires the webhooks. True when it worked. */
export async function act(action, done) {
  try {
    await post('act', action)
    announce(done)
    return true
  } catch (error) {
    showFlag({ title: 'That did not work', body: error.message, type: 'error' })
    return false
  }
}

/** The h1, for those who may edit with a button that turns it into a form. `save(text)` gives true when it worked. */
export function editableTitle(text, what, mayEdit, save) {
  const heading = h('h1', { 'data-testid': 'title' }, text)
  const edit = h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': `Edit the ${what}`,
      'data-testid': 'edit-title',
      onclick: () => open()
    },
    icon('pencil')
  )
  const row = h('div', { class: 'title-row' }, heading, mayEdit ? edit : null)

  function open() {
    const input = h('input', {
      'aria-label': what,
      class: 'title-input',
      maxlength: 200,
      required: true,
      'data-testid': 'title-input'
    })
    input.value = heading.textContent
    const shut = () => {
      form.replaceWith(edit)
      heading.hidden = false
      edit.focus()
    }
    const form = h(
      'form',
      {
        class: 'title-form',
        onsubmit: async (event) => {
          event.preventDefault()
          if (await save(input.value)) shut()
        },
        onkeydown: (event) => event.key === 'Escape' && shut()
      },
      input,
      h('button', { class: 'button primary', 'data-testid': 'save-title' }, 'Save'),
      h('button', { type: 'button', class: 'button', onclick: shut }, 'Cancel')
    )
    heading.hidden = true
    edit.replaceWith(form)
    input.select()
  }
  row.update = (newText) => {
    heading.textContent = newText
  }
  return row
}

/** Comments with a form; `send(text)` gives true when it worked. */
export function commentSection(view, comments, send) {
  const list = h('ol', { class: 'comments', 'data-testid': 'comments' })
  const input = h('textarea', { id: 'new-comment', rows: 2, required: true, 'data-testid': 'comment-input' })
  const form = h(
    'form',
    {
      class: 'comment-form',
      onsubmit: async (event) => {
        event.preventDefault()
        if (await send(input.value)) input.value = ''
      }
    },
    h('label', { for: 'new-comment', class: 'field-label' }, 'Add a comment'),
    input,
    h('button', { class: 'button', 'data-testid': 'add-comment' }, 'Comment')
  )
  const section = h('div', null, list, view.user === null ? h('p', { class: 'muted' }, 'Log in to comment.') : form)
  section.update = (current, all) => {
    list.replaceChildren(...all.map((comment) => commentItem(current, comment)))
    if (all.length === 0) list.append(h('li', { class: 'muted' }, 'No comments yet.'))
  }
  section.update(view, comments)
  return section
}

function commentItem(view, comment) {
  const author = view.users.find((user) => user.accountId === comment.author)
  const name = author?.name ?? (comment.author === null ? (view.app?.name ?? 'The app') : 'Somebody')
  return h(
    'li',
    null,
    avatar(author ?? { initials: name.slice(0, 1) }),
    h(
      'div',
      null,
      h('p', { class: 'comment-head' }, h('strong', null, name), h('time', null, when(comment.createdAtMs))),
      h('div', { class: 'comment-text' }, commentText(view, comment.text))
    )
  )
}

// Confluence keeps comments in storage format, as pages.
function commentText(view, text) {
  return view.site.product === 'confluence' ? renderStorage(text, () => '') : text
}

/** Who somebody is, with a badge; null is nobody. */
export function person(view, accountId, nobody = 'Nobody') {
  const user = view.users.find((each) => each.accountId === accountId)
  return h('span', { class: 'person' }, user ? avatar(user, 'small') : null, user?.name ?? nobody)
}

/** What stands where modules would be while there are none. */
export function noModules(view, where) {
  if (!view.site.installed) {
    return h(
      'div',
      { class: 'empty', 'data-testid': 'not-installed' },
      h('h2', null, 'No app lives here yet'),
      h(
        'p',
        null,
        'Press ',
        h('strong', null, 'Install'),
        ' at the top. The site reads the app’s descriptor, hands it a shared secret in a signed call, and the app’s modules appear on this page. Every step shows up in the live log.'
      )
    )
  }
  const text = view.site.enabled
    ? `The installed app has no modules for ${where}; look under Apps.`
    : 'The app is disabled: its modules are hidden until it is enabled again.'
  return h('div', { class: 'empty' }, h('p', null, text))
}

/** Buttons that switch panels, as tabs: arrow keys move. `tabs`: `{ id, label, content() }`, drawn when first shown. */
export function tabs(label, entries) {
  const buttons = entries.map((entry) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${entry.id}`,
        'aria-controls': `panel-${entry.id}`,
        'data-testid': `tab-${entry.id}`,
        onclick: () => select(entry)
      },
      entry.label
    )
  )
  const panels = entries.map((entry) =>
    h('div', { role: 'tabpanel', id: `panel-${entry.id}`, 'aria-labelledby': `tab-${entry.id}`, tabindex: 0 })
  )
  const select = (entry) => {
    entries.forEach((each, index) => {
      const chosen = each === entry
      buttons[index].setAttribute('aria-selected', String(chosen))
      buttons[index].tabIndex = chosen ? 0 : -1
      panels[index].hidden = !chosen
      if (chosen && panels[index].childNodes.length === 0) panels[index].append(each.content())
    })
  }
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    const next = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length
    buttons[next].focus()
    select(entries[next])
  }
  select(entries[0])
  return h(
    'div',
    { class: 'tabs' },
    h('div', { role: 'tablist', 'aria-label': label, onkeydown: move }, buttons),
    panels
  )
}

/** Web items as buttons: one opens its page in a dialog or goes there. */
export function actionButtons(modules, onclick) {
  if (modules.length === 0) return null
  return h(
    'div',
    { class: 'action-row' },
    modules.map((module) =>
      h(
        'button',
        { type: 'button', class: 'button', 'data-testid': `item-${module.key}`, onclick: () => onclick(module) },
        icon('puzzle'),
        module.name
      )
    )
  )
}
