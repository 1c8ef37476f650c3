// The issue view of the simulated Jira.

import { openDialog } from './dialogs.js'
import { fill, h, icon, when } from './dom.js'
import { act, actionButtons, commentSection, editableTitle, noModules, person, tabs } from './facts.js'
import { moduleCard, moduleFrame } from './frames.js'
import { modulesAt } from './modules.js'
import { projectPath } from './paths.js'

const STATUSES = ['To Do', 'In Progress', 'Done']

/** Draws the issue; gives the function that brings its facts up to date. */
export function drawIssue(target, view) {
  const { issue, project } = view
  const place = { context: view.context }
  const save = (change, done) => act({ type: 'updateIssue', issue: issue.key, ...change }, done)
  const title = editableTitle(issue.summary, 'summary', view.mayEdit, (summary) => save({ summary }, 'Summary saved.'))
  const status = statusSelect(issue, view.mayEdit, (next) => save({ status: next }, `Status is now ${next}.`))
  const description = h('p', { class: 'description' }, issue.description || 'No description.')
  const comments = commentSection(view, issue.comments, (text) =>
    act({ type: 'commentIssue', issue: issue.key, text }, 'Comment added.')
  )
  const details = h('dl', { class: 'details' })
  const main = modulesAt(view, 'issue-main')
  const side = modulesAt(view, 'issue-side')
  const glances = modulesAt(view, 'issue-glance')
  const anything = [main, side, glances, modulesAt(view, 'issue-tab')].some((list) => list.length > 0)

  fill(
    target,
    h(
      'nav',
      { class: 'breadcrumbs', 'aria-label': 'Breadcrumbs' },
      h('a', { href: projectPath(project.key) }, project.name),
      h('span', { 'aria-hidden': 'true' }, '/'),
      h('span', null, issue.key)
    ),
    title,
    h(
      'div',
      { class: 'columns' },
      h(
        'div',
        { class: 'column-main' },
        actionButtons(modulesAt(view, 'issue-action'), (module) =>
          openDialog({ module, options: {}, ...place, tell: () => {} })
        ),
        h('section', { class: 'block' }, h('h2', null, 'Description'), description),
        anything ? null : noModules(view, 'issues'),
        main.map((module) => moduleCard(module, place)),
        h('section', { class: 'block' }, h('h2', null, 'Activity'), activity(view, comments, place))
      ),
      h(
        'div',
        { class: 'column-side' },
        h('section', { class: 'block boxed' }, h('h2', null, 'Details'), status, details),
        glances.map((module) => glance(module, place)),
        side.map((module) => moduleCard(module, place))
      )
    )
  )
  const update = (current) => {
    const now = current.issue
    title.update(now.summary)
    status.update(now.status)
    description.textContent = now.description || 'No description.'
    comments.update(current, now.comments)
    details.replaceChildren(...detailRows(current, now))
  }
  update(view)
  return update
}

function activity(view, comments, place) {
  const panels = modulesAt(view, 'issue-tab')
  if (panels.length === 0) return comments
  return tabs('Activity', [
    { id: 'comments', label: 'Comments', content: () => comments },
    ...panels.map((module) => ({ id: module.key, label: module.name, content: () => moduleFrame(module, place) }))
  ])
}

function statusSelect(issue, mayEdit, save) {
  const names = STATUSES.includes(issue.status) ? STATUSES : [issue.status, ...STATUSES]
  const select = h(
    'select',
    { id: 'status', 'data-testid': 'status', disabled: !mayEdit, onchange: () => save(select.value) },
    names.map((name) => h('option', null, name))
  )
  const row = h('div', { class: 'status-row' }, h('label', { for: 'status' }, 'Status'), select)
  row.update = (name) => {
    select.value = name
    select.className = `status status-${name.toLowerCase().replaceAll(' ', '-')}`
  }
  return row
}

function detailRows(view, issue) {
  const rows = [
    ['Type', issue.issueType],
    ['Assignee', person(view, issue.assignee)],
    ['Reporter', person(view, issue.reporter, view.app?.name ?? 'The app')],
    ['Created', when(issue.createdAtMs)],
    ['Updated', when(issue.updatedAtMs)]
  ]
  return rows.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value)))
}

/** A glance is a button; its page opens under it. */
function glance(module, place) {
  const holder = h('div', { class: 'glance-page', hidden: true })
  const button = h(
    'button',
    {
      type: 'button',
      class: 'glance',
      'aria-expanded': 'false',
      'data-testid': `glance-${module.key}`,
      onclick: () => {
        holder.hidden = !holder.hidden
        button.setAttribute('aria-expanded', String(!holder.hidden))
        if (!holder.hidden && holder.childNodes.length === 0) holder.append(moduleFrame(module, place))
      }
    },
    icon('puzzle'),
    h('span', null, module.name),
    icon('chevron')
  )
  return h('section', { class: 'module-card', 'aria-label': module.name }, button, holder)
}
