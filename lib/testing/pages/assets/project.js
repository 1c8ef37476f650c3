// A project: its issues, a form for a new one, and the app's pages for projects.

import { fill, h, icon } from './dom.js'
import { act } from './facts.js'
import { modulesAt } from './modules.js'
import { issuePath, modulePath } from './paths.js'

/** Draws the project; gives the function that brings the list up to date. */
export function drawProject(target, view) {
  const { project } = view
  const rows = h('tbody')
  const pages = modulesAt(view, 'project')
  const input = h('input', { id: 'new-issue', required: true, maxlength: 200, 'data-testid': 'new-issue' })
  const create = async (event) => {
    event.preventDefault()
    if (await act({ type: 'createIssue', project: project.key, summary: input.value }, 'Issue created.'))
      input.value = ''
  }
  fill(
    target,
    h('p', { class: 'eyebrow' }, `Project ${project.key}`),
    h('h1', null, project.name),
    pages.length > 0
      ? h(
          'ul',
          { class: 'app-links', 'aria-label': 'Pages of the app in this project' },
          pages.map((module) =>
            h(
              'li',
              null,
              h(
                'a',
                {
                  class: 'button',
                  href: modulePath(view, module.key, { project: project.key }),
                  'data-testid': `page-link-${module.key}`
                },
                icon('puzzle'),
                module.name
              )
            )
          )
        )
      : null,
    h(
      'table',
      { class: 'table', 'data-testid': 'issues' },
      h('caption', { class: 'visually-hidden' }, `Issues of ${project.name}`),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          ['Key', 'Summary', 'Type', 'Status'].map((name) => h('th', { scope: 'col' }, name))
        )
      ),
      rows
    ),
    view.mayEdit &&
      h(
        'form',
        { class: 'inline-form', onsubmit: create },
        h('label', { for: 'new-issue', class: 'field-label' }, 'New issue'),
        input,
        h('button', { class: 'button' }, 'Create')
      )
  )
  const update = (current) => {
    const issues = current.issues.filter((issue) => issue.projectKey === project.key)
    rows.replaceChildren(...issues.map(issueRow))
  }
  update(view)
  return update
}

function issueRow(issue) {
  return h(
    'tr',
    null,
    h('td', null, h('a', { href: issuePath(issue.key) }, issue.key)),
    h('td', null, issue.summary),
    h('td', null, issue.issueType),
    h(
      'td',
      null,
      h('span', { class: `status status-${issue.status.toLowerCase().replaceAll(' ', '-')}` }, issue.status)
    )
  )
}
