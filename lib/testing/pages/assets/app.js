// Starts the page: chrome, content, frames, log. Content is drawn again when what it stands on has changed;
// a mere change of an issue or page updates the facts and leaves the app's frames alone.

import { drawAdmin } from './admin.js'
import { post } from './api.js'
import { startBridge, sweepFrames } from './bridge.js'
import { fill, h } from './dom.js'
import { drawIssue } from './issue.js'
import { startLog } from './log.js'
import { drawModulePage } from './module-page.js'
import { drawProject } from './project.js'
import { drawSidebar } from './sidebar.js'
import { drawSpace } from './space.js'
import { drawStrip } from './strip.js'
import { drawWikiPage } from './wiki-page.js'

const drawers = {
  issue: drawIssue,
  project: drawProject,
  page: drawWikiPage,
  space: drawSpace,
  admin: drawAdmin,
  module: drawModulePage,
  missing: drawMissing
}

const content = document.getElementById('content')
let view = JSON.parse(document.body.dataset.view)
delete document.body.dataset.view
let update = null
let drawnFor = null
let refreshing = false
let again = false

/** What decides which frames stand on the page. */
function frameKey() {
  const { site, user, modules, context, route, app } = view
  return JSON.stringify([
    site.platform,
    site.clientKey,
    site.installed,
    site.enabled,
    user,
    modules,
    context,
    route,
    app?.baseUrl
  ])
}

function draw() {
  startBridge(view)
  const key = frameKey()
  if (key === drawnFor) update?.(view)
  else {
    const inside = drawnFor !== null && content.contains(document.activeElement)
    const { testid } = document.activeElement?.dataset ?? {}
    drawnFor = key
    update = drawers[view.route.kind](content, view, refresh) ?? null
    sweepFrames()
    if (inside) (content.querySelector(`[data-testid="${testid}"]`) ?? content).focus()
  }
  drawSidebar(document.getElementById('sidebar'), view)
  drawStrip(document.getElementById('strip'), view, { refresh, chooseUser })
}

/** Asks the site what is true now; several wishes at once become one more question. */
async function refresh() {
  if (refreshing) {
    again = true
    return
  }
  refreshing = true
  try {
    const path = encodeURIComponent(location.pathname + location.search)
    const response = await fetch(`/sim/api/view?path=${path}`)
    view = await response.json()
    draw()
  } finally {
    refreshing = false
    if (again) {
      again = false
      refresh()
    }
  }
}

async function chooseUser(accountId) {
  await post('user', { accountId })
  await refresh()
}

function drawMissing(target, current) {
  const someone = current.users.find((user) => user.accountId === current.user)
  fill(
    target,
    h('h1', null, 'Nothing to see here'),
    h(
      'p',
      { class: 'lead' },
      `This address does not exist on ${current.site.name}, or ${someone?.name ?? 'an anonymous visitor'} may not see it.`
    ),
    h(
      'p',
      null,
      h(
        'a',
        { href: current.sites.find((site) => site.name === current.site.name).home },
        'Back to the start of this site'
      )
    )
  )
}

draw()
startLog(document.getElementById('log'), { onState: refresh })
