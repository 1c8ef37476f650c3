// The site's own navigation: projects and issues or spaces and pages, the app's pages, administration.

import { fill, h, icon } from './dom.js'
import { modulesAt } from './modules.js'
import { adminPath, issuePath, modulePath, pagePath, projectPath, spacePath } from './paths.js'

let drawnFor = null

/** Draws the navigation, unless it would be the same. */
export function drawSidebar(target, view) {
  const key = JSON.stringify([
    view.site,
    view.context,
    view.modules,
    view.issues ?? view.pages,
    view.projects ?? view.spaces
  ])
  if (key === drawnFor) return
  drawnFor = key
  const jira = view.site.product === 'jira'
  fill(
    target,
    h(
      'div',
      { class: 'site-name' },
      h('span', { class: `site-badge ${view.site.product}`, 'aria-hidden': 'true' }, jira ? 'J' : 'C'),
      h(
        'span',
        null,
        h('strong', null, view.site.name),
        h('small', null, jira ? 'simulated Jira' : 'simulated Confluence')
      )
    ),
    ...(jira ? jiraLinks(view) : wikiLinks(view)),
    group('Apps', appLinks(view), view.app ? 'No pages for everybody' : 'No app installed'),
    group('Administration', adminLinks(view))
  )
}

function jiraLinks(view) {
  return view.projects.map((project) => {
    const issues = view.issues.filter((issue) => issue.projectKey === project.key)
    return group(project.name, [
      link(projectPath(project.key), 'board', 'Project'),
      ...issues.map((issue) => link(issuePath(issue.key), 'card', issue.key, issue.summary))
    ])
  })
}

function wikiLinks(view) {
  return view.spaces.map((space) => {
    const pages = view.pages.filter((page) => page.spaceKey === space.key)
    return group(space.name, [
      link(spacePath(space.key), 'board', 'Space'),
      ...pages.map((page) => link(pagePath(space.key, page.id), 'page', page.title))
    ])
  })
}

function appLinks(view) {
  const context = view.context
  const about = view.site.product === 'jira' ? { project: context.project } : { space: context.space }
  const places = [
    ...modulesAt(view, 'general').map((module) => [module, {}]),
    ...modulesAt(view, view.site.product === 'jira' ? 'project' : 'space').map((module) => [module, about])
  ]
  return places.map(([module, own]) => link(modulePath(view, module.key, own), 'puzzle', module.name))
}

function adminLinks(view) {
  return [
    link(adminPath(view.site.product), 'gear', 'Apps and life cycle'),
    ...modulesAt(view, 'admin').map((module) => link(modulePath(view, module.key), 'puzzle', module.name))
  ]
}

function group(title, links, empty) {
  return h(
    'section',
    { class: 'nav-group' },
    h('h2', null, title),
    links.length > 0
      ? h(
          'ul',
          null,
          links.map((each) => h('li', null, each))
        )
      : h('p', { class: 'muted small' }, empty)
  )
}

function link(href, iconName, text, more) {
  const here = location.pathname + location.search === href || (location.search === '' && location.pathname === href)
  return h(
    'a',
    { href, 'aria-current': here ? 'page' : null, title: more },
    icon(iconName),
    h('span', { class: 'nav-text' }, text, more ? h('span', { class: 'nav-more' }, ` ${more}`) : null)
  )
}
